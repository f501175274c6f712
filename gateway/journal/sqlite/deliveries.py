"""Taking deliveries under a lease, and recording what came of each attempt."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

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
from gateway.journal.sqlite.sql import change, each, every

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
_ISSUED = (
    "SELECT d.id, b.body, i.media_type, i.sha256 FROM delivery d JOIN issued i ON i.alert = d.alert AND i.number = d.number"
    " AND i.way = 'channel' AND i.channel = d.channel AND i.target = d.target AND i.part = d.part"
    " JOIN blob b ON b.sha256 = i.sha256 WHERE d.id = ?"
)


def claim(cx: apsw.Connection, real: float, room: Room, lease_s: float, now: datetime) -> Sequence[Claimed]:
    """Settle what cannot go any more, then lease the eligible head of each lane by priority, due time and age."""
    lose(cx, real, over_by=real)
    _expire(cx, now)
    return _lease(cx, _heads(cx, real, room), real + lease_s, now)


def settle(cx: apsw.Connection, real: float, tries: Sequence[Settlement], at: datetime) -> Sequence[DeliveryState | None]:
    """Record attempts and return the new states; None where the fence was overtaken, and then it is evidence only."""
    rows = _rows(cx, {one.claimed.id for one in tries})
    made = [_Try(rows[one.claimed.id], one.claimed.fence, one.outcome, one.retry_in, at) for one in tries]
    _record(cx, real, made)
    work.owe_all(cx, [(one.page, at) for one, tried in zip(tries, made, strict=True) if one.page and tried.counts])
    now = _rows(cx, {one.row.id for one in made if one.counts})
    states = {id: shown(row.state, doubt=bool(row.doubt)) for id, row in now.items()}
    return [states[tried.row.id] if tried.counts else None for tried in made]


def lose(cx: apsw.Connection, real: float, *, over_by: float) -> int:
    """Count a lease that ran out as an ambiguous attempt, due again at once; return how many there were."""
    rows = [Row(*row) for row in every(cx, "SELECT * FROM delivery WHERE state = 'sending' AND lease_until <= ?", over_by)]
    _record(cx, real, [_Try(row, row.fence, _LEASE_OVER, 0.0, when(row.claimed_at)) for row in rows])
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
    leased = "UPDATE delivery SET state = 'sending', fence = fence + 1, lease_until = ?, claimed_at = ? WHERE id = ? RETURNING *"
    rows = [Row(*row) for row in each(cx, leased, [(until, moment(now), id) for id in ids])]
    issued = {id: issued for id, *issued in each(cx, _ISSUED, [(row.id,) for row in rows])}
    told = "SELECT alert, number, body ->> 'status' FROM version WHERE alert = ? AND number = ?"
    statuses = {(alert, number): status for alert, number, status in each(cx, told, {(row.alert, row.number) for row in rows})}
    return [_claimed(row, Status(statuses[row.alert, row.number]), *issued[row.id]) for row in rows]


def _claimed(row: Row, status: Status, body: bytes, media_type: str, sha256: str) -> Claimed:
    return Claimed(
        id=row.id,
        key=row.key,
        alert=row.alert,
        number=row.number,
        status=status,
        priority=row.priority,
        payload=Payload(channel=row.channel, body=body, media_type=media_type, target=row.target, part=Part(row.part)),
        sha256=sha256,
        fence=row.fence,
        attempt=row.fence,
        deadline=when(row.deadline),
    )


class _Try(NamedTuple):
    row: Row
    fence: int
    outcome: Outcome
    retry_in: float
    at: datetime

    @property
    def counts(self) -> bool:
        """Tell whether nobody else has taken the delivery since."""
        return self.row.state == DeliveryState.SENDING and self.row.fence == self.fence


def _rows(cx: apsw.Connection, ids: Iterable[int]) -> dict[int, Row]:
    return {row[0]: Row(*row) for row in each(cx, "SELECT * FROM delivery WHERE id = ?", [(id,) for id in ids])}


def _record(cx: apsw.Connection, real: float, tries: Sequence[_Try]) -> None:
    """Write down what came of tries, each of another delivery; then decide what it means for the lanes."""
    counting = [one for one in tries if one.counts]
    each(
        cx,
        "UPDATE delivery SET state = ?, due = ?, lease_until = 0, reached = max(reached, ?), doubt = max(doubt, ?) WHERE id = ?",
        [_news(one, *_became(cx, one), real) for one in counting],
    )
    _evidence(cx, tries)
    for lane in lanes.with_take_backs(cx, {one.row.lane for one in counting}):
        lanes.resolve(cx, lane)


def _news(one: _Try, state: DeliveryState, wait: float, real: float) -> SqlRow:
    verdict = one.outcome.verdict
    return state, real + wait, verdict.may_have_reached, verdict is Verdict.AMBIGUOUS, one.row.id


def _became(cx: apsw.Connection, one: _Try) -> tuple[DeliveryState, float]:
    verdict = one.outcome.verdict
    return (DeliveryState(verdict), 0.0) if verdict.settled else lanes.after_failure(cx, one.row, one.retry_in)


def _evidence(cx: apsw.Connection, tries: Sequence[_Try]) -> None:
    each(
        cx,
        "INSERT INTO attempt (delivery, fence, at, verdict, note, evidence, late) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (t.row.id, t.fence, moment(t.at), t.outcome.verdict, t.outcome.note, canonical(t.outcome.evidence), not t.counts)
            for t in tries
        ],
    )
    late = [(one.row.id,) for one in tries if not one.counts and one.outcome.verdict.may_have_reached]
    each(cx, "UPDATE delivery SET reached = 1 WHERE id = ?", late)
    news = [entries.attempted(t.row.lane, t.row.key, t.fence, t.outcome, t.at, late=not t.counts) for t in tries]
    audit.append_all(cx, news)


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
