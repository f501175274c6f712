"""The ways a verb speaks to the database; every value is a parameter."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple, Protocol

from gateway.fault import Missing

Row = tuple[Any, ...]

_PARAMETER = re.compile(r"\$(\d+)")


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


class Part(NamedTuple):
    """A change with its own parameters, from $1 on."""

    statement: str
    values: Sequence[object]


async def in_one(cx: Cx, parts: Sequence[Part]) -> None:
    """Make several changes, each to other rows, with one statement: the way to the database costs more than most of them."""
    values = [value for part in parts for value in part.values]
    await cx.execute(_in_one(tuple((part.statement, len(part.values)) for part in parts)), *values)


@lru_cache(maxsize=256)
def _in_one(parts: Sequence[tuple[str, int]]) -> str:
    """Name the parts and number their parameters anew."""
    named, before = [], 0
    for number, (statement, count) in enumerate(parts):
        named.append(f"p{number} AS ({re.sub(_PARAMETER, partial(_moved, before), statement)})")
        before += count
    return f"WITH {', '.join(named)} SELECT 1"


def _moved(by: int, parameter: re.Match[str]) -> str:
    return f"${int(parameter[1]) + by}"


def kept(bodies: Mapping[str, bytes]) -> Part:
    """Store bytes once, under their SHA-256; always in the same order, so that nobody waits for each other."""
    named = sorted(bodies.items())
    stored = "INSERT INTO blob (sha256, body) SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT DO NOTHING"
    return Part(stored, columns(2, named))


async def keep(cx: Cx, bodies: Mapping[str, bytes]) -> None:
    """Store bytes as `kept` says."""
    part = kept(bodies)
    await cx.execute(part.statement, *part.values)
