"""How much of a record it takes to read it, counted in what is touched and not in time."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import apsw
import asyncpg


class Counting:
    """A connection to PostgreSQL to read through, which counts the blocks that are looked at."""

    def __init__(self, cx: asyncpg.Connection) -> None:
        """Have looked at none."""
        self._cx = cx
        self.blocks = 0

    async def fetch(self, statement: str, *values: object) -> Sequence[Any]:
        """Return all rows."""
        [told] = json.loads(await self._cx.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *values))
        self.blocks += told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"]
        rows: Sequence[Any] = await self._cx.fetch(statement, *values)
        return rows

    async def fetchrow(self, statement: str, *values: object) -> Any:
        """Return the first row, or None."""
        return next(iter(await self.fetch(statement, *values)), None)

    async def execute(self, statement: str, *values: object) -> str:
        """Run a statement, which reads nothing that would count."""
        tag: str = await self._cx.execute(statement, *values)
        return tag

    async def executemany(self, statement: str, rows: object) -> None:
        """Refuse, for this is to read through."""
        raise NotImplementedError


@contextmanager
def steps(cx: apsw.Connection) -> Iterator[Callable[[], int]]:
    """Count the steps of SQLite's machine that statements take meanwhile."""
    counted = 0

    def count(event: dict[str, Any]) -> None:
        nonlocal counted
        counted += event["stmt_status"]["SQLITE_STMTSTATUS_VM_STEP"]

    cx.trace_v2(apsw.SQLITE_TRACE_PROFILE, count)
    try:
        yield lambda: counted
    finally:
        cx.trace_v2(0)
