"""What goes on in the city: open incidents, and every report that made one what it is."""

from collections.abc import Sequence

import apsw

from gateway.incident import Incident
from gateway.journal.records import Head, Reported
from gateway.journal.sql.codec import read, when
from gateway.journal.sqlite.intake import HEADS, read_head
from gateway.journal.sqlite.sql import Row, every


def incidents(cx: apsw.Connection, *, most: int = 200) -> Sequence[Head]:
    """Return open incidents, the one reported last first."""
    newest = f"{HEADS} WHERE i.open = 1 ORDER BY i.arrived DESC, i.source, i.id LIMIT ?"
    return [read_head(row) for row in every(cx, newest, most)]


def reports(cx: apsw.Connection, source: str, id: str, *, most: int = 200) -> Sequence[Reported]:
    """Return the newest reports of an incident, whatever its episode, in the order in which they came."""
    newest = (
        "SELECT episode, body, arrived, applied, closes, why, receipt FROM report"
        " WHERE source = ? AND id = ? ORDER BY position DESC LIMIT ?"
    )
    return [_reported(row) for row in reversed(every(cx, newest, source, id, most))]


def _reported(row: Row) -> Reported:
    episode, body, arrived, applied, closes, why, receipt = row
    return Reported(
        episode=episode,
        report=read(body, Incident),
        arrived=when(arrived),
        applied=bool(applied),
        closes=bool(closes),
        why=why,
        receipt=receipt or "",
    )
