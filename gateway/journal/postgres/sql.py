"""The ways a verb speaks to the database; every value is a parameter."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from gateway.fault import Missing

Row = tuple[Any, ...]


class Cx(Protocol):
    """What a verb uses of an asyncpg connection."""

    async def execute(self, statement: str, *values: object) -> str:
        """Run a statement and return its command tag, such as "UPDATE 3"."""
        ...

    async def executemany(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of values."""
        ...

    async def fetch(self, statement: str, *values: object) -> Sequence[Iterable[Any]]:
        """Return all rows."""
        ...

    async def fetchrow(self, statement: str, *values: object) -> Iterable[Any] | None:
        """Return the first row, or None."""
        ...


class Here(NamedTuple):
    """Which node asks, and what time it is there: seconds of the database's clock, the same for every node.

    `judges`: it has lived long enough to tell which nodes live no more.
    """

    node: str
    time: float
    judges: bool


async def here(cx: Cx, node: str, offset: float, *, judges: bool) -> Here:
    """Read the database's clock, moved by so many seconds."""
    [time] = await only(cx, "clock", "SELECT extract(epoch FROM clock_timestamp())::float8 + $1", offset)
    return Here(node, time, judges)


async def find(cx: Cx, statement: str, *values: object) -> Row | None:
    """Return the first row, or None."""
    row = await cx.fetchrow(statement, *values)
    return None if row is None else tuple(row)


async def only(cx: Cx, what: str, statement: str, *values: object) -> Row:
    """Return the first row; raises Missing, naming what there is none of."""
    if (row := await find(cx, statement, *values)) is None:
        raise Missing("missing", f"there is no {what}")
    return row


async def every(cx: Cx, statement: str, *values: object) -> list[Row]:
    """Return all rows."""
    return [tuple(row) for row in await cx.fetch(statement, *values)]


async def change(cx: Cx, statement: str, *values: object) -> int:
    """Change rows and return how many."""
    tag = await cx.execute(statement, *values)
    return int(tag.rpartition(" ")[2])


def unnest(kinds: str, first: int = 1) -> str:
    """Return the rows made of columns of these kinds, which are the parameters from `first` on."""
    return f"unnest({', '.join(f'${number}::{kind}[]' for number, kind in enumerate(kinds.split(), first))})"


def columns(count: int, rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """Return rows as so many columns, for `unnest`."""
    return [[row[place] for row in rows] for place in range(count)]
