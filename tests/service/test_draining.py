"""A node that is told to stop is missed by nobody: readiness first, then everything in flight, then it is gone."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from gateway.demo.people import Answer, Person, River
from gateway.demo.town import FIRST, settle
from gateway.journal.postgres import PostgresJournal
from tests.journal.postgres.server import Server
from tests.staircase.office import called
from tests.staircase.served import GAUGE, SECRET, hire, new_keys

ROOT = Path(__file__).parents[2]
RESTARTS = int(os.environ.get("BONGSU_RESTARTS", "4"))
DRAIN_S = 0.6
POLL_S = 0.1
PAUSE_S = 0.02
LEAVING = b'"code":"stopping"'
DONE = {"read": 200, "report": 202, "create": 201, "submit": 200, "approve": 200, "cancel": 200}


class Balancer:
    """A load balancer's whole wit: it asks each node for its readiness now and then, and sends to one that is ready."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """Know of no node; people show these keys to each."""
        self.keys = keys
        self.ready: dict[str, bool] = {}
        self.answers = Counter[str]()
        self.errors: list[str] = []
        self.again: list[str] = []
        self._turns = itertools.count()

    async def watch(self, session: aiohttp.ClientSession) -> None:
        """Ask for readiness for ever."""
        while True:
            for url in list(self.ready):
                self.ready[url] = await self._is_ready(session, url)
            await asyncio.sleep(POLL_S)

    async def passes(self, what: str, asking: Callable[[str], Awaitable[Answer]]) -> Answer:
        """Let a node that is ready answer, and keep what came of it; another is asked only where the first is leaving."""
        answer = None
        while answer is None:
            answer = await self._answer(what, asking)
        self.answers[what] += 1
        if answer.status != DONE[what]:
            self.errors.append(f"{what}: {answer.status} {answer.body!r}")
        return answer

    async def _answer(self, what: str, asking: Callable[[str], Awaitable[Answer]]) -> Answer | None:
        url = await self._ready()
        try:
            answer = await asking(url)
        except (aiohttp.ClientError, TimeoutError) as error:
            if not (isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError)):
                self.errors.append(f"{what}: {error!r}")
                raise
        else:
            if not (answer.status == 503 and LEAVING in answer.body and "Retry-After" in answer.headers):
                return answer
        self.again.append(what)
        self.ready[url] = False
        return None

    async def _ready(self) -> str:
        while not (nodes := [url for url, ready in self.ready.items() if ready]):  # noqa: ASYNC110 - another task asks
            await asyncio.sleep(0.01)
        return nodes[next(self._turns) % len(nodes)]

    async def _is_ready(self, session: aiohttp.ClientSession, url: str) -> bool:
        try:
            async with session.get(f"{url}/health/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


class Crowd:
    """Everybody who speaks to the city through its balancer."""

    def __init__(self, balancer: Balancer, session: aiohttp.ClientSession) -> None:
        """Nobody has said anything."""
        self._balancer, self._session = balancer, session
        self._letters, self._calls = itertools.count(), itertools.count()

    async def looks(self) -> None:
        """Read the list of alerts, again and again."""
        while True:
            await self._does("read", "kim", "GET", "/v1/alerts")
            await asyncio.sleep(PAUSE_S)

    async def reports(self) -> None:
        """Let the river report harmless levels, again and again."""
        while True:
            letter = next(self._letters)
            await self._balancer.passes("report", lambda url: self._river(url, letter).measures(GAUGE, 1 + letter / 1000))  # noqa: B023
            await asyncio.sleep(PAUSE_S)

    async def decides(self) -> None:
        """Bring alert after alert to the public, and take each back."""
        while True:
            made = (await self._does("create", "kim", "POST", "/v1/alerts", called(f"call-{next(self._calls)}"))).document
            path = f"/v1/alerts/{made['id']}"
            shown = await self._does("submit", "kim", "POST", f"{path}/submit", {"revision": made["revision"], "confirm": True})
            word = {"version": 1, "hash": shown.document["hash"]}
            await self._does("approve", "lee", "POST", f"{path}/approve", word)
            await self._does("cancel", "kim", "POST", f"{path}/cancel", {"reason": "it was a log"})
            await asyncio.sleep(PAUSE_S)

    async def _does(self, what: str, who: str, method: str, path: str, body: Mapping[str, object] | None = None) -> Answer:
        def asking(url: str) -> Awaitable[Answer]:
            person = Person(self._session, url, who, self._balancer.keys[who])
            return person.get(path) if method == "GET" else person.post(path, body or {})

        return await self._balancer.passes(what, asking)

    def _river(self, url: str, letter: int) -> River:
        return River(self._session, url, SECRET, lambda: datetime.now(UTC), sent=letter)


class Node:
    """A gateway in a process of its own."""

    def __init__(self, folder: Path) -> None:
        """Run it on a folder."""
        self.folder = folder
        self.url = ""

    async def start(self) -> None:
        """Start and wait until it serves."""
        command = (sys.executable, "-m", "gateway", "serve", "--city", str(self.folder), "--port", "0", "--json")
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log)
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            told = await self._process.stdout.readline()
        assert told, (self.folder / "log").read_text()
        self.url = json.loads(told)["url"]

    async def stop(self) -> tuple[int, float]:
        """Tell it to stop and return its exit code, and how long it took."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            return await self._process.wait(), time.monotonic() - began

    async def kill(self) -> None:
        """End what still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.communicate()


