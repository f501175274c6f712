"""Several changes with one statement: a trip to the database costs more than most of them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from gateway.journal.postgres.sql import Cx, columns, every


class Shape(NamedTuple):
    """A statement that changes rows, the kinds of their columns, and the texts that it tells of each row it changed.

    The rows stand where it says ROWS, or their columns, as arrays, where it says COLUMNS.
    """

    statement: str
    kinds: str
    tells: str = ""

    def of(self, rows: Sequence[Sequence[object]]) -> "Change":
        """Return the change that brings these rows."""
        return Change(self, rows)


class Change(NamedTuple):
    """A change with its rows of values."""

    shape: Shape
    rows: Sequence[Sequence[object]]


async def make(cx: Cx, change: Change) -> None:
    """Make one change by itself."""
    await in_one(cx, (), change)


async def in_one(cx: Cx, changes: Sequence[Change], last: Change) -> None:
    """Make changes, each to other rows, and then `last`, which has to select where anything stands before it."""
    some = [change for change in changes if change.rows]
    alone = _alone([*some, last])
    await cx.execute(_in_one(_shapes(some), last.shape, alone=alone), *_values([*some, last], alone=alone))


async def told_in_one(cx: Cx, changes: Sequence[Change]) -> Sequence[Sequence[Sequence[str]]]:
    """Make changes, each to other rows, one after the other; return what each tells."""
    told: list[list[Sequence[str]]] = [[] for _ in changes]
    if places := [place for place, change in enumerate(changes) if change.rows]:
        some = [changes[place] for place in places]
        alone = _alone(some)
        for place, row in await every(cx, _told_in_one(_shapes(some), alone=alone), *_values(some, alone=alone)):
            told[places[place]].append(row)
    return told


@lru_cache(maxsize=256)
def _in_one(shapes: Sequence[Shape], last: Shape, *, alone: bool) -> str:
    """All changes are counted before the last one begins, so they are done by then."""
    counts = " + ".join(f"(SELECT count(*) FROM c{place})" for place in range(len(shapes)))
    after = f" WHERE {counts} >= 0" if shapes else ""
    return _named(shapes, alone=alone) + _written(last, sum(map(_width, shapes)), alone=alone) + after


@lru_cache(maxsize=256)
def _told_in_one(shapes: Sequence[Shape], *, alone: bool) -> str:
    told = (f"SELECT {place}, told FROM c{place}" for place in range(len(shapes)))
    return _named(shapes, alone=alone) + " UNION ALL ".join(told)


def _named(shapes: Sequence[Shape], *, alone: bool) -> str:
    named, before = [], 0
    for place, shape in enumerate(shapes):
        told = ", ".join(f"{column}::text" for column in shape.tells.split())
        named.append(f"c{place} AS ({_written(shape, before, alone=alone)} RETURNING ARRAY[{told}]::text[] AS told)")
        before += _width(shape)
    return f"WITH {', '.join(named)} " if named else ""


def _written(shape: Shape, before: int, *, alone: bool) -> str:
    """Write a statement whose parameters come after so many others: values where each change has one row, else arrays."""
    places = [f"${place}::{kind}" for place, kind in enumerate(shape.kinds.split(), before + 1)]
    columns = ", ".join(f"ARRAY[{place}]" if alone else f"{place}[]" for place in places)
    rows = f"(VALUES ({', '.join(places)}))" if alone else f"unnest({columns})"
    return shape.statement.replace("ROWS", rows).replace("COLUMNS", columns)


def _width(shape: Shape) -> int:
    return len(shape.kinds.split())


def _shapes(changes: Sequence[Change]) -> tuple[Shape, ...]:
    return tuple(change.shape for change in changes)


def _alone(changes: Sequence[Change]) -> bool:
    """Tell whether each change has one row: single values are much less work on their way to the database."""
    return all(len(change.rows) == 1 for change in changes)


def _values(changes: Sequence[Change], *, alone: bool) -> list[object]:
    if alone:
        return [value for change in changes for value in change.rows[0]]
    return [column for change in changes for column in columns(_width(change.shape), change.rows)]


_STORED = Shape("INSERT INTO blob (sha256, body) SELECT * FROM ROWS AS n ON CONFLICT DO NOTHING", "text bytea")


def kept(bodies: Mapping[str, bytes]) -> Change:
    """Store bytes once, under their SHA-256; always in the same order, so that nobody waits for each other."""
    return _STORED.of(sorted(bodies.items()))


async def keep(cx: Cx, bodies: Mapping[str, bytes]) -> None:
    """Store bytes as `kept` says."""
    await make(cx, kept(bodies))
