"""`/events`: every publication as one Server-Sent Event with what it changed, to many readers of whom none waits for another."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from aiohttp import web

from gateway.alert import whole
from gateway.channel import Publication, Published
from gateway.fault import Unavailable
from gateway.formats import app
from gateway.formats.app import Form
from gateway.publishing import Feeds, View

PATH = "/events"
FEED = "/feeds/app.json"
LOOK_S = 0.5
KEEP_ALIVE_S = 15.0
MOST_WAITING = 64
MOST_READERS = 3000
MOST_MISSED = 500
REMEMBERED = timedelta(hours=48)
CLOCKS_APART = timedelta(minutes=2)
STILL_HERE = b": still here\n\n"
AWAY = b"event: away\ndata: %b\n\n" % msgspec.json.encode(
    {"code": "record-away", "message": "nobody knows what is published now", "hint": "listen on; the next event is news again"}
)

log = structlog.get_logger()

State = Mapping[str, Published]


class Reader:
    """Somebody who listens: what waits for them, and the connection that is cut when too much does."""

    def __init__(self, request: web.Request) -> None:
        """Begin with nothing waiting."""
        self._request = request
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_WAITING)

    def tell(self, event: bytes) -> None:
        """Put one event in line; who does not keep up is cut off, and comes back with the id of what they read last."""
        try:
            self.waiting.put_nowait(event)
        except asyncio.QueueFull:
            log.info("events.slow-reader")
            if self._request.transport is not None:
                self._request.transport.abort()

    def dismiss(self) -> None:
        """Let the connection end after what it is being told now."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


