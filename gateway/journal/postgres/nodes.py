"""Which gateways live: each keeps a session that holds its name and renews its row, and hears what the others say.

How long a node that stands still keeps what it holds, and who may judge it: docs/decisions/postgres.md.
"""

import asyncio
from time import monotonic

import asyncpg
import structlog

from gateway.fault import Unavailable
from gateway.journal.postgres.desk import PATIENCE_S, Desk
from gateway.journal.postgres.faults import LOST, unavailable
from gateway.journal.postgres.sql import Cx, find, only
from gateway.journal.postgres.standby import anybody_waits, away

BEAT_S = 1.0
# A node whose row was not renewed for so long stands still, or cannot reach the database; longer than a try may take
FROZEN_S = 12.0
# One that also has let go of its name ended without a word
GONE_S = 3.0
# Whoever claims is known to live for as long as the tries may take
CLAIM_S = 10.0
# A gap after which the others may have been kept from renewing just as long as we were
GAP_S = 8.0
NAME_S = 2.0
HANGS_S = 5.0
QUIET_S = 0.1
CHANNEL = "bongsu"

# The lock on a name as pg_locks shows it
HELD = (
    "SELECT l.pid FROM pg_locks l JOIN pg_database b ON b.oid = l.database AND b.datname = current_database()"
    " WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted"
    " AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended({name}, 0)"
)
_NOW = "extract(epoch FROM clock_timestamp())::float8"
_SHORT = f"SELECT until - {_NOW} FROM lease WHERE name = $1 AND until - {_NOW} < {CLAIM_S}"
_PROLONG = f"UPDATE lease SET until = {_NOW} + {FROZEN_S} WHERE name = $1"
# A CASE, so that locks are looked at only for a node that has been silent
_LIVING = (
    f"SELECT substr(n.name, 6) FROM lease n CROSS JOIN (SELECT {_NOW} AS now) t WHERE n.name LIKE 'node/%' AND n.until > t.now"
    f" AND CASE WHEN n.until > t.now + {FROZEN_S - GONE_S} THEN true ELSE EXISTS ({HELD.format(name='n.name')}) END"
)
_RENEW = (
    "INSERT INTO lease AS l (name, holder, until, fence) VALUES ($1, $1, $2, 1)"
    " ON CONFLICT (name) DO UPDATE SET until = $2, fence = l.fence + (l.until <= $3)::int RETURNING until"
)

log = structlog.get_logger()


def dead(holder: str, node: str, judges: str) -> str:
    """Return the condition that whoever holds a row is neither this node nor one that lives, by the parameters so named.

    Where this node's own row is old, everybody may have been kept from renewing, and nobody is judged.
    """
    fresh = f"EXISTS (SELECT FROM lease WHERE name = 'node/' || {node} AND until > {_NOW} + {FROZEN_S - GAP_S})"
    return f"({judges}::boolean AND {fresh} AND {holder} <> {node} AND {holder} NOT IN ({_LIVING}))"


def taken(node: str) -> Unavailable:
    """Return what a gateway is told whose name another one has."""
    hint = f"stop it, or give this one another `node` than {node!r}"
    return Unavailable("store-node-taken", f"another gateway called {node!r} runs or is frozen", hint=hint)


