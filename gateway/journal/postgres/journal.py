"""The record's verbs on PostgreSQL; each is written in the file of its topic and runs in a transaction of its own."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog

from gateway.fault import Conflict, Fault
from gateway.journal.postgres import (
    alerts,
    arriving,
    audit,
    deliveries,
    foreign,
    incidents,
    intake,
    issuing,
    people,
    publications,
    unclaiming,
    work,
)
from gateway.journal.postgres.desk import PATIENCE_S, READ, WRITE, Desk
from gateway.journal.postgres.nodes import Node
from gateway.journal.postgres.opening import open_desk
from gateway.journal.postgres.sql import Cx, Here, here
from gateway.journal.postgres.together import Together
from gateway.journal.records import Arrival, Claimed, DeliveryState, Receipt, Room, Settlement
from gateway.journal.sql.arriving import Answer
from gateway.journal.sql.tried import Turn

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

Verb = Callable[Concatenate["PostgresJournal", P], Coroutine[Any, Any, T]]


def _glances(verb: Callable[Concatenate[Cx, P], Awaitable[T]]) -> Verb[P, T]:
    """Read with one statement."""

    @wraps(verb)
    async def run(journal: "PostgresJournal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await journal.desk.glance(lambda cx: verb(cx, *args, **kwargs))

    return run


def _reads(verb: Callable[Concatenate[Cx, P], Awaitable[T]]) -> Verb[P, T]:
    """Read with several statements, all of one state of the record."""

    @wraps(verb)
    async def run(journal: "PostgresJournal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await journal.desk.run(lambda cx: verb(cx, *args, **kwargs), READ)

    return run


def _writes(verb: Callable[Concatenate[Cx, P], Awaitable[T]]) -> Verb[P, T]:
    @wraps(verb)
    async def run(journal: "PostgresJournal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await journal.desk.run(lambda cx: verb(cx, *args, **kwargs), WRITE)

    return run


def _decides(verb: Callable[Concatenate[Cx, P], Awaitable[T]]) -> Verb[P, T]:
    """Write down what a person decided, who waits for what other transactions hold."""

    @wraps(verb)
    async def run(journal: "PostgresJournal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await journal.desk.run(lambda cx: verb(cx, *args, **kwargs), insists=True)

    return run


def _timed(verb: Callable[Concatenate[Cx, Here, P], Awaitable[T]], *, insists: bool = False) -> Verb[P, T]:
    """Hand the verb the database's own clock, read when it runs."""

    @wraps(verb)
    async def run(journal: "PostgresJournal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        async def work(cx: Cx) -> T:
            return await verb(cx, await journal.here(cx), *args, **kwargs)

        return await journal.desk.run(work, insists=insists)

    return run


def _says(verb: Verb[P, T]) -> Verb[P, T]:
    """Tell the other nodes, once that is committed, that something may be due."""

    @wraps(verb)
    async def run(journal: "PostgresJournal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        result = await verb(journal, *args, **kwargs)
        if journal.living is not None:
            journal.living.say()
        return result

    return run


async def _claims(journal: "PostgresJournal", room: Room, lease_s: float, now: datetime) -> Sequence[Claimed]:
    """Settle what cannot go any more, then lease the eligible head of each lane."""

    async def look(cx: Cx) -> tuple[Here, Sequence[str]]:
        if journal.living is not None:
            await journal.living.before_claims(cx)
        return await journal.unswept(cx, now)

    journal.desk.must_commit()
    asked, found = await journal.desk.glance(look)
    if found:
        await _sweeps(journal, asked, found, now)
    return await journal.desk.run(lambda cx: deliveries.claim(cx, asked, room, lease_s, now))


async def _sweeps(journal: "PostgresJournal", asked: Here, found: Sequence[str], now: datetime) -> None:
    """Settle what cannot go any more, in a transaction of its own: what can go does not wait until that succeeds."""
    try:
        await journal.desk.run(lambda cx: deliveries.sweep(cx, asked, found, now))
    except Exception as error:  # noqa: BLE001 - whatever it is, an alert that can go is no part of it
        reason = error.code if isinstance(error, Fault) else type(error).__name__
        log.warning("sweep-failed", reason=reason, alerts=len(found))


async def _puts_back(journal: "PostgresJournal", times: Collection[datetime], in_hands: Collection[Turn], now: datetime) -> bool:
    """Free what this node claimed and was never told of; as for claims, its name must be held."""
    node = journal.alone()

    async def work(cx: Cx) -> bool:
        await node.before_claims(cx)
        return await unclaiming.put_back(cx, unclaiming.Lost(journal.node, times, in_hands), now)

    return await journal.desk.run(work)


async def _settles(journal: "PostgresJournal", tries: Sequence[Settlement], at: datetime) -> Sequence[DeliveryState | None]:
    """Record what came of tries, by the database's own clock."""
    return await journal.desk.run(lambda cx: deliveries.settle(cx, journal.offset(), tries, at))


def _no_offset() -> float:
    return 0.0


class PostgresJournal:
    """The record in a PostgreSQL database that several nodes share; implements gateway.journal.contract.Journal."""

    def __init__(self, desk: Desk, node: str, offset: Callable[[], float], living: Node | None) -> None:
        """Serve an opened store; use `PostgresJournal.open`."""
        self.desk = desk
        self.node = node
        self.living = living
        self.offset = offset
        self._together = Together(self._records)

    @classmethod
    async def open(  # noqa: PLR0913 - what may differ between nodes, by name
        cls,
        dsn: str,
        *,
        password: str | None = None,
        node: str = "",
        offset: Callable[[], float] = _no_offset,
        shared: bool = False,
        patience_s: float = PATIENCE_S,
    ) -> "PostgresJournal":
        """Open the store in a database that exists; raises Unavailable, naming the remedy, BadInput for an unreadable DSN.

        A DSN may name several hosts: the first that takes writes is used, now and whenever a connection is lost. `node` names
        this gateway among its peers and stays the same when it starts again (by default the host's name); two of one name are
        refused. `shared` is for work on people, keys and audit beside a gateway of the same name. `offset` seconds are added to
        the database's clock, but not where it tells which nodes live. Whoever waits longer than `patience_s` is told no.
        """
        desk, name = await open_desk(dsn, password, patience_s), node or socket.gethostname()
        if shared:
            return cls(desk, name, offset, None)
        living = Node(desk, name)
        try:
            await living.join()
        except BaseException:
            await desk.close()
            raise
        return cls(desk, name, offset, living)

    # In a class body a name hides the module of the same name, so `alerts`, `deliveries`, `people` and `audit` close their group.

    heads = _glances(intake.heads)
    watches = _glances(intake.watches)
    known = _writes(intake.known)
    receipt = _glances(intake.receipt)
    quarantine = _glances(intake.quarantine)
    quarantined = _glances(intake.quarantined)
    settle_quarantine = _writes(intake.settle_quarantine)

    reports = _glances(incidents.reports)
    incidents = _glances(incidents.incidents)

    heard = _glances(foreign.heard)
    heard_one = _glances(foreign.heard_one)
    heard_bytes = _glances(foreign.heard_bytes)

    take = _timed(work.take)
    finish = _timed(work.finish)
    failures = _glances(work.failures)

    allocate = _writes(alerts.allocate)
    alert = _reads(alerts.alert)
    neighbours = _reads(alerts.neighbours)
    draft = _says(_decides(alerts.draft))
    edit = _decides(alerts.edit)
    submit = _decides(alerts.submit)
    reject = _decides(alerts.reject)
    frozen = _reads(alerts.frozen)
    alerts = _reads(alerts.alerts)

    issue = _says(_timed(issuing.issue, insists=True))
    expire = _says(_timed(issuing.expire))
    due_to_expire = _reads(publications.due_to_expire)
    publication = _glances(publications.current)
    snapshot = _reads(publications.snapshot)
    published = _glances(publications.published)
    heartbeat = _writes(publications.heartbeat)
    document = _glances(publications.document)

    claim = _claims
    put_back = _puts_back
    _recover = _timed(deliveries.recover, insists=True)
    settle = _settles
    backlog = _glances(deliveries.backlog)
    deliveries = _reads(deliveries.deliveries)

    save_person = _writes(people.save_person)
    person = _glances(people.person)
    save_key = _writes(people.save_key)
    key = _glances(people.key)
    keys = _glances(people.keys)
    lease = _timed(people.lease)
    check = _writes(people.check)
    people = _glances(people.people)

    note = _writes(audit.note)
    seal = _writes(audit.seal)
    audit = _writes(audit.read)

    async def changed(self, patience_s: float) -> bool:
        """Return True as soon as another node said that something is due; missing one costs no more than a poll."""
        if self.living is not None:
            return await self.living.heard(patience_s)
        await asyncio.sleep(patience_s)
        return False

    async def accept(self, arrival: Arrival) -> Receipt:
        """Record everything a request or a tick brings, in one transaction with whoever comes at the same time."""
        receipt = await self._together.accept(arrival)
        if self.living is not None and arrival.todos:
            self.living.say()
        return receipt

    async def _records(self, arrivals: Sequence[Arrival], *, waited: bool) -> Sequence[Answer]:
        return await self.desk.run(lambda cx: arriving.accept(cx, arrivals, waited=waited))

    async def recover(self) -> int:
        """Free what this node held before it started; raises Conflict on a shared store, whose owner may be at work."""
        self.alone()
        # In transactions of their own: whoever decides on an alert takes it before the work
        await self.desk.run(lambda cx: work.free(cx, self.node), insists=True)
        return await self._recover()

    def alone(self) -> Node:
        """Return this node, whose name is its own; raises Conflict on a shared store."""
        if self.living is None:
            raise Conflict("store-shared", "only the node itself may recover what it held", hint="open it without shared=True")
        return self.living

    async def close(self) -> None:
        """Finish what is under way and let go of the node's name and of the database."""
        await self.desk.close()
        if self.living is not None:
            await self.living.leave()

    async def here(self, cx: Cx) -> Here:
        """Read the database's clock, and say who asks."""
        judges = self.living is not None and self.living.judges
        return await here(cx, self.node, self.offset(), judges=judges)

    async def unswept(self, cx: Cx, now: datetime) -> tuple[Here, Sequence[str]]:
        """Read the database's clock, say who asks, and find alerts with deliveries that cannot go any more."""
        judges = self.living is not None and self.living.judges
        return await deliveries.unswept(cx, self.node, self.offset(), now, judges=judges)
