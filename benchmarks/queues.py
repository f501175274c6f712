"""A long queue of deliveries, written straight into either store; and the least that a queue needs."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import apsw
import asyncpg
from msgspec import Struct

from gateway.alert import digest
from gateway.journal.sql.codec import moment

CHANNEL, ALERTS, BATCH = "wall", 100, 64
BODY = b"x" * 2000
SHA256 = digest(BODY)

# The same heads of lanes as the record's: the oldest unfinished, with none in flight
_HEADS = (
    "SELECT d.id FROM job d WHERE d.state = 'waiting' AND d.due <= {real}"
    " AND NOT EXISTS (SELECT 1 FROM job o WHERE o.lane = d.lane AND o.state = 'sending')"
    " AND NOT EXISTS (SELECT 1 FROM job o WHERE o.lane = d.lane AND o.state = 'waiting' AND o.id < d.id)"
    " ORDER BY d.priority, d.due, d.id LIMIT 64"
)
_TABLE = (
    "CREATE TABLE job (id {key}, lane integer NOT NULL, priority integer NOT NULL, due double precision NOT NULL,"
    " state text NOT NULL, until double precision NOT NULL DEFAULT 0, fence integer NOT NULL DEFAULT 0, body {bytes} NOT NULL)"
)
_INDEXES = (
    "CREATE INDEX job_queue ON job (priority, due, id) WHERE state = 'waiting'",
    "CREATE INDEX job_waiting ON job (lane, id) WHERE state = 'waiting'",
    "CREATE UNIQUE INDEX job_sending ON job (lane) WHERE state = 'sending'",
)
_LEASED = "UPDATE job SET state = 'sending', fence = fence + 1, until = {until} WHERE id IN ({heads}) RETURNING id, fence, body"

Turn = Callable[[], Awaitable[int]]
"""Claims a batch, settles it, and returns how many that were."""


class Queue(Struct, frozen=True):
    """So many deliveries in so many lanes, as long as each other, the oldest of all lanes first."""

    lanes: int
    deep: int

    @property
    def targets(self) -> int:
        """Return how many targets each alert has."""
        return max(self.lanes // ALERTS, 1)

    @property
    def alerts(self) -> int:
        """Return how many alerts there are."""
        return self.lanes // self.targets

    def versions(self, now: datetime) -> Iterator[tuple[str, int, datetime]]:
        """Yield each version's alert, its number and its expiry."""
        for number in range(1, self.deep + 1):
            for alert in range(self.alerts):
                yield f"a{alert:04}", number, now + timedelta(hours=12)

    def jobs(self) -> Iterator[tuple[int]]:
        """Yield the lanes of a bare queue."""
        for _ in range(self.deep):
            yield from ((lane,) for lane in range(self.lanes))


def begin_sqlite(cx: apsw.Connection, queue: Queue, now: datetime) -> None:
    """Put the alerts of a queue into a record."""
    cx.execute("INSERT INTO blob VALUES (?, ?)", (SHA256, BODY))
    cx.executemany(
        "INSERT INTO alert (id, revision, created_at, newest_issued, live) VALUES (?, 1, ?, ?, 1)",
        [(alert, moment(now), queue.deep) for alert, number, _ in queue.versions(now) if number == 1],
    )


def fill_sqlite(cx: apsw.Connection, queue: Queue, wanted: int, now: datetime) -> None:
    """Put the versions of this number into a record, and what is to be delivered of them."""
    for alert, number, expires in queue.versions(now):
        if number != wanted:
            continue
        cx.execute(
            "INSERT INTO version (alert, number, kind, state, expires, issued_at, body)"
            " VALUES (?, ?, 'update', 'issued', ?, ?, ?)",
            (alert, number, moment(expires), moment(now), '{"status":"exercise"}'),
        )
        ways = [(alert, number, CHANNEL, f"t{target:02}") for target in range(queue.targets)]
        issued = "INSERT INTO issued VALUES (?, ?, 'channel', ?, ?, 'message', 'text/plain', ?)"
        cx.executemany(issued, [(*way, SHA256) for way in ways])
        cx.executemany(
            "INSERT INTO delivery (alert, number, channel, target, part, role, history, priority, deadline, state, due)"
            " VALUES (?, ?, ?, ?, 'message', 'tell', 'chain', 2, ?, 'waiting', 0)",
            [(*way, moment(expires)) for way in ways],
        )


