"""The record's verbs on SQLite; each is written in the file of its topic and runs in the writer's or the reader's thread."""

import asyncio
import math
from collections.abc import Callable, Collection, Coroutine
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import apsw

from gateway.elapsed import steady
from gateway.fault import Conflict
from gateway.journal.records import Arrival, Receipt
from gateway.journal.sql.tried import Turn
from gateway.journal.sqlite import (
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
from gateway.journal.sqlite.desk import Reader
from gateway.journal.sqlite.opening import Opened, open_store
from gateway.journal.sqlite.sql import change
from gateway.journal.sqlite.writer import Writer

LONGEST_WAIT_S = 60.0
"""Nobody puts a try or a piece of work off for longer."""

P = ParamSpec("P")
T = TypeVar("T")

Verb = Callable[Concatenate["SqliteJournal", P], Coroutine[Any, Any, T]]


def _reads(verb: Callable[Concatenate[apsw.Connection, P], T]) -> Verb[P, T]:
    @wraps(verb)
    async def run(journal: "SqliteJournal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await journal.reader.run(lambda cx: verb(cx, *args, **kwargs))

    return run


def _writes(verb: Callable[Concatenate[apsw.Connection, P], T]) -> Verb[P, T]:
    @wraps(verb)
    async def run(journal: "SqliteJournal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await journal.writer.run(lambda cx: verb(cx, *args, **kwargs))

    return run


def _timed(verb: Callable[Concatenate[apsw.Connection, float, P], T]) -> Verb[P, T]:
    """Hand the verb the store's own clock, read when it runs."""

    @wraps(verb)
    async def run(journal: "SqliteJournal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await journal.writer.run(lambda cx: verb(cx, journal.real(), *args, **kwargs))

    return run


class SqliteJournal:
    """The record in one SQLite file on a local disk; implements gateway.journal.contract.Journal."""

    node = "gateway"

    def __init__(self, opened: Opened, path: Path, real: Callable[[], float]) -> None:
        """Serve an opened store; use `SqliteJournal.open`."""
        self.real = real
        self._lock = opened.lock
        self.writer = Writer(opened.writing, path, opened.lock)
        self.reader = Reader(opened.reading, "journal-reader")

    @classmethod
    async def open(cls, path: Path, *, real: Callable[[], float] | None = None, shared: bool = False) -> "SqliteJournal":
        """Open or create the store at `path`; raises Unavailable, naming the remedy.

        It is ours alone until closed, by a lock on `path` with the suffix `.lock`. `shared` takes no lock, so that people, keys
        and audit can be worked on beside a running gateway. `real` is the clock of leases and backoff, in seconds:
        by default the time of day, whose changes while the store is open it does not follow.
        """
        return cls(await asyncio.to_thread(open_store, path, shared=shared), path, real or steady())

    # In a class body a name hides the module of the same name, so `alerts`, `deliveries`, `people` and `audit` close their group.

    heads = _reads(intake.heads)
    watches = _reads(intake.watches)
    known = _reads(intake.known)
    receipt = _reads(intake.receipt)
    quarantine = _reads(intake.quarantine)
    quarantined = _reads(intake.quarantined)
    settle_quarantine = _writes(intake.settle_quarantine)

    reports = _reads(incidents.reports)
    incidents = _reads(incidents.incidents)

    heard = _reads(foreign.heard)
    heard_one = _reads(foreign.heard_one)
    heard_bytes = _reads(foreign.heard_bytes)

    take = _timed(work.take)
    finish = _timed(work.finish)
    failures = _reads(work.failures)

    allocate = _writes(alerts.allocate)
    alert = _reads(alerts.alert)
    neighbours = _reads(alerts.neighbours)
    draft = _writes(alerts.draft)
    edit = _writes(alerts.edit)
    submit = _writes(alerts.submit)
    reject = _writes(alerts.reject)
    frozen = _reads(alerts.frozen)
    alerts = _reads(alerts.alerts)

    issue = _timed(issuing.issue)
    expire = _timed(issuing.expire)
    due_to_expire = _reads(publications.due_to_expire)
    publication = _reads(publications.current)
    snapshot = _reads(publications.snapshot)
    published = _reads(publications.published)
    heartbeat = _writes(publications.heartbeat)
    document = _reads(publications.document)

    claim = _timed(deliveries.claim)
    _put_back = _writes(unclaiming.put_back)
    settle = _timed(deliveries.settle)
    backlog = _reads(deliveries.backlog)
    deliveries = _reads(deliveries.deliveries)

    save_person = _writes(people.save_person)
    person = _reads(people.person)
    save_key = _writes(people.save_key)
    key = _reads(people.key)
    keys = _reads(people.keys)
    lease = _timed(people.lease)
    check = _writes(people.check)
    people = _reads(people.people)

    note = _writes(audit.note)
    seal = _writes(audit.seal)
    audit = _reads(audit.read)

    async def accept(self, arrival: Arrival) -> Receipt:
        """Record everything a request or a tick brings, in one with whoever comes at the same time."""
        return await self.writer.share(arriving.accept, arrival)

    async def changed(self, patience_s: float) -> bool:
        """Wait: there is no other node that could say something."""
        await asyncio.sleep(patience_s)
        return False

    async def recover(self) -> int:
        """Free what an earlier process held; raises Conflict on a shared store, whose owner may be at work."""
        self._alone()
        return await _timed(_recover)(self)

    async def put_back(self, times: Collection[datetime], in_hands: Collection[Turn], now: datetime) -> bool:
        """Free what this process claimed and was never told of; raises Conflict on a shared store."""
        self._alone()
        return await self._put_back(times, in_hands, now)

    def _alone(self) -> None:
        if self._lock is None:
            raise Conflict("store-shared", "only the store's one owner may recover it", hint="open it without shared=True")

    async def close(self) -> None:
        """Finish what is queued and let go of the store."""
        await self.reader.close()
        await self.writer.close()
        if self._lock is not None:
            self._lock.close()


def _recover(cx: apsw.Connection, real: float) -> int:
    """Nobody waits for what another process set by a clock that may have been wrong."""
    work.free(cx)
    change(cx, "DELETE FROM lease")
    change(cx, "UPDATE delivery SET due = ?1 WHERE state = 'waiting' AND due > ?1 + ?2", real, LONGEST_WAIT_S)
    change(cx, "UPDATE todo SET due = ?1 WHERE done = 0 AND due > ?1 + ?2", real, LONGEST_WAIT_S)
    return deliveries.lose(cx, real, over_by=math.inf)
