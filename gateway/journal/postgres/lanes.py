"""What may still go in a lane, and what may not: the table of docs/decisions/lanes.md, and nothing else.

A delivery's role is to tell, to cancel, or to clear what expired; `reached` says that an attempt may have reached the far side,
`doubt` that one was ambiguous. Whoever calls holds the alert's row, so that nothing in its lanes moves meanwhile.
"""

from collections import defaultdict
from collections.abc import Collection, Container, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from gateway.alert import Kind, Version
from gateway.channel import History
from gateway.journal.postgres.changes import Change, Shape, make
from gateway.journal.postgres.sql import Cx, columns, every, unnest
from gateway.journal.records import DeliveryState
from gateway.journal.sql.lane import CHAIN_RETRY_S, Lane, Role, delivery_key

COLUMNS = "id, alert, number, channel, target, part, role, history, deadline, state, claimed_at, fence, reached, doubt"
_OF_DELIVERY = ", ".join(f"d.{name}" for name in COLUMNS.split(", "))
# The lanes are the first three parameters; their alerts, which are few, say which deliveries are looked at
_IN_LANES = (
    f"{unnest('text text text')} AS l (alert, channel, target) JOIN delivery d USING (alert, channel, target)"
    " WHERE d.alert = ANY($1)"
)
_ENDED = Shape("UPDATE delivery d SET state = n.state FROM ROWS AS n (id, state) WHERE d.id = n.id", "bigint text")


class Row(NamedTuple):
    """A delivery, in the order of COLUMNS."""

    id: int
    alert: str
    number: int
    channel: str
    target: str
    part: str
    role: str
    history: str
    deadline: datetime
    state: str
    claimed_at: datetime
    fence: int
    reached: bool
    doubt: bool

    @property
    def lane(self) -> Lane:
        """Return the lane it goes in."""
        return Lane(self.alert, self.channel, self.target)

    @property
    def key(self) -> str:
        """Name these bytes to this target, the same for every try."""
        return delivery_key(self.lane, self.number, self.part)


class Failed(NamedTuple):
    """A delivery whose attempt settled nothing, what was issued last of its alert, and whether a cancel waits behind it."""

    row: Row
    newest: int
    kind: str
    cancelled: bool


def after_failure(failed: Failed, retry_in: float) -> tuple[DeliveryState, float]:
    """Return what becomes of a delivery whose attempt settled nothing, and in how many seconds it is due again.

    Call `resolve` when that is recorded: a cancel that waits may have more to say.
    """
    if _overtaken(failed):
        return DeliveryState.SUPERSEDED, 0.0
    return DeliveryState.WAITING, min(retry_in, CHAIN_RETRY_S) if failed.cancelled else retry_in


def _overtaken(failed: Failed) -> bool:
    row = failed.row
    if failed.newest == row.number:
        return False
    return row.history == History.LATEST or (failed.kind == Kind.CANCEL and not failed.cancelled and row.role == Role.TELL)


def stood_down(lane: Sequence[Row], over: Container[int] = ()) -> dict[int, DeliveryState]:
    """Return what a waiting cancel or clear ends in its lane, as soon as nothing in it is in flight.

    The lane comes oldest first; those that are `over` wait no more.
    """
    waiting = [row for row in lane if row.state == DeliveryState.WAITING and row.id not in over]
    back = next((row for row in reversed(waiting) if row.role != Role.TELL), None)
    if back is None or any(row.state == DeliveryState.SENDING for row in lane):
        return {}
    older = [row for row in waiting if row.id < back.id]
    if any(row.reached for row in lane if row.id < back.id):
        return {row.id: DeliveryState.UNKNOWN for row in older if row.doubt and back.role == Role.CANCEL}
    if back.role == Role.CANCEL:
        return {row.id: DeliveryState.NOTHING_TO_CANCEL for row in (*older, back)}
    return {} if older else {back.id: DeliveryState.NOTHING_TO_CANCEL}


def run_out(lane: Sequence[Row], overdue: Container[int]) -> tuple[dict[int, DeliveryState], dict[int, DeliveryState]]:
    """Return what becomes of those whose deadline passed, oldest first, and what else that ends in their lane."""
    late, others = dict[int, DeliveryState](), dict[int, DeliveryState]()
    for row in lane:
        if row.id in overdue and row.id not in others:
            late[row.id] = DeliveryState.UNKNOWN if row.doubt else DeliveryState.EXPIRED
            others |= stood_down(lane, {*late, *others})
    return late, others


