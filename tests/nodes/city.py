"""Two whole gateways of one city on one database, as processes, with the people and far sides around them."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from gateway.demo.receivers import Arrived, Manner, Receiver
from gateway.demo.town import FIRST, settle
from gateway.journal.postgres import PostgresJournal
from tests.engine.hall import rewrite
from tests.staircase.far_side import read
from tests.staircase.served import PEERS, SECRET, Served, hire, new_keys

NAMES = ("a", "b")
PATIENCE_S = 45.0

Message = tuple[str, int]
"""An alert and the number of a version."""


class City:
    """Nodes `a` and `b`; `stops` counts how often one of them was killed or frozen."""

    def __init__(self, dsn: str, nodes: Mapping[str, Served], receivers: Mapping[str, Receiver], folder: Path) -> None:
        """Watch over what is there; nothing runs yet."""
        self.dsn, self.nodes, self.receivers, self.folder = dsn, nodes, receivers, folder
        self.stops = 0

    def other(self, name: str) -> str:
        """Name the node beside this one."""
        return next(one for one in NAMES if one != name)

    async def kill(self, name: str) -> float:
        """Kill a node; return when."""
        self.stops += 1
        at = time.monotonic()
        await self.nodes[name].kill()
        return at

    def freeze(self, name: str) -> float:
        """Freeze a node; return when."""
        self.stops += 1
        self.nodes[name].freeze()
        return time.monotonic()

    def answering(self, manner: Manner) -> None:
        """Let both peers answer so from now on."""
        for name in PEERS:
            self.receivers[name].manner = manner

    def came(self, peer: str, message: Message) -> Sequence[Arrived]:
        """Return every raw arrival of a message at a peer."""
        return [one for one in self.receivers[peer].arrivals if read(one.body)[:2] == message]

    async def until(self, peer: str, message: Message, *, times: int = 1) -> float:
        """Wait until a peer has had a message so many times; return when; raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.came(peer, message)) < times:  # noqa: ASYNC110 - over HTTP, from a process
                await asyncio.sleep(0.01)
        return self.came(peer, message)[times - 1].at

    async def rows(self, statement: str) -> Sequence[Sequence[Any]]:
        """Ask the database itself."""
        cx = await asyncpg.connect(self.dsn, target_session_attrs="read-write")
        try:
            return [tuple(row) for row in await cx.fetch(statement)]
        finally:
            await cx.close()

    async def in_flight(self) -> Mapping[str, set[tuple[str, str]]]:
        """Return by node which alerts it has in flight to which peers."""
        found: dict[str, set[tuple[str, str]]] = {name: set() for name in NAMES}
        for holder, peer, alert in await self.rows("SELECT holder, target, alert FROM delivery WHERE state = 'sending'"):
            found[str(holder)].add((str(peer), str(alert)))
        return found


@asynccontextmanager
async def opened(dsn: str, folder: Path) -> AsyncIterator[City]:
    """Run two nodes on a database with far sides whose logs outlive everything."""
    async with AsyncExitStack() as stack:
        receivers = {
            name: await stack.enter_async_context(Receiver(log=folder / f"{name}.log", path=f"/{name}")) for name in FIRST
        }
        connector = aiohttp.TCPConnector(force_close=True, limit=0)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=10.0))
        )
        keys = new_keys()
        journal = await PostgresJournal.open(dsn, node="judge", shared=True)
        await hire(journal, keys)
        await journal.close()
        nodes = {name: Served(_folder(folder / name, dsn, receivers), session, keys) for name in NAMES}
        for node in nodes.values():
            stack.push_async_callback(node.end)
        await asyncio.gather(*(node.start() for node in nodes.values()))
        yield City(dsn, nodes, receivers, folder)


def _folder(folder: Path, dsn: str, receivers: Mapping[str, Receiver]) -> Path:
    folder.mkdir()
    settle(folder, {name: receiver.url for name, receiver in receivers.items()}, SECRET, reach=receivers)
    kept = f'url = "{dsn}"\nnode = "{folder.name}"'
    rewrite(folder / "city.toml", lambda text: text.replace('path = "bongsu.db"', kept))
    return folder
