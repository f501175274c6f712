"""A standby that is away for long: nothing is acknowledged, nothing piles up, everybody may read, and it goes on by itself."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence

import asyncpg
import pytest

from gateway.fault import Unavailable
from gateway.journal.postgres import PostgresJournal
from gateway.journal.postgres.opening import MOST_CONNECTIONS
from gateway.journal.records import Arrival
from tests.journal.postgres.server import Pair
from tests.journal.samples import T0, claim, incident, placed, raw, room, tell, version

AWAY_S = 8.0
CALLERS = 12
# Beside the pool: the session that holds the node's name, one that it gave up, one that looks, and ours
BESIDE = 4
BACK_S = 30.0
# As docs/two-sites.md has it
GO_ON = ("ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()")


async def sessions(pair: Pair) -> Sequence[str]:
    """Return what each session of the gateway waits for."""
    cx = await asyncpg.connect(pair.primary.dsn("record"))
    try:
        found = await cx.fetch("SELECT coalesce(wait_event, '') FROM pg_stat_activity WHERE application_name = 'bongsu'")
    finally:
        await cx.close()
    return [str(row[0]) for row in found]


class Pushing:
    """Sources that report without a pause to think; keeps every answer, and how many sessions there were at most."""

    def __init__(self, journal: PostgresJournal, pair: Pair) -> None:
        """Nothing was reported."""
        self.refusals = list[tuple[str, float]]()
        self.acknowledged = list[str]()
        self.most = 0
        self._journal, self._pair = journal, pair

    async def push(self, seconds: float) -> None:
        """Report for so long, as many at a time as there are callers."""
        until = time.monotonic() + seconds
        watching = asyncio.create_task(self._watch())
        await asyncio.gather(*(self._caller(caller, until) for caller in range(CALLERS)))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    async def _caller(self, caller: int, until: float) -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            await self._call(f"{caller}-{number}", notes=caller % 3 == 0)
            await asyncio.sleep(0.05)

    async def _call(self, name: str, *, notes: bool) -> None:
        began = time.monotonic()
        try:
            if notes:
                await self._journal.note(name, "kim", "x", {}, T0)
            else:
                await self._journal.accept(arrival(name))
            self.acknowledged.append(name)
        except Unavailable as fault:
            self.refusals.append((fault.code, time.monotonic() - began))

    async def _watch(self) -> None:
        while True:
            self.most = max(self.most, len(await sessions(self._pair)))
            await asyncio.sleep(0.2)


def arrival(name: str) -> Arrival:
    return Arrival(at=T0, raw=raw(name.encode()), key=name, reports=(placed(incident(name)),))


async def until_it_commits(journal: PostgresJournal) -> float:
    began = time.monotonic()
    while True:
        try:
            await journal.check()
        except Unavailable:
            assert time.monotonic() - began < BACK_S
            await asyncio.sleep(0.1)
        else:
            return time.monotonic() - began


@pytest.mark.timeout(150)
async def test_nothing_piles_up_while_the_standby_is_away_and_all_goes_on_when_it_is_back(pair: Pair) -> None:
    journal = await PostgresJournal.open(pair.dsn, node="a")
    try:
        await tell(journal, version(), ["sms/x"])
        pair.standby.stop()
        pushing = Pushing(journal, pair)
        await pushing.push(AWAY_S)
        with pytest.raises(Unavailable) as refused:
            await journal.check()
        with pytest.raises(Unavailable):
            await claim(journal, "sms")
        assert (await journal.alert("A1")).newest_issued is not None
        assert (await journal.publication()).revision > 0

        await asyncio.to_thread(pair.standby.start)
        took = await until_it_commits(journal)
        answers = [await journal.accept(arrival(name)) for name in ("1-1", "1-1", "new")]
        held = await sessions(pair)
    finally:
        await journal.close()
    at_once = [took for code, took in pushing.refusals if code == "store-standby-away"]
    print(f"{len(pushing.refusals)} refused, {len(at_once)} at once; {pushing.most} sessions; back after {took:.1f} s")  # noqa: T201

    assert pushing.acknowledged == [], "something was acknowledged that only one of the two had"
    assert pushing.most <= MOST_CONNECTIONS + BESIDE
    assert refused.value.code == "store-standby-away"
    assert "docs/two-sites.md" in refused.value.hint
    assert len(at_once) > CALLERS
    assert [one.again for one in answers] == [True, True, False]
    assert len(held) <= MOST_CONNECTIONS + BESIDE
    assert "SyncRep" not in held


@pytest.mark.timeout(150)
async def test_whoever_goes_on_without_the_standby_finds_done_what_waited_for_it(pair: Pair) -> None:
    journal = await PostgresJournal.open(pair.dsn, node="a")
    try:
        pair.standby.stop()
        pushing = Pushing(journal, pair)
        await pushing.push(AWAY_S / 2)
        for statement in GO_ON:
            await asyncio.to_thread(pair.primary.sql, statement)
        took = await until_it_commits(journal)
        answers = [await journal.accept(arrival(name)) for name in ("1-1", "new")]
        found = await journal.claim(room({"sms": 1}, 1), 30, T0)
        held = await sessions(pair)
    finally:
        await journal.close()

    assert pushing.acknowledged == [], "something was acknowledged that only one of the two had"
    assert took < BACK_S
    assert [one.again for one in answers] == [True, False]
    assert found == []
    assert "SyncRep" not in held


async def test_a_gateway_that_starts_while_the_standby_is_away_says_so_each_time(pair: Pair) -> None:
    await (await PostgresJournal.open(pair.dsn, node="a")).close()
    pair.standby.stop()
    codes = list[str]()
    for _ in range(3):
        with pytest.raises(Unavailable) as refused:
            await PostgresJournal.open(pair.dsn, node="a")
        codes.append(refused.value.code)
    assert codes == ["store-standby-away"] * 3
    assert len(await sessions(pair)) <= 2
    await asyncio.to_thread(pair.standby.start)
    async with asyncio.timeout(BACK_S):
        while await sessions(pair):  # noqa: ASYNC110 - the server ends them
            await asyncio.sleep(0.1)
    await (await PostgresJournal.open(pair.dsn, node="a")).close()
    assert "SyncRep" not in await sessions(pair)


async def test_what_waits_is_given_up_when_another_server_takes_the_writes(pair: Pair) -> None:
    journal = await PostgresJournal.open(pair.dsn, node="a")
    try:
        await journal.check()
        standing_still = pair.standby.pids
        pair.standby.hang()
        with pytest.raises(Unavailable):
            await journal.check()
        pair.primary.hang()
        for pid in standing_still:
            os.kill(pid, signal.SIGCONT)
        await asyncio.to_thread(pair.promote)
        assert await until_it_commits(journal) < BACK_S
    finally:
        await journal.close()
        pair.primary.kill()
