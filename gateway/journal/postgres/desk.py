"""Where verbs get a connection and a transaction: served within two seconds, or told no."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from gateway.fault import Fault, Unavailable
from gateway.journal.postgres.faults import AGAIN, LOST, unavailable
from gateway.journal.postgres.sql import Cx

T = TypeVar("T")

PATIENCE_S = 1.8
WRITE = "BEGIN"
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Desk:
    """A pool of connections; a connection that failed is thrown away, and the next caller makes a new one."""

    def __init__(self, pool: Any, connect: Callable[[], Awaitable[asyncpg.Connection]], patience_s: float) -> None:
        """Serve from an asyncpg pool; `connect` makes a connection outside of it, `refusal` is what everybody is told."""
        self._pool = pool
        self._patience_s = patience_s
        self.connect = connect
        self.refusal: Unavailable | None = None

    async def run(self, work: Callable[[Cx], Awaitable[T]], begin: str = WRITE) -> T:
        """Do work in one transaction; raises Unavailable when it was not done in time.

        Then it did not happen, unless the connection was lost while the commit was on its way: who asks again finds out.
        """
        return await self._served(lambda: self._transact(work, begin))

    async def glance(self, work: Callable[[Cx], Awaitable[T]]) -> T:
        """Do work that reads with one statement, and needs no transaction of its own."""
        return await self._served(lambda: self._look(work))

    async def close(self) -> None:
        """Serve whoever has a connection, then let go of them all."""
        self.refusal = Unavailable("store-closed", "the store is closed", hint="start the gateway again")
        try:
            async with asyncio.timeout(self._patience_s):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _served(self, serve: Callable[[], Awaitable[T]]) -> T:
        if self.refusal is not None:
            raise self.refusal
        try:
            async with asyncio.timeout(self._patience_s):
                return await _until_nobody_is_in_the_way(serve)
        except TimeoutError:
            raise Unavailable("store-unavailable", "the database did not answer in time", hint="try again") from None
        except LOST as error:
            raise unavailable(error) from error

    async def _look(self, work: Callable[[Cx], Awaitable[T]]) -> T:
        async with self._lent() as cx:
            return await work(cx)

    async def _transact(self, work: Callable[[Cx], Awaitable[T]], begin: str) -> T:
        async with self._lent() as cx:
            await cx.execute(begin)
            try:
                result = await work(cx)
            except (Fault, *AGAIN):
                await cx.execute("ROLLBACK")
                raise
            await cx.execute("COMMIT")
            return result

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Cx]:
        cx: asyncpg.Connection = await self._pool.acquire()
        try:
            yield cx
        except (Fault, *AGAIN):
            raise
        except BaseException:
            cx.terminate()
            raise
        finally:
            await self._pool.release(cx)


async def _until_nobody_is_in_the_way(serve: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await serve()
        except AGAIN:
            continue
