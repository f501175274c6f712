"""How a dialect holds a topic: the statement that reads its rows, the one that adds them, and what either must be turned into."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gateway.journal.copy.topics import Row, Topic


def as_it_is(row: Row) -> Row:
    """Return the row."""
    return row


class Form(NamedTuple):
    """`load` turns what was read into a topic's row, `keep` a topic's row into the values that are added."""

    select: str
    insert: str
    load: Callable[[Row], Row] = as_it_is
    keep: Callable[[Row], Row] = as_it_is


def insertion(table: str, columns: Sequence[str], values: Sequence[str], more: str = "") -> str:
    """Return the statement that adds a row."""
    return f"INSERT INTO {table} ({', '.join(columns)}) {more}VALUES ({', '.join(values)})"


def replacing(insert: str, topic: Topic) -> str:
    """Return the statement for a topic whose one row is there from the beginning."""
    key, *others = topic.columns
    changes = ", ".join(f"{name} = excluded.{name}" for name in others)
    return f"{insert} ON CONFLICT ({key}) DO UPDATE SET {changes}"
