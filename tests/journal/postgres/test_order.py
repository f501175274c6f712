"""Whoever locks rows takes them in one order, so that nobody waits for each other; the server counts who did."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from gateway.alert import Deed, IncidentKey
from gateway.journal.contract import Stale
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Arrival, Draft, Todo, TodoKind
from tests.journal.samples import T0, act, claim, incident, placed, raw, revision, submit, tell, version

KEY = IncidentKey("gauge", "gapcheon", 1)
TO_DRAFT = Todo(kind=TodoKind.DRAFT, subject="gauge/gapcheon")
REPORTS = 120
HELD_S = 2.0
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
async def nodes(dsn: str) -> AsyncIterator[tuple[PostgresJournal, PostgresJournal]]:
    """Two nodes that a test may close before its end."""
    nodes = await PostgresJournal.open(dsn, node="a"), await PostgresJournal.open(dsn, node="b")
    yield nodes
    for node in nodes:
        await node.close()


@pytest.fixture
async def cx(dsn: str) -> AsyncIterator[Any]:
    """A transaction of somebody else, who changes nothing in the end."""
    cx = await asyncpg.connect(dsn)
    other = cx.transaction()
    await other.start()
    yield cx
    await cx.close()


async def deadlocks(dsn: str, *nodes: PostgresJournal) -> int:
    """Close these nodes, whose sessions tell what they counted when they end, and return how often one was ended for another."""
    for node in nodes:
        await node.close()
    cx = await asyncpg.connect(dsn)
    while await cx.fetchval(OTHERS):  # noqa: ASYNC110 - the server rings no bell
        await asyncio.sleep(0.01)
    counted: int = await cx.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    await cx.close()
    return counted


async def until_somebody_waits(dsn: str) -> None:
    """Return as soon as a session waits for a row."""
    cx = await asyncpg.connect(dsn)
    while not await cx.fetchval(WAITING):  # noqa: ASYNC110 - the server rings no bell
        await asyncio.sleep(0.01)
    await cx.close()


async def report(journal: PostgresJournal, number: int) -> None:
    """Let the incident be reported once more, with a draft owed for it."""
    new = placed(incident(sequence=number), expected=number - 1)
    await journal.accept(Arrival(at=T0, raw=raw(b"%d" % number), key=f"{number}", reports=(new,), todos=(TO_DRAFT,)))


async def drafts(journal: PostgresJournal, done: asyncio.Event) -> None:
    """Draft whatever is owed until no more is to come."""
    while not done.is_set():
        for task in await journal.take(TodoKind.DRAFT, 1, 30.0):
            expected = await revision(journal, "A1")
            new = Draft(version=version(about=KEY), expected=expected, acts=(act(1, Deed.DRAFTED),), at=T0, task=task)
            try:
                await journal.draft(new)
            except Stale:
                await journal.finish(task, retry_in=0.0)
        await asyncio.sleep(0)


async def test_who_drafts_and_who_reports_the_same_incident_never_wait_for_each_other(
    dsn: str, nodes: tuple[PostgresJournal, PostgresJournal]
) -> None:
    reporting, drafting = nodes
    done = asyncio.Event()
    at_work = asyncio.create_task(drafts(drafting, done))
    for number in range(1, REPORTS + 1):
        await report(reporting, number)
    done.set()
    await at_work

    assert await revision(drafting, "A1") > REPORTS / 10
    assert await deadlocks(dsn, reporting, drafting) == 0


async def test_a_person_decides_without_waiting_for_a_report_that_is_being_placed(a: PostgresJournal, cx: Any) -> None:
    await report(a, 1)
    about = version(about=KEY)
    await a.draft(Draft(version=about, expected=0, acts=(act(1, Deed.DRAFTED),), at=T0))
    await cx.execute("UPDATE episode SET arrived = arrived")

    assert await a.submit(submit(about), 1) == 2


async def in_flight(journal: PostgresJournal, *subjects: str) -> None:
    """Let a node have a delivery of A1 and work under way, as when its process ended there."""
    await tell(journal, version(), ["sms/all"])
    await claim(journal, "sms")
    for subject in subjects:
        await journal.accept(Arrival(at=T0, todos=(Todo(kind=TodoKind.PAGE, subject=subject),)))
    await journal.take(TodoKind.PAGE, len(subjects), 30.0)


async def test_a_node_that_starts_again_waits_for_an_alert_that_is_decided_on_and_holds_no_work_meanwhile(
    dsn: str, a: PostgresJournal, cx: Any
) -> None:
    await in_flight(a, "cancel:A1")
    await cx.execute("SELECT FROM alert FOR UPDATE")
    recovering = asyncio.create_task(a.recover())
    await until_somebody_waits(dsn)

    await cx.execute("SELECT FROM todo FOR UPDATE NOWAIT")

    await asyncio.sleep(HELD_S)
    await cx.execute("ROLLBACK")
    assert await recovering == 1
    assert len(await a.take(TodoKind.PAGE, 9, 30.0)) == 1


async def test_a_node_that_starts_again_frees_its_work_in_the_order_in_which_others_owe_it(
    dsn: str, a: PostgresJournal, cx: Any
) -> None:
    await in_flight(a, "z", "m", "a")
    await cx.execute("SELECT FROM todo WHERE subject = 'm' FOR UPDATE")
    recovering = asyncio.create_task(a.recover())
    await until_somebody_waits(dsn)

    await cx.execute("SELECT FROM todo WHERE subject = 'z' FOR UPDATE NOWAIT")

    await cx.execute("ROLLBACK")
    assert await recovering == 1
    assert len(await a.take(TodoKind.PAGE, 9, 30.0)) == 3
