"""Work the gateway owes: at most one unfinished piece per kind and subject, taken under a lease."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import apsw

from gateway.journal.contract import Stale
from gateway.journal.records import Task, Todo, TodoKind
from gateway.journal.sql.codec import canonical, moment, when
from gateway.journal.sqlite.sql import Row, change, every, together

_STILL_OURS = " WHERE id = ? AND fence = ? AND done = 0 AND lease_until > 0"

# The newest failure of each subject, found by leaping from one to the next along the index todo_not_drafted, counts where nothing
# was tried since
_FAILED = (
    "WITH RECURSIVE failed (id, subject) AS (SELECT * FROM (SELECT id, subject FROM todo INDEXED BY todo_not_drafted"
    " WHERE kind = 'draft' AND failure <> '' ORDER BY subject DESC, id DESC LIMIT 1)"
    " UNION ALL SELECT n.id, n.subject FROM failed f JOIN todo n ON n.id = (SELECT id FROM todo INDEXED BY todo_not_drafted"
    " WHERE kind = 'draft' AND failure <> '' AND subject < f.subject ORDER BY subject DESC, id DESC LIMIT 1))"
    " SELECT t.id, kind, t.subject, CAST(failure AS BLOB), fence, since FROM failed CROSS JOIN todo t USING (id)"
    " WHERE NOT EXISTS (SELECT 1 FROM todo n WHERE n.kind = 'draft' AND n.subject = t.subject AND n.id > t.id"
    " AND (n.done = 1 OR n.failure <> '')) ORDER BY t.id DESC"
)


def owe(cx: apsw.Connection, todo: Todo, at: datetime) -> None:
    """Add a piece of work, or bring newer news to the one that waits; one being worked on runs again afterwards."""
    owe_all(cx, [(todo, at)])


def owe_all(cx: apsw.Connection, todos: Iterable[tuple[Todo, datetime]]) -> None:
    """Add work that came up at different times, in that order."""
    together(
        cx,
        "INSERT INTO todo (kind, subject, body, since) VALUES ROWS"
        " ON CONFLICT (kind, subject) WHERE done = 0"
        " DO UPDATE SET body = excluded.body, due = 0, again = todo.lease_until > 0",
        [(todo.kind, todo.subject, todo.body, moment(at)) for todo, at in todos],
    )


def take(  # noqa: PLR0913 - a verb takes cx and the time where a method takes self
    cx: apsw.Connection, real: float, kind: TodoKind, most: int, lease_s: float, *, in_hands: Collection[int] | None = None
) -> Sequence[Task]:
    """Lease pieces of work, longest due first; a lease that ran out is free again, and one that nobody has in hands."""
    rows = every(
        cx,
        "UPDATE todo SET lease_until = ?1, fence = fence + 1, again = 0 WHERE id IN"
        " (SELECT id FROM todo WHERE done = 0 AND kind = ?2 AND due <= ?3"
        " AND (lease_until <= ?3 OR ?4 IS NOT NULL AND id NOT IN (SELECT value FROM json_each(?4))) ORDER BY due, id LIMIT ?5)"
        " RETURNING id, kind, subject, body, fence, since",
        *(real + lease_s, kind, real, None if in_hands is None else canonical(sorted(in_hands)), most),
    )
    return [_task(row) for row in sorted(rows)]


def finish(cx: apsw.Connection, real: float, task: Task, *, failure: str = "", retry_in: float | None = None) -> bool:
    """Close a piece of work unless newer news came meanwhile, or put it back; False when the lease was lost."""
    if retry_in is None:
        return close(cx, task, failure)
    put_back = "UPDATE todo SET lease_until = 0, failure = ?, due = CASE again WHEN 1 THEN 0 ELSE ? END, again = 0"
    return bool(
        change(
            cx,
            put_back + " WHERE id = ? AND fence = ? AND done = 0 AND lease_until > 0",
            failure,
            real + retry_in,
            task.id,
            task.fence,
        )
    )


def close(cx: apsw.Connection, task: Task, failure: str = "") -> bool:
    """Close a piece of work, or leave it due now when newer news came meanwhile; False when the lease was lost."""
    closed = "UPDATE todo SET lease_until = 0, failure = ?, done = 1 - again, again = 0"
    return bool(change(cx, closed + _STILL_OURS, failure, task.id, task.fence))


def failures(cx: apsw.Connection) -> Sequence[Task]:
    """Return drafts that could not be made and have not been made since, newest first; `body` is the reason."""
    rows = every(cx, _FAILED)
    return [_task(row) for row in rows]


def close_or_stale(cx: apsw.Connection, task: Task) -> None:
    """Close a piece of work; raises Stale when somebody else has it by now."""
    if not close(cx, task):
        raise Stale(f"the work on {task.subject}")


def free(cx: apsw.Connection) -> None:
    """Let go of every piece of work that a process before us held."""
    change(cx, "UPDATE todo SET lease_until = 0, again = 0, fence = fence + 1 WHERE done = 0 AND lease_until > 0")


def _task(row: Row) -> Task:
    id, kind, subject, body, fence, since = row
    return Task(id=id, kind=TodoKind(kind), subject=subject, body=body, fence=fence, since=when(since))
