# ruff: noqa: PLR0913, PLR0917 - a verb takes cx and the time where a method takes self
"""Taking deliveries under a lease, and recording what came of each attempt."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain, groupby, repeat
from operator import itemgetter

from gateway.alert import Target
from gateway.channel import Part, Payload, Verdict
from gateway.incident import Status
from gateway.journal.postgres import alerts, audit, lanes, work
from gateway.journal.postgres.changes import Shape, in_one
from gateway.journal.postgres.faults import HELD
from gateway.journal.postgres.lanes import COLUMNS, Row
from gateway.journal.postgres.nodes import dead
from gateway.journal.postgres.sql import Cx, Here, columns, every, unnest
from gateway.journal.postgres.sql import Row as SqlRow
from gateway.journal.records import Attempt, Claimed, Delivery, DeliveryState, Room, Settlement
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, read
from gateway.journal.sql.filling import Filling, Head, Merging
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

MOST_ALERTS = 200
MOST_SWEPT = 100
DEAD = frozenset({DeliveryState.REFUSED, DeliveryState.EXPIRED, DeliveryState.UNKNOWN})
# Few alerts have any of these, so they are found by the index delivery_dead and not among all alerts
_DEAD = "(SELECT DISTINCT alert AS id FROM delivery WHERE state IN ('refused', 'expired', 'unknown')) dead JOIN alert USING (id)"
_SHOWN = "CASE WHEN d.state = 'waiting' AND d.doubt THEN 'in-doubt' ELSE d.state END"

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
    f"SELECT h.* FROM {unnest('text text int float8 bigint', 4)} AS q (channel, target, most, due, id) CROSS JOIN LATERAL"
    " (SELECT d.due, d.id, d.alert, d.channel, d.target FROM delivery d"
    " WHERE d.channel = q.channel AND d.target = q.target AND d.priority = $3 AND d.state = 'waiting' AND d.head"
    " AND d.due <= $1 AND d.deadline > $2 AND d.alert <> ALL($9) AND (d.due, d.id) > (q.due, q.id)"
    " ORDER BY d.due, d.id LIMIT q.most) h"
)
# How many times as much as there is room for is looked at, so that two nodes that look at the same time both find enough; where
# more are at it, who finds nothing looks further
_LOOKED_AT = (2, 16)
_SHARED = "SELECT id FROM alert WHERE id = ANY($1) ORDER BY id FOR SHARE"
# Whoever settles or issues has the alert for some milliseconds; whoever stands still with it has it for seconds
_FOR_A_MOMENT = "SAVEPOINT waiting; SET LOCAL lock_timeout = '100ms'"
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
# What was the head of its lane and waits no more says so, and the next one leads from then on; whoever does not say so, as an
# earlier release, is helped by the trigger delivery_moved_on
_MOVE = (
    "WITH moved AS (UPDATE delivery d SET state = n.state, lease_until = 0, reached = d.reached OR n.reached,"
    " due = coalesce($1, (SELECT extract(epoch FROM clock_timestamp())::float8 + $2)) + n.wait,"
    " doubt = d.doubt OR n.doubt, head = n.leads"
    f" FROM {unnest('bigint bigint text float8 bool bool bool bool', 3)}"
    " AS n (id, fence, state, wait, reached, doubt, leads, for_good)"
    # Found by their ids: the index of what is in flight seems to be short, and would be read whole for each of them
    " WHERE d.id = n.id AND d.fence = n.fence AND (d.state || '' = 'sending' OR n.for_good AND d.state || '' = 'waiting')"
    " RETURNING d.id, d.fence, d.alert, d.channel, d.target, d.head, d.role, d.state),"
    " led AS (UPDATE delivery d SET head = true FROM moved m WHERE NOT m.head AND d.id ="
    " (SELECT o.id FROM delivery o WHERE o.alert = m.alert AND o.channel = m.channel AND o.target = m.target"
    " AND o.state = 'waiting' AND o.id <> m.id ORDER BY o.id LIMIT 1))"
    " SELECT id, fence, m.state = 'waiting' AND m.role <> 'tell' OR EXISTS (SELECT FROM delivery t WHERE t.alert = m.alert"
    " AND t.channel = m.channel AND t.target = m.target AND t.state = 'waiting' AND t.role <> 'tell') FROM moved m"
)
_MADE = Shape(
    "INSERT INTO attempt (delivery, fence, at, verdict, told, late) SELECT * FROM ROWS AS n",
    "bigint bigint timestamptz text text bool",
)


async def claim(cx: Cx, here: Here, room: Room, lease_s: float, now: datetime) -> Sequence[Claimed]:
    """Lease the eligible head of each lane by priority, due time and age; call `sweep` before.

    What is decided of an alert's lanes is waited for, but only for a moment; what another node is about to lease, or stands still
    with, is passed over.
    """
    passed_over, held = set[int](), set[str]()
    for times in chain(_LOOKED_AT, repeat(_LOOKED_AT[-1])):
        seen = [one for one in await _look(cx, here, room, now, times, held) if one[0].id not in passed_over]
        if not seen:
            break
        free = await _free(cx, {head.alert for head, _ in seen})
        held |= {head.alert for head, _ in seen} - free
        if claimed := await _leased(cx, here, room, lease_s, now, [one for one in seen if one[0].alert in free]):
            return claimed
        passed_over |= {head.id for head, _ in seen}
    return []


async def _free(cx: Cx, alerts: Collection[str]) -> set[str]:
    """Hold these alerts, but for those that somebody else does not let go of in a moment; return which."""
    ids = list(alerts)
    free = {id for (id,) in await every(cx, f"{_SHARED} SKIP LOCKED", ids)}
    if len(free) == len(ids):
        return free
    await cx.execute(_FOR_A_MOMENT)
    try:
        return {id for (id,) in await every(cx, _SHARED, ids)}
    except HELD:
        await cx.execute("ROLLBACK TO SAVEPOINT waiting")
        return free


async def _leased(
    cx: Cx, here: Here, room: Room, lease_s: float, now: datetime, seen: Sequence[tuple[Head, int]]
) -> list[Claimed]:
    """Lease of these heads, in their order, as many as there is room for and nobody else is about to lease."""
    claimed: list[Claimed] = []
    chosen = _chosen(Filling(room), seen)
    while chosen:
        leased = await every(cx, _LEASE, here.time, now, chosen, here.time + lease_s, here.node)
        claimed.extend(_claimed(*row) for row in leased)
        seen = [one for one in seen if one[0].id not in chosen] if len(leased) < len(chosen) else []
        chosen = _chosen(Filling(room, claimed), seen) if seen else []
    return claimed


def _chosen(filling: Filling, seen: Sequence[tuple[Head, int]]) -> list[int]:
    return [head.id for head, priority in seen if filling.take(head.to, priority)]


async def _look(cx: Cx, here: Here, room: Room, now: datetime, times: int, held: Collection[str]) -> list[tuple[Head, int]]:
    """Return heads and their priority in the order in which they may go, as far as there is so many times the room.

    Those of alerts that are held are left out.
    """
    filling, seen = Filling(room, times=times), list[tuple[Head, int]]()
    for priority, queues in groupby(await every(cx, _QUEUES), key=itemgetter(0)):
        merging = Merging(filling, priority, [Target(channel, target) for _, channel, target in queues])
        while wanted := merging.wanted:
            pages = [(one.to.channel, one.to.target, one.most, one.due, one.id) for one in wanted]
            found = await every(cx, _LOOK, here.time, now, priority, *columns(5, pages), list(held))
            merging.bring(Head(due, id, alert, Target(*to)) for due, id, alert, *to in found)
        seen += [(head, priority) for head in merging.chosen]
    return seen


async def settle(cx: Cx, offset: float, tries: Sequence[Settlement], at: datetime) -> Sequence[DeliveryState | None]:
    """Record attempts and return the new states; None where the fence was overtaken, and then it is evidence only.

    `offset` seconds are added to the database's clock.
    """
    await alerts.hold(cx, *{one.claimed.alert for one in tries})
    made = [tried(one, at) for one in tries]
    states = await _record(cx, made, offset=offset)
    pages = [(one.page, counted.turn) for one, counted in zip(tries, made, strict=True) if one.page]
    await work.owe(cx, [page for page, turn in pages if turn in states], at)
    return [states.get(one.turn) for one in made]


async def unswept(cx: Cx, node: str, offset: float, now: datetime, *, judges: bool) -> tuple[Here, list[str]]:
    """Read the database's clock, moved by `offset` seconds, and find alerts with deliveries that cannot go any more.

    Their lease ran out, their holder is dead or their deadline passed.
    """
    rows = await every(
        cx,
        "SELECT c.time, s.alert FROM (SELECT extract(epoch FROM clock_timestamp())::float8 + $1 AS time) c LEFT JOIN LATERAL"
        " (SELECT alert FROM delivery WHERE state = 'sending'"
        f" AND (lease_until <= c.time OR {dead('holder', '$4', '$5')})"
        " UNION SELECT alert FROM delivery WHERE state = 'waiting' AND deadline <= $2 LIMIT $3) s ON true",
        *(offset, now, MOST_SWEPT, node, judges),
    )
    return Here(node, rows[0][0], judges), [alert for _, alert in rows if alert is not None]


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
    """Let go of the deliveries this node held before it started anew; return how many there were."""
    ours = "SELECT DISTINCT alert FROM delivery WHERE state = 'sending' AND holder = $1"
    await alerts.hold(cx, *(alert for (alert,) in await every(cx, ours, here.node)))
    rows = await _rows(cx, "state = 'sending' AND holder = $1", here.node)
    await _lose(cx, here, rows)
    return len(rows)


async def deliveries(cx: Cx, alert: str | None = None, states: frozenset[DeliveryState] = frozenset()) -> Sequence[Delivery]:
    """Return deliveries with their attempts, newest alert first: of one alert, or of the newest alerts that have any."""
    named = ", ".join(f"d.{name}" for name in COLUMNS.split(", "))
    wanted = f"(cardinality($3::text[]) = 0 OR {_SHOWN} = ANY($3))"
    looked_at = _DEAD if alert is None and states and states <= DEAD else "alert"
    found = await every(
        cx,
        f"SELECT {named} FROM (SELECT id, position FROM {looked_at} WHERE ($1::text IS NULL OR id = $1)"
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
    over = [Tried(row.id, row.fence, row.lane, row.key, LEASE_OVER, 0.0, row.claimed_at) for row in rows]
    await _record(cx, over, time=here.time)


async def _expire(cx: Cx, rows: Sequence[Row], now: datetime) -> None:
    """End what is overdue, and what that ends in its lanes; a person is paged about each that was overdue."""
    if not rows:
        return
    overdue, late, others = {row.id for row in rows}, dict[int, DeliveryState](), dict[int, DeliveryState]()
    for lane in await lanes.standing(cx, {row.lane for row in rows}):
        of_lane, beside = lanes.run_out(lane, overdue)
        late |= of_lane
        others |= beside
    told = [(row, late[row.id]) for row in rows if row.id in late]
    pages = [(entries.overdue_page(row.lane, row.key, row.number, state), now) for row, state in told]
    said = [entries.overdue(row.lane, row.key, state, now) for row, state in told]
    await in_one(cx, [lanes.ended(late | others), work.owing(pages)], audit.appending(said))


async def _record(
    cx: Cx, tries: Sequence[Tried], *, time: float | None = None, offset: float = 0.0
) -> Mapping[Turn, DeliveryState]:
    """Write down what came of tries whose alerts are held; then decide what it means for the lanes, and return what counts.

    What is tried again waits from `time` on, by default the database's own, moved by `offset` seconds.
    """
    if not tries:
        return {}
    undecided = await _undecided(cx, unsettled(tries))
    counting, looked_at = await _move(cx, [*settled(tries), *undecided], time, offset)
    await _evidence(cx, tries, counting)
    await lanes.resolve(cx, {one.lane for one in tries if one.turn in looked_at})
    told = {id: shown(state, doubt=doubt) for id, state, doubt in await _states(cx, [one.id for one in undecided])}
    return {turn: told.get(turn[0], state) for turn, state in counting.items()}


async def _undecided(cx: Cx, tries: Sequence[Tried]) -> list[News]:
    """Ask the lane table what becomes of deliveries whose try settled nothing, as far as they are still ours."""
    if not tries:
        return []
    found = {(one.row.id, one.row.fence): one for one in await lanes.failed(cx, [one.id for one in tries])}
    ours = [(one, found[one.turn]) for one in tries if one.turn in found]
    return [news(one, *lanes.after_failure(failed, one.retry_in)) for one, failed in ours]


async def _states(cx: Cx, ids: Sequence[int]) -> list[SqlRow]:
    return await every(cx, "SELECT id, state, doubt FROM delivery WHERE id = ANY($1)", ids) if ids else []


async def _move(cx: Cx, became: Sequence[News], time: float | None, offset: float) -> tuple[dict[Turn, DeliveryState], set[Turn]]:
    """Move on what nobody else has taken, and what leads those lanes now; return what moved, and where a take-back waits."""
    rows = [(n.id, n.fence, n.state, n.wait, n.reached, n.doubt, n.leads, n.for_good) for n in became]
    moved = {(id, fence): back for id, fence, back in await every(cx, _MOVE, time, offset, *columns(8, rows))}
    states = {(one.id, one.fence): one.state for one in became if (one.id, one.fence) in moved}
    return states, {turn for turn, back in moved.items() if back}


async def _evidence(cx: Cx, tries: Sequence[Tried], counting: Collection[Turn]) -> None:
    rows = [
        (t.id, t.fence, t.at, t.outcome.verdict, canonical([t.outcome.note, t.outcome.evidence]), t.turn not in counting)
        for t in tries
    ]
    await in_one(cx, [_MADE.of(rows)], audit.appending(attempted(tries, counting)))
    if late := late_but_reaching(tries, counting):
        await cx.execute("UPDATE delivery SET reached = true WHERE id = ANY($1)", late)


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


async def _attempts(cx: Cx, rows: Iterable[Row]) -> Mapping[int, list[Attempt]]:
    made = "SELECT delivery, fence, at, verdict, told, late FROM attempt WHERE delivery = ANY($1) ORDER BY position"
    found = defaultdict[int, list[Attempt]](list)
    for id, fence, at, verdict, told, late in await every(cx, made, [row.id for row in rows]):
        note, evidence = read(told, tuple[str, dict[str, str]])
        found[id].append(Attempt(attempt=fence, at=at, verdict=Verdict(verdict), note=note, evidence=evidence, late=late))
    return found


def _delivery(row: Row, attempts: Iterable[Attempt]) -> Delivery:
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
