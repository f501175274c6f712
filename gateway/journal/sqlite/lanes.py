"""What may still go in a lane, and what may not: the table of docs/decisions/lanes.md, and nothing else.

A lane is (alert, channel, target). A delivery's role is to tell, to cancel, or to clear what expired; `reached` says that an
attempt may have reached the far side, `doubt` that one was ambiguous.
"""

from collections.abc import Iterable
from typing import NamedTuple

import apsw

from gateway.alert import Kind, Version
from gateway.channel import History
from gateway.journal.records import DeliveryState
from gateway.journal.sql.lane import CHAIN_RETRY_S, Lane, Role, delivery_key
from gateway.journal.sqlite.sql import change, each, every, find, only


class Row(NamedTuple):
    """A delivery, in the order of its table's columns."""

    id: int
    alert: str
    number: int
    channel: str
    target: str
    part: str
    role: str
    history: str
    priority: int
    deadline: str
    state: str
    due: float
    claimed_at: str
    lease_until: float
    fence: int
    reached: int
    doubt: int
    head: int

    @property
    def lane(self) -> Lane:
        """Return the lane it goes in."""
        return Lane(self.alert, self.channel, self.target)

    @property
    def key(self) -> str:
        """Name these bytes to this target, the same for every try."""
        return delivery_key(self.lane, self.number, self.part)


def delivery(cx: apsw.Connection, id: int) -> Row:
    """Return one delivery as it stands; raises Missing."""
    return Row(*only(cx, f"delivery {id}", "SELECT * FROM delivery WHERE id = ?", id))


def overtake(cx: apsw.Connection, version: Version, real: float) -> None:
    """Stand down what a version that is being issued overtakes; its own deliveries are there already."""
    change(
        cx,
        "UPDATE delivery SET state = 'superseded' WHERE alert = ? AND number < ?"
        " AND (state = 'held' OR (state = 'waiting' AND history = 'latest'))",
        *(version.alert, version.number),
    )
    _urge(cx, version)
    if version.kind is Kind.CANCEL:
        _forget_the_unaddressed(cx, version)
    for lane in _waiting_take_backs(cx, version.alert):
        _hurry(cx, lane, real)
        resolve(cx, lane)


def resolve(cx: apsw.Connection, lane: Lane) -> None:
    """Decide what a waiting cancel or clear means for its lane, as soon as nothing in it is in flight."""
    if (back := _take_back(cx, lane)) is None or _in_flight(cx, lane):
        return
    if _reached(cx, back):
        if back.role == Role.CANCEL:
            _stand_down(cx, back, DeliveryState.UNKNOWN, "id < ? AND doubt = 1")
    elif back.role == Role.CANCEL:
        _stand_down(cx, back, DeliveryState.NOTHING_TO_CANCEL, "id <= ?")
    elif not _older_waiting(cx, back):
        _stand_down(cx, back, DeliveryState.NOTHING_TO_CANCEL, "id = ?")


def with_take_backs(cx: apsw.Connection, touched: Iterable[Lane]) -> set[Lane]:
    """Return those of these lanes in which a cancel or a clear waits."""
    found = "SELECT alert, channel, target FROM delivery WHERE alert = ? AND channel = ? AND target = ?"
    return {Lane(*row) for row in each(cx, found + " AND state = 'waiting' AND role <> 'tell'", touched)}


def after_failure(cx: apsw.Connection, row: Row, retry_in: float) -> tuple[DeliveryState, float]:
    """Return what becomes of a delivery whose attempt settled nothing, and in how many seconds it is due again.

    Call `resolve` when that is recorded: a cancel that waits may have more to say.
    """
    back = _take_back(cx, row.lane)
    cancel = back if back is not None and back.role == Role.CANCEL and back.id > row.id else None
    if _overtaken(cx, row, cancel):
        return DeliveryState.SUPERSEDED, 0.0
    return DeliveryState.WAITING, retry_in if cancel is None else min(retry_in, CHAIN_RETRY_S)


def _overtaken(cx: apsw.Connection, row: Row, cancel: Row | None) -> bool:
    newest = "SELECT a.newest_issued, v.kind FROM alert a JOIN version v ON v.alert = a.id AND v.number = a.newest_issued"
    number, kind = only(cx, "issued version", newest + " WHERE a.id = ?", row.alert)
    if number == row.number:
        return False
    return row.history == History.LATEST or (kind == Kind.CANCEL and cancel is None and row.role == Role.TELL)


def _urge(cx: apsw.Connection, version: Version) -> None:
    """What still stands before it in a lane becomes as urgent as what is behind."""
    change(
        cx,
        "UPDATE delivery SET priority = min(delivery.priority, n.priority) FROM delivery n"
        " WHERE delivery.alert = ?1 AND delivery.number < ?2 AND delivery.state IN ('waiting', 'sending')"
        " AND delivery.history = 'chain'"
        " AND n.alert = ?1 AND n.number = ?2 AND n.part = 'message'"
        " AND n.channel = delivery.channel AND n.target = delivery.target",
        *(version.alert, version.number),
    )


def _forget_the_unaddressed(cx: apsw.Connection, version: Version) -> None:
    """A target that gets no cancel must not get what was cancelled either."""
    change(
        cx,
        "UPDATE delivery SET state = 'superseded' WHERE alert = ?1 AND number < ?2 AND state = 'waiting' AND NOT EXISTS"
        " (SELECT 1 FROM delivery n WHERE n.alert = ?1 AND n.number = ?2"
        " AND n.channel = delivery.channel AND n.target = delivery.target)",
        *(version.alert, version.number),
    )


def _hurry(cx: apsw.Connection, lane: Lane, real: float) -> None:
    """A cancel never waits behind a backoff."""
    sooner = "UPDATE delivery SET due = min(due, ?) WHERE alert = ? AND channel = ? AND target = ? AND state = 'waiting'"
    change(cx, sooner, real, *lane)


def _waiting_take_backs(cx: apsw.Connection, alert: str) -> list[Lane]:
    found = "SELECT DISTINCT alert, channel, target FROM delivery WHERE alert = ? AND state = 'waiting' AND role <> 'tell'"
    return [Lane(*row) for row in every(cx, found, alert)]


def _take_back(cx: apsw.Connection, lane: Lane) -> Row | None:
    newest = "SELECT * FROM delivery WHERE alert = ? AND channel = ? AND target = ? AND state = 'waiting' AND role <> 'tell'"
    row = find(cx, newest + " ORDER BY id DESC LIMIT 1", *lane)
    return None if row is None else Row(*row)


def _in_flight(cx: apsw.Connection, lane: Lane) -> bool:
    sending = "SELECT 1 FROM delivery WHERE alert = ? AND channel = ? AND target = ? AND state = 'sending'"
    return find(cx, sending, *lane) is not None


def _reached(cx: apsw.Connection, back: Row) -> bool:
    older = "SELECT 1 FROM delivery WHERE alert = ? AND channel = ? AND target = ? AND id < ? AND reached = 1"
    return find(cx, older, *back.lane, back.id) is not None


def _older_waiting(cx: apsw.Connection, back: Row) -> bool:
    older = "SELECT 1 FROM delivery WHERE alert = ? AND channel = ? AND target = ? AND id < ? AND state = 'waiting'"
    return find(cx, older, *back.lane, back.id) is not None


def _stand_down(cx: apsw.Connection, back: Row, state: DeliveryState, which: str) -> None:
    waiting = "UPDATE delivery SET state = ? WHERE alert = ? AND channel = ? AND target = ? AND state = 'waiting' AND "
    change(cx, waiting + which, state, *back.lane, back.id)
