"""What may still go in a lane, and what may not: the table of docs/decisions/lanes.md, and nothing else.

A delivery's role is to tell, to cancel, or to clear what expired; `reached` says that an attempt may have reached the far side,
`doubt` that one was ambiguous. Whoever calls holds the alert's row, so that nothing in its lanes moves meanwhile.
"""

from datetime import datetime
from typing import NamedTuple

from gateway.alert import Kind, Version
from gateway.channel import History
from gateway.journal.postgres.sql import Cx, every, find, only
from gateway.journal.records import DeliveryState
from gateway.journal.sql.lane import CHAIN_RETRY_S, Lane, Role, delivery_key

COLUMNS = "id, alert, number, channel, target, part, role, history, deadline, state, claimed_at, fence, reached, doubt"
_IN_LANE = " WHERE alert = $1 AND channel = $2 AND target = $3 "


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


async def delivery(cx: Cx, id: int) -> Row:
    """Return one delivery as it stands; raises Missing."""
    return Row(*await only(cx, f"delivery {id}", f"SELECT {COLUMNS} FROM delivery WHERE id = $1", id))


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
    for lane in await waiting_take_backs(cx, version.alert):
        await _hurry(cx, lane, time)
        await resolve(cx, lane)


async def resolve(cx: Cx, lane: Lane) -> None:
    """Decide what a waiting cancel or clear means for its lane, as soon as nothing in it is in flight."""
    if (back := await _take_back(cx, lane)) is None or await _in_flight(cx, lane):
        return
    if await _reached(cx, back):
        if back.role == Role.CANCEL:
            await _stand_down(cx, back, DeliveryState.UNKNOWN, "id < $5 AND doubt")
    elif back.role == Role.CANCEL:
        await _stand_down(cx, back, DeliveryState.NOTHING_TO_CANCEL, "id <= $5")
    elif not await _older_waiting(cx, back):
        await _stand_down(cx, back, DeliveryState.NOTHING_TO_CANCEL, "id = $5")


async def waiting_take_backs(cx: Cx, *alerts: str) -> list[Lane]:
    """Return the lanes of these alerts in which a cancel or a clear waits."""
    found = "SELECT DISTINCT alert, channel, target FROM delivery WHERE alert = ANY($1) AND state = 'waiting' AND role <> 'tell'"
    return [Lane(*row) for row in await every(cx, found, alerts)]


async def after_failure(cx: Cx, row: Row, retry_in: float) -> tuple[DeliveryState, float]:
    """Return what becomes of a delivery whose attempt settled nothing, and in how many seconds it is due again.

    Call `resolve` when that is recorded: a cancel that waits may have more to say.
    """
    back = await _take_back(cx, row.lane)
    cancel = back if back is not None and back.role == Role.CANCEL and back.id > row.id else None
    if await _overtaken(cx, row, cancel):
        return DeliveryState.SUPERSEDED, 0.0
    return DeliveryState.WAITING, retry_in if cancel is None else min(retry_in, CHAIN_RETRY_S)


async def _overtaken(cx: Cx, row: Row, cancel: Row | None) -> bool:
    newest = "SELECT a.newest_issued, v.kind FROM alert a JOIN version v ON v.alert = a.id AND v.number = a.newest_issued"
    number, kind = await only(cx, "issued version", newest + " WHERE a.id = $1", row.alert)
    if number == row.number:
        return False
    return row.history == History.LATEST or (kind == Kind.CANCEL and cancel is None and row.role == Role.TELL)


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


async def _hurry(cx: Cx, lane: Lane, time: float) -> None:
    """A cancel never waits behind a backoff."""
    await cx.execute(f"UPDATE delivery SET due = least(due, $4) {_IN_LANE} AND state = 'waiting'", *lane, time)


async def _take_back(cx: Cx, lane: Lane) -> Row | None:
    newest = f"SELECT {COLUMNS} FROM delivery {_IN_LANE} AND state = 'waiting' AND role <> 'tell' ORDER BY id DESC LIMIT 1"
    row = await find(cx, newest, *lane)
    return None if row is None else Row(*row)


async def _in_flight(cx: Cx, lane: Lane) -> bool:
    return await find(cx, f"SELECT 1 FROM delivery {_IN_LANE} AND state = 'sending'", *lane) is not None


async def _reached(cx: Cx, back: Row) -> bool:
    return await find(cx, f"SELECT 1 FROM delivery {_IN_LANE} AND id < $4 AND reached", *back.lane, back.id) is not None


async def _older_waiting(cx: Cx, back: Row) -> bool:
    older = f"SELECT 1 FROM delivery {_IN_LANE} AND id < $4 AND state = 'waiting'"
    return await find(cx, older, *back.lane, back.id) is not None


async def _stand_down(cx: Cx, back: Row, state: DeliveryState, which: str) -> None:
    waiting = f"UPDATE delivery SET state = $4 {_IN_LANE} AND state = 'waiting' AND "
    await cx.execute(waiting + which, *back.lane, state, back.id)