class Events:
    """Follows what is published, and tells everybody who listens."""

    def __init__(self, feeds: Feeds) -> None:
        """Follow these feeds."""
        self._feeds = feeds
        self._readers: set[Reader] = set()
        self._view: View | None = None
        self._closing = self._away = False

    def routes(self) -> list[web.RouteDef]:
        """Return where they stand."""
        return [web.get(PATH, self.listen, allow_head=False)]

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Tell what was missed since Last-Event-ID, then every publication, until the reader leaves or the gateway stops."""
        if self._closing or len(self._readers) >= MOST_READERS:
            raise Unavailable("busy", "too many listen already, or this gateway is stopping", hint=f"read {FEED} meanwhile")
        reader = Reader(request)
        view = await self._joined(reader)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        try:
            await response.prepare(request)
            await response.write(_first(view, request.headers.get("Last-Event-ID")))
            await _written(reader, response)
        except ConnectionError:
            log.debug("events.reader-left")
        finally:
            self._readers.discard(reader)
        return response

    async def follow(self, _: web.Application) -> AsyncIterator[None]:
        """Follow what is published as long as the application runs; an aiohttp cleanup context."""
        following = asyncio.create_task(self._follow(), name="events")
        yield
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    async def close(self, _: web.Application) -> None:
        """Let every reader go; an aiohttp shutdown handler."""
        self._closing = True
        self._dismiss()

    def _dismiss(self) -> None:
        for reader in self._readers:
            reader.dismiss()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if self._readers:
                try:
                    await self._look()
                except Unavailable:
                    self._tell_away()
                except Exception:
                    log.exception("events.broke")
                    self._dismiss()

    async def _joined(self, reader: Reader) -> View:
        """Begin to tell a reader, and return what everybody here has been told of; the first to listen finds out what stands."""
        if self._view is None or self._away or not self._readers:
            found = await self._feeds.view()
            self._away = False
            # Whoever was faster would never be told what came since
            if self._view is None or not self._readers:
                self._view = found
        self._readers.add(reader)
        if self._closing:
            reader.dismiss()
        return self._view

    def _tell_away(self) -> None:
        """As feeds do, own up to it once what was told last is too old to be trusted."""
        if not self._away:
            log.info("events.record-away")
            self._away = True
            for reader in self._readers:
                reader.tell(AWAY)

    async def _look(self) -> None:
        after = await self._feeds.view()
        self._away = False
        before, told = self._view, tuple(self._readers)
        if before is None or after.publication == before.publication:
            return
        self._view = after
        event = await asyncio.to_thread(_news, before, after)
        for reader in told:
            reader.tell(event)


async def _written(reader: Reader, response: web.StreamResponse) -> None:
    while True:
        try:
            async with asyncio.timeout(KEEP_ALIVE_S):
                event = await reader.waiting.get()
        except TimeoutError:
            event = STILL_HERE
        if event is None:
            return
        await response.write(event)


def _news(before: View, after: View) -> bytes:
    return _event(after, changed(before, after))


def changed(before: View, after: View) -> Iterator[bytes]:
    """Yield the entry of every alert that stands otherwise after than before; what vanished is taken back."""
    old, new = _state(before), _state(after)
    for id, row in new.items():
        form = _form(row, after.publication.at)
        if id not in old or (old[id].number, old[id].body, _form(old[id], before.publication.at)) != (row.number, row.body, form):
            yield _entry(row, form)
    for id in sorted(old.keys() - new.keys()):
        if old[id].live(before.publication.at):
            yield _entry(old[id], Form.CANCEL)


def missed(view: View, since: datetime) -> Iterator[bytes]:
    """Yield the entry of every alert that may have changed since then, some of them known to the reader already."""
    since -= CLOCKS_APART
    for row in _state(view).values():
        form = _form(row, view.publication.at)
        if row.issued_at >= since or (form is Form.EXPIRED and row.expires >= since):
            yield _entry(row, form)


def event_id(publication: Publication) -> str:
    """Return the id of a publication's event: its revision, and the second it speaks for, which an expiry moves on alone.

    Where a standby has taken over, the line of the record stands behind them.
    """
    id = f"{publication.revision}.{int(publication.at.timestamp())}"
    return f"{id}.{publication.line}" if publication.line else id


def _first(view: View, last: str | None) -> bytes:
    """What a reader hears at once: where things stand, what it missed, or that it must read the feed again."""
    if last is None:
        return _event(view, ())
    known = _known(last, view.publication)
    if known is None:
        return _reset(view)
    if last == event_id(view.publication):
        return STILL_HERE
    entries = list(missed(view, known))
    return _event(view, entries) if len(entries) <= MOST_MISSED else _reset(view)


def _known(last: str, newest: Publication) -> datetime | None:
    """Return the time of an event that we know to have told, or None for a foreign, a future or a forgotten one.

    Foreign is one of another line too: what it told may have been lost, and nobody here knows what to take back.
    """
    parts = [int(part) for part in last.split(".") if part.isascii() and part.isdecimal()] if len(last) <= 40 else []
    if len(parts) != 1 + last.count(".") or len(parts) not in (2, 3):
        return None
    revision, second, line = (*parts, 0)[:3]
    if line != newest.line or revision > newest.revision:
        return None
    if not 0 <= newest.at.timestamp() - second < REMEMBERED.total_seconds():
        return None
    return datetime.fromtimestamp(second, UTC)


def _state(view: View) -> State:
    return {row.alert: row for row in view.feeds.get("app", ())}


def _form(row: Published, at: datetime) -> Form:
    over = row.expires <= at and Form(row.kind) in (Form.ALERT, Form.UPDATE)
    return Form.EXPIRED if over else Form(row.kind)


def _entry(row: Published, form: Form) -> bytes:
    return row.body if form is Form(row.kind) else app.encoded(app.over(app.frozen(row.body), form))


def _event(view: View, entries: Iterable[bytes]) -> bytes:
    at = whole(view.publication.at).astimezone(UTC)
    told = {"revision": view.publication.revision, "at": at, "alerts": [msgspec.Raw(entry) for entry in entries]}
    return b"id: %b\ndata: %b\n\n" % (event_id(view.publication).encode(), msgspec.json.encode(told))


def _reset(view: View) -> bytes:
    told = {"code": "events-missed", "message": "what you missed is not told again", "hint": "read the feed anew", "feed": FEED}
    return b"id: %b\nevent: reset\ndata: %b\n\n" % (event_id(view.publication).encode(), msgspec.json.encode(told))
