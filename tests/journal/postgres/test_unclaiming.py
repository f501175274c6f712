"""What a node claimed and was never told of: not before nothing of it can come to light any more, and nobody else's."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from gateway.channel import Verdict
from gateway.fault import Conflict, Unavailable
from gateway.journal.postgres import PostgresJournal, deliveries
from gateway.journal.postgres.sql import here
from tests.journal.postgres.server import Pair
from tests.journal.postgres.standing import Heard, courier
from tests.journal.samples import T0, Real, claim, room, settle, states, tell, version

AWAY_S = 4.0
# Well before the lease is over
SOON_S = 15.0


@asynccontextmanager
async def on_its_way(dsn: str, real: Real) -> AsyncIterator[Callable[[], Coroutine[Any, Any, object]]]:
    """Let node a claim an SMS, as over a line that was cut, and hand out what lets the server commit that."""
    cx = await asyncpg.connect(dsn)
    try:
        await cx.execute("BEGIN")
        asked = await here(cx, "a", real.at, judges=False)
        assert len(await deliveries.claim(cx, asked, room({"sms": 1}, 1), 30.0, T0)) == 1
        yield lambda: cx.execute("COMMIT")
    finally:
        await cx.close()


async def test_what_another_node_holds_is_left_to_it(a: PostgresJournal, b: PostgresJournal) -> None:
    await tell(a, version(), ["sms/x", "sms/y"])
    [lost] = await claim(a, "sms", most=1)
    [theirs] = await claim(b, "sms", most=1)

    assert await a.put_back([T0], [], T0)
    assert await states(a) == {lost.key: "waiting", theirs.key: "sending"}
    assert await settle(b, theirs, Verdict.ACCEPTED) == "accepted"
    assert [one.key for one in await claim(b, "sms")] == [lost.key]


async def test_a_claim_that_commits_later_is_found_by_who_asks_until_that_was_all(
    a: PostgresJournal, dsn: str, real: Real
) -> None:
    await tell(a, version(), ["sms/all"])
    async with on_its_way(dsn, real) as commit:
        assert not await a.put_back([T0], [], T0)
        assert await states(a) == {"A1.1.sms.all": "waiting"}
        await commit()
        assert await states(a) == {"A1.1.sms.all": "sending"}

    assert await a.put_back([T0], [], T0)
    assert await states(a) == {"A1.1.sms.all": "waiting"}


async def test_an_alert_that_somebody_is_at_keeps_nobody_else_waiting(a: PostgresJournal, dsn: str) -> None:
    await tell(a, version("A1"), ["sms/all"])
    await tell(a, version("A2"), ["sms/all"])
    assert len(await claim(a, "sms")) == 2
    other = await asyncpg.connect(dsn)
    await other.execute("BEGIN")
    await other.execute("SELECT FROM alert WHERE id = 'A1' FOR UPDATE")

    assert not await a.put_back([T0], [], T0)
    assert [one.key for one in await claim(a, "sms")] == ["A2.1.sms.all"]
    await other.close()
    assert await a.put_back([T0], [], T0)
    assert (await states(a, "A1"), await states(a, "A2")) == ({"A1.1.sms.all": "waiting"}, {"A2.1.sms.all": "waiting"})


async def test_of_much_the_most_urgent_is_put_back_first(a: PostgresJournal) -> None:
    await tell(a, version("A1"), [f"sms/{number}" for number in range(120)], priority=2)
    await tell(a, version("A2"), [f"sms/{number}" for number in range(30)], priority=0)
    assert len(await claim(a, "sms", most=200)) == 150

    assert not await a.put_back([T0], [], T0)
    assert set((await states(a, "A2")).values()) == {"waiting"}
    assert list((await states(a, "A1")).values()).count("waiting") == 70
    assert await a.put_back([T0], [], T0)
    assert set((await states(a, "A1")).values()) == {"waiting"}


async def test_whoever_works_beside_a_gateway_puts_nothing_back(a: PostgresJournal, dsn: str) -> None:
    await tell(a, version(), ["sms/all"])
    await claim(a, "sms")
    beside = await PostgresJournal.open(dsn, node="a", shared=True)
    with pytest.raises(Conflict):
        await beside.put_back([T0], [], T0)
    await beside.close()
    assert await states(a) == {"A1.1.sms.all": "sending"}


async def test_a_node_that_lost_its_name_puts_nothing_back(a: PostgresJournal) -> None:
    """Another gateway of the same name may have claimed since, and have it in its hands."""
    await tell(a, version(), ["sms/all"])
    await claim(a, "sms")
    assert a.living is not None
    assert a.living._session is not None
    a.living._session.terminate()

    with pytest.raises(Unavailable) as adrift:
        await a.put_back([T0], [], T0)
    assert adrift.value.code == "store-node-adrift"


@pytest.mark.timeout(150)
async def test_what_was_claimed_while_the_standby_stood_still_goes_as_soon_as_that_is_back(pair: Pair) -> None:
    journal = await PostgresJournal.open(pair.dsn, node="a")
    channel, stop = Heard("sms"), asyncio.Event()
    try:
        await tell(journal, version(), ["sms/all"])
        standing_still = pair.standby.pids
        pair.standby.hang()
        running = asyncio.create_task(courier(journal, channel).run(stop))
        await asyncio.sleep(AWAY_S)
        assert channel.carried.empty(), "it was sent before both had the claim"
        for pid in standing_still:
            os.kill(pid, signal.SIGCONT)
        async with asyncio.timeout(SOON_S):
            assert await channel.carried.get() == "A1.1.sms.all"
        stop.set()
        await running
        [delivery] = await journal.deliveries()
    finally:
        await journal.close()
    assert [attempt.verdict for attempt in delivery.attempts] == ["accepted"]
