"""A primary that dies takes nothing with it that was acknowledged: the standby has it, and every node finds the standby."""

import asyncio

from gateway.journal.postgres import PostgresJournal
from tests.journal.postgres.callers import Callers
from tests.journal.postgres.server import Pair


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
