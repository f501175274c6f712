"""How long a verb waits for the database: for each answer a while, and not for ever in all."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from gateway.fault import Unavailable, answer_late
from gateway.journal.postgres.faults import LOST, unavailable
from gateway.journal.postgres.sql import Cx


class Patience:
    """A deadline that each answer moves on, but never past the last one; `committing` once what was done may be kept."""

    def __init__(self, deadline: asyncio.Timeout, silence_s: float, until: float) -> None:
        """Move a deadline on by so many seconds, at most to a time of the loop's clock."""
        self._deadline, self._silence_s, self._until = deadline, silence_s, until
        self.committing = False

    def heard(self) -> None:
        """The database answered."""
        if not self._deadline.expired():
            self._deadline.reschedule(min(asyncio.get_running_loop().time() + self._silence_s, self._until))


@asynccontextmanager
async def patient(silence_s: float, most_s: float) -> AsyncIterator[Patience]:
    """Raise Unavailable out of the block when nothing was heard for so long, it took so long in all, or the database was lost."""
    until = asyncio.get_running_loop().time() + max(most_s, silence_s)
    patience = Patience(deadline := asyncio.timeout(silence_s), silence_s, until)
    try:
        async with deadline:
            yield patience
    except LOST as error:
        if patience.committing:
            raise answer_late("the database") from error
        if isinstance(error, TimeoutError):
            raise Unavailable("store-unavailable", "the database did not answer in time", hint="try again") from None
        raise unavailable(error) from error


class Talk:
    """A connection while one verb has it; implements gateway.journal.postgres.sql.Cx."""

    def __init__(self, cx: Cx, patience: Patience) -> None:
        """Speak through a connection; each answer is heard."""
        self._cx, self._patience = cx, patience

    async def execute(self, statement: str, *values: object) -> str:
        """Run a statement and return its command tag."""
        tag = await self._cx.execute(statement, *values)
        self._patience.heard()
        return tag

    async def executemany(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of values."""
        await self._cx.executemany(statement, rows)
        self._patience.heard()

    async def fetch(self, statement: str, *values: object) -> Sequence[Iterable[Any]]:
        """Return all rows."""
        rows = await self._cx.fetch(statement, *values)
        self._patience.heard()
        return rows

    async def fetchrow(self, statement: str, *values: object) -> Iterable[Any] | None:
        """Return the first row, or None."""
        row = await self._cx.fetchrow(statement, *values)
        self._patience.heard()
        return row
