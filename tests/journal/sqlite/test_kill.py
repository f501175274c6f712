"""A store whose process is killed at any moment loses nothing that was acknowledged."""

import asyncio
import random
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import apsw

from gateway.journal.sqlite import SqliteJournal
from tests.journal.samples import raw

ROOT = Path(__file__).parents[3]
ROUNDS = 4
SEED = 20260714


async def killed_after(path: Path, seconds: float) -> list[list[str]]:
    """Let a crowd live for a while and return every line it got out before the kill."""
    crowd = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.journal.crowd", str(path)), cwd=ROOT, stdout=subprocess.PIPE, limit=1 << 24
    )
    assert crowd.stdout is not None
    assert await crowd.stdout.readline() == b"open\n"
    reading = asyncio.create_task(crowd.stdout.read())
    await asyncio.sleep(seconds)
    crowd.send_signal(signal.SIGKILL)
    lines = (await reading).decode().split("\n")[:-1]
    await crowd.wait()
    return [line.split() for line in lines]


async def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    dice = random.Random(SEED)  # noqa: S311 - moments, not secrets
    path = tmp_path / "journal.db"
    acknowledged = [line for _ in range(ROUNDS) for line in await killed_after(path, dice.uniform(0.1, 0.5))]
    kinds = defaultdict(list)
    for kind, *rest in acknowledged:
        kinds[kind].append(rest)
    counts = {kind: len(rest) for kind, rest in kinds.items()}
    print(f"seed {SEED}: {counts} acknowledged in {ROUNDS} kills")  # noqa: T201

    assert set(kinds) == {"receipt", "issued", "settled"}, "the crowd did not live long enough to prove anything"
    journal = await SqliteJournal.open(path)
    await journal.recover()
    for receipt, body in kinds["receipt"]:
        known = await journal.known(raw(body.encode()), body)
        assert known is not None
        assert known.id == receipt
    for alert, number in kinds["issued"]:
        record = await journal.alert(alert)
        assert record.newest_issued is not None
        assert record.newest_issued.version.number >= int(number)
    await journal.close()
    sound(path, settled={int(id): state for id, state in kinds["settled"]})


def sound(path: Path, settled: dict[int, str]) -> None:
    """Look at the rows themselves: nothing half done, no lane with two in flight, no acknowledged outcome gone."""
    cx = apsw.Connection(str(path))
    states = {row[0]: row[1] for row in cx.execute("SELECT id, state FROM delivery")}
    assert {states[id] for id in settled} == {"accepted"}
    assert "sending" not in states.values()
    issued = cx.execute("SELECT count(*) FROM issued WHERE way = 'channel'").get
    assert len(states) == issued == 2 * cx.execute("SELECT count(*) FROM version WHERE state = 'issued'").get
    assert cx.execute("SELECT count(*) FROM incident").get == cx.execute("SELECT count(*) FROM receipt").get
    assert cx.execute("PRAGMA integrity_check").get == "ok"
    assert cx.execute("PRAGMA foreign_key_check").fetchall() == []
    cx.close()