def folder_of(tmp_path: Path, name: str, store: str) -> Path:
    """Return a city's folder for one node."""
    folder = tmp_path / name
    folder.mkdir()
    settle(folder, {far: f"http://127.0.0.1:{9 + number}/" for number, far in enumerate(FIRST)}, SECRET, reach=FIRST)
    text = (folder / "city.toml").read_text()
    assert text.count('path = "bongsu.db"') == text.count("[server]\n") == 1
    text = text.replace('path = "bongsu.db"', store).replace("[server]\n", f"[server]\ndrain_s = {DRAIN_S}\n")
    (folder / "city.toml").write_text(text)
    return folder


async def keys_of(dsn: str) -> Mapping[str, str]:
    """Hire Kim and Lee, and return their keys."""
    journal, keys = await PostgresJournal.open(dsn, node="office"), new_keys()
    await hire(journal, keys)
    await journal.close()
    return keys


@asynccontextmanager
async def at_work(balancer: Balancer) -> AsyncIterator[None]:
    """Let a balancer and its callers work for a while."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        crowd = Crowd(balancer, session)
        tasks = [asyncio.create_task(one) for one in (balancer.watch(session), crowd.reports(), crowd.decides())]
        tasks += [asyncio.create_task(crowd.looks()) for _ in range(2)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [one for one in done if not isinstance(one, asyncio.CancelledError)] == []


@pytest.fixture
async def dsn(server: Server, tmp_path: Path) -> str:
    return await server.fresh(tmp_path)


@pytest.mark.timeout(60 + 40 * RESTARTS)
async def test_nobody_notices_that_one_of_two_nodes_is_restarted_again_and_again(dsn: str, tmp_path: Path) -> None:
    nodes = [Node(folder_of(tmp_path, name, f'url = "{dsn}"\nnode = "{name}"')) for name in "ab"]
    balancer = Balancer(await keys_of(dsn))
    try:
        for node in nodes:
            await node.start()
            balancer.ready[node.url] = True
        async with at_work(balancer):
            for number in range(RESTARTS):
                await restarted(nodes[number % 2], balancer)
    finally:
        for node in nodes:
            await node.kill()
    told = f"{dict(balancer.answers)}, told to go elsewhere: {dict(Counter(balancer.again))}, errors: {balancer.errors}"
    print(f"{RESTARTS} restarts, {balancer.answers.total()} requests: {told}")  # noqa: T201
    assert balancer.errors == []
    assert balancer.answers.keys() == DONE.keys()
    assert balancer.answers.total() > RESTARTS * 20


async def restarted(node: Node, balancer: Balancer) -> None:
    """Stop a node and start it again, and let the balancer find it."""
    code, took = await node.stop()
    assert (code, DRAIN_S < took < DRAIN_S + 10) == (0, True)
    del balancer.ready[node.url]
    await node.start()
    balancer.ready[node.url] = False
    async with asyncio.timeout(10):
        while not balancer.ready[node.url]:  # noqa: ASYNC110 - it is another task that asks
            await asyncio.sleep(POLL_S)


async def test_leases_are_free_when_a_node_has_gone(dsn: str, tmp_path: Path) -> None:
    node = Node(folder_of(tmp_path, "a", f'url = "{dsn}"\nnode = "a"'))
    await node.start()
    cx = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(10):
            while not await cx.fetchval("SELECT 1 FROM lease WHERE name = 'timers'"):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        assert (await node.stop())[0] == 0
        free = "SELECT bool_and(until <= extract(epoch FROM clock_timestamp())) FROM lease"
        assert await cx.fetchval(free) is True
    finally:
        await node.kill()
        await cx.close()
