"""What a backup must not do when it comes back: send again what was sent since it was made, or give out a number twice."""

from datetime import datetime
from itertools import groupby

import apsw

from gateway.channel import Outcome, Verdict
from gateway.journal.records import DeliveryState, Todo, TodoKind
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, moment
from gateway.journal.sql.entries import Entry
from gateway.journal.sqlite import audit, work
from gateway.journal.sqlite.lanes import Row
from gateway.journal.sqlite.sql import every

# More than a city gives out between two backups
AHEAD = 1000
_LEFT = "a backup was restored that was made before this was settled"
_UNDER_WAY = "SELECT * FROM delivery WHERE state IN ('held', 'waiting', 'sending') ORDER BY id"


def lay_to_rest(cx: apsw.Connection, now: datetime, actor: str) -> int:
    """Settle everything that was under way when the backup was made; return how many deliveries that were.

    A delivery becomes `unknown` after an ambiguous attempt, so that a cancel still follows it, and its alert is paged. A draft
    that was owed for an incident without an alert is left to a person. Numbers go on far beyond those that the backup knows.
    """
    cx.execute("BEGIN IMMEDIATE")
    rows = [Row(*row) for row in every(cx, _UNDER_WAY)]
    for row in rows:
        _unknown(cx, row, now)
    for alert, several in groupby(sorted(rows, key=lambda row: row.alert), key=lambda row: row.alert):
        work.owe(cx, _page(alert, len(list(several))), now)
    _leave_drafts(cx)
    cx.execute("UPDATE serial SET last = last + ?", (AHEAD,))
    cx.execute("UPDATE publication SET revision = revision + ?", (AHEAD,))
    cx.execute("DELETE FROM lease")
    audit.append(cx, Entry("service", now, actor, "restored", {"unknown": len(rows)}))
    cx.execute("COMMIT")
    return len(rows)


def _unknown(cx: apsw.Connection, row: Row, now: datetime) -> None:
    cx.execute(
        "UPDATE delivery SET state = ?, lease_until = 0, reached = 1, doubt = 1 WHERE id = ?", (DeliveryState.UNKNOWN, row.id)
    )
    outcome = Outcome(verdict=Verdict.AMBIGUOUS, note=_LEFT)
    cx.execute(
        "INSERT INTO attempt (delivery, fence, at, verdict, note, evidence, late) VALUES (?, ?, ?, ?, ?, '{}', 0)",
        (row.id, row.fence, moment(now), outcome.verdict, outcome.note),
    )
    audit.append(cx, entries.attempted(row.lane, row.key, row.fence, outcome, now, late=False))


def _page(alert: str, several: int) -> Todo:
    message = f"{several} deliveries of {alert} may or may not have gone out since the backup; ask the far sides"
    page = {"code": "delivery-unknown", "message": message}
    return Todo(kind=TodoKind.PAGE, subject=f"restored/{alert}", body=canonical(page).encode())


def _leave_drafts(cx: apsw.Connection) -> None:
    """What was authorised in advance would go out by itself; it may have gone out since."""
    work.free(cx)
    undrafted = "UPDATE todo SET done = 1, failure = ? WHERE kind = 'draft' AND done = 0 AND NOT EXISTS"
    known = " (SELECT 1 FROM incident i WHERE i.source || '/' || i.id = todo.subject AND i.alert IS NOT NULL)"
    cx.execute(undrafted + known, (_LEFT,))
