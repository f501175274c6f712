# ruff: noqa: PLR0913, PLR0917 - a verb takes cx and the time where a method takes self
"""Taking deliveries under a lease, and recording what came of each attempt."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import groupby
from operator import itemgetter

import apsw

from gateway.alert import Target
from gateway.channel import Outcome, Part, Payload, Verdict
from gateway.incident import Status
from gateway.journal.records import Claimed, Delivery, DeliveryState, Room, Settlement
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, moment, read, when
from gateway.journal.sql.filling import Filling
from gateway.journal.sql.lane import shown
from gateway.journal.sqlite import audit, lanes, work
from gateway.journal.sqlite.lanes import Row
from gateway.journal.sqlite.sql import Row as SqlRow
from gateway.journal.sqlite.sql import change, every, only

MOST_ALERTS = 200
_LEASE_OVER = Outcome(verdict=Verdict.AMBIGUOUS, note="the lease ran out before the attempt was settled")

# One queue for each channel, target and priority, found by leaping from one to the next along the index delivery_queue
_QUEUES = (
    "WITH RECURSIVE queue (channel, target, priority) AS ("
    "SELECT * FROM (SELECT channel, target, priority FROM delivery WHERE state = 'waiting' AND head = 1"
    " ORDER BY channel, target, priority LIMIT 1)"
    " UNION ALL SELECT n.channel, n.target, n.priority FROM queue q JOIN delivery n ON n.id = coalesce("
    "(SELECT id FROM delivery WHERE state = 'waiting' AND head = 1 AND channel = q.channel AND target = q.target"
    " AND priority > q.priority ORDER BY priority LIMIT 1),"
    " (SELECT id FROM delivery WHERE state = 'waiting' AND head = 1 AND channel = q.channel AND target > q.target"
    " ORDER BY target, priority LIMIT 1),"
    " (SELECT id FROM delivery WHERE state = 'waiting' AND head = 1 AND channel > q.channel"
    " ORDER BY channel, target, priority LIMIT 1)))"
    " SELECT priority, channel, target FROM queue ORDER BY priority"
)
_DUE = (
    "SELECT d.due, d.id FROM delivery d"
    " WHERE d.state = 'waiting' AND d.head = 1 AND d.channel = ? AND d.target = ? AND d.priority = ? AND d.due <= ?"
    " AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.alert = d.alert AND o.channel = d.channel AND o.target = d.target"
    " AND o.state = 'sending')"
    " AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.alert = d.alert AND o.channel = d.channel AND o.target = d.target"
    " AND o.state = 'waiting' AND o.id < d.id)"
    " ORDER BY d.priority, d.due, d.id"
)


def claim(cx: apsw.Connection, real: float, room: Room, lease_s: float, now: datetime) -> Sequence[Claimed]:
    """Settle what cannot go any more, then lease the eligible head of each lane by priority, due time and age."""
    lose(cx, real, over_by=real)
    _expire(cx, now)
    return _lease(cx, _heads(cx, real, room), real + lease_s, now)


def settle(cx: apsw.Connection, real: float, tries: Sequence[Settlement], at: datetime) -> Sequence[DeliveryState | None]:
    """Record attempts and return the new states; None where the fence was overtaken, and then it is evidence only."""
    of = "SELECT * FROM delivery WHERE id IN (SELECT value FROM json_each(?))"
    rows = {row[0]: Row(*row) for row in every(cx, of, canonical([one.claimed.id for one in tries]))}
    return [_settle(cx, real, rows[one.claimed.id], one, at) for one in tries]


def _settle(cx: apsw.Connection, real: float, row: Row, one: Settlement, at: datetime) -> DeliveryState | None:
    if row.state != DeliveryState.SENDING or row.fence != one.claimed.fence:
        _evidence(cx, row, one.claimed.fence, one.outcome, at, late=True)
        return None
    _record(cx, row, one.outcome, real, one.retry_in, at)
    if one.page is not None:
        work.owe(cx, one.page, at)
    if one.outcome.verdict.settled:
        return DeliveryState(one.outcome.verdict)
    now = lanes.delivery(cx, row.id)
    return shown(now.state, doubt=bool(now.doubt))


def lose(cx: apsw.Connection, real: float, *, over_by: float) -> int:
    """Count a lease that ran out as an ambiguous attempt, due again at once; return how many there were."""
    rows = [Row(*row) for row in every(cx, "SELECT * FROM delivery WHERE state = 'sending' AND lease_until <= ?", over_by)]
    for row in rows:
        _record(cx, row, _LEASE_OVER, real, 0.0, when(row.claimed_at))
    return len(rows)


def deliveries(
    cx: apsw.Connection, alert: str | None = None, states: frozenset[DeliveryState] = frozenset()
) -> Sequence[Delivery]:
    """Return deliveries with their attempts, newest alert first: of one alert, or of the newest alerts that have any."""
    rows = every(
        cx,
        "WITH wanted AS (SELECT * FROM delivery WHERE ?3 = '[]' OR CASE WHEN state = 'waiting' AND doubt = 1"
        " THEN 'in-doubt' ELSE state END IN (SELECT value FROM json_each(?3)))"
        " SELECT d.* FROM (SELECT id, position FROM alert WHERE (?1 IS NULL OR id = ?1)"
        " AND EXISTS (SELECT 1 FROM wanted w WHERE w.alert = alert.id) ORDER BY position DESC LIMIT ?2) a"
        " JOIN wanted d ON d.alert = a.id ORDER BY a.position DESC, d.id",
        *(alert, MOST_ALERTS, canonical(sorted(states))),
    )
    return [_delivery(cx, Row(*row)) for row in rows]


def backlog(cx: apsw.Connection) -> Mapping[Target, int]:
    """Return how many deliveries wait for a try, of each target that any wait for."""
    waiting = "SELECT channel, target, count(*) FROM delivery WHERE state = 'waiting' GROUP BY channel, target"
    return {Target(channel, target): count for channel, target, count in every(cx, waiting)}


def _heads(cx: apsw.Connection, real: float, room: Room) -> list[int]:
    """Choose among the heads of all lanes, the most urgent queues first, as far as there is room."""
    filling = Filling(room)
    chosen: list[int] = []
    for priority, queues in groupby(every(cx, _QUEUES), key=itemgetter(0)):
        targets = [Target(channel, target) for _, channel, target in queues]
        open_ = [to for to in targets if filling.left(to, priority) > 0]
        due = {to: iter(cx.execute(_DUE, (to.channel, to.target, priority, real))) for to in open_}
        chosen.extend(_in_turn(due, priority, filling))
    return chosen


def _in_turn(due: Mapping[Target, Iterator[SqlRow]], priority: int, filling: Filling) -> Iterator[int]:
    """Yield the ids of several queues as one, by due time and age; a queue there is no room for is read no further."""
    heads = [(head, to) for to, queue in due.items() if (head := next(queue, None))]
    heapify(heads)
    while heads:
        (_, id), to = heappop(heads)
        if filling.take(to, priority):
            yield id
            if following := next(due[to], None):
                heappush(heads, (following, to))


def _lease(cx: apsw.Connection, ids: Sequence[int], until: float, now: datetime) -> list[Claimed]:
    if not ids:
        return []
    listed = canonical(ids)
    change(
        cx,
        "UPDATE delivery SET state = 'sending', fence = fence + 1, lease_until = ?, claimed_at = ?"
        " WHERE id IN (SELECT value FROM json_each(?))",
        *(until, moment(now), listed),
    )
    rows = every(
        cx,
        "SELECT i.media_type, i.sha256, b.body, d.* FROM json_each(?) j JOIN delivery d ON d.id = j.value"
        " JOIN issued i ON i.alert = d.alert AND i.number = d.number AND i.way = 'channel'"
        " AND i.channel = d.channel AND i.target = d.target AND i.part = d.part JOIN blob b ON b.sha256 = i.sha256"
        " ORDER BY j.key",
        listed,
    )
    worlds: dict[tuple[str, int], Status] = {}
    return [_claimed(cx, Row(*row), media_type, sha256, body, worlds) for media_type, sha256, body, *row in rows]


def _claimed(
    cx: apsw.Connection, row: Row, media_type: str, sha256: str, body: bytes, worlds: dict[tuple[str, int], Status]
) -> Claimed:
    if (version := (row.alert, row.number)) not in worlds:
        worlds[version] = _world(cx, *version)
    return Claimed(
        id=row.id,
        key=row.key,
        alert=row.alert,
        number=row.number,
        status=worlds[version],
        priority=row.priority,
        payload=Payload(channel=row.channel, body=body, media_type=media_type, target=row.target, part=Part(row.part)),
        sha256=sha256,
        fence=row.fence,
        attempt=row.fence,
        deadline=when(row.deadline),
    )


def _world(cx: apsw.Connection, alert: str, number: int) -> Status:
    of = "SELECT body ->> 'status' FROM version WHERE alert = ? AND number = ?"
    return Status(only(cx, f"version {number} of alert {alert}", of, alert, number)[0])


def _record(cx: apsw.Connection, row: Row, outcome: Outcome, real: float, retry_in: float, at: datetime) -> None:
    verdict = outcome.verdict
    state, wait = DeliveryState(verdict) if verdict.settled else DeliveryState.WAITING, 0.0
    if not verdict.settled:
        state, wait = lanes.after_failure(cx, row, retry_in)
    change(
        cx,
        "UPDATE delivery SET state = ?, due = ?, lease_until = 0, reached = max(reached, ?), doubt = max(doubt, ?) WHERE id = ?",
        *(state, real + wait, verdict.may_have_reached, verdict is Verdict.AMBIGUOUS, row.id),
    )
    _evidence(cx, row, row.fence, outcome, at, late=False)
    lanes.resolve(cx, row.lane)


def _evidence(cx: apsw.Connection, row: Row, fence: int, outcome: Outcome, at: datetime, *, late: bool) -> None:
    evidence = canonical(outcome.evidence)
    cx.execute(
        "INSERT INTO attempt (delivery, fence, at, verdict, note, evidence, late) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row.id, fence, moment(at), outcome.verdict, outcome.note, evidence, late),
    )
    if late and outcome.verdict.may_have_reached:
        change(cx, "UPDATE delivery SET reached = 1 WHERE id = ?", row.id)
    audit.append(cx, entries.attempted(row.lane, row.key, fence, outcome, at, late=late))


def _expire(cx: apsw.Connection, now: datetime) -> None:
    overdue = "SELECT * FROM delivery WHERE state = 'waiting' AND deadline <= ? ORDER BY +id"
    for row in [Row(*row) for row in every(cx, overdue, moment(now))]:
        state = DeliveryState.UNKNOWN if row.doubt else DeliveryState.EXPIRED
        if change(cx, "UPDATE delivery SET state = ? WHERE id = ? AND state = 'waiting'", state, row.id):
            audit.append(cx, entries.overdue(row.lane, row.key, state, now))
            work.owe(cx, entries.overdue_page(row.lane, row.key, row.number, state), now)
            lanes.resolve(cx, row.lane)


def _delivery(cx: apsw.Connection, row: Row) -> Delivery:
    made = every(cx, "SELECT fence, at, verdict, note, evidence, late FROM attempt WHERE delivery = ? ORDER BY position", row.id)
    names = ("attempt", "at", "verdict", "note", "evidence", "late")
    attempts = [dict(zip(names, values, strict=True)) for values in made]
    told = [
        attempt | {"evidence": read(attempt["evidence"], dict[str, str]), "late": bool(attempt["late"])} for attempt in attempts
    ]
    return Delivery(
        id=row.id,
        key=row.key,
        alert=row.alert,
        number=row.number,
        target=Target(row.channel, row.target),
        part=Part(row.part),
        state=shown(row.state, doubt=bool(row.doubt)),
        deadline=when(row.deadline),
        attempts=tuple(told),
    )
