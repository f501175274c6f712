"""Several changes with one statement: a trip to the database costs more than most of them."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from gateway.journal.postgres.sql import Cx, columns, every

_PARAMETER = re.compile(r"\$(\d+)")


class Change(NamedTuple):
    """A change with its own parameters, from $1 on, and the texts it tells of each row that it changed."""

    statement: str
    values: Sequence[object]
    tells: tuple[str, ...] = ()


Shape = tuple[str, int, tuple[str, ...]]


async def make(cx: Cx, part: Change) -> None:
    """Make one change by itself."""
    await cx.execute(part.statement, *part.values)


async def in_one(cx: Cx, parts: Sequence[Change], last: Change) -> None:
    """Make changes, each to other rows, and then `last`, which selects."""
    await cx.execute(_in_one(_shapes(parts), last.statement), *_values([*parts, last]))


async def told_in_one(cx: Cx, parts: Sequence[Change]) -> Sequence[Sequence[Sequence[str]]]:
    """Make changes, each to other rows, one after the other; return what each tells."""
    told: list[list[Sequence[str]]] = [[] for _ in parts]
    for place, row in await every(cx, _told_in_one(_shapes(parts)), *_values(parts)) if parts else []:
        told[place].append(row)
    return told


@lru_cache(maxsize=256)
def _in_one(parts: Sequence[Shape], last: str) -> str:
    """All parts are counted before the last one begins, so they are done by then."""
    counts = "".join(f" + (SELECT count(*) FROM p{place})" for place in range(len(parts)))
    return f"{_named(parts)} {_moved(last, sum(count for _, count, _ in parts))} WHERE 0{counts} >= 0"


@lru_cache(maxsize=256)
def _told_in_one(parts: Sequence[Shape]) -> str:
    return f"{_named(parts)} {' UNION ALL '.join(f'SELECT {place}, told FROM p{place}' for place in range(len(parts)))}"


def _named(parts: Sequence[Shape]) -> str:
    """Name the parts and number their parameters anew."""
    named, before = [], 0
    for place, (statement, count, tells) in enumerate(parts):
        told = ", ".join(f"{column}::text" for column in tells)
        named.append(f"p{place} AS ({_moved(statement, before)} RETURNING ARRAY[{told}]::text[] AS told)")
        before += count
    return f"WITH {', '.join(named)}" if named else ""


def _moved(statement: str, by: int) -> str:
    return _PARAMETER.sub(lambda parameter: f"${int(parameter[1]) + by}", statement)


def _shapes(parts: Sequence[Change]) -> tuple[Shape, ...]:
    return tuple((part.statement, len(part.values), part.tells) for part in parts)


def _values(parts: Sequence[Change]) -> list[object]:
    return [value for part in parts for value in part.values]


def kept(bodies: Mapping[str, bytes]) -> Change:
    """Store bytes once, under their SHA-256; always in the same order, so that nobody waits for each other."""
    named = sorted(bodies.items())
    stored = "INSERT INTO blob (sha256, body) SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT DO NOTHING"
    return Change(stored, columns(2, named))


async def keep(cx: Cx, bodies: Mapping[str, bytes]) -> None:
    """Store bytes as `kept` says."""
    await make(cx, kept(bodies))
