"""Putting back what was claimed for a node that was never told so: the answer to the claim's commit was lost, or came late."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from gateway.journal.postgres import audit, lanes
from gateway.journal.postgres.lanes import COLUMNS, Row
from gateway.journal.postgres.sql import Cx, columns, every, unnest
from gateway.journal.sql import entries
from gateway.journal.sql.tried import Turn

MOST = 100
LOOK_S = 0.01
LOOKS = 20

_UNHEARD = (
    f"SELECT {COLUMNS} FROM delivery d WHERE state = 'sending' AND holder = $1 AND claimed_at = ANY($2) AND NOT EXISTS"
    f" (SELECT FROM {unnest('bigint bigint', 3)} AS h (id, fence) WHERE h.id = d.id AND h.fence = d.fence)"
    " ORDER BY priority, id LIMIT $5"
)
_FREE = "SELECT id FROM alert WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
# What is due keeps its place among what is due; what leads the lane now is marked by the trigger delivery_moved_on
_BACK = (
    f"UPDATE delivery d SET state = n.state, lease_until = 0 FROM {unnest('bigint bigint text')} AS n (id, fence, state)"
    " WHERE d.id = n.id AND d.fence = n.fence AND d.state = 'sending'"
)
# A claim has changed deliveries before it commits, and keeps this lock until others see what it committed, whatever became of
# the connection it came by
_CHANGING = (
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = 'delivery'::regclass"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()"
)


class Lost(NamedTuple):
    """What a node claimed at some times, whoever has been called like it since, but for what it was told of."""

    node: str
    times: Collection[datetime]
    in_hands: Collection[Turn]


async def put_back(cx: Cx, lost: Lost, now: datetime) -> bool:
    """Put back what was lost, but for alerts that somebody else is at; True when that was all.

    Nobody waits for it: of much the most urgent is freed first, and what a commit may still bring is left to the next time.
    """
    whole = await _nothing_is_on_its_way(cx)
    found = await _unheard(cx, lost)
    free = {id for (id,) in await every(cx, _FREE, list({row.alert for row in found}))} if found else set()
    rows = [row for row in await _unheard(cx, lost) if row.alert in free] if free else []
    await _put_back(cx, rows)
    await audit.append_all(cx, entries.put_back([(row.alert, row.key) for row in rows], now))
    return whole and len(rows) == len(found) < MOST


async def _put_back(cx: Cx, rows: Sequence[Row]) -> None:
    """Let the lane table decide as after a try that settled nothing, but for the try: nothing was sent."""
    if not rows:
        return
    failed = await lanes.failed(cx, [row.id for row in rows])
    became = [(one.row.id, one.row.fence, lanes.after_failure(one, 0.0)[0]) for one in failed]
    await cx.execute(_BACK, *columns(3, became))
    await lanes.resolve(cx, {row.lane for row in rows})


async def _unheard(cx: Cx, lost: Lost) -> list[Row]:
    values = (lost.node, list(lost.times), *columns(2, list(lost.in_hands)), MOST)
    return [Row(*row) for row in await every(cx, _UNHEARD, *values)]


async def _nothing_is_on_its_way(cx: Cx) -> bool:
    """Tell whether all who were changing deliveries have ended within a moment: one of them may be a claim of ours."""
    changing = await _changing(cx)
    for _ in range(LOOKS):
        if not changing:
            break
        await asyncio.sleep(LOOK_S)
        changing &= await _changing(cx)
    return not changing


async def _changing(cx: Cx) -> set[str]:
    return {writer for (writer,) in await every(cx, _CHANGING)}
