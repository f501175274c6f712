"""Whoever locks rows takes them in one order, so that nobody waits for each other; the server counts who did."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from gateway.alert import Deed, IncidentKey
from gateway.journal.contract import Stale
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Arrival, Draft, Todo, TodoKind
from tests.journal.samples import T0, act, incident, placed, raw, revision, submit, version

KEY = IncidentKey("gauge", "gapcheon", 1)
TO_DRAFT = Todo(kind=TodoKind.DRAFT, subject="gauge/gapcheon")
REPORTS = 120
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
async def nodes(dsn: str) -> AsyncIterator[tuple[PostgresJournal, PostgresJournal]]:
    """Two nodes that a test may close before its end."""
    nodes = await PostgresJournal.open(dsn, node="a"), await PostgresJournal.open(dsn, node="b")
    yield nodes
    for node in nodes:
        await node.close()


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


async def test_a_person_decides_without_waiting_for_a_report_that_is_being_placed(dsn: str, a: PostgresJournal) -> None:
    await report(a, 1)
    about = version(about=KEY)
    await a.draft(Draft(version=about, expected=0, acts=(act(1, Deed.DRAFTED),), at=T0))
    cx = await asyncpg.connect(dsn)
    placing = cx.transaction()
    await placing.start()
    await cx.execute("UPDATE episode SET arrived = arrived")

    assert await a.submit(submit(about), 1) == 2

    await placing.rollback()
    await cx.close()
