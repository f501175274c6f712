"""What a node held when it was killed or stood still is taken over by the others; and what it says later changes nothing."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from gateway.fault import Unavailable
from gateway.journal.postgres import PostgresJournal, nodes
from gateway.journal.records import Delivery
from tests.journal.postgres.standing import Line, courier
from tests.journal.samples import claim, raw, tell, version

ROOT = Path(__file__).parents[3]
SEED = 20260714
ROUNDS = 3
MOMENTS = ("claimed", "sending")


@asynccontextmanager
async def process(module: str, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run one of the tests' own modules until the block ends, and end it for certain."""
    command = (sys.executable, "-m", f"tests.journal.{module}", *words)
    running = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE, limit=1 << 24)
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def until(holds: Callable[[], Awaitable[bool]], seconds: float) -> float:
    """Wait until something holds, and return for how long that took."""
    began = time.monotonic()
    while not await holds():
        assert time.monotonic() - began < seconds, "it did not come to that"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def lived_long_enough(node: PostgresJournal) -> None:
    """Wait until a node may judge others."""

    async def judges() -> bool:
        return node.living is not None and node.living.judges

    await until(judges, 30)


async def lines_of_a_crowd(dsn: str, seconds: float) -> list[list[str]]:
    """Let a crowd live for a while and return every line it got out before the kill."""
    async with process("crowd", dsn) as crowd:
        assert crowd.stdout is not None
        said: list[list[str]] = []
        while {line[0] for line in said} < {"open", "receipt", "issued", "settled"}:
            said.append((await crowd.stdout.readline()).decode().split())
        reading = asyncio.create_task(crowd.stdout.read())
        await asyncio.sleep(seconds)
        crowd.send_signal(signal.SIGKILL)
        return said[1:] + [line.split() for line in (await reading).decode().split("\n")[:-1]]


async def test_what_a_killed_node_held_goes_on_elsewhere_and_nothing_acknowledged_is_lost(dsn: str) -> None:
    dice = random.Random(SEED)  # noqa: S311 - moments, not secrets
    b = await PostgresJournal.open(dsn, node="b")
    look = await asyncpg.connect(dsn)

    async def nothing_held() -> bool:
        await claim(b)
        return not await look.fetchval("SELECT count(*) FROM delivery WHERE state = 'sending' AND holder = 'crowd'")

    said = [line for _ in range(ROUNDS - 1) for line in await lines_of_a_crowd(dsn, dice.uniform(0.5, 1.0))]
    await lived_long_enough(b)
    said += await lines_of_a_crowd(dsn, dice.uniform(0.5, 1.0))
    held = await look.fetchval("SELECT count(*) FROM delivery WHERE state = 'sending'")
    took = await until(nothing_held, 30)
    kinds = defaultdict(list)
    for kind, *rest in said:
        kinds[kind].append(rest)
    counts = {kind: len(rest) for kind, rest in kinds.items()}
    print(f"seed {SEED}: {counts} acknowledged in {ROUNDS} kills; {held} held, free after {took:.1f} s")  # noqa: T201

    assert held, "nothing was under way when the node was killed"
    assert took < nodes.FROZEN_S - 2, "a killed node was given the patience of a frozen one"
    await nothing_lost(b, kinds["receipt"], kinds["issued"])
    await sound(look, [int(id) for id, _ in kinds["settled"]])
    await look.close()
    await b.close()


async def nothing_lost(journal: PostgresJournal, receipts: Iterable[list[str]], issued: Iterable[list[str]]) -> None:
    for receipt, body in receipts:
        known = await journal.known(raw(body.encode()), body)
        assert known is not None
        assert known.id == receipt
    for alert, number in issued:
        record = await journal.alert(alert)
        assert record.newest_issued is not None
        assert record.newest_issued.version.number >= int(number)


async def sound(look: asyncpg.Connection, settled: list[int]) -> None:
    """Look at the rows themselves: nothing half done, nothing twice, no acknowledged outcome gone."""

    async def count(what: str) -> object:
        return await look.fetchval(f"SELECT count(*) FROM {what}")  # noqa: S608 - our own words

    states = dict(await look.fetch("SELECT id, state FROM delivery"))
    assert {states[id] for id in settled} == {"accepted"}
    issued = await count("issued WHERE way = 'channel'")
    assert len(states) == issued == await count("version, generate_series(1, 2) WHERE state = 'issued'")
    assert await count("incident") == await count("receipt") == await count("given")
    assert await count("(SELECT FROM attempt WHERE verdict = 'accepted' GROUP BY delivery HAVING count(*) > 1) twice") == 0


@pytest.mark.parametrize(("left_s", "judged"), [(nodes.FROZEN_S, True), (nodes.FROZEN_S - nodes.GAP_S, False)])
async def test_who_could_not_renew_its_own_row_for_long_judges_nobody(dsn: str, left_s: float, *, judged: bool) -> None:
    look = await asyncpg.connect(dsn)
    own = "INSERT INTO lease (name, holder, until, fence) VALUES ('node/a', 'a', extract(epoch FROM clock_timestamp()) + $1, 1)"
    await look.execute(own, left_s)
    assert await look.fetchval(f"SELECT {nodes.dead('$1::text', '$2::text', '$3')}", "b", "a", True) is judged
    await look.close()


