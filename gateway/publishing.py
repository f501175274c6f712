"""Publications become feeds: a pure function of the publication and the expiries passed, so all nodes serve the same bytes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from gateway.alert import digest, whole
from gateway.channel import Feed, Publication
from gateway.formats import cap
from gateway.journal.contract import Journal
from gateway.journal.records import Snapshot


class Served(Struct, frozen=True, kw_only=True):
    """Bytes to serve; `etag` is a strong one made of the bytes, `modified` the time they speak for."""

    body: bytes
    media_type: str
    etag: str
    modified: datetime


class Feeds:
    """What others fetch, always of the newest publication."""

    def __init__(self, journal: Journal, feeds: Sequence[Feed], base_url: str, now: Callable[[], datetime]) -> None:
        """Serve these feeds under `base_url`, reading the record through `journal`."""
        self._journal = journal
        self._feeds = {feed.path: feed for feed in feeds}
        self._base_url = base_url
        self._now = now
        self._snapshot: Snapshot | None = None
        self._joined: dict[tuple[str, int, datetime], Served] = {}

    @property
    def paths(self) -> Sequence[str]:
        """Where the feeds stand."""
        return sorted(self._feeds)

    async def current(self, path: str) -> Served | None:
        """Return a feed as of now, or None where there is no such feed."""
        if (feed := self._feeds.get(path)) is None:
            return None
        snapshot = await self._newest()
        spoken = Publication(snapshot.publication.revision, speaks_for(snapshot, self._now()))
        key = (path, spoken.revision, spoken.at)
        if key not in self._joined:
            self._joined = {known: served for known, served in self._joined.items() if known[0] != path}
            self._joined[key] = _served(
                feed.join(spoken, snapshot.feeds.get(feed.name, ()), self._base_url), feed.media_type, spoken.at
            )
        return self._joined[key]

    async def document(self, identifier: str) -> Served:
        """Return an issued CAP document verbatim; raises Missing."""
        body, issued_at = await self._journal.document(identifier)
        return _served(body, cap.MEDIA_TYPE, issued_at)

    async def write(self, folder: Path) -> None:
        """Put every feed into a folder for a web server to serve; readers see the old file or the new one, never half."""
        bodies = {path: served.body for path in self.paths if (served := await self.current(path)) is not None}
        await asyncio.to_thread(_write_all, folder, bodies)

    async def _newest(self) -> Snapshot:
        publication = await self._journal.publication()
        if self._snapshot is None or self._snapshot.publication.revision != publication.revision:
            self._snapshot = await self._journal.snapshot()
        return self._snapshot


def speaks_for(snapshot: Snapshot, now: datetime) -> datetime:
    """Return the time a snapshot speaks for: the publication's own, or the newest expiry that has passed since."""
    ends = {row.expires for rows in snapshot.feeds.values() for row in rows}
    passed = [end for end in ends if end <= now]
    return max([snapshot.publication.at, *passed])


def _served(body: bytes, media_type: str, at: datetime) -> Served:
    return Served(body=body, media_type=media_type, etag=f'"{digest(body)[:32]}"', modified=whole(at.astimezone(UTC)))


def _write_all(folder: Path, bodies: Mapping[str, bytes]) -> None:
    for path, body in bodies.items():
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.new")
        if place.is_file() and place.read_bytes() == body:
            continue
        fresh.write_bytes(body)
        fresh.replace(place)
