"""What goes on in the city: open incidents, and every report that made one what it is."""

from collections.abc import Sequence

from gateway.incident import Incident
from gateway.journal.postgres.intake import read_head
from gateway.journal.postgres.sql import Cx, Row, every
from gateway.journal.records import Head, Reported
from gateway.journal.sql.codec import read


async def incidents(cx: Cx, *, most: int = 200) -> Sequence[Head]:
    """Return open incidents, the one reported last first."""
    rows = await every(
        cx,
        "SELECT source, id, e.number, i.revision, e.open, e.report, e.arrived, e.alert, e.stopped"
        " FROM incident i JOIN episode e USING (source, id) WHERE e.open ORDER BY e.arrived DESC, source, id LIMIT $1",
        most,
    )
    return [read_head(row) for row in rows]


async def reports(cx: Cx, source: str, id: str, *, most: int = 200) -> Sequence[Reported]:
    """Return the newest reports of an incident, whatever its episode, in the order in which they came."""
    newest = (
        "SELECT episode, body, arrived, applied, closes, why, receipt FROM report"
        " WHERE source = $1 AND id = $2 ORDER BY position DESC LIMIT $3"
    )
    return [_reported(row) for row in reversed(await every(cx, newest, source, id, most))]


def _reported(row: Row) -> Reported:
    episode, body, arrived, applied, closes, why, receipt = row
    return Reported(
        episode=episode,
        report=read(body, Incident),
        arrived=arrived,
        applied=applied,
        closes=closes,
        why=why,
        receipt=receipt or "",
    )
