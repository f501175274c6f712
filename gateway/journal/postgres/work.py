"""Work the gateway owes: at most one unfinished piece per kind and subject, taken under a lease."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from gateway.journal.contract import Stale
from gateway.journal.postgres.changes import Change, Shape, make
from gateway.journal.postgres.nodes import dead
from gateway.journal.postgres.sql import Cx, Here, Row, change, every
from gateway.journal.records import Task, Todo, TodoKind

_STILL_OURS = " WHERE id = $1 AND fence = $2 AND NOT done AND lease_until > 0"

_OWED = Shape(
    "INSERT INTO todo (kind, subject, body, since) SELECT * FROM ROWS AS n ORDER BY 1, 2"
    " ON CONFLICT (kind, subject) WHERE NOT done"
    " DO UPDATE SET body = excluded.body, due = 0, again = todo.lease_until > 0",
    "text text bytea timestamptz",
)
# The newest failure of each subject, found by leaping from one to the next along the index todo_not_drafted, counts where nothing
# was tried since. Named by the two ends of its stretch, each is found in no other way, however few subjects there seem to be.
_FAILED = (
    "WITH RECURSIVE failed AS ("
    "(SELECT id, subject FROM todo WHERE kind = 'draft' AND failure <> '' ORDER BY subject DESC, id DESC LIMIT 1)"
    " UNION ALL SELECT n.* FROM failed f CROSS JOIN LATERAL (SELECT id, subject FROM todo"
    " WHERE kind = 'draft' AND failure <> '' AND subject < f.subject ORDER BY subject DESC, id DESC LIMIT 1) n)"
    " SELECT id, kind, subject, failure, fence, since FROM todo t WHERE id IN (SELECT id FROM failed) AND NOT EXISTS"
    " (SELECT FROM todo n WHERE (n.kind, n.subject, n.id) > ('draft', t.subject, t.id)"
    " AND (n.kind, n.subject, n.id) <= ('draft', t.subject, 9223372036854775807) AND (n.done OR n.failure <> ''))"
    " ORDER BY id DESC"
)


async def owe(cx: Cx, todos: Iterable[Todo], at: datetime) -> None:
    """Add work, or bring newer news to what waits; what is being worked on runs again afterwards."""
    if some := [(todo, at) for todo in todos]:
        await make(cx, owing(some))


def owing(todos: Sequence[tuple[Todo, datetime]]) -> Change:
    """Add work that came up at different times; always in the same order, so that nobody waits for each other."""
    newest = {(todo.kind, todo.subject): (todo.kind, todo.subject, todo.body, at) for todo, at in todos}
    return _OWED.of(list(newest.values()))


async def take(  # noqa: PLR0913 - a verb takes cx and the time where a method takes self
    cx: Cx, here: Here, kind: TodoKind, most: int, lease_s: float, *, in_hands: Collection[int] | None = None
) -> Sequence[Task]:
    """Lease pieces of work, longest due first.

    What a dead node holds is free again, and what this one holds but has not in hands. Nobody waits for a living one, nor for a
    lease of ours that is about to be committed: it is free the next time.
    """
    rows = await every(
        cx,
        "UPDATE todo SET lease_until = $2, holder = $3, fence = fence + 1, again = false WHERE id IN"
        " (SELECT id FROM todo WHERE NOT done AND kind = $4 AND due <= $1"
        f" AND (lease_until <= $1 OR {dead('holder', '$3', '$6')} OR holder = $3 AND id <> ALL($7::bigint[]))"
        " ORDER BY due, id LIMIT $5 FOR UPDATE SKIP LOCKED)"
        " RETURNING id, kind, subject, body, fence, since",
        *(here.time, here.time + lease_s, here.node, kind, most, here.judges, None if in_hands is None else list(in_hands)),
    )
    return [_task(row) for row in sorted(rows)]


async def finish(cx: Cx, here: Here, task: Task, *, failure: str = "", retry_in: float | None = None) -> bool:
    """Close a piece of work unless newer news came meanwhile, or put it back; False when the lease was lost."""
    if retry_in is None:
        return await close(cx, task, failure)
    put_back = "UPDATE todo SET lease_until = 0, failure = $3, due = CASE WHEN again THEN 0 ELSE $4 END, again = false"
    return bool(
        await change(cx, put_back + _STILL_OURS, task.id, task.fence, failure.encode(), here.time + retry_in),
    )


async def close(cx: Cx, task: Task, failure: str = "") -> bool:
    """Close a piece of work, or leave it due now when newer news came meanwhile; False when the lease was lost."""
    closed = "UPDATE todo SET lease_until = 0, failure = $3, done = NOT again, again = false"
    return bool(await change(cx, closed + _STILL_OURS, task.id, task.fence, failure.encode()))


async def failures(cx: Cx) -> Sequence[Task]:
    """Return drafts that could not be made and have not been made since, newest first; `body` is the reason."""
    rows = await every(cx, _FAILED)
    return [_task(row) for row in rows]


async def close_or_stale(cx: Cx, task: Task) -> None:
    """Close a piece of work; raises Stale when somebody else has it by now."""
    if not await close(cx, task):
        raise Stale(f"the work on {task.subject}")


async def free(cx: Cx, node: str) -> None:
    """Let go of every piece of work that this node held before it started anew, in the order in which others owe it."""
    ours = "SELECT id FROM todo WHERE NOT done AND lease_until > 0 AND holder = $1 ORDER BY kind, subject FOR UPDATE"
    await cx.execute(f"UPDATE todo SET lease_until = 0, again = false, fence = fence + 1 WHERE id IN ({ours})", node)


def _task(row: Row) -> Task:
    id, kind, subject, body, fence, since = row
    return Task(id=id, kind=TodoKind(kind), subject=subject, body=body, fence=fence, since=since)
