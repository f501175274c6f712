"""Commits that are not answered: kept until they are, never joined by new ones while the database waits for its standby.

A commit that waits for a standby ends for no deadline of ours, and a connection that is dropped meanwhile stays at the server.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any

import asyncpg
import structlog

from gateway.fault import Unavailable
from gateway.journal.postgres.faults import LOST
from gateway.journal.postgres.sql import Cx, find

LOOK_S = 1.0
LOOKING_S = 3.0
# Of the pool's connections; what is left is for reading
MOST_KEPT = 8

_WAITS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ANY($1) AND wait_event = 'SyncRep')"
_ANYBODY = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bongsu'"
    " AND wait_event = 'SyncRep' AND clock_timestamp() - query_start > interval '1 second' LIMIT 1"
)

log = structlog.get_logger()


class Commits:
    """The commits of one pool; whoever gives up on one leaves it here, with its connection."""

    def __init__(self, pool: Any, connect: Callable[[], Awaitable[asyncpg.Connection]], patience_s: float) -> None:
        """Give connections back to the pool; `connect` makes one to look with. Silence for so long is worth a look."""
        self._pool, self._connect, self._patience_s = pool, connect, patience_s
        self._kept: dict[asyncpg.Connection, float] = {}
        self._tasks = set[asyncio.Task[None]]()
        self._watching: asyncio.Task[None] | None = None
        self._away = False

    def refuse(self) -> None:
        """Raise Unavailable where a commit would only wait behind others that wait."""
        if not self._old():
            return
        raise away() if self._away else Unavailable("store-unavailable", "a commit was not answered in time", hint="try again")

    def keeps(self, cx: asyncpg.Connection) -> bool:
        """Tell whether a connection waits here for its answer."""
        return cx in self._kept

    async def commit(self, cx: asyncpg.Connection) -> None:
        """Commit; when the caller gives up before the answer came, the connection is kept until it does."""
        since = monotonic()
        asking = asyncio.create_task(cx.execute("COMMIT"))
        try:
            await asyncio.shield(asking)
        except asyncio.CancelledError:
            if asking.done() or len(self._kept) >= MOST_KEPT:
                asking.cancel()
            else:
                self._keep(cx, asking, since)
            raise

    async def end(self) -> None:
        """Stop looking; the pool is closed by whoever opened it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _keep(self, cx: asyncpg.Connection, asking: "asyncio.Task[str]", since: float) -> None:
        self._kept[cx] = since
        self._begin(self._until_answered(cx, asking))
        if self._watching is None or self._watching.done():
            self._watching = self._begin(self._watch())

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _old(self) -> list[asyncpg.Connection]:
        """Return those that have waited longer than anybody should; a caller who left early leaves a young one."""
        before = monotonic() - 0.9 * self._patience_s
        return [cx for cx, since in self._kept.items() if since < before]

    async def _until_answered(self, cx: asyncpg.Connection, asking: "asyncio.Task[str]") -> None:
        try:
            await asking
        except (asyncpg.PostgresError, *LOST):
            cx.terminate()
        finally:
            del self._kept[cx]
            await self._pool.release(cx)

    async def _watch(self) -> None:
        """Look what they wait for; where it is no standby, or another server took over, they are given up."""
        while self._kept:
            await asyncio.sleep(LOOK_S)
            if not (old := self._old()):
                continue
            try:
                async with asyncio.timeout(LOOKING_S):
                    waits = await self._look([cx.get_server_pid() for cx in old])
            except (asyncpg.PostgresError, *LOST):
                continue
            self._found(waits=waits)
            if not waits:
                for cx in old:
                    cx.terminate()
        self._found(waits=False)

    async def _look(self, pids: list[int]) -> bool:
        cx = await self._connect()
        try:
            return bool(await cx.fetchval(_WAITS, pids))
        finally:
            cx.terminate()

    def _found(self, *, waits: bool) -> None:
        if waits and not self._away:
            log.error("standby.away", hint=away().hint)
        elif self._away and not waits:
            log.info("standby.back")
        self._away = waits


def away() -> Unavailable:
    """Return what is told while commits wait for a standby."""
    hint = "start the standby, or go on without it (docs/two-sites.md); what waits then goes on by itself"
    return Unavailable("store-standby-away", "the database waits for a standby that does not answer", hint=hint)


async def anybody_waits(cx: Cx) -> bool:
    """Tell whether a session of a gateway has waited for a standby for longer than one that is there needs."""
    return await find(cx, _ANYBODY) is not None
