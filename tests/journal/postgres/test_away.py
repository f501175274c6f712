"""A database that is gone, or hangs: everybody is told within two seconds, and it goes on by itself when it is back."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from gateway.alert import Deed
from gateway.channel import Verdict
from gateway.fault import Unavailable, Unreachable
from gateway.feeds import FeedSettings, app
from gateway.incident import Status
from gateway.journal.postgres import PostgresJournal
from gateway.journal.postgres.desk import PATIENCE_S
from gateway.journal.records import Arrival, Draft, Key, Person, Todo, TodoKind
from gateway.publishing import Feeds
from tests.journal.postgres.callers import Callers
from tests.journal.postgres.server import Server
from tests.journal.samples import T0, act, claim, issue, raw, revision, room, settlement, submit, tell, version

SLACK_S = 3.0


async def verbs(journal: PostgresJournal) -> list[Coroutine[Any, Any, object]]:
    """Return a call of every verb, on a record in which each has something to do."""
    await tell(journal, version(), ["sms/x", "sms/y"])
    await journal.draft(Draft(version=version("A2"), expected=0, acts=(), at=T0))
    await journal.accept(Arrival(at=T0, raw=raw(), todos=(Todo(kind=TodoKind.PAGE, subject="p"),)))
    [claimed] = await claim(journal, "sms", most=1)
    [task] = await journal.take(TodoKind.PAGE, 1, 30)
    frozen = submit(version("A2"))
    return [
        *(journal.heads([("gauge", "x")]), journal.watches(["w"]), journal.accept(Arrival(at=T0, raw=raw(b"new")))),
        *(journal.known(raw(), None), journal.receipt("r"), journal.quarantine(), journal.quarantined(1)),
        *(journal.settle_quarantine(1, "raised", "kim", T0), journal.take(TodoKind.DRAFT, 1, 30), journal.finish(task)),
        *(journal.failures(), journal.allocate("s"), journal.alert("A1"), journal.alerts(), journal.frozen("A1", 1)),
        journal.neighbours(version(), T0),
        journal.draft(Draft(version=version("A3"), expected=0, acts=(), at=T0)),
        journal.edit(version("A2"), 1, act(1, Deed.EDITED)),
        *(journal.submit(frozen, 1), journal.reject("A2", 1, 1, act(1, Deed.REJECTED)), journal.issue(issue(frozen, 1))),
        *(journal.due_to_expire(T0), journal.expire("A1", 1, 3, T0), journal.claim(room({"sms": 1}, 1), 30, T0)),
        *(journal.settle([settlement(claimed, Verdict.ACCEPTED)], T0), journal.deliveries(), journal.publication()),
        *(
            journal.snapshot(),
            journal.published([("A1", 1)]),
            journal.backlog(),
            journal.heartbeat(T0, 1),
            journal.document("A1.1"),
            journal.person("kim"),
            journal.people(),
        ),
        journal.save_person(Person(name="kim", roles=frozenset(), password=""), "admin", T0),
        *(journal.save_key(Key(id="k", hash="h"), "admin", T0), journal.key("h"), journal.keys()),
        *(journal.note("service", "kim", "x", {}, T0), journal.audit(), journal.seal(T0), journal.lease("timers", "a", 10)),
        *(journal.recover(), journal.check()),
    ]


async def refused_quickly(calls: list[Coroutine[Any, Any, object]]) -> set[tuple[type[Unavailable], str]]:
    """Call them all at once; assert that each was told no in time and what to do; return as what, and with which codes."""
    began = time.monotonic()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert time.monotonic() - began < 2 + SLACK_S
    faults = [result for result in results if isinstance(result, Unavailable)]
    assert len(faults) == len(calls), results
    assert all(fault.hint for fault in faults)
    return {(type(fault), fault.code) for fault in faults}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_while_the_database_is_away_every_verb_says_so_and_afterwards_it_goes_on(
    a: PostgresJournal, server: Server, how: signal.Signals
) -> None:
    calls = await verbs(a)
    server.stop(how)
    try:
        assert await refused_quickly(calls) == {(Unreachable, "store-unavailable")}
        assert await refused_quickly([a.check()]) == {(Unreachable, "store-unavailable")}
    finally:
        server.start()

    await a.check()
    assert await revision(a, "A1") == 3
    assert (await a.alert("A2")).revision == 1
    assert await a.allocate("s") == 1


async def test_a_database_killed_under_load_loses_nothing_it_acknowledged(a: PostgresJournal, server: Server) -> None:
    callers = Callers(a)

    async def killed() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(1)
        await asyncio.to_thread(server.start)

    before = await callers.call_during(killed)
    print(f"{before} acknowledged before, {callers}")  # noqa: T201
    assert 0 < before < len(callers.acknowledged)
    assert callers.refusals
    assert callers.slowest < 2 + SLACK_S
    await callers.nothing_lost(a)


@asynccontextmanager
async def standing_still(server: Server, dsn: str) -> AsyncIterator[None]:
    """Stop every process of the server that could answer us, without ending a connection."""
    cx = await asyncpg.connect(dsn)
    pids = [row[0] for row in await cx.fetch("SELECT pid FROM pg_stat_activity WHERE application_name = 'bongsu'")]
    await cx.close()
    for pid in (server.pid, *pids):
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in (*pids, server.pid):
            os.kill(pid, signal.SIGCONT)


async def test_a_database_that_hangs_delays_nobody_past_two_seconds(a: PostgresJournal, server: Server, dsn: str) -> None:
    calls = await verbs(a)
    async with standing_still(server, dsn):
        assert await refused_quickly(calls) == {(Unavailable, "store-unavailable")}
        assert await refused_quickly([a.publication(), a.check()]) == {(Unavailable, "store-unavailable")}

    await a.check()
    assert await revision(a, "A1") == 3


async def test_whoever_holds_a_row_for_ever_delays_no_machine_past_two_seconds(a: PostgresJournal, dsn: str) -> None:
    await tell(a, version(), ["sms/x"])
    other = await asyncpg.connect(dsn)
    await other.execute("BEGIN")
    await other.execute("SELECT FROM alert FOR UPDATE")

    frozen = submit(version(number=2), ["sms/x"])
    assert await a.claim(room({"sms": 1}, 1), 30, T0) == []
    assert await refused_quickly([a.expire("A1", 1, 3, T0)]) == {(Unavailable, "store-unavailable")}
    with pytest.raises(Unavailable, match=r"holds what is needed|in time"):
        await a.issue(issue(frozen, 3), frozen)
    assert [record.id for record in await a.alerts()] == ["A1"]
    await other.close()
    await a.issue(issue(frozen, 3), frozen)


async def test_whoever_decides_waits_for_a_row_that_is_held_for_a_while(a: PostgresJournal, dsn: str) -> None:
    await tell(a, version(), ["sms/x"])
    frozen = submit(version(number=2), ["sms/x"])
    other = await asyncpg.connect(dsn)
    await other.execute("BEGIN")
    await other.execute("SELECT FROM alert FOR UPDATE")
    issuing = asyncio.create_task(a.issue(issue(frozen, 3), frozen))
    await asyncio.sleep(PATIENCE_S + 0.4)
    assert not issuing.done()
    await other.close()
    await issuing
    assert await revision(a, "A1") > 3


async def test_a_cancelled_caller_leaves_nothing_behind(a: PostgresJournal, dsn: str) -> None:
    await tell(a, version())
    other = await asyncpg.connect(dsn)
    await other.execute("BEGIN")
    await other.execute("SELECT FROM chain WHERE name = 'service' FOR UPDATE; LOCK TABLE audit IN SHARE MODE")
    gone = asyncio.create_task(a.note("service", "kim", "gone", {}, T0))
    await asyncio.sleep(0.1)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await other.close()

    await a.note("service", "kim", "stays", {}, T0)
    assert [entry.act for entry in await a.audit("service")] == ["stays"]


async def test_closing_serves_nobody_any_more(dsn: str) -> None:
    journal = await PostgresJournal.open(dsn)
    await journal.close()
    await journal.close()

    assert await refused_quickly([journal.check(), journal.publication()]) == {(Unavailable, "store-closed")}


async def test_of_several_hosts_the_first_that_takes_writes_is_used(server: Server, dsn: str) -> None:
    nowhere = server.home / "nowhere"
    name = dsn.partition("@/")[2].partition("?")[0]
    journal = await PostgresJournal.open(f"postgresql://postgres@/{name}?host={nowhere},{server.home}")
    await journal.note("service", "kim", "stays", {}, T0)
    await journal.close()

    there = await PostgresJournal.open(dsn)
    assert [entry.act for entry in await there.audit("service")] == ["stays"]
    await there.close()


async def test_feeds_wait_for_one_reading_and_a_reading_that_failed_is_tried_again(a: PostgresJournal, dsn: str) -> None:
    """The publication can be read, but what it publishes is held by somebody else; the database counts who waits."""
    feed = app.feed(FeedSettings(title={"ko": "한밭"}, sender="a@hanbat.example", mode=Status.EXERCISE, language="ko"))
    feeds = Feeds(a, [feed], "https://hanbat.example", lambda: T0)
    await tell(a, version(), feeds=["app"])
    other, judge = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    await other.execute("BEGIN; LOCK TABLE issued")
    asked = [asyncio.create_task(feeds.current(feed.path)) for _ in range(20)]
    waiting = 0
    while not all(one.done() for one in asked):
        waiting = max(waiting, await judge.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))
    refused = await asyncio.gather(*asked, return_exceptions=True)
    await judge.close()
    await other.close()

    assert {type(one) for one in refused} == {Unavailable}
    assert waiting == 1
    served = await feeds.current(feed.path)
    assert served is not None
    assert b"A1.1 in app" in served.body
