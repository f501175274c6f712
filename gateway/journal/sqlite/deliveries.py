"""Taking deliveries under a lease, and recording what came of each attempt."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import apsw

from gateway.alert import Target
from gateway.channel import Part, Payload, Verdict
from gateway.incident import Status
from gateway.journal.records import Attempt, Claimed, Delivery, DeliveryState, Room, Settlement
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, moment, read, when
from gateway.journal.sql.filling import Filling, Head, Merging, Wanted
from gateway.journal.sql.lane import Lane, delivery_key, shown
from gateway.journal.sql.tried import (
    LEASE_OVER,
    News,
    Tried,
    Turn,
    attempted,
    late_but_reaching,
    news,
    settled,
    tried,
    unsettled,
)
from gateway.journal.sqlite import audit, lanes, work
from gateway.journal.sqlite.lanes import Row
from gateway.journal.sqlite.sql import Row as SqlRow
from gateway.journal.sqlite.sql import change, each, every, together

MOST_ALERTS = 200
MOST_SWEPT = 300
DEAD = frozenset({DeliveryState.REFUSED, DeliveryState.EXPIRED, DeliveryState.UNKNOWN})
# Few alerts have any of these, so they are found by the index delivery_dead and not among all alerts
_DEAD = (
    "(SELECT DISTINCT alert AS id FROM delivery INDEXED BY delivery_dead WHERE state IN ('refused', 'expired', 'unknown'))"
    " CROSS JOIN alert USING (id)"
)
_LISTED = (
    "WITH wanted AS (SELECT * FROM delivery WHERE ?3 = '[]' OR CASE WHEN state = 'waiting' AND doubt = 1"
    " THEN 'in-doubt' ELSE state END IN (SELECT value FROM json_each(?3)))"
    " SELECT d.* FROM (SELECT id, position FROM ALERTS WHERE (?1 IS NULL OR id = ?1)"
    " AND EXISTS (SELECT 1 FROM wanted w WHERE w.alert = alert.id) ORDER BY position DESC LIMIT ?2) a"
    " JOIN wanted d ON d.alert = a.id ORDER BY a.position DESC, d.id"
)
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
    "SELECT due, id, alert FROM delivery"
    " WHERE state = 'waiting' AND head = 1 AND channel = ? AND target = ? AND priority = ? AND due <= ?"
    " AND (due, id) > (?, ?) AND deadline > ? ORDER BY priority, due, id LIMIT ?"
)
# Whatever the marks say: the oldest unfinished delivery of its lane, with none in flight; docs/decisions/lanes.md
_LEASE = (
    "UPDATE delivery AS d SET state = 'sending', fence = fence + 1, lease_until = ?, claimed_at = ? WHERE d.id = ?"
    " AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.alert = d.alert AND o.channel = d.channel AND o.target = d.target"
    " AND o.state = 'sending')"
    " AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.alert = d.alert AND o.channel = d.channel AND o.target = d.target"
    " AND o.state = 'waiting' AND o.id < d.id)"
    " RETURNING alert, number, channel, target, part, id, priority, deadline, fence"
)
_ISSUED = (
    "SELECT media_type, sha256 FROM issued WHERE alert = ? AND number = ? AND way = 'channel' AND channel = ? AND target = ?"
    " AND part = ?"
)
# Few are in flight, so that the index of those, which is there for the lanes, finds the leases that ran out too
_OVER = "SELECT * FROM delivery INDEXED BY delivery_lane_in_flight WHERE state = 'sending' AND lease_until <= ?"


def claim(cx: apsw.Connection, real: float, room: Room, lease_s: float, now: datetime) -> Sequence[Claimed]:
    """Settle what cannot go any more, as far as that takes no time, then lease the eligible head of each lane.

    By priority, due time and age; what is overdue is never leased, settled or not.
    """
    lose(cx, real, over_by=real)
    _expire(cx, now)
    return _lease(cx, _heads(cx, real, room, now), real + lease_s, now)


def settle(cx: apsw.Connection, real: float, tries: Sequence[Settlement], at: datetime) -> Sequence[DeliveryState | None]:
    """Record attempts and return the new states; None where the fence was overtaken, and then it is evidence only."""
    made = [tried(one, at) for one in tries]
    states = _record(cx, real, made)
    pages = [(one.page, counted.turn) for one, counted in zip(tries, made, strict=True) if one.page]
    work.owe_all(cx, [(page, at) for page, turn in pages if turn in states])
    return [states.get(one.turn) for one in made]


def lose(cx: apsw.Connection, real: float, *, over_by: float) -> int:
    """Count a lease that ran out as an ambiguous attempt, due again at once; return how many there were."""
    rows = [Row(*row) for row in every(cx, _OVER, over_by)]
    _record(cx, real, [Tried(row.id, row.fence, row.lane, row.key, LEASE_OVER, 0.0, when(row.claimed_at)) for row in rows])
    return len(rows)


def deliveries(
    cx: apsw.Connection, alert: str | None = None, states: frozenset[DeliveryState] = frozenset()
) -> Sequence[Delivery]:
    """Return deliveries with their attempts, newest alert first: of one alert, or of the newest alerts that have any."""
    looked_at = _DEAD if alert is None and states and states <= DEAD else "alert"
    rows = every(cx, _LISTED.replace("ALERTS", looked_at), alert, MOST_ALERTS, canonical(sorted(states)))
    return [_delivery(cx, Row(*row)) for row in rows]


def backlog(cx: apsw.Connection) -> Mapping[Target, int]:
    """Return how many deliveries wait for a try, of each target that any wait for."""
    waiting = "SELECT channel, target, count(*) FROM delivery WHERE state = 'waiting' GROUP BY channel, target"
    return {Target(channel, target): count for channel, target, count in every(cx, waiting)}


def _heads(cx: apsw.Connection, real: float, room: Room, now: datetime) -> list[int]:
    """Choose among the heads of all lanes, the most urgent queues first, as far as there is room."""
    filling, at = Filling(room), moment(now)
    chosen: list[int] = []
    for priority, queues in groupby(every(cx, _QUEUES), key=itemgetter(0)):
        merging = Merging(filling, priority, [Target(channel, target) for _, channel, target in queues])
        while wanted := merging.wanted:
            merging.bring([head for one in wanted for head in _due(cx, one, priority, real, at)])
        chosen.extend(head.id for head in merging.chosen)
    return chosen


def _due(cx: apsw.Connection, one: Wanted, priority: int, real: float, now: str) -> list[Head]:
    found = every(cx, _DUE, one.to.channel, one.to.target, priority, real, one.due, one.id, now, one.most)
    return [Head(due, id, alert, one.to) for due, id, alert in found]


def _lease(cx: apsw.Connection, ids: Sequence[int], until: float, now: datetime) -> list[Claimed]:
    at = moment(now)
    rows = each(cx, _LEASE, [(until, at, id) for id in ids])
    issued = each(cx, _ISSUED, [row[:5] for row in rows])
    told = "SELECT alert, number, body ->> 'status' FROM version WHERE alert = ? AND number = ?"
    statuses = {(alert, number): Status(status) for alert, number, status in each(cx, told, {row[:2] for row in rows})}
    stored = "SELECT sha256, body FROM blob WHERE sha256 = ?"
    bodies: dict[str, bytes] = dict(each(cx, stored, {(sha256,) for _, sha256 in issued}))
    return [
        _claimed(row, statuses[row[:2]], media_type, sha256, bodies[sha256])
        for row, (media_type, sha256) in zip(rows, issued, strict=True)
    ]


def _claimed(row: SqlRow, status: Status, media_type: str, sha256: str, body: bytes) -> Claimed:
    alert, number, channel, target, part, id, priority, deadline, fence = row
    return Claimed(
        id=id,
        key=delivery_key(Lane(alert, channel, target), number, part),
        alert=alert,
        number=number,
        status=status,
        priority=priority,
        payload=Payload(channel=channel, body=body, media_type=media_type, target=target, part=Part(part)),
        sha256=sha256,
        fence=fence,
        attempt=fence,
        deadline=when(deadline),
    )


def _record(cx: apsw.Connection, real: float, tries: Sequence[Tried]) -> Mapping[Turn, DeliveryState]:
    """Write down what came of tries; then decide what it means for the lanes, and return what counts."""
    undecided = _undecided(cx, unsettled(tries))
    counting = _move(cx, real, [*settled(tries), *undecided])
    _evidence(cx, tries, counting)
    for lane in lanes.with_take_backs(cx, {one.lane for one in tries if one.turn in counting}):
        lanes.resolve(cx, lane)
    told = each(cx, "SELECT id, state, doubt FROM delivery WHERE id = ?", [(one.id,) for one in undecided])
    now = {id: shown(state, doubt=bool(doubt)) for id, state, doubt in told}
    return {turn: now.get(turn[0], state) for turn, state in counting.items()}


def _undecided(cx: apsw.Connection, tries: Sequence[Tried]) -> list[News]:
    """Ask the lane table what becomes of deliveries whose try settled nothing, as far as they are still ours."""
    still = "SELECT * FROM delivery WHERE id = ? AND fence = ? AND state = 'sending'"
    rows = {(row.id, row.fence): row for row in (Row(*found) for found in each(cx, still, [one.turn for one in tries]))}
    ours = [(one, rows[one.turn]) for one in tries if one.turn in rows]
    became = [(one, lanes.after_failure(cx, row, one.retry_in)) for one, row in ours]
    return [news(one, state, wait) for one, (state, wait) in became]


def _move(cx: apsw.Connection, real: float, became: Sequence[News]) -> dict[Turn, DeliveryState]:
    """Move on what nobody else has taken, and return that."""
    moved = each(
        cx,
        "UPDATE delivery SET state = ?, due = ?, lease_until = 0, reached = max(reached, ?), doubt = max(doubt, ?)"
        " WHERE id = ? AND fence = ? AND (state = 'sending' OR ? AND state = 'waiting') RETURNING id, fence, state",
        [(one.state, real + one.wait, one.reached, one.doubt, one.id, one.fence, one.for_good) for one in became],
    )
    return {(id, fence): DeliveryState(state) for id, fence, state in moved}


def _evidence(cx: apsw.Connection, tries: Sequence[Tried], counting: Collection[Turn]) -> None:
    made = [(t.id, t.fence, moment(t.at), t.outcome, t.turn not in counting) for t in tries]
    together(
        cx,
        "INSERT INTO attempt (delivery, fence, at, verdict, note, evidence, late) VALUES ROWS",
        [(id, fence, at, got.verdict, got.note, canonical(got.evidence), late) for id, fence, at, got, late in made],
    )
    each(cx, "UPDATE delivery SET reached = 1 WHERE id = ?", [(id,) for id in late_but_reaching(tries, counting)])
    audit.append_all(cx, attempted(tries, counting))


def _expire(cx: apsw.Connection, now: datetime) -> None:
    soonest = "SELECT * FROM delivery WHERE state = 'waiting' AND deadline <= ? ORDER BY deadline LIMIT ?"
    overdue = f"SELECT * FROM ({soonest}) ORDER BY id"  # noqa: S608 - our own words
    for row in [Row(*row) for row in every(cx, overdue, moment(now), MOST_SWEPT)]:
        state = DeliveryState.UNKNOWN if row.doubt else DeliveryState.EXPIRED
        if change(cx, "UPDATE delivery SET state = ? WHERE id = ? AND state = 'waiting'", state, row.id):
            audit.append(cx, entries.overdue(row.lane, row.key, state, now))
            work.owe(cx, entries.overdue_page(row.lane, row.key, row.number, state), now)
            lanes.resolve(cx, row.lane)


def _delivery(cx: apsw.Connection, row: Row) -> Delivery:
    made = every(cx, "SELECT fence, at, verdict, note, evidence, late FROM attempt WHERE delivery = ? ORDER BY position", row.id)
    attempts = tuple(map(_attempt, made))
    return Delivery(
        id=row.id,
        key=row.key,
        alert=row.alert,
        number=row.number,
        target=Target(row.channel, row.target),
        part=Part(row.part),
        state=shown(row.state, doubt=bool(row.doubt)),
        deadline=when(row.deadline),
        attempts=attempts,
    )


def _attempt(row: SqlRow) -> Attempt:
    fence, at, verdict, note, told, late = row
    evidence = read(told, dict[str, str])
    return Attempt(attempt=fence, at=when(at), verdict=Verdict(verdict), note=note, evidence=evidence, late=bool(late))
