"""A node that is told to stop is missed by nobody: readiness first, then everything in flight, then it is gone."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from gateway.access import key_hash, new_key
from gateway.demo.town import RECEIVERS, settle
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Key, Person
from tests.engine.hall import SECRET
from tests.journal.postgres.server import Server
from tests.journal.samples import T0

ROOT = Path(__file__).parents[2]
RESTARTS = int(os.environ.get("BONGSU_RESTARTS", "4"))
DRAIN_S = 0.6
POLL_S = 0.1


class Balancer:
    """A load balancer's whole wit: it asks each node for its readiness now and then, and sends to one that is ready."""

    def __init__(self, key: str) -> None:
        """Know of no node; show this key to each."""
        self.headers = {"Authorization": f"Bearer {key}"}
        self.ready: dict[str, bool] = {}
        self.answers: list[int] = []
        self.errors: list[str] = []
        self._turn = 0

    async def watch(self, session: aiohttp.ClientSession) -> None:
        """Ask for readiness for ever."""
        while True:
            for url in list(self.ready):
                self.ready[url] = await self._is_ready(session, url)
            await asyncio.sleep(POLL_S)

    async def send(self, session: aiohttp.ClientSession) -> None:
        """Send requests one after another, for ever; keep what came of each."""
        while True:
            if not (nodes := [url for url, ready in self.ready.items() if ready]):
                await asyncio.sleep(0.01)
                continue
            self._turn += 1
            try:
                async with session.get(f"{nodes[self._turn % len(nodes)]}/v1/alerts", headers=self.headers) as answer:
                    self.answers.append(answer.status)
                    await answer.read()
            except (aiohttp.ClientError, TimeoutError) as error:
                self.errors.append(repr(error))
            await asyncio.sleep(0.005)

    async def _is_ready(self, session: aiohttp.ClientSession, url: str) -> bool:
        try:
            async with session.get(f"{url}/health/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


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
    settle(folder, {far: f"http://127.0.0.1:{9 + number}/" for number, far in enumerate(RECEIVERS)}, SECRET)
    text = (folder / "city.toml").read_text()
    assert text.count('path = "bongsu.db"') == text.count("[server]\n") == 1
    text = text.replace('path = "bongsu.db"', store).replace("[server]\n", f"[server]\ndrain_s = {DRAIN_S}\n")
    (folder / "city.toml").write_text(text)
    return folder


async def a_key(dsn: str) -> str:
    """Return the key of somebody who may read."""
    journal, key = await PostgresJournal.open(dsn, node="office"), new_key()
    await journal.save_person(Person(name="kim", roles=frozenset({"operator"}), password="x"), "admin", T0)  # noqa: S106
    await journal.save_key(Key(id="k", hash=key_hash(key), person="kim", created_at=T0), "admin", T0)
    await journal.close()
    return key


@asynccontextmanager
async def balanced(balancer: Balancer) -> AsyncIterator[None]:
    """Let a balancer and its callers work for a while."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        tasks = [asyncio.create_task(balancer.watch(session))]
        tasks += [asyncio.create_task(balancer.send(session)) for _ in range(4)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def dsn(server: Server, tmp_path: Path) -> str:
    return await server.fresh(tmp_path)


async def test_nobody_notices_that_one_of_two_nodes_is_restarted_again_and_again(dsn: str, tmp_path: Path) -> None:
    nodes = [Node(folder_of(tmp_path, name, f'url = "{dsn}"\nnode = "{name}"')) for name in "ab"]
    balancer = Balancer(await a_key(dsn))
    try:
        for node in nodes:
            await node.start()
            balancer.ready[node.url] = True
        async with balanced(balancer):
            for number in range(RESTARTS):
                await restarted(nodes[number % 2], balancer)
    finally:
        for node in nodes:
            await node.kill()
    assert balancer.errors == []
    assert set(balancer.answers) == {200}
    assert len(balancer.answers) > RESTARTS * 20
    print(f"{RESTARTS} restarts, {len(balancer.answers)} requests, no error")  # noqa: T201


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
