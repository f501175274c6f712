"""A whole record in a PostgreSQL database, read or written topic by topic, in one transaction."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import msgspec
from msgspec import Struct

from gateway.fault import Conflict, Fault
from gateway.journal.copy.form import Form, insertion, replacing
from gateway.journal.copy.moving import MOST_ROWS, batches
from gateway.journal.copy.topics import PUBLICATION, TOPICS, Row, Topic, names
from gateway.journal.postgres import migrate
from gateway.journal.postgres.desk import READ, WRITE
from gateway.journal.postgres.faults import LOST, unavailable
from gateway.journal.postgres.hosts import connect
from gateway.journal.postgres.opening import refuse_unsafe

# A standby that has to confirm a whole record may take its time; a server that hangs may not
STATEMENT_S = 600
_SESSION = {
    "application_name": "bongsu store",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "timezone": "UTC",
}
_OURS = "SELECT to_regclass('migration') IS NOT NULL"
_ANYTHING = "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v'))"


class PostgresSide:
    """Reads and writes through a connection in whose transaction all of it happens."""

    def __init__(self, cx: asyncpg.Connection) -> None:
        """Use a connection that is in a transaction."""
        self._cx = cx

    async def rows(self, topic: Topic) -> AsyncIterator[Sequence[Row]]:
        """Yield a topic's rows in their order, some at a time."""
        form = FORMS[topic.name]
        cursor = await self._cx.cursor(form.select)
        fetched = FETCHED.get(topic.name, MOST_ROWS)
        while rows := await cursor.fetch(fetched):
            for batch in batches(form.load(tuple(row)) for row in rows):
                yield batch

    async def write(self, topic: Topic, rows: Sequence[Row]) -> None:
        """Add rows; raises Fault for what a database cannot hold."""
        form = FORMS[topic.name]
        try:
            await self._cx.executemany(form.insert, [form.keep(row) for row in rows])
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            raise Fault("copy-refused", f"the database does not take a row of {topic.name}: {error}", hint=_NOT_OURS) from error

    async def empty(self) -> bool:
        """Tell whether nothing was ever written to the record."""
        for topic in TOPICS:
            some = f"SELECT EXISTS (SELECT 1 FROM {topic.name}{' WHERE revision > 0' if topic == PUBLICATION else ''})"  # noqa: S608
            if await self._cx.fetchval(some):
                return False
        return True

    async def go_on(self) -> None:
        """Let numbers given out from now on follow those that are there."""
        for table, column in await self._cx.fetch(_NUMBERED):
            newest = (
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table} HAVING count(*) > 0"  # noqa: S608
            )
            await self._cx.execute(newest)


FETCHED = {"blob": 16}
_NOT_OURS = "was the record written by another program?"
_NUMBERED = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND is_identity = 'YES' ORDER BY 1"
)


@asynccontextmanager
async def reading(dsn: str, password: str | None) -> AsyncIterator[PostgresSide]:
    """Read a record as it is now, whatever is written meanwhile; raises Unavailable, also for another release's, BadInput."""
    async with _connected(dsn, password) as cx:
        await refuse_unsafe(cx)
        await migrate.refuse_other(cx)
        await cx.execute(READ)
        yield PostgresSide(cx)


@asynccontextmanager
async def writing(dsn: str, password: str | None) -> AsyncIterator[PostgresSide]:
    """Fill an empty database, all or nothing; raises Conflict("store-not-empty"), Unavailable, BadInput."""
    async with _connected(dsn, password) as cx:
        await refuse_unsafe(cx)
        await _ours_alone(cx)
        await migrate.bring_up(cx)
        await cx.execute(WRITE)
        side = PostgresSide(cx)
        if not await side.empty():
            raise _not_empty("it holds a record")
        yield side
        await side.go_on()
        await cx.execute("COMMIT")


@asynccontextmanager
async def _connected(dsn: str, password: str | None) -> AsyncIterator[asyncpg.Connection]:
    cx: asyncpg.Connection | None = None
    try:
        cx = await connect(dsn, password=password, command_timeout=STATEMENT_S, server_settings=_SESSION)
        yield cx
    except LOST as error:
        raise unavailable(error) from error
    finally:
        if cx is not None:
            cx.terminate()


