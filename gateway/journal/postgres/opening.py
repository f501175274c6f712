"""What must hold before a store is used: a server that keeps what it committed, and a schema we know."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import asyncpg

from gateway.fault import Unavailable
from gateway.journal.postgres import migrate
from gateway.journal.postgres.desk import Desk
from gateway.journal.postgres.faults import LOST, unavailable
from gateway.journal.postgres.hosts import connect
from gateway.journal.postgres.sql import Cx, only

OLDEST = 140000
MOST_CONNECTIONS = 10
STATEMENTS_KEPT = 300

_SESSION = {
    "application_name": "bongsu",
    "idle_in_transaction_session_timeout": "3000",
    "client_connection_check_interval": "500",
    "timezone": "UTC",
    "jit": "off",
    # A machine that lost its power lets go of its node's name within 8 s
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
}
_SETTINGS = (
    "SELECT current_setting('server_version_num')::int, current_setting('fsync'), current_setting('synchronous_commit'),"
    " current_setting('synchronous_standby_names')"
)


async def open_desk(dsn: str, password: str | None, patience_s: float) -> Desk:
    """Connect to the first of the DSN's hosts that takes writes, check it and bring its schema up to date.

    Raises Unavailable with the remedy, BadInput for a DSN that cannot be read.
    """
    session = {**_SESSION, **_giving_up_before(patience_s)}
    reach = partial(connect, password=password, server_settings=session, statement_cache_size=STATEMENTS_KEPT)
    try:
        pool = await _pool(dsn, reach)
    except LOST as error:
        raise unavailable(error) from error
    try:
        await _ready(pool)
    except BaseException:
        pool.terminate()
        raise
    return Desk(pool, partial(reach, dsn), patience_s)


def _giving_up_before(patience_s: float) -> Mapping[str, str]:
    """The server gives up before we do, so that nothing of a verb that was refused is still on its way."""
    return {"statement_timeout": f"{patience_s - 0.1:.1f}s", "lock_timeout": f"{patience_s - 0.3:.1f}s"}


async def _pool(dsn: str, reach: Callable[..., Awaitable[asyncpg.Connection]]) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        dsn, min_size=1, max_size=MOST_CONNECTIONS, connect=reach, init=refuse_unsafe, reset=_leave_as_it_is
    )


async def _ready(pool: asyncpg.Pool) -> None:
    try:
        async with pool.acquire() as cx:
            await migrate.bring_up(cx)
    except LOST as error:
        raise unavailable(error) from error


async def refuse_unsafe(cx: Cx) -> None:
    """Raise Unavailable for a server that is too old, or that answers before what it committed is where it is promised to be.

    Every connection is asked, for the server behind it may be another one by then.
    """
    version, fsync, commit, standbys = await only(cx, "setting", _SETTINGS)
    if version < OLDEST:
        raise Unavailable("store-server-old", f"PostgreSQL {version // 10000}", hint="use PostgreSQL 14 or newer")
    if "off" in (fsync, commit):
        message = f"PostgreSQL can lose committed writes (fsync = {fsync}, synchronous_commit = {commit})"
        raise Unavailable("store-server-unsafe", message, hint="set both to on")
    if commit == "local" and standbys:
        message = "PostgreSQL answers before a standby has what it committed (synchronous_commit = local)"
        raise Unavailable("store-server-unsafe", message, hint="set it to on, or name no standby in synchronous_standby_names")


async def _leave_as_it_is(_: object) -> None:
    """Verbs change nothing of a session that the next one would have to undo."""
