"""A primary that dies takes nothing with it that was acknowledged: the standby has it, and every node finds the standby."""

import asyncio
import time

import pytest

from gateway.fault import Unavailable
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Arrival
from tests.journal.postgres.callers import Callers
from tests.journal.postgres.server import Pair
from tests.journal.samples import T0, claim, incident, placed, raw

GIVE_UP = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


async def test_nothing_acknowledged_is_lost_when_the_primary_dies_and_the_standby_is_promoted(pair: Pair) -> None:
    journal = await PostgresJournal.open(pair.dsn)
    try:
        callers = Callers(journal)
        before = await callers.call_during(lambda: asyncio.to_thread(pair.fail_over))
        print(f"{before} acknowledged before, {callers}")  # noqa: T201

        assert 0 < before < len(callers.acknowledged)
        await callers.nothing_lost(journal)
    finally:
        await journal.close()


async def test_a_primary_that_hangs_does_not_hide_the_standby_that_was_promoted(pair: Pair) -> None:
    journal = await PostgresJournal.open(pair.dsn)
    try:
        await journal.check()
        pair.primary.hang()
        await asyncio.to_thread(pair.promote)
        began = time.monotonic()
        while not await works(journal):
            assert time.monotonic() - began < 30
        print(f"it goes on after {time.monotonic() - began:.1f} s")  # noqa: T201
        while not await claims(journal):
            assert time.monotonic() - began < 30
            await asyncio.sleep(0.1)
        print(f"and claims after {time.monotonic() - began:.1f} s")  # noqa: T201
    finally:
        await journal.close()
        pair.primary.kill()


async def works(journal: PostgresJournal) -> bool:
    try:
        await journal.check()
    except Unavailable:
        return False
    return True


async def claims(journal: PostgresJournal) -> bool:
    try:
        await claim(journal, "sms")
    except Unavailable:
        return False
    return True


async def test_a_standby_that_is_away_delays_the_answer_and_loses_nothing(pair: Pair) -> None:
    journal = await PostgresJournal.open(pair.dsn)
    pair.standby.stop()
    try:
        callers = Callers(journal)
        before = await callers.call_during(lambda: asyncio.to_thread(pair.standby.start))
        print(f"{before} acknowledged before, {callers}")  # noqa: T201

        assert before == 0, "something was acknowledged that only one of the two had"
        assert callers.acknowledged
        await callers.nothing_lost(journal)
    finally:
        await journal.close()


async def nothing_waits(journal: PostgresJournal) -> None:
    """Wait until no commit of the journal waits for a standby any more, so that what comes next is not refused for that."""
    async with asyncio.timeout(10):
        while True:
            try:
                journal.desk.must_commit()
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                return


async def test_a_report_that_only_the_primary_has_is_not_acknowledged_when_it_is_sent_again(pair: Pair) -> None:
    journal = await PostgresJournal.open(pair.dsn)
    pair.standby.stop()
    arrival = Arrival(at=T0, raw=raw(b"once"), key="once", reports=(placed(incident("once")),))
    try:
        with pytest.raises(Unavailable):
            await journal.accept(arrival)
        await asyncio.to_thread(pair.primary.sql, GIVE_UP)
        await nothing_waits(journal)
        with pytest.raises(Unavailable):
            assert await journal.known(raw(b"once"), "once") is None
        with pytest.raises(Unavailable):
            await journal.accept(arrival)
        await asyncio.to_thread(pair.standby.start)
        # It answers before it streams, and what waited for it is still refused meanwhile
        await nothing_waits(journal)
        receipt = await journal.accept(arrival)
        assert receipt.again
        assert await journal.known(raw(b"once"), "once") == receipt
    finally:
        await journal.close()