async def _ours_alone(cx: asyncpg.Connection) -> None:
    if not await cx.fetchval(_OURS) and await cx.fetchval(_ANYTHING):
        raise _not_empty("it holds tables of something else")


def _not_empty(why: str) -> Conflict:
    return Conflict("store-not-empty", f"the database is not empty: {why}", hint="create a database for this record alone")


def _form(topic: Topic) -> Form:
    columns, places = ", ".join(topic.columns), [f"${number}" for number in range(1, len(topic.columns) + 1)]
    insert = insertion(topic.name, topic.columns, places, "OVERRIDING SYSTEM VALUE ")
    return Form(
        select=f"SELECT {columns} FROM {topic.name} ORDER BY {', '.join(map(_by_bytes, topic.order))}",  # noqa: S608
        insert=replacing(insert, topic) if topic == PUBLICATION else insert,
    )


def _by_bytes(column: str) -> str:
    return f'{column} COLLATE "C"' if column in _WORDS else column


_WORDS = frozenset({"sha256", "scope", "source", "key", "alert", "way", "channel", "target", "part", "identifier", "name"})


def _failure_loaded(row: Row) -> Row:
    *before, failure = row
    return (*before, failure.decode())


def _failure_kept(row: Row) -> Row:
    *before, failure = row
    return (*before, failure.encode())


_BODY = TOPICS[names().index("version")].columns.index("body")


class _Status(Struct):
    status: str


def _with_status(row: Row) -> Row:
    return (*row, msgspec.json.decode(row[_BODY], type=_Status).status)


def _forms() -> dict[str, Form]:
    forms = {topic.name: _form(topic) for topic in TOPICS}
    forms["todo"] = forms["todo"]._replace(load=_failure_loaded, keep=_failure_kept)
    forms["version"] = forms["version"]._replace(
        insert="INSERT INTO version"
        " (alert, number, kind, state, hash, expires, issued_at, body, hazard, west, south, east, north, status)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        keep=_with_status,
    )
    forms["receipt"] = forms["receipt"]._replace(
        select=forms["receipt"].select.replace("ORDER BY id", 'ORDER BY id COLLATE "C"'),
        insert=f"WITH newest AS ({_GIVEN}) {forms['receipt'].insert}",
    )
    forms["key"] = forms["key"]._replace(select=forms["key"].select.replace("ORDER BY id", 'ORDER BY id COLLATE "C"'))
    forms["episode"] = Form(
        select="SELECT source, id, e.number, i.revision, e.open, e.report, e.arrived, e.alert, e.stopped"
        ' FROM episode e JOIN incident i USING (source, id) ORDER BY source COLLATE "C", id COLLATE "C", e.number',
        insert="WITH first AS (INSERT INTO incident (source, id, revision) VALUES ($1, $2, $4) ON CONFLICT DO NOTHING)"
        " INSERT INTO episode (source, id, number, open, report, arrived, alert, stopped)"
        " VALUES ($1, $2, $3, $5, $6, $7, $8, $9)",
    )
    headed = (
        "INSERT INTO chain (name, number, digest) VALUES ($1, $2, $8)"
        " ON CONFLICT (name) DO UPDATE SET number = excluded.number, digest = excluded.digest"
    )
    forms["audit"] = forms["audit"]._replace(insert=f"WITH headed AS ({headed}) {forms['audit'].insert}")
    return forms


# What `known` is answered from: the newest receipt of a key, or of bytes that came without one
_GIVEN = (
    "INSERT INTO given AS g (source, name, receipt, sha256, received_at)"
    " VALUES ($2, CASE WHEN $3::text IS NULL THEN 'body:' || $4 ELSE 'key:' || $3 END, $1, $4, $8)"
    " ON CONFLICT (source, name) DO UPDATE SET receipt = excluded.receipt, sha256 = excluded.sha256,"
    " received_at = excluded.received_at WHERE g.received_at <= excluded.received_at"
)

FORMS = _forms()