class Node:
    """This gateway among its peers; its session is made again whenever it is lost, on whichever host takes writes then."""

    def __init__(self, desk: Desk, name: str) -> None:
        """Nothing is done yet; while another has the name, the desk serves nobody."""
        self._desk, self._name = desk, name
        self._session: asyncpg.Connection | None = None
        self._pid = 0
        self._since = self._until = 0.0
        self._spoke = 0.0
        self._to_say = False
        self._stir, self._heard = asyncio.Event(), asyncio.Event()
        self._living: asyncio.Task[None] | None = None

    @property
    def judges(self) -> bool:
        """Tell whether this node has lived long enough without a break to tell who does not."""
        return self._until - self._since >= FROZEN_S

    async def join(self) -> None:
        """Take the name and begin to live.

        Raises Unavailable("store-node-taken") when another keeps it for 2 s, ("store-standby-away") when no commit is answered.
        """
        try:
            session = await self._sit_down()
        except asyncpg.LockNotAvailableError:
            raise (away() if await self._standby_is_away() else taken(self._name)) from None
        except LOST as error:
            raise (away() if await self._standby_is_away() else unavailable(error)) from error
        self._living = asyncio.create_task(self._live(session), name=f"node {self._name}")

    async def leave(self) -> None:
        """Let go of the name, so that what might still be held here is free at once."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
        if (session := self._session) is not None:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await session.execute("DELETE FROM lease WHERE name = $1", self._row)
                    await session.close()
            except LOST:
                session.terminate()

    async def before_claims(self, cx: Cx) -> None:
        """See to it that nobody takes a claim over before its try ends; raises Unavailable while the name is not held."""
        if self._session is None or self._session.is_closed():
            hint = "it goes on by itself when the database answers it again"
            raise Unavailable("store-node-adrift", f"the node {self._name!r} cannot tell the others that it lives", hint=hint)
        if short := await find(cx, _SHORT, self._row):
            if short[0] < FROZEN_S - GAP_S:
                self._since = self._until = 0.0
            await cx.execute(_PROLONG, self._row)

    def say(self) -> None:
        """Tell the other nodes, soon and once, that something is due."""
        self._to_say = True
        self._stir.set()

    async def heard(self, patience_s: float) -> bool:
        """Return True as soon as another node said that something is due, False after so many seconds."""
        try:
            async with asyncio.timeout(patience_s):
                await self._heard.wait()
        except TimeoutError:
            return False
        self._heard.clear()
        return True

    async def _standby_is_away(self) -> bool:
        try:
            async with asyncio.timeout(HANGS_S):
                cx = await self._desk.connect()
                try:
                    return await anybody_waits(cx)
                finally:
                    cx.terminate()
        except (asyncpg.PostgresError, *LOST):
            return False

    @property
    def _row(self) -> str:
        return f"node/{self._name}"

    async def _live(self, session: asyncpg.Connection) -> None:
        due = monotonic() + BEAT_S
        while True:
            await self._wait(due)
            try:
                async with asyncio.timeout(HANGS_S):
                    if monotonic() >= due or session.is_closed():
                        due = monotonic() + BEAT_S
                        await self._beat(session)
                    await self._speak(session)
            except (asyncpg.PostgresError, *LOST) as error:
                log.warning("node.adrift", node=self._name, error=str(error) or type(error).__name__)
                session.terminate()
                session = await self._come_back()

    async def _wait(self, due: float) -> None:
        """Wait for the next beat, or for something to say, but not right after what was said before."""
        self._stir.clear()
        if not self._to_say:
            try:
                async with asyncio.timeout(due - monotonic()):
                    await self._stir.wait()
            except TimeoutError:
                return
        await asyncio.sleep(min(self._spoke + QUIET_S, due) - monotonic())

    async def _come_back(self) -> asyncpg.Connection:
        while True:
            try:
                session = await self._sit_down()
            except asyncpg.LockNotAvailableError:
                self._desk.refusal = taken(self._name)
                log.error("node.ousted", node=self._name, hint=self._desk.refusal.hint)  # noqa: TRY400 - others have their say
            except (asyncpg.PostgresError, *LOST):
                await asyncio.sleep(BEAT_S / 4)
            else:
                log.info("node.back", node=self._name)
                self._desk.refusal = None
                self._heard.set()
                return session

    async def _sit_down(self) -> asyncpg.Connection:
        """Take the name with a session of its own; a session of ours that the server still believes in is ended."""
        session = await self._desk.connect()
        try:
            async with asyncio.timeout(NAME_S + HANGS_S):
                await self._take_name(session)
                self._session, self._pid = session, session.get_server_pid()
                self._since = self._until = 0.0
                await self._beat(session)
        except BaseException:
            session.terminate()
            raise
        session.add_termination_listener(lambda _: self._stir.set())
        return session

    async def _take_name(self, session: asyncpg.Connection) -> None:
        await session.execute(f"SET statement_timeout = 0; SET lock_timeout = '{NAME_S}s'")
        ghost = f"SELECT pg_terminate_backend(l.pid) FROM ({HELD.format(name='$1')}) l WHERE l.pid = $2"
        await session.execute(ghost, self._row, self._pid)
        await session.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", self._row)
        await session.add_listener(CHANNEL, self._listen)

    async def _beat(self, session: Cx) -> None:
        """Renew the row; whoever missed some time, or whose clock jumped, begins to live anew."""
        before = self._until
        [now] = await only(session, "clock", f"SELECT {_NOW}")
        [self._until] = await only(session, "lease", _RENEW, self._row, now + FROZEN_S, now)
        if not 0.0 <= self._until - before <= GAP_S:
            self._since = self._until

    async def _speak(self, session: Cx) -> None:
        if self._to_say:
            self._to_say = False
            self._spoke = monotonic()
            await session.execute(f"NOTIFY {CHANNEL}")

    def _listen(self, _: object, pid: int, channel: str, payload: object) -> None:
        """Hear the others, not oneself."""
        del channel, payload
        if pid != self._pid:
            self._heard.set()
