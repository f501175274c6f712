"""A whole gateway whose database is stopped, hangs or is gone: it says no at once, and pretends nothing."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from gateway.access import key_hash, new_key
from gateway.demo.town import FIRST, settle
from gateway.journal.records import Key, Person
from gateway.service import Service
from tests.engine.hall import SECRET
from tests.journal.postgres.server import Pair, Server, running_pair
from tests.journal.samples import T0
from tests.staircase.office import called
from tests.stores import running_server

PATIENCE_S = 20.0

Answer = tuple[int, bool, float]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A city's folder."""
    made = tmp_path / "hanbat"
    made.mkdir()
    settle(made, {far: f"http://127.0.0.1:{9 + number}/" for number, far in enumerate(FIRST)}, SECRET, reach=FIRST)
    return made


async def hired(service: Service) -> dict[str, str]:
    """Return what kim shows."""
    key = new_key()
    await service.journal.save_person(Person(name="kim", roles=frozenset({"operator", "approver"}), password="x"), "a", T0)  # noqa: S106
    await service.journal.save_key(Key(id="k", hash=key_hash(key), person="kim", created_at=T0), "a", T0)
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


async def told(session: aiohttp.ClientSession, method: str, url: str, body: object = None) -> Answer:
    """Return the status of an answer, whether it says when to ask again, and how long it took."""
    began = time.monotonic()
    async with session.request(method, url, json=body) as answer:
        await answer.read()
        return answer.status, "Retry-After" in answer.headers, time.monotonic() - began


async def everything(service: Service, headers: dict[str, str]) -> list[Answer]:
    """Ask for everything an operator or a source may ask for, all at once."""
    one = f"{service.url}/v1/alerts/A1"
    async with aiohttp.ClientSession(headers=headers) as session:
        return list(
            await asyncio.gather(
                told(session, "GET", f"{service.url}/health/ready"),
                told(session, "POST", f"{service.url}/v1/incidents/river-telemetry", {}),
                told(session, "POST", f"{service.url}/v1/alerts", {"source": "x"}),
                told(session, "POST", f"{one}/approve", {"version": 1, "hash": "x"}),
                told(session, "POST", f"{one}/cancel", {"reason": "wrong"}),
                told(session, "POST", f"{one}/end", {"reason": "over"}),
            )
        )


async def until_ready(service: Service) -> None:
    async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as session:
        while (await told(session, "GET", f"{service.url}/health/ready"))[0] != 200:  # noqa: ASYNC110 - another process gets ready
            await asyncio.sleep(0.2)


def stopped(server: Server) -> None:
    server.stop()


def hung(server: Server) -> None:
    for pid in server.pids:
        os.kill(pid, signal.SIGSTOP)


def gone(server: Server) -> None:
    server.kill()


def back(server: Server, stood_still: list[int]) -> None:
    """Let it go on, or start it again."""
    for pid in stood_still:
        os.kill(pid, signal.SIGCONT)
    if not server.running:
        server.start()


@pytest.mark.parametrize("happens", [stopped, hung, gone])
def test_it_says_no_within_two_seconds_and_goes_on_by_itself(folder: Path, happens: Callable[[Server], None]) -> None:
    with running_server() as server:
        server.sql("CREATE DATABASE city")
        text = (folder / "city.toml").read_text()
        (folder / "city.toml").write_text(text.replace('path = "bongsu.db"', f'url = "{server.dsn("city")}"'))
        answers = asyncio.run(answered(folder, server, happens))
    assert {status for status, _, _ in answers} <= {503, 401}, answers
    assert [status for status, _, _ in answers].count(503) >= 5
    assert all(again for status, again, _ in answers if status == 503)
    assert max(took for _, _, took in answers) < 3, answers


async def answered(folder: Path, server: Server, happens: Callable[[Server], None]) -> list[Answer]:
    """Return what a gateway answers while that happens to its database; afterwards it must be ready again by itself."""
    async with Service.open(folder, port=0) as service:
        headers = await hired(service)
        await until_ready(service)
        stood_still = server.pids if happens is hung else []
        try:
            await asyncio.to_thread(happens, server)
            answers = await everything(service, headers)
        finally:
            await asyncio.to_thread(back, server, stood_still)
        await until_ready(service)
    return answers


async def said(service: Service) -> tuple[int, str]:
    """Return what readiness says, and its code."""
    async with aiohttp.ClientSession() as session, session.get(f"{service.url}/health/ready") as answer:
        document = await answer.json()
        return answer.status, document.get("error", {}).get("code", "")


@pytest.fixture
def pair(server: Server) -> Iterator[Pair]:
    """A primary and its synchronous standby."""
    with running_pair(server.programs) as pair:
        yield pair


async def test_a_gateway_whose_standby_is_away_says_so_and_serves_what_was_published(folder: Path, pair: Pair) -> None:
    text = (folder / "city.toml").read_text()
    (folder / "city.toml").write_text(text.replace('path = "bongsu.db"', f'url = "{pair.dsn}"'))
    async with Service.open(folder, port=0) as service, aiohttp.ClientSession(headers=await hired(service)) as session:
        await until_ready(service)
        pair.standby.stop()
        async with asyncio.timeout(PATIENCE_S):
            while await said(service) != (503, "store-standby-away"):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
        raised = await told(session, "POST", f"{service.url}/v1/alerts", called("call-1"))
        read = [(await told(session, "GET", service.url + path))[0] for path in ("/feeds/cap.atom", "/v1/alerts")]
        await asyncio.to_thread(pair.standby.start)
        await until_ready(service)
        again = await told(session, "POST", f"{service.url}/v1/alerts", called("call-1"))
    assert raised[:2] == (503, True), "Retry-After says when to ask again"
    assert read == [200, 200]
    assert again[0] == 201