async def test_a_claim_that_finds_its_own_row_old_judges_nobody(dsn: str) -> None:
    a = await PostgresJournal.open(dsn, node="a")
    look = await asyncpg.connect(dsn)
    assert a.living is not None
    a.living._since -= nodes.FROZEN_S
    before = a.living.judges
    old = "UPDATE lease SET until = extract(epoch FROM clock_timestamp()) + $1 WHERE name = 'node/a'"
    await look.execute(old, nodes.FROZEN_S - nodes.GAP_S)
    await a.living.before_claims(look)
    assert (before, a.living.judges) == (True, False), "all may have been kept from renewing just as long"
    await look.close()
    await a.close()


async def test_a_node_that_stood_still_sends_nothing_when_it_wakes(dsn: str) -> None:
    b = await PostgresJournal.open(dsn, node="b")
    for moment in MOMENTS:
        await tell(b, version(moment), [f"{moment}/all"])
    heard: list[str] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend((await reader.read()).decode().splitlines())
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sleepers = [process("postgres.standing", dsn, moment, str(port)) for moment in MOMENTS]
    async with sleepers[0] as one, sleepers[1] as two:
        await until(lambda: stopped(one.pid, two.pid), 30)
        took = await until(lambda: carried(b, port), 30)
        print(f"taken over {took:.1f} s after they stood still")  # noqa: T201
        for sleeper in (one, two):
            sleeper.send_signal(signal.SIGCONT)
        await until(lambda: both_spoke_late(b), 30)
        await asyncio.sleep(2 * nodes.BEAT_S)
    server.close()

    assert took < nodes.FROZEN_S + 6
    assert sorted(heard) == [f"b {moment}.1.{moment}.all" for moment in MOMENTS]
    for moment in MOMENTS:
        [delivery] = await b.deliveries(moment)
        assert delivery.state == "accepted"
        assert verdicts(delivery) == ["ambiguous", "accepted", "unreachable late" if moment == "claimed" else "ambiguous late"]
    await b.close()


async def stopped(*pids: int) -> bool:
    looked = await asyncio.create_subprocess_exec("ps", "-o", "state=", "-p", ",".join(map(str, pids)), stdout=subprocess.PIPE)
    states, _ = await looked.communicate()
    return states.split() == [b"T"] * len(pids)


async def carried(journal: PostgresJournal, port: int) -> bool:
    """Carry what may be carried here; tell whether everything was."""
    for moment in MOMENTS:
        await courier(journal, Line(moment, port, "b")).round()
    return all(one.state == "accepted" for one in await journal.deliveries())


async def both_spoke_late(journal: PostgresJournal) -> bool:
    return all(any(attempt.late for attempt in one.attempts) for one in await journal.deliveries())


def verdicts(delivery: Delivery) -> list[str]:
    return [f"{attempt.verdict}{' late' * attempt.late}" for attempt in delivery.attempts]


async def test_two_gateways_of_one_name_are_refused_and_the_name_is_free_when_one_ends(a: PostgresJournal, dsn: str) -> None:
    with pytest.raises(Unavailable) as refused:
        await PostgresJournal.open(dsn, node="a")
    assert refused.value.code == "store-node-taken"
    assert "node" in refused.value.hint

    await a.close()
    await (await PostgresJournal.open(dsn, node="a")).close()


async def test_a_node_whose_session_was_cut_comes_back_and_keeps_its_name(a: PostgresJournal, dsn: str) -> None:
    look = await asyncpg.connect(dsn)
    holder = nodes.HELD.format(name="$1")
    before = await look.fetchval(holder, "node/a")
    await look.fetchval("SELECT pg_terminate_backend($1)", before)

    async def back() -> bool:
        return await look.fetchval(holder, "node/a") not in {None, before}

    await until(back, 5)
    await look.close()
    with pytest.raises(Unavailable, match="runs or is frozen"):
        await PostgresJournal.open(dsn, node="a")
    assert await claim(a, "sms") == []


async def test_a_node_whose_name_another_took_serves_nobody_until_it_has_it_back(a: PostgresJournal, dsn: str) -> None:
    look = await asyncpg.connect(dsn)
    thief = await asyncpg.connect(dsn)
    queued = asyncio.create_task(thief.execute("SELECT pg_advisory_lock(hashtextextended('node/a', 0))"))
    await asyncio.sleep(0.2)
    [pid] = await look.fetchrow(nodes.HELD.format(name="$1"), "node/a")
    await look.fetchval("SELECT pg_terminate_backend($1)", pid)
    await queued

    async def refused() -> bool:
        try:
            await a.publication()
        except Unavailable as fault:
            return fault.code == "store-node-taken"
        return False

    async def serves() -> bool:
        return not await refused()

    await until(refused, 5)
    assert await refused(), "it served somebody while another had its name"
    await thief.close()
    await until(serves, 5)
    assert (await a.publication()).revision == 0
    await look.close()


async def test_nodes_hear_at_once_that_something_is_due_and_not_of_themselves(a: PostgresJournal, b: PostgresJournal) -> None:
    hearing = asyncio.create_task(b.changed(10))
    began = time.monotonic()
    await tell(a, version(), ["sms/x"])
    assert await hearing
    print(f"heard {1000 * (time.monotonic() - began):.0f} ms after the first of four verbs")  # noqa: T201
    assert not await a.changed(0.3)


async def test_what_is_said_often_is_heard_as_one(a: PostgresJournal, b: PostgresJournal) -> None:
    for number in range(30):
        await tell(a, version(f"A{number}"))
    heard = 0
    while await b.changed(0.5):
        heard += 1
    assert 1 <= heard <= 3
