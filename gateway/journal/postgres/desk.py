"""Where verbs get a connection and a transaction: whoever hears nothing of the database for two seconds is told no."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg

from gateway.fault import Fault, Unavailable
from gateway.journal.postgres.faults import AGAIN, HELD
from gateway.journal.postgres.sql import Cx
from gateway.journal.postgres.standby import Commits
from gateway.journal.postgres.talk import Patience, Talk, patient

T = TypeVar("T")

PATIENCE_S = 1.8
# A verb of many statements, on a connection that sees them for the first time while the machine is busy, is slow but not lost
LONGEST_S = 6.0
WRITE = "BEGIN"
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Desk:
    """A pool of connections; a connection that failed is thrown away, and the next caller makes a new one."""

    def __init__(self, pool: Any, connect: Callable[[], Awaitable[asyncpg.Connection]], patience_s: float) -> None:
        """Serve from an asyncpg pool; `connect` makes a connection outside of it, `refusal` is what everybody is told."""
        self._pool = pool
        self._patience_s = patience_s
        self._commits = Commits(pool, connect, patience_s)
        self.connect = connect
        self.refusal: Unavailable | None = None

    async def run(self, work: Callable[[Cx], Awaitable[T]], begin: str = WRITE, *, insists: bool = False) -> T:
        """Do work in one transaction; raises Unavailable when the database was silent for too long, or all took too long.

        Then it did not happen; only ANSWER_LATE leaves that open, for the commit was on its way. Whoever insists asks again, as
        long as there is time, for what another transaction holds.
        """
        if begin == WRITE:
            self.must_commit()
        again = (*AGAIN, HELD) if insists else AGAIN
        return await self._served(lambda patience: self._transact(work, begin, patience), again)

    async def glance(self, work: Callable[[Cx], Awaitable[T]]) -> T:
        """Do work that reads with one statement, and needs no transaction of its own."""
        return await self._served(lambda patience: self._look(work, patience))

    def must_commit(self) -> None:
        """Raise Unavailable while commits are waiting for an answer that does not come."""
        self._commits.refuse()

    async def close(self) -> None:
        """Serve whoever has a connection, then let go of them all."""
        self.refusal = Unavailable("store-closed", "the store is closed", hint="start the gateway again")
        try:
            async with asyncio.timeout(self._patience_s):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()
        await self._commits.end()

    async def _served(self, serve: Callable[[Patience], Awaitable[T]], again: tuple[type[Exception], ...] = AGAIN) -> T:
        if self.refusal is not None:
            raise self.refusal
        async with patient(self._patience_s, LONGEST_S) as patience:
            return await _until_nobody_is_in_the_way(lambda: serve(patience), again)

    async def _look(self, work: Callable[[Cx], Awaitable[T]], patience: Patience) -> T:
        async with self._lent() as cx:
            return await work(Talk(cx, patience))

    async def _transact(self, work: Callable[[Cx], Awaitable[T]], begin: str, patience: Patience) -> T:
        async with self._lent() as cx:
            talk = Talk(cx, patience)
            patience.committing = False
            await talk.execute(begin)
            try:
                result = await work(talk)
            except (Fault, *AGAIN, HELD):
                await talk.execute("ROLLBACK")
                raise
            patience.committing = begin == WRITE
            await (self._commits.commit(cx) if begin == WRITE else talk.execute("COMMIT"))
            return result

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[asyncpg.Connection]:
        cx: asyncpg.Connection = await self._pool.acquire()
        try:
            yield cx
        except (Fault, *AGAIN, HELD):
            raise
        except BaseException:
            if not self._commits.keeps(cx):
                # One that was lost may be out of the pool by now; why it was lost is what counts
                with suppress(asyncpg.InterfaceError):
                    cx.terminate()
            raise
        finally:
            if not self._commits.keeps(cx):
                await self._pool.release(cx)


async def _until_nobody_is_in_the_way(serve: Callable[[], Awaitable[T]], again: tuple[type[Exception], ...]) -> T:
    while True:
        try:
            return await serve()
        except again:
            continue
