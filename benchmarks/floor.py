"""The least that our promises can cost: bare durable commits, alone, in groups, and behind a bare HTTP server."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import apsw
from aiohttp import web

INSERT = "INSERT INTO kept (name, body) VALUES (?, ?)"

Commit = Callable[[bytes], Awaitable[None]]
Waiting = tuple[bytes, "asyncio.Future[None]"]


def names() -> Iterator[str]:
    """Yield keys that are never given twice."""
    return map("message-{}".format, itertools.count())


class BareStore:
    """One SQLite file with one table, as durable as ours: write-ahead log, synchronous FULL."""

    def __init__(self, path: Path) -> None:
        """Make the file."""
        self._cx = apsw.Connection(str(path))
        self._cx.execute("PRAGMA journal_mode = wal; PRAGMA synchronous = full")
        self._cx.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT")
        self._names = names()

    async def commit(self, body: bytes) -> None:
        """Keep one body, in a transaction of its own and in the caller's own thread."""
        self._cx.execute(INSERT, (next(self._names), body))

    def commit_all(self, bodies: Sequence[bytes]) -> None:
        """Keep bodies in one transaction, each in a savepoint of its own."""
        self._cx.execute("BEGIN IMMEDIATE")
        for body in bodies:
            self._cx.execute("SAVEPOINT one")
            self._cx.execute(INSERT, (next(self._names), body))
            self._cx.execute("RELEASE one")
        self._cx.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._cx.close()


class BareGroup:
    """A thread that commits whoever is queued in one transaction and then answers them."""

    def __init__(self, store: BareStore) -> None:
        """Start, for callers in the running event loop."""
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    async def commit(self, body: bytes) -> None:
        """Keep one body; durable when this returns."""
        answer: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((body, answer))
        await answer

    async def close(self) -> None:
        """Stop, once nobody waits any more."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first, *self._queued()]
            self._store.commit_all([body for body, _ in batch])
            self._loop.call_soon_threadsafe(_answer, batch)

    def _queued(self) -> list[Waiting]:
        queued: list[Waiting] = []
        with contextlib.suppress(Empty):
            while (one := self._queue.get_nowait()) is not None:
                queued.append(one)
        return queued


@contextlib.asynccontextmanager
async def bare_store(path: Path) -> AsyncIterator[BareStore]:
    """Keep a bare store open."""
    with contextlib.closing(BareStore(path)) as store:
        yield store


@contextlib.asynccontextmanager
async def bare_group(path: Path) -> AsyncIterator[BareGroup]:
    """Keep a bare group commit running."""
    with contextlib.closing(BareStore(path)) as store:
        group = BareGroup(store)
        yield group
        await group.close()


@contextlib.asynccontextmanager
async def bare_server(commit: Commit) -> AsyncIterator[str]:
    """Serve, on loopback, a handler that commits what it is sent and answers 202; yields its URL."""

    async def handle(request: web.Request) -> web.Response:
        await commit(await request.read())
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


def _answer(batch: Sequence[Waiting]) -> None:
    for _, answer in batch:
        answer.set_result(None)
