import base64
import json
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from gateway.demo.receivers import Held, Manner, Receiver, answers, garbage, rude, slow, twice

FIRST_TWO_FAIL = answers(503, first=2)


async def status(url: str, body: bytes = b"") -> int:
    """Post with a client that knows nothing of ours; 0 is no answer."""
    timeout = aiohttp.ClientTimeout(total=1)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(force_close=True)) as session:
        try:
            async with session.post(url, data=body) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


async def test_every_arrival_is_kept_in_order_with_its_exact_bytes() -> None:
    async with Receiver(path="/hook") as far:
        bodies = [bytes([n]) * n for n in range(20)]
        for body in bodies:
            assert await status(far.url, body) == 200
    assert [one.body for one in far.arrivals] == bodies
    assert [one.order for one in far.arrivals] == list(range(1, 21))
    assert [one.at for one in far.arrivals] == sorted(one.at for one in far.arrivals)
    assert {(one.path, one.answered) for one in far.arrivals} == {("/hook", 200)}


async def test_it_can_fail_so_many_times() -> None:
    async with Receiver(FIRST_TWO_FAIL) as far:
        assert [await status(far.url) for _ in range(4)] == [503, 503, 200, 200]
    assert [one.answered for one in far.arrivals] == [503, 503, 200, 200]


async def test_it_can_die_and_come_back_at_the_same_place() -> None:
    async with Receiver() as far:
        url = far.url
        await far.stop()
        assert await status(url) == 0
        await far.start()
        assert (far.url, await status(url)) == (url, 200)
    assert len(far.arrivals) == 1


@pytest.mark.parametrize("manner", [rude, garbage, slow(30)], ids=["rude", "garbage", "slow"])
async def test_it_can_keep_us_in_the_dark(manner: Manner) -> None:
    async with Receiver(manner) as far:
        assert await status(far.url, b"read") == 0
    assert [(one.body, one.answered) for one in far.arrivals] == [(b"read", 0)]


async def test_it_can_hang_up_before_reading() -> None:
    async with Receiver() as far:
        far.reads = False
        assert await status(far.url, b"unread") == 0
    assert far.arrivals == []


async def test_it_can_answer_two_times() -> None:
    async with Receiver(twice) as far:
        assert await status(far.url) == 200
    assert far.arrivals[0].answered == 200


async def test_it_can_lose_what_it_accepts() -> None:
    """The test of tests: a receiver that says yes and forgets."""
    async with Receiver() as far:
        far.loses = lambda one: b"Cancel" in one.body
        assert [await status(far.url, body) for body in (b"Alert", b"Cancel", b"Update")] == [200, 200, 200]
    assert [one.body for one in far.arrivals] == [b"Alert", b"Update"]


async def test_it_can_hold_before_the_answer() -> None:
    held = Held()
    async with Receiver(held) as far:
        assert await status(far.url) == 0
        held.release()
        assert await status(far.url) == 200
    assert far.arrivals[1].answered == 200


async def test_it_can_hold_after_the_answer() -> None:
    async with Receiver(Held(answered=True)) as far:
        assert await status(far.url) == 200
        assert (await far.arrival(1)).order == 1


PROGRAM = """
import asyncio, pathlib, sys
from gateway.demo.receivers import Receiver, rude

async def main():
    async with Receiver(rude, log=pathlib.Path(sys.argv[1])) as far:
        print(far.url, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_what_arrived_is_on_the_disk_when_the_process_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "arrivals.jsonl"
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(log)], stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        for n in range(3):
            await status(url, b"\xff%d" % n)
        process.send_signal(signal.SIGKILL)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [base64.b64decode(line["body"]) for line in lines if "body" in line] == [b"\xff0", b"\xff1", b"\xff2"]
    assert [line["order"] for line in lines if "body" in line] == [1, 2, 3]
