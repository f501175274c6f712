"""Messages of other agencies as every store of the record asks for them: what took their place is found, never written down.

So it does not matter in which order an alert, its update and its cancel arrive.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gateway.journal.records import Foreign, Heard, Later
from gateway.journal.sql.codec import read

# Only a message of the same world that was not sent before takes a message's place.
_LATER = (
    "FROM follows f JOIN heard n ON n.id = f.message WHERE f.earlier = h.id AND n.id <> h.id"
    " AND n.kind IN ('Update', 'Cancel') AND n.status = h.status AND n.sent >= h.sent"
)
_UNKNOWN = "FROM follows f WHERE f.message = h.id AND NOT EXISTS (SELECT 1 FROM heard n WHERE n.id = f.earlier)"
COUNTS = f"h.kind IN ('Alert', 'Update') AND h.status IN ('Actual', 'Exercise') AND NOT EXISTS (SELECT 1 {_LATER})"
ORDER = "ORDER BY h.sent DESC, h.id"


def select(joined: str) -> str:
    """Return the query for messages; `joined` is the dialect's name for joining texts."""
    return (
        f"SELECT h.body, h.source, h.receipt, h.sha256, h.arrived,"  # noqa: S608 - our own words
        f" (SELECT {joined}(n.sent || ' ' || n.kind || ' ' || n.id, ',') {_LATER}),"
        f" (SELECT {joined}(f.earlier, ',') {_UNKNOWN}) FROM heard h "
    )


def shown(row: tuple[Any, ...], arrived: datetime) -> Heard:
    """Return a message as it was recorded."""
    body, source, receipt, sha256, _, later, unknown = row
    return Heard(
        foreign=read(body, Foreign),
        source=source,
        receipt=receipt,
        sha256=sha256,
        arrived=arrived,
        later=tuple(Later(*one.rsplit(" ", 2)[1:]) for one in sorted(_split(later))),
        unknown=tuple(sorted(_split(unknown))),
    )


def _split(joined: str | None) -> Iterable[str]:
    return joined.split(",") if joined else ()
