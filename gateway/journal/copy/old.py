"""What a backup must not do when it comes back: send again what was sent since it was made, or give out a number twice.

What comes of that for whoever restores one: docs/decisions/restore.md.
"""

from collections import Counter
from datetime import datetime

import apsw

from gateway.alert import Act, Deed
from gateway.channel import Outcome, Verdict
from gateway.journal.records import DeliveryState, Todo, TodoKind
from gateway.journal.sql.codec import canonical, moment
from gateway.journal.sql.entries import Entry
from gateway.journal.sql.tried import Tried, attempted
from gateway.journal.sqlite import alerts, audit, work
from gateway.journal.sqlite.lanes import Row
from gateway.journal.sqlite.sql import every

# More than a city gives out between two backups
AHEAD = 1000
_LEFT = "a backup was restored that was made before this was settled"
_GOES_ON = (
    "SELECT a.id, a.live, max(v.number) FROM alert a JOIN version v ON v.alert = a.id"
    " WHERE a.live = 1 OR a.newest_issued = 0 GROUP BY a.id ORDER BY a.position"
)
_OPEN_ABOUT = (
    "SELECT DISTINCT i.source, i.id FROM incident i JOIN version v ON v.alert = i.alert AND v.state IN ('open', 'frozen')"
    " ORDER BY i.source, i.id"
)
_UNDER_WAY = "SELECT * FROM delivery WHERE state IN ('waiting', 'sending') ORDER BY id"


def lay_to_rest(cx: apsw.Connection, now: datetime, actor: str) -> int:
    """Settle everything that was under way when the backup was made; return how many deliveries that were.

    A delivery becomes `unknown` after an ambiguous attempt, so that a cancel still follows it. An open version is void, and
    drafted anew; a draft that was owed for an incident without an alert is left to a person. What clears a live alert stays held
    until that expires. Whatever of this an alert met with, and that it is live, is paged. Numbers go on far beyond those that the
    backup knows.
    """
    cx.execute("BEGIN IMMEDIATE")
    rows = [Row(*row) for row in every(cx, _UNDER_WAY)]
    left = [_unknown(cx, row, now) for row in rows]
    audit.append_all(cx, attempted(left, {one.turn for one in left}))
    for alert, several in Counter(row.alert for row in rows).items():
        work.owe(cx, _page("delivery-unknown", alert, f"{several} deliveries of {alert} may or may not have gone out"), now)
    _leave_drafts(cx)
    _go_on(cx, now, actor)
    # Also where the backup knows of no alert at all
    cx.execute("INSERT INTO serial (scope, last) VALUES ('alert', 0) ON CONFLICT DO NOTHING")
    cx.execute("UPDATE serial SET last = last + ?", (AHEAD,))
    cx.execute("UPDATE publication SET revision = revision + ?", (AHEAD,))
    cx.execute("DELETE FROM lease")
    audit.append(cx, Entry("service", now, actor, "restored", {"unknown": len(rows)}))
    cx.execute("COMMIT")
    return len(rows)


def _unknown(cx: apsw.Connection, row: Row, now: datetime) -> Tried:
    cx.execute(
        "UPDATE delivery SET state = ?, lease_until = 0, reached = 1, doubt = 1 WHERE id = ?", (DeliveryState.UNKNOWN, row.id)
    )
    outcome = Outcome(verdict=Verdict.AMBIGUOUS, note=_LEFT)
    cx.execute(
        "INSERT INTO attempt (delivery, fence, at, verdict, note, evidence, late) VALUES (?, ?, ?, ?, ?, '{}', 0)",
        (row.id, row.fence, moment(now), outcome.verdict, outcome.note),
    )
    return Tried(row.id, row.fence, row.lane, row.key, outcome, 0.0, now)


def _go_on(cx: apsw.Connection, now: datetime, actor: str) -> None:
    """Void what is open and every number near it: they may have been told since, with other words."""
    for source, id in every(cx, _OPEN_ABOUT):
        work.owe(cx, Todo(kind=TodoKind.DRAFT, subject=f"{source}/{id}"), now)
    for alert, live, number in every(cx, _GOES_ON):
        void = Act(number=number + AHEAD, deed=Deed.VOIDED, actor=actor, at=now, reason=_LEFT)
        alerts.void_open(cx, alert, 0, void)
        alerts.record_acts(cx, alert, (void,))
        if live:
            work.owe(cx, _page("restored-live", alert, f"{alert} is live again, whatever became of it"), now)
    cx.execute("UPDATE alert SET revision = revision + ?", (AHEAD,))


def _page(code: str, alert: str, said: str) -> Todo:
    page = {"code": code, "message": f"{said} since the backup was made; ask the far sides"}
    return Todo(kind=TodoKind.PAGE, subject=f"restored/{code}/{alert}", body=canonical(page).encode())


def _leave_drafts(cx: apsw.Connection) -> None:
    """What was authorised in advance would go out by itself; it may have gone out since."""
    work.free(cx)
    undrafted = "UPDATE todo SET done = 1, failure = ? WHERE kind = 'draft' AND done = 0 AND NOT EXISTS"
    known = " (SELECT 1 FROM incident i WHERE i.source || '/' || i.id = todo.subject AND i.alert IS NOT NULL)"
    cx.execute(undrafted + known, (_LEFT,))
