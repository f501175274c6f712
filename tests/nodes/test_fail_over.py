"""The primary dies under two nodes at work, and its standby is promoted: nothing is lost, nothing pretends, all goes on."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.journal.postgres.server import Pair, Server, running_pair
from tests.nodes.city import NAMES, City, opened
from tests.nodes.crowd import at_work
from tests.nodes.judge import judged
from tests.nodes.reader import OLDEST_S, SLACK_S, faults, reading
from tests.staircase.served import GAUGE

BUSY_S = 2.0
AWAY_S = 4.0
ANSWERED_S = 4.0
BACK_S = 20.0


@pytest.fixture
def pair(server: Server) -> Iterator[Pair]:
    """A primary and its synchronous standby."""
    with running_pair(server.programs) as pair:
        yield pair


@pytest.fixture
async def city(pair: Pair, tmp_path: Path) -> AsyncIterator[City]:
    """Two nodes that know both hosts."""
    async with opened(pair.dsn, tmp_path) as city:
        yield city


async def health(city: City, name: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{city.nodes[name].url}/health/ready") as answer:
        return answer.status


async def until_healthy(city: City) -> None:
    async with asyncio.timeout(BACK_S * 2):
        for name in NAMES:
            while await health(city, name) != 200:  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.1)


async def test_the_primary_dies_and_the_standby_goes_on(city: City, pair: Pair) -> None:
    async with reading(city.nodes) as reader, at_work(city) as crowd:
        await asyncio.sleep(BUSY_S)
        await until_healthy(city)
        before = len(crowd.acknowledged)
        pair.primary.kill()
        died, wall = time.monotonic(), time.time()
        statuses, slowest = [], 0.0
        while time.monotonic() < died + AWAY_S:
            for name in NAMES:
                began = time.monotonic()
                statuses += [(await city.nodes[name].river.measures(GAUGE, 1.0)).status, await health(city, name)]
                slowest = max(slowest, time.monotonic() - began)
                await asyncio.sleep(0.2)
        await asyncio.to_thread(pair.standby.run, "pg_ctl", "promote", "-D", str(pair.standby.data), "-w")
        promoted = time.monotonic()
        await until_healthy(city)
        healthy = time.monotonic() - promoted
        await asyncio.sleep(BUSY_S)
    away = [look for look in reader.looks if wall + 1.0 < look.at < wall + AWAY_S]
    took = [min(crowd.since(promoted, "receipt", name)) for name in NAMES]
    print(  # noqa: T201
        f"{before} acknowledged before, {len(crowd.acknowledged) - before} after; answers while away {set(statuses)} within"
        f" {slowest:.1f} s; reports taken {took} s after the promotion, healthy after {healthy:.1f} s;"
        f" feeds while away {sorted({look.status for look in away})}"
    )

    assert set(statuses) == {503}
    assert slowest < 2 * ANSWERED_S
    assert max(*took, healthy) < BACK_S
    assert {look.status for look in away} <= {200, 503, 0}
    assert all(look.at - look.stamp < OLDEST_S + SLACK_S for look in away if look.status == 200)
    assert 200 in {look.status for look in away}
    await judged(city, crowd)
    assert [*faults(reader.looks)] == []
