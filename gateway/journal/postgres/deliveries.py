# ruff: noqa: PLR0913, PLR0917 - a verb takes cx and the time where a method takes self
"""Taking deliveries under a lease, and recording what came of each attempt."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from gateway.alert import Target
from gateway.channel import Outcome, Part, Payload, Verdict
from gateway.incident import Status
from gateway.journal.postgres import alerts, audit, lanes, work
from gateway.journal.postgres.lanes import COLUMNS, Row
from gateway.journal.postgres.nodes import dead
from gateway.journal.postgres.sql import Cx, Here, columns, every, unnest
from gateway.journal.records import Claimed, Delivery, DeliveryState, Room, Settlement
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, moment, read
from gateway.journal.sql.filling import Filling
from gateway.journal.sql.lane import Lane, delivery_key, shown

MOST_ALERTS = 200
MOST_SWEPT = 100
_SHOWN = "CASE WHEN d.state = 'waiting' AND d.doubt THEN 'in-doubt' ELSE d.state END"
_STATES = "SELECT id, state, doubt FROM delivery WHERE id = ANY($1)"
_LEASE_OVER = Outcome(verdict=Verdict.AMBIGUOUS, note="the lease ran out before the attempt was settled")

# One queue for each channel, target and priority, found by leaping from one to the next along the index delivery_queue
_QUEUES = (
    "WITH RECURSIVE queue AS ("
    "(SELECT channel, target, priority FROM delivery WHERE state = 'waiting' AND head ORDER BY channel, target, priority LIMIT 1)"
    " UNION ALL SELECT n.* FROM queue q CROSS JOIN LATERAL"
    " (SELECT channel, target, priority FROM delivery WHERE state = 'waiting' AND head"
    " AND (channel, target, priority) > (q.channel, q.target, q.priority) ORDER BY channel, target, priority LIMIT 1) n)"
    " SELECT priority, channel, target FROM queue ORDER BY priority"
)
# The oldest unfinished delivery of its lane, with none in flight; docs/decisions/lanes.md
_IS_HEAD = (
    "d.state = 'waiting' AND d.head AND d.due <= $1 AND d.deadline > $2"
    " AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.alert = d.alert AND o.channel = d.channel AND o.target = d.target"
    " AND o.state = 'sending')"
    " AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.alert = d.alert AND o.channel = d.channel AND o.target = d.target"
    " AND o.state = 'waiting' AND o.id < d.id)"
)
_LOOK = (
    f"SELECT h.* FROM {unnest('text text int', 4)} AS q (channel, target, most) CROSS JOIN LATERAL"
    " (SELECT d.id, d.alert, d.channel, d.target, d.priority, d.due FROM delivery d"
    f" WHERE d.channel = q.channel AND d.target = q.target AND d.priority = $3 AND {_IS_HEAD}"
    " ORDER BY d.due, d.id LIMIT q.most) h ORDER BY h.due, h.id"
)
# What is looked at is more than what there is room for, so that two nodes that look at the same time both find enough
_LOOKED_AT = 4
_LEASE = (
    f"WITH picked AS (SELECT d.id FROM delivery d WHERE d.id = ANY($3) AND {_IS_HEAD} FOR UPDATE OF d SKIP LOCKED),"
    " leased AS (UPDATE delivery d SET state = 'sending', fence = fence + 1, lease_until = $4, holder = $5, claimed_at = $2"
    " FROM picked WHERE d.id = picked.id RETURNING d.*)"
    " SELECT l.id, l.alert, l.number, v.status, l.priority, l.channel, l.target, l.part, l.fence, l.deadline,"
    " i.media_type, i.sha256, b.body"
    " FROM leased l JOIN version v ON v.alert = l.alert AND v.number = l.number"
    " JOIN issued i ON i.alert = l.alert AND i.number = l.number AND i.way = 'channel'"
    " AND i.channel = l.channel AND i.target = l.target AND i.part = l.part JOIN blob b ON b.sha256 = i.sha256"
    " ORDER BY l.priority, l.due, l.id"
)


async def claim(cx: Cx, here: Here, room: Room, lease_s: float, now: datetime) -> Sequence[Claimed]:
    """Lease the eligible head of each lane by priority, due time and age; call `sweep` before.

    What is decided of an alert's lanes is waited for; what another node is about to lease is passed over.
    """
    seen = await _look(cx, here, room, now)
    await cx.execute("SELECT FROM alert WHERE id = ANY($1) ORDER BY id FOR SHARE", [one.alert for one in seen])
    claimed: list[Claimed] = []
    filling = Filling(room)
    while chosen := [one.id for one in seen if filling.take(one.to, one.priority)]:
        leased = await every(cx, _LEASE, here.time, now, chosen, here.time + lease_s, here.node)
        claimed.extend(_claimed(*row) for row in leased)
        filling = Filling(room, claimed)
        seen = [one for one in seen if one.id not in chosen] if len(leased) < len(chosen) else []
    return claimed


class _Seen(NamedTuple):
    id: int
    alert: str
    to: Target
    priority: int


async def _look(cx: Cx, here: Here, room: Room, now: datetime) -> list[_Seen]:
    """Return heads in the order in which they may go, the most urgent queues first, as far as there is room."""
    filling, seen = Filling(room), list[_Seen]()
    for priority, queues in groupby(await every(cx, _QUEUES), key=itemgetter(0)):
        mosts = [(channel, target, filling.left(Target(channel, target), priority)) for _, channel, target in queues]
        open_ = [(channel, target, _LOOKED_AT * most) for channel, target, most in mosts if most > 0]
        if open_:
            found = await every(cx, _LOOK, here.time, now, priority, *columns(3, open_))
            seen += [_Seen(id, alert, Target(channel, target), priority) for id, alert, channel, target, *_ in found]
        filling = Filling(room)
        for one in seen:
            filling.take(one.to, one.priority)
    return seen


async def settle(cx: Cx, here: Here, tries: Sequence[Settlement], at: datetime) -> Sequence[DeliveryState | None]:
    """Record attempts and return the new states; None where the fence was overtaken, and then it is evidence only."""
    ids = [one.claimed.id for one in tries]
    await alerts.hold(cx, *{one.claimed.alert for one in tries})
    rows = {row.id: row for row in await _rows(cx, "id = ANY($1)", ids)}
    made = [_Try(rows[one.claimed.id], one.claimed.fence, one.outcome, one.retry_in, at) for one in tries]
    await _record(cx, here.time, made)
    await work.owe(cx, [one.page for one, tried in zip(tries, made, strict=True) if one.page and tried.counts], at)
    now = {id: shown(state, doubt=doubt) for id, state, doubt in await every(cx, _STATES, ids)}
    return [now[tried.row.id] if tried.counts else None for tried in made]


async def unswept(cx: Cx, here: Here, now: datetime) -> list[str]:
    """Return alerts with deliveries whose lease ran out, whose holder is dead or whose deadline passed."""
    rows = await every(
        cx,
        "SELECT alert FROM delivery WHERE state = 'sending'"
        f" AND (lease_until <= $1 OR {dead('holder', '$4', '$5')})"
        " UNION SELECT alert FROM delivery WHERE state = 'waiting' AND deadline <= $2 LIMIT $3",
        *(here.time, now, MOST_SWEPT, here.node, here.judges),
    )
    return [alert for (alert,) in rows]


async def sweep(cx: Cx, here: Here, found: Sequence[str], now: datetime) -> None:
    """Settle what cannot go any more in these alerts, but for those that somebody else is at."""
    free = "SELECT id FROM alert WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
    ours = [id for (id,) in await every(cx, free, found)]
    over, late = (
        f"state = 'sending' AND alert = ANY($1) AND (lease_until <= $2 OR {dead('holder', '$3', '$4')})",
        "state = 'waiting' AND alert = ANY($1) AND deadline <= $2",
    )
    await _lose(cx, here, (await _rows(cx, over, ours, here.time, here.node, here.judges))[:MOST_SWEPT])
    await _expire(cx, (await _rows(cx, late, ours, now))[:MOST_SWEPT], now)


async def recover(cx: Cx, here: Here) -> int:
    """Let go of everything this node held before it started anew; return how many deliveries were in flight."""
    await work.free(cx, here.node)
    ours = "SELECT DISTINCT alert FROM delivery WHERE state = 'sending' AND holder = $1"
    await alerts.hold(cx, *(alert for (alert,) in await every(cx, ours, here.node)))
    rows = await _rows(cx, "state = 'sending' AND holder = $1", here.node)
    await _lose(cx, here, rows)
    return len(rows)


async def deliveries(cx: Cx, alert: str | None = None, states: frozenset[DeliveryState] = frozenset()) -> Sequence[Delivery]:
    """Return deliveries with their attempts, newest alert first: of one alert, or of the newest alerts that have any."""
    named = ", ".join(f"d.{name}" for name in COLUMNS.split(", "))
    wanted = f"(cardinality($3::text[]) = 0 OR {_SHOWN} = ANY($3))"
    found = await every(
        cx,
        f"SELECT {named} FROM (SELECT id, position FROM alert WHERE ($1::text IS NULL OR id = $1)"
        f" AND EXISTS (SELECT 1 FROM delivery d WHERE d.alert = alert.id AND {wanted}) ORDER BY position DESC LIMIT $2) a"
        f" JOIN delivery d ON d.alert = a.id WHERE {wanted} ORDER BY a.position DESC, d.id",
        *(alert, MOST_ALERTS, sorted(states)),
    )
    rows = [Row(*row) for row in found]
    attempts = await _attempts(cx, rows)
    return [_delivery(row, attempts.get(row.id, ())) for row in rows]


async def backlog(cx: Cx) -> Mapping[Target, int]:
    """Return how many deliveries wait for a try, of each target that any wait for."""
    waiting = "SELECT channel, target, count(*) FROM delivery WHERE state = 'waiting' GROUP BY channel, target"
    return {Target(channel, target): count for channel, target, count in await every(cx, waiting)}


async def _rows(cx: Cx, which: str, *values: object) -> list[Row]:
    found = await every(cx, f"SELECT {COLUMNS} FROM delivery WHERE {which} ORDER BY id", *values)
    return [Row(*row) for row in found]


async def _lose(cx: Cx, here: Here, rows: Iterable[Row]) -> None:
    """A lease that ran out counts as an ambiguous attempt, due again at once."""
    await _record(cx, here.time, [_Try(row, row.fence, _LEASE_OVER, 0.0, row.claimed_at) for row in rows])


async def _expire(cx: Cx, rows: Iterable[Row], now: datetime) -> None:
    for row in rows:
        state = DeliveryState.UNKNOWN if row.doubt else DeliveryState.EXPIRED
        if (await lanes.delivery(cx, row.id)).state == DeliveryState.WAITING:
            await cx.execute("UPDATE delivery SET state = $2 WHERE id = $1", row.id, state)
            await work.owe(cx, [entries.overdue_page(row.lane, row.key, row.number, state)], now)
            await audit.append(cx, entries.overdue(row.lane, row.key, state, now))
            await lanes.resolve(cx, row.lane)


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


async def _record(cx: Cx, time: float, tries: Sequence[_Try]) -> None:
    """Write down what came of tries, each of another delivery, whose alerts are held; then decide what it means for the lanes."""
    if not tries:
        return
    counting = [one for one in tries if one.counts]
    became = [await _became(cx, one) for one in counting]
    await cx.execute(
        "UPDATE delivery d SET state = n.state, due = n.due, lease_until = 0, reached = d.reached OR n.reached,"
        " doubt = d.doubt OR n.doubt"
        f" FROM {unnest('bigint text float8 bool bool')} AS n (id, state, due, reached, doubt) WHERE d.id = n.id",
        *columns(5, [_news(one, *then, time) for one, then in zip(counting, became, strict=True)]),
    )
    await _evidence(cx, tries)
    await _resolve(cx, {one.row.lane for one in counting})


def _news(one: _Try, state: DeliveryState, wait: float, time: float) -> tuple[object, ...]:
    verdict = one.outcome.verdict
    return one.row.id, state, time + wait, verdict.may_have_reached, verdict is Verdict.AMBIGUOUS


async def _became(cx: Cx, one: _Try) -> tuple[DeliveryState, float]:
    verdict = one.outcome.verdict
    return (DeliveryState(verdict), 0.0) if verdict.settled else await lanes.after_failure(cx, one.row, one.retry_in)


async def _evidence(cx: Cx, tries: Sequence[_Try]) -> None:
    rows = [
        (t.row.id, t.fence, t.at, t.outcome.verdict, canonical([t.outcome.note, t.outcome.evidence]), not t.counts) for t in tries
    ]
    await cx.execute(
        "INSERT INTO attempt (delivery, fence, at, verdict, told, late)"
        f" SELECT * FROM {unnest('bigint bigint timestamptz text text bool')}",
        *columns(6, rows),
    )
    if late := [one.row.id for one in tries if not one.counts and one.outcome.verdict.may_have_reached]:
        await cx.execute("UPDATE delivery SET reached = true WHERE id = ANY($1)", late)
    news = [entries.attempted(t.row.lane, t.row.key, t.fence, t.outcome, t.at, late=not t.counts) for t in tries]
    await audit.append_all(cx, news)


async def _resolve(cx: Cx, touched: set[Lane]) -> None:
    for lane in await lanes.waiting_take_backs(cx, *{lane.alert for lane in touched}):
        if lane in touched:
            await lanes.resolve(cx, lane)


def _claimed(
    id: int,
    alert: str,
    number: int,
    status: str,
    priority: int,
    channel: str,
    target: str,
    part: str,
    fence: int,
    deadline: datetime,
    media_type: str,
    sha256: str,
    body: bytes,
) -> Claimed:
    return Claimed(
        id=id,
        key=delivery_key(Lane(alert, channel, target), number, part),
        alert=alert,
        number=number,
        status=Status(status),
        priority=priority,
        payload=Payload(channel=channel, body=body, media_type=media_type, target=target, part=Part(part)),
        sha256=sha256,
        fence=fence,
        attempt=fence,
        deadline=deadline,
    )


async def _attempts(cx: Cx, rows: Iterable[Row]) -> Mapping[int, list[Mapping[str, Any]]]:
    made = "SELECT delivery, fence, at, verdict, told, late FROM attempt WHERE delivery = ANY($1) ORDER BY position"
    found: dict[int, list[Mapping[str, Any]]] = {}
    for id, fence, at, verdict, told, late in await every(cx, made, [row.id for row in rows]):
        note, evidence = read(told, tuple[str, dict[str, str]])
        attempt = {"attempt": fence, "at": moment(at), "verdict": verdict, "note": note, "evidence": evidence, "late": late}
        found.setdefault(id, []).append(attempt)
    return found


def _delivery(row: Row, attempts: Iterable[Mapping[str, Any]]) -> Delivery:
    return Delivery(
        id=row.id,
        key=row.key,
        alert=row.alert,
        number=row.number,
        target=Target(row.channel, row.target),
        part=Part(row.part),
        state=shown(row.state, doubt=row.doubt),
        deadline=row.deadline,
        attempts=tuple(attempts),
    )
