"""Publications become feeds: a pure function of the publication and the expiries passed, so all nodes serve the same bytes."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from msgspec import Struct, structs

from gateway.alert import Kind, digest, whole
from gateway.channel import Feed, Narrowing, Publication, Published
from gateway.fault import Unavailable
from gateway.formats import cap
from gateway.journal.contract import Journal
from gateway.journal.records import VersionKey

T = TypeVar("T")

LONG_AGO = datetime.min.replace(tzinfo=UTC)
TRUSTED = timedelta(seconds=30)
MOST_MADE = 2000
READ_AT_ONCE = 500
WARNINGS = (Kind.ALERT, Kind.UPDATE)

Rows = Mapping[VersionKey, Mapping[str, Published]]
"""What every feed has of each version that is published; versions never change, so what is known is not read again."""


class Served(Struct, frozen=True, kw_only=True):
    """Bytes to serve; `etag` is a strong one made of the bytes, `modified` the time they speak for."""

    body: bytes
    media_type: str
    etag: str
    modified: datetime


class View(Struct, frozen=True, kw_only=True):
    """All that is published, as of one moment; whatever is made of it is made of nothing else."""

    publication: Publication
    feeds: Mapping[str, tuple[Published, ...]]


class Shared(Generic[T]):
    """Tries that run once for all who ask meanwhile; what comes of one is told to them and kept for nobody else."""

    def __init__(self) -> None:
        """Begin with none running."""
        self._running: dict[Hashable, asyncio.Future[T]] = {}

    async def run(self, name: Hashable, begin: Callable[[], Coroutine[object, object, T]]) -> T:
        """Return what the try of this name brings, beginning it where none runs; raises what it raises."""
        if (running := self._running.get(name)) is None:
            running = self._running[name] = asyncio.ensure_future(begin())
            running.add_done_callback(partial(self._over, name))
        return await asyncio.shield(running)

    def _over(self, name: Hashable, tried: asyncio.Future[T]) -> None:
        del self._running[name]
        # Those who wait are told; that nobody waits any more is no error
        if not tried.cancelled():
            tried.exception()


class Feeds:
    """What others fetch, always of the newest publication."""

    def __init__(self, journal: Journal, feeds: Sequence[Feed], base_url: str, now: Callable[[], datetime]) -> None:
        """Serve these feeds under `base_url`, reading the record through `journal`."""
        self._journal = journal
        self._feeds = {feed.path: feed for feed in feeds}
        self._base_url = base_url
        self._now = now
        self._newest = View(publication=Publication(-1, LONG_AGO), feeds={})
        self._rows: Rows = {}
        self._reached = LONG_AGO
        self._expiries: Sequence[datetime] = ()
        self._spoken = self._newest.publication
        self._made: dict[str, Served] = {}
        self._making = Shared[Served]()
        self._reading = Shared[None]()

    @property
    def paths(self) -> Sequence[str]:
        """Where the feeds stand."""
        return sorted(self._feeds)

    async def current(self, path: str, asked: Mapping[str, str] | None = None) -> Served | None:
        """Return a feed as of now, or None where there is no such feed; `asked` may name a part of it.

        Raises as `view` does, and what the feed says of `asked`.
        """
        if (feed := self._feeds.get(path)) is None:
            return None
        wanted = feed.narrowed(asked) if asked and isinstance(feed, Narrowing) else feed
        return await self.made(await self.view(), wanted.path, wanted.media_type, lambda view: self._joined(wanted, view))

    async def view(self) -> View:
        """Return what is published now; its time never goes back, even if the clock does.

        While the record is away, what was published last counts until it is 30 s old; then this raises Unavailable.
        """
        await self._catch_up()
        publication = self._newest.publication
        self._reached = max(self._reached, publication.at, *self._passed())
        return View(publication=structs.replace(publication, at=self._reached), feeds=self._newest.feeds)

    async def made(self, view: View, name: str, media_type: str, make: Callable[[View], bytes]) -> Served:
        """Return what `make` makes of a view, in a thread of its own and once for all who ask while nothing else is published.

        Raises what `make` raises; whoever asks after that has it tried again.
        """
        if view.publication != self._spoken:
            self._spoken, self._made = view.publication, {}
        if (known := self._made.get(name)) is not None:
            return known
        return await self._making.run((view.publication, name), lambda: self._make(view, name, media_type, make))

    async def _make(self, view: View, name: str, media_type: str, make: Callable[[View], bytes]) -> Served:
        served = await asyncio.to_thread(lambda: _served(make(view), media_type, view.publication.at))
        if view.publication == self._spoken:
            if len(self._made) >= MOST_MADE:
                del self._made[next(iter(self._made))]
            self._made[name] = served
        return served

    def _joined(self, feed: Feed, view: View) -> bytes:
        return feed.join(view.publication, view.feeds.get(feed.name, ()), self._base_url)

    def _passed(self) -> Sequence[datetime]:
        """Return the newest expiry that has passed, if any has."""
        return self._expiries[: bisect_right(self._expiries, self._now())][-1:]

    async def document(self, identifier: str) -> Served:
        """Return an issued CAP document verbatim; raises Missing."""
        body, issued_at = await self._journal.document(identifier)
        return _served(body, cap.MEDIA_TYPE, issued_at)

    async def _catch_up(self) -> None:
        """Read what was published since; the newest that anybody here has read stays, however late the record's answers come."""
        try:
            publication = await self._journal.publication()
            if publication.follows(self._newest.publication):
                await self._reading.run(publication, self._read)
        except Unavailable:
            if self._now() - self._newest.publication.at > TRUSTED:
                raise

    async def _read(self) -> None:
        listed = await self._journal.snapshot()
        known = self._rows if listed.publication.line == self._newest.publication.line else {}
        found = await self._found([version for version in listed.versions if version not in known])
        rows, feeds, expiries = await asyncio.to_thread(_laid_out, listed.versions, {**known, **found})
        if listed.publication.follows(self._newest.publication):
            self._newest = View(publication=listed.publication, feeds=feeds)
            self._rows, self._expiries = rows, expiries

    async def _found(self, versions: Sequence[VersionKey]) -> Rows:
        found: dict[VersionKey, dict[str, Published]] = {version: {} for version in versions}
        for start in range(0, len(versions), READ_AT_ONCE):
            for feed, row in await self._journal.published(versions[start : start + READ_AT_ONCE]):
                found[row.alert, row.number][feed] = row
        return found


def _laid_out(
    versions: Sequence[VersionKey], known: Rows
) -> tuple[Rows, Mapping[str, tuple[Published, ...]], Sequence[datetime]]:
    """Return what is known of these versions and no others, the same by feed, and when the warnings among them run out."""
    rows = {version: known[version] for version in versions}
    feeds: dict[str, list[Published]] = {}
    for version in versions:
        for feed, row in rows[version].items():
            feeds.setdefault(feed, []).append(row)
    return rows, {feed: tuple(of_feed) for feed, of_feed in feeds.items()}, sorted(_expiries(rows))


def _expiries(rows: Rows) -> set[datetime]:
    """From each of these times on, feeds speak for that time."""
    return {row.expires for of_version in rows.values() for row in islice(of_version.values(), 1) if row.kind in WARNINGS}


def _served(body: bytes, media_type: str, at: datetime) -> Served:
    return Served(body=body, media_type=media_type, etag=f'"{digest(body)[:32]}"', modified=whole(at.astimezone(UTC)))