async def fill_postgres(cx: asyncpg.Connection, queue: Queue, now: datetime) -> None:
    """Put the queue into a record."""
    await cx.execute("INSERT INTO blob VALUES ($1, $2)", SHA256, BODY)
    versions = list(queue.versions(now))
    await cx.execute(
        "INSERT INTO alert (id, revision, created_at, newest_issued, live) SELECT unnest($1::text[]), 1, $2, $3, true",
        *(sorted({alert for alert, _, _ in versions}), now, queue.deep),
    )
    await cx.executemany(
        "INSERT INTO version (alert, number, kind, status, state, expires, issued_at, body)"
        " VALUES ($1, $2, 'update', 'exercise', 'issued', $3, $4, '{}')",
        [(alert, number, expires, now) for alert, number, expires in versions],
    )
    ways = [(alert, number, f"t{target:02}") for alert, number, _ in versions for target in range(queue.targets)]
    columns: Sequence[Sequence[object]] = [*zip(*ways, strict=True)]
    rows = (
        "SELECT alert, number, $4::text, target, 'message'{} FROM unnest($1::text[], $2::int[], $3::text[])"
        " AS w (alert, number, target)"
    )
    await cx.execute(
        "INSERT INTO issued (alert, number, channel, target, part, way, media_type, sha256) "
        + rows.format(f", 'channel', 'text/plain', '{SHA256}'"),
        *(*columns, CHANNEL),
    )
    await cx.execute(
        "INSERT INTO delivery (alert, number, channel, target, part, role, history, priority, deadline, state, due) "
        + rows.format(", 'tell', 'chain', 2, $5::timestamptz, 'waiting', 0"),
        *(*columns, CHANNEL, versions[0][2]),
    )
    await cx.execute("ANALYZE")


def bare_sqlite(file: Path, queue: Queue) -> Callable[[], int]:
    """Fill a bare queue in a file, as durable as the record; each call claims a batch and settles it."""
    cx = apsw.Connection(str(file))
    cx.execute("PRAGMA journal_mode = wal; PRAGMA synchronous = full")
    cx.execute(_TABLE.format(key="integer primary key", bytes="blob"))
    cx.execute("BEGIN")
    cx.executemany("INSERT INTO job (lane, priority, due, state, body) VALUES (?, 2, 0, 'waiting', zeroblob(2000))", queue.jobs())
    cx.execute("COMMIT")
    for index in _INDEXES:
        cx.execute(index)
    claim = _LEASED.format(until="?", heads=_HEADS.format(real="?"))

    def turn() -> int:
        with cx:
            claimed = list(cx.execute(claim, (31.0, 1.0)))
        with cx:
            cx.executemany(
                "UPDATE job SET state = 'accepted' WHERE id = ? AND fence = ?", [(id, fence) for id, fence, _ in claimed]
            )
        return len(claimed)

    return turn


async def bare_postgres(cx: asyncpg.Connection, queue: Queue) -> Turn:
    """Fill a bare queue in a database; each call claims a batch and settles it."""
    await cx.execute(_TABLE.format(key="bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", bytes="bytea"))
    added = "INSERT INTO job (lane, priority, due, state, body) SELECT unnest($1::int[]), 2, 0, 'waiting', $2"
    await cx.execute(added, [lane for (lane,) in queue.jobs()], BODY)
    for index in _INDEXES:
        await cx.execute(index)
    # A plan that reads the whole queue, which is sometimes guessed to be cheaper, would flatter us.
    await cx.execute("ANALYZE; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off")
    claim = _LEASED.format(until="$1", heads=_HEADS.format(real="$2") + " FOR UPDATE SKIP LOCKED")

    async def turn() -> int:
        claimed = await cx.fetch(claim, 31.0, 1.0)
        done = "UPDATE job j SET state = 'accepted' FROM unnest($1::bigint[], $2::int[]) AS n (id, fence)"
        ids, fences = [row["id"] for row in claimed], [row["fence"] for row in claimed]
        await cx.execute(done + " WHERE j.id = n.id AND j.fence = n.fence", ids, fences)
        return len(claimed)

    return turn
