"""The ways a verb speaks to the database; every value is a parameter."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import apsw

from gateway.fault import Missing

AT_ONCE = 16

Row = tuple[Any, ...]
SQLiteValue = None | int | float | bytes | str


def find(cx: apsw.Connection, statement: str, *values: SQLiteValue) -> Row | None:
    """Return the first row, or None."""
    row: Row | None = cx.execute(statement, values).fetchone()
    return row


def only(cx: apsw.Connection, what: str, statement: str, *values: SQLiteValue) -> Row:
    """Return the first row; raises Missing, naming what there is none of."""
    if (row := find(cx, statement, *values)) is None:
        raise Missing("missing", f"there is no {what}")
    return row


def every(cx: apsw.Connection, statement: str, *values: SQLiteValue) -> list[Row]:
    """Return all rows."""
    return list(cx.execute(statement, values))


def each(cx: apsw.Connection, statement: str, rows: Iterable[Sequence[SQLiteValue]]) -> list[Row]:
    """Run a statement once for each row of values, and return what all of them returned."""
    some = list(rows)
    return list(cx.executemany(statement, some)) if some else []


def together(cx: apsw.Connection, statement: str, rows: Sequence[Sequence[SQLiteValue]]) -> list[Row]:
    """Run a statement for several rows of values at a time, which stand where it says ROWS, and return what it returned.

    Every step of a statement gives way to other threads; a thread that is busy lets go only after 5 ms.
    """
    found: list[Row] = []
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        found.extend(cx.execute(_for(statement, len(some[0]), len(some)), [value for row in some for value in row]))
    return found


@lru_cache(maxsize=512)
def _for(statement: str, width: int, count: int) -> str:
    row = f"({', '.join('?' * width)})"
    return statement.replace("ROWS", ", ".join([row] * count))


def change(cx: apsw.Connection, statement: str, *values: SQLiteValue) -> int:
    """Change rows and return how many."""
    cx.execute(statement, values)
    return cx.changes()


def keep(cx: apsw.Connection, bodies: Mapping[str, bytes]) -> None:
    """Store bytes once, under their SHA-256."""
    each(cx, "INSERT INTO blob (sha256, body) VALUES (?, ?) ON CONFLICT DO NOTHING", bodies.items())
