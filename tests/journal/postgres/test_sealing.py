"""Sealing and reading the whole audit while others write: nobody waits for it, and every entry before a seal is in it."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from gateway.journal.audit import SEALS, verify
from gateway.journal.postgres import PostgresJournal, audit
from gateway.journal.records import AuditEntry
from tests.journal.samples import T0

SEALINGS = 30
PAGE = 7
WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'audit'::regclass AND mode = 'RowExclusiveLock' AND pid <> $1)"


@pytest.fixture
async def writer(a: PostgresJournal, dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody whose entry has its place, and is not committed."""
    await a.note("river", "kim", "before", {}, T0)
    cx = await asyncpg.connect(dsn)
    await cx.execute("BEGIN")
    await audit.note(cx, "slow", "lee", "under way", {}, T0)
    yield cx
    await cx.close()


async def until_placed(writer: asyncpg.Connection) -> None:
    """Wait until somebody else has a place in the audit."""
    async with asyncio.timeout(10):
        while not await writer.fetchval(WAITS, writer.get_server_pid()):  # noqa: ASYNC110 - another session
            await asyncio.sleep(0.01)


async def test_a_seal_waits_for_what_has_a_place_before_it_and_nobody_waits_for_the_seal(
    a: PostgresJournal, b: PostgresJournal, writer: asyncpg.Connection
) -> None:
    sealing = asyncio.create_task(a.seal(T0))
    await until_placed(writer)
    for number in range(3):
        await b.note("river", "kim", f"meanwhile {number}", {}, T0)
    assert not sealing.done()
    await writer.execute("COMMIT")
    await sealing

    entries = await a.audit()
    assert [(entry.chain, entry.act) for entry in entries] == [
        ("river", "before"),
        ("slow", "under way"),
        (SEALS, "sealed"),
        *(("river", f"meanwhile {number}") for number in range(3)),
    ]
    assert verify(entries) is None
    without = verify([entry for entry in entries if entry.chain != "slow"])
    assert without is not None
    assert without.path == f"{SEALS}#1"


async def test_whoever_appends_to_a_chain_waits_for_who_is_at_it(a: PostgresJournal, writer: asyncpg.Connection) -> None:
    await audit.note(writer, "river", "lee", "under way too", {}, T0)
    noting = asyncio.create_task(a.note("river", "kim", "after", {}, T0))
    await asyncio.sleep(0.2)
    assert not noting.done()
    await writer.execute("COMMIT")
    await noting

    entries = await a.audit("river")
    assert [entry.act for entry in entries] == ["before", "under way too", "after"]
    assert verify(entries, whole=False) is None


async def test_what_was_given_up_before_a_seal_is_not_in_it(a: PostgresJournal, writer: asyncpg.Connection) -> None:
    sealing = asyncio.create_task(a.seal(T0))
    await until_placed(writer)
    await writer.execute("ROLLBACK")
    await sealing
    entries = await a.audit()
    assert [entry.chain for entry in entries] == ["river", SEALS]
    assert verify(entries) is None


async def test_whoever_reads_the_whole_audit_sees_no_entry_in_front_of_one_that_was_read(
    a: PostgresJournal, b: PostgresJournal, writer: asyncpg.Connection
) -> None:
    await b.note("river", "kim", "after", {}, T0)
    reading = asyncio.create_task(a.audit())
    await asyncio.sleep(0.2)
    assert not reading.done()
    await b.note("river", "kim", "too late", {}, T0)
    await writer.execute("COMMIT")
    first = [entry.act for entry in await reading]
    assert first == ["before", "under way", "after"]
    assert [entry.act for entry in await a.audit(after=3)] == ["too late"]


async def test_a_writer_that_never_ends_keeps_nobody_but_the_seal(a: PostgresJournal, b: PostgresJournal, dsn: str) -> None:
    """The seal is tried again at the next turn of the timers."""
    cx = await asyncpg.connect(dsn)
    await cx.execute("BEGIN")
    await audit.note(cx, "slow", "lee", "under way", {}, T0)
    sealing = asyncio.create_task(a.seal(T0))
    await until_placed(cx)
    await b.note("river", "kim", "meanwhile", {}, T0)
    sealing.cancel()
    await asyncio.gather(sealing, return_exceptions=True)
    await cx.close()
    assert len(await a.seal(T0)) == 64
    assert verify(await b.audit()) is None


async def test_seals_of_two_nodes_among_their_writers_prove_every_entry(a: PostgresJournal, b: PostgresJournal) -> None:
    stop = asyncio.Event()
    writers = [asyncio.create_task(_write(journal, f"{number}", stop)) for journal in (a, b) for number in range(4)]
    for number in range(SEALINGS):
        await (a, b)[number % 2].seal(T0)
    stop.set()
    written = sum(await asyncio.gather(*writers))

    entries = await _pages(a)
    assert len(entries) == written + SEALINGS
    assert sum(entry.chain == SEALS for entry in entries) == SEALINGS
    assert verify(entries) is None
    last = max(index for index, entry in enumerate(entries) if entry.chain == SEALS)
    assert last > PAGE
    for index in range(0, last, 11):
        assert verify(entries[:index] + entries[index + 1 :]) is not None


async def _write(journal: PostgresJournal, name: str, stop: asyncio.Event) -> int:
    """Write to a chain of its own node's and to one of all, until told to stop; return how often."""
    for number in itertools.count(1):
        if stop.is_set():
            break
        await journal.note(f"{journal.node}/{name}" if number % 3 else "all", "kim", f"{number}", {}, T0)
    return number - 1


async def _pages(journal: PostgresJournal) -> list[AuditEntry]:
    entries = list[AuditEntry]()
    while page := await journal.audit(after=len(entries), most=PAGE):
        entries += page
    return entries