async def overtake(cx: Cx, version: Version, time: float) -> None:
    """Stand down what a version that is being issued overtakes; its own deliveries are there already."""
    await cx.execute(
        "UPDATE delivery SET state = 'superseded' WHERE alert = $1 AND number < $2"
        " AND (state = 'held' OR (state = 'waiting' AND history = 'latest'))",
        *(version.alert, version.number),
    )
    await _urge(cx, version)
    if version.kind is Kind.CANCEL:
        await _forget_the_unaddressed(cx, version)
    lanes = await _waiting_take_backs(cx, version.alert)
    await _hurry(cx, lanes, time)
    await resolve(cx, lanes)


async def resolve(cx: Cx, lanes: Collection[Lane]) -> None:
    """Decide what a waiting cancel or clear means for each of these lanes, as soon as nothing in it is in flight."""
    if not lanes:
        return
    states = [end for lane in await standing(cx, lanes) for end in stood_down(lane).items()]
    if states:
        await make(cx, ended(dict(states)))


async def standing(cx: Cx, lanes: Collection[Lane]) -> Collection[Sequence[Row]]:
    """Return each of these lanes, oldest first: what waits in it, what is in flight, and what may have reached."""
    counts = f"SELECT {_OF_DELIVERY} FROM {_IN_LANES} AND (d.state IN ('waiting', 'sending') OR d.reached) ORDER BY d.id"
    found = defaultdict[Lane, list[Row]](list)
    for row in [Row(*one) for one in await every(cx, counts, *columns(3, list(lanes)))]:
        found[row.lane].append(row)
    return found.values()


def ended(states: Mapping[int, DeliveryState]) -> Change:
    """Give what waited the state in which it ends; whatever else there is to know of it stays."""
    return _ENDED.of(sorted(states.items()))


async def failed(cx: Cx, ids: Sequence[int]) -> list[Failed]:
    """Return those of these deliveries that are in flight, with what the lane table asks when their attempt settles nothing."""
    rows = await every(
        cx,
        f"SELECT a.newest_issued, v.kind, coalesce(b.role = 'cancel' AND b.id > d.id, false), {_OF_DELIVERY} FROM delivery d"
        " JOIN alert a ON a.id = d.alert JOIN version v ON v.alert = a.id AND v.number = a.newest_issued LEFT JOIN LATERAL"
        " (SELECT o.id, o.role FROM delivery o WHERE o.alert = d.alert AND o.channel = d.channel AND o.target = d.target"
        " AND o.state = 'waiting' AND o.role <> 'tell' ORDER BY o.id DESC LIMIT 1) b ON true"
        " WHERE d.id = ANY($1) AND d.state = 'sending'",
        ids,
    )
    return [Failed(Row(*row), newest, kind, cancelled) for newest, kind, cancelled, *row in rows]


async def _urge(cx: Cx, version: Version) -> None:
    """What still stands before it in a lane becomes as urgent as what is behind."""
    await cx.execute(
        "UPDATE delivery d SET priority = least(d.priority, n.priority) FROM delivery n"
        " WHERE d.alert = $1 AND d.number < $2 AND d.state IN ('waiting', 'sending') AND d.history = 'chain'"
        " AND n.alert = $1 AND n.number = $2 AND n.part = 'message' AND n.channel = d.channel AND n.target = d.target",
        *(version.alert, version.number),
    )


async def _forget_the_unaddressed(cx: Cx, version: Version) -> None:
    """A target that gets no cancel must not get what was cancelled either."""
    await cx.execute(
        "UPDATE delivery d SET state = 'superseded' WHERE alert = $1 AND number < $2 AND state = 'waiting' AND NOT EXISTS"
        " (SELECT 1 FROM delivery n WHERE n.alert = $1 AND n.number = $2 AND n.channel = d.channel AND n.target = d.target)",
        *(version.alert, version.number),
    )


async def _waiting_take_backs(cx: Cx, alert: str) -> list[Lane]:
    found = "SELECT DISTINCT alert, channel, target FROM delivery WHERE alert = $1 AND state = 'waiting' AND role <> 'tell'"
    return [Lane(*row) for row in await every(cx, found, alert)]


async def _hurry(cx: Cx, lanes: Collection[Lane], time: float) -> None:
    """A cancel never waits behind a backoff."""
    if lanes:
        waiting = f"SELECT d.id FROM {_IN_LANES} AND d.state = 'waiting' AND d.due > $4"
        await cx.execute(f"UPDATE delivery SET due = $4 WHERE id IN ({waiting})", *columns(3, list(lanes)), time)
