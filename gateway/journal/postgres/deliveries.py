# ruff: noqa: PLR0913, PLR0917 - a verb takes cx and the time where a method takes self
"""Taking deliveries under a lease, and recording what came of each attempt."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.alert import Target
from gateway.channel import Outcome, Part, Payload, Verdict
from gateway.incident import Status
from gateway.journal.postgres import alerts, audit, lanes, work
from gateway.journal.postgres.lanes import COLUMNS, Row
from gateway.journal.postgres.sql import Cx, Here, every
from gateway.journal.records import Claimed, Delivery, DeliveryState, Priority, Room
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, moment, read
from gateway.journal.sql.filling import Filling
from gateway.journal.sql.lane import Lane, delivery_key

MOST_ALERTS = 200
MOST_SWEPT = 100
_LEASE_OVER = Outcome(verdict=Verdict.AMBIGUOUS, note="the lease ran out before the attempt was settled")

# One queue for each channel, target and priority, found by leaping from one to the next along the index delivery_queue
_QUEUES = (
    "WITH RECURSIVE queue AS ("
    "(SELECT channel, target, priority FROM delivery WHERE state = 'waiting' ORDER BY channel, target, priority LIMIT 1)"
    " UNION ALL SELECT n.* FROM queue q CROSS JOIN LATERAL"
    " (SELECT channel, target, priority FROM delivery WHERE state = 'waiting'"
    " AND (channel, target, priority) > (q.channel, q.target, q.priority) ORDER BY channel, target, priority LIMIT 1) n)"
)
# The oldest unfinished delivery of its lane, with none in flight; docs/decisions/lanes.md
_IS_HEAD = (
    "d.state = 'waiting' AND d.due <= $1 AND d.deadline > $2"
    " AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.alert = d.alert AND o.channel = d.channel AND o.target = d.target"
    " AND o.state = 'sending')"
    " AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.alert = d.alert AND o.channel = d.channel AND o.target = d.target"
    " AND o.state = 'waiting' AND o.id < d.id)"
)
# What is looked at is more than what there is room for, so that two nodes that look at the same time both find enough
_LOOK = (
    f"{_QUEUES} SELECT h.id, h.alert, h.channel, h.target, h.priority FROM queue q"
    " JOIN unnest($3::text[], $4::int[], $5::int[]) AS free (channel, ordinary, urgent) ON free.channel = q.channel"
    " LEFT JOIN unnest($6::text[], $7::text[], $8::int[], $9::int[]) AS own (channel, target, ordinary, urgent)"
    " ON own.channel = q.channel AND own.target = q.target CROSS JOIN LATERAL"
    " (SELECT d.* FROM delivery d WHERE d.channel = q.channel AND d.target = q.target AND d.priority = q.priority"
    f" AND {_IS_HEAD} ORDER BY d.due, d.id LIMIT 4 * CASE WHEN q.priority <= {Priority.URGENT:d}"
    " THEN least(free.urgent, own.urgent) ELSE least(free.ordinary, own.ordinary, free.urgent, own.urgent) END) h"
    " ORDER BY h.priority, h.due, h.id"
)
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
    seen = await every(cx, _LOOK, here.time, now, *_columns(room))
    await cx.execute("SELECT FROM alert WHERE id = ANY($1) ORDER BY id FOR SHARE", [alert for _, alert, *_ in seen])
    claimed: list[Claimed] = []
    filling = Filling(room)
    while chosen := [id for id, _, channel, target, priority in seen if filling.take(Target(channel, target), priority)]:
        leased = await every(cx, _LEASE, here.time, now, chosen, here.time + lease_s, here.node)
        claimed.extend(_claimed(*row) for row in leased)
        filling = Filling(room, claimed)
        seen = [row for row in seen if row[0] not in chosen] if len(leased) < len(chosen) else []
    return claimed


def _columns(room: Room) -> tuple[list[object], ...]:
    """Spell a room out, column by column: of the channels that have room, and of the targets that have a limit of their own."""
    most = room.most
    channels = [(name, min(f.ordinary, most.ordinary), min(f.urgent, most.urgent)) for name, f in room.channels.items()]
    open_ = [(name, max(ordinary, 0), urgent) for name, ordinary, urgent in channels if urgent > 0]
    own = [(target.channel, target.target, max(free.ordinary, 0), max(free.urgent, 0)) for target, free in room.targets.items()]
    return *_turned(open_, 3), *_turned(own, 4)


def _turned(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    return [[row[column] for row in rows] for column in range(width)]


async def settle(
    cx: Cx, here: Here, claimed: Claimed, outcome: Outcome, *, retry_in: float, at: datetime
) -> DeliveryState | None:
    """Record an attempt and return the new state; None when the fence was overtaken, and then it is evidence only."""
    await alerts.hold(cx, claimed.alert)
    row = await lanes.delivery(cx, claimed.id)
    if row.state != DeliveryState.SENDING or row.fence != claimed.fence:
        await _evidence(cx, row, claimed.fence, outcome, at, late=True)
        return None
    await _record(cx, row, outcome, here.time, retry_in, at)
    return DeliveryState((await lanes.delivery(cx, claimed.id)).state)


async def unswept(cx: Cx, here: Here, now: datetime) -> list[str]:
    """Return alerts with deliveries whose lease ran out or whose deadline passed."""
    rows = await every(
        cx,
        "SELECT alert FROM delivery WHERE state = 'sending' AND lease_until <= $1"
        " UNION SELECT alert FROM delivery WHERE state = 'waiting' AND deadline <= $2 LIMIT $3",
        *(here.time, now, MOST_SWEPT),
    )
    return [alert for (alert,) in rows]


async def sweep(cx: Cx, here: Here, found: Sequence[str], now: datetime) -> None:
    """Settle what cannot go any more in these alerts, but for those that somebody else is at."""
    free = "SELECT id FROM alert WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
    ours = [id for (id,) in await every(cx, free, found)]
    await _lose(cx, here, await _rows(cx, "state = 'sending' AND alert = ANY($1) AND lease_until <= $2", ours, here.time))
    await _expire(cx, await _rows(cx, "state = 'waiting' AND alert = ANY($1) AND deadline <= $2", ours, now), now)


async def recover(cx: Cx, here: Here) -> int:
    """Let go of everything this node held before it started anew; return how many deliveries were in flight."""
    await work.free(cx, here.node)
    ours = "SELECT DISTINCT alert FROM delivery WHERE state = 'sending' AND holder = $1"
    for (alert,) in sorted(await every(cx, ours, here.node)):
        await alerts.hold(cx, alert)
    freed = 0
    while rows := await _rows(cx, "state = 'sending' AND holder = $1", here.node):
        await _lose(cx, here, rows)
        freed += len(rows)
    return freed


async def deliveries(cx: Cx, alert: str | None = None) -> Sequence[Delivery]:
    """Return deliveries with their attempts, newest alert first: of one alert, or of the newest alerts."""
    columns = ", ".join(f"d.{name}" for name in COLUMNS.split(", "))
    found = await every(
        cx,
        f"SELECT {columns} FROM"
        " (SELECT id, position FROM alert WHERE $1::text IS NULL OR id = $1 ORDER BY position DESC LIMIT $2) a"
        " JOIN delivery d ON d.alert = a.id ORDER BY a.position DESC, d.id",
        *(alert, MOST_ALERTS),
    )
    rows = [Row(*row) for row in found]
    attempts = await _attempts(cx, rows)
    return [_delivery(row, attempts.get(row.id, ())) for row in rows]


async def _rows(cx: Cx, which: str, *values: object) -> list[Row]:
    found = await every(cx, f"SELECT {COLUMNS} FROM delivery WHERE {which} ORDER BY id LIMIT {MOST_SWEPT}", *values)
    return [Row(*row) for row in found]


async def _lose(cx: Cx, here: Here, rows: Iterable[Row]) -> None:
    """A lease that ran out counts as an ambiguous attempt, due again at once."""
    for row in rows:
        await _record(cx, row, _LEASE_OVER, here.time, 0.0, row.claimed_at)


async def _expire(cx: Cx, rows: Iterable[Row], now: datetime) -> None:
    for row in rows:
        state = DeliveryState.UNKNOWN if row.doubt else DeliveryState.EXPIRED
        if (await lanes.delivery(cx, row.id)).state == DeliveryState.WAITING:
            await cx.execute("UPDATE delivery SET state = $2 WHERE id = $1", row.id, state)
            await work.owe(cx, [entries.overdue_page(row.lane, row.key, row.number, state)], now)
            await audit.append(cx, entries.overdue(row.lane, row.key, state, now))
            await lanes.resolve(cx, row.lane)


async def _record(cx: Cx, row: Row, outcome: Outcome, time: float, retry_in: float, at: datetime) -> None:
    verdict = outcome.verdict
    state, wait = DeliveryState(verdict) if verdict.settled else DeliveryState.WAITING, 0.0
    if not verdict.settled:
        state, wait = await lanes.after_failure(cx, row, retry_in)
    await cx.execute(
        "UPDATE delivery SET state = $2, due = $3, lease_until = 0, reached = reached OR $4, doubt = doubt OR $5 WHERE id = $1",
        *(row.id, state, time + wait, verdict.may_have_reached, verdict is Verdict.AMBIGUOUS),
    )
    await _evidence(cx, row, row.fence, outcome, at, late=False)
    await lanes.resolve(cx, row.lane)


async def _evidence(cx: Cx, row: Row, fence: int, outcome: Outcome, at: datetime, *, late: bool) -> None:
    told = canonical([outcome.note, outcome.evidence])
    await cx.execute(
        "INSERT INTO attempt (delivery, fence, at, verdict, told, late) VALUES ($1, $2, $3, $4, $5, $6)",
        *(row.id, fence, at, outcome.verdict, told, late),
    )
    if late and outcome.verdict.may_have_reached:
        await cx.execute("UPDATE delivery SET reached = true WHERE id = $1", row.id)
    await audit.append(cx, entries.attempted(row.lane, row.key, fence, outcome, at, late=late))


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
        state=DeliveryState(row.state),
        deadline=row.deadline,
        attempts=tuple(attempts),
    )
