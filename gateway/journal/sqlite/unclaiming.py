"""Putting back what was claimed for a courier that was never told so: its patience ended while the commit was on its way."""

from collections.abc import Collection, Iterable
from datetime import datetime

import apsw

from gateway.journal.sql import entries
from gateway.journal.sql.codec import moment
from gateway.journal.sql.tried import Turn
from gateway.journal.sqlite import audit, lanes
from gateway.journal.sqlite.lanes import Row
from gateway.journal.sqlite.sql import each, every

_IN_FLIGHT = "SELECT * FROM delivery INDEXED BY delivery_lane_in_flight WHERE state = 'sending'"
# What is due keeps its place among what is due; what leads the lane now is marked by the trigger delivery_leads_its_lane
_BACK = "UPDATE delivery SET state = ?, lease_until = 0 WHERE id = ? AND fence = ? AND state = 'sending'"


def put_back(cx: apsw.Connection, times: Collection[datetime], in_hands: Collection[Turn], now: datetime) -> bool:
    """Put back what was claimed at these times and is not in hands; always True, for there is one writer: those claims ended."""
    at = {moment(time) for time in times}
    claimed = [row for row in (Row(*found) for found in every(cx, _IN_FLIGHT)) if row.claimed_at in at]
    rows = [row for row in claimed if (row.id, row.fence) not in in_hands]
    _free(cx, rows)
    audit.append_all(cx, entries.put_back([(row.alert, row.key) for row in rows], now))
    return True


def _free(cx: apsw.Connection, rows: Iterable[Row]) -> None:
    """Let the lane table decide as after a try that settled nothing, but for the try: nothing was sent."""
    became = [(lanes.after_failure(cx, row, 0.0)[0], row) for row in rows]
    each(cx, _BACK, [(state, row.id, row.fence) for state, row in became])
    for lane in lanes.with_take_backs(cx, {row.lane for _, row in became}):
        lanes.resolve(cx, lane)
