"""Somebody who reads every feed of every node all the time, and what must hold of everything that was read."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp
from google.transit import gtfs_realtime_pb2
from lxml import etree

from tests.staircase.served import Served

ATOM, TRANSIT = "/feeds/cap.atom", "/feeds/gtfs-realtime/alerts.pb"
PATHS = (ATOM, TRANSIT, "/feeds/app.json", "/feeds/alerts.geojson")
UPDATED = "{http://www.w3.org/2005/Atom}updated"
EVERY_S = 0.15
PATIENCE_S = 1.0
OLDEST_S = 30.0
SLACK_S = 6.0


class Look(NamedTuple):
    """One answer: from whom, when it came, and what it said; status 0 where there was none."""

    node: str
    path: str
    at: float
    status: int
    stamp: int = 0
    etag: str = ""
    body: bytes = b""


class Reader:
    """Keeps everything it reads."""

    def __init__(self, nodes: Mapping[str, Served]) -> None:
        """Read from these nodes."""
        self.looks: list[Look] = []
        self._nodes = nodes

    def seen(self, node: str, path: str, since: float = 0.0) -> Sequence[Look]:
        """Return what a node said at a path since a moment, in order."""
        return [look for look in self.looks if (look.node, look.path) == (node, path) and look.at >= since]

    async def reads(self, session: aiohttp.ClientSession, node: str, path: str) -> None:
        """Read one feed of one node, until cancelled."""
        while (look := await self._look(session, node, path)).status != 404:
            self.looks.append(look)
            await asyncio.sleep(EVERY_S)

    async def _look(self, session: aiohttp.ClientSession, node: str, path: str) -> Look:
        try:
            async with session.get(self._nodes[node].url + path) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return Look(node, path, time.time(), 0)
        if answer.status != 200:
            return Look(node, path, time.time(), answer.status)
        modified = parsedate_to_datetime(answer.headers["Last-Modified"]).timestamp()
        return Look(node, path, time.time(), 200, int(modified), answer.headers["ETag"], body)


@asynccontextmanager
async def reading(nodes: Mapping[str, Served]) -> AsyncIterator[Reader]:
    """Read all the time while the block lasts."""
    reader = Reader(nodes)
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        tasks = [asyncio.create_task(reader.reads(session, node, path)) for node in nodes for path in PATHS]
        try:
            yield reader
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def faults(looks: Sequence[Look]) -> Iterator[str]:
    """Judge everything that was read: one publication, one body; time never goes back, and is never long ago."""
    bodies: dict[tuple[str, int], bytes] = {}
    newest: dict[tuple[str, str], int] = defaultdict(int)
    for look in (look for look in looks if look.status == 200):
        if bodies.setdefault((look.path, look.stamp), look.body) != look.body:
            yield f"{look.path} of {look.stamp} has other bytes on {look.node}"
        if look.stamp < newest[look.node, look.path]:
            yield f"{look.path} went back on {look.node} by {newest[look.node, look.path] - look.stamp} s"
        if look.at - look.stamp > OLDEST_S + SLACK_S:
            yield f"{look.path} on {look.node} is {look.at - look.stamp:.1f} s old"
        if (spoken := _spoken(look)) is not None and spoken != look.stamp:
            yield f"{look.path} on {look.node} speaks for {spoken} and not for {look.stamp}"
        newest[look.node, look.path] = max(look.stamp, newest[look.node, look.path])
    if wrong := {look.etag for look in looks if look.etag} & _shared_tags(looks):
        yield f"one ETag for two bodies: {wrong}"


def _shared_tags(looks: Sequence[Look]) -> set[str]:
    said: dict[str, set[bytes]] = defaultdict(set)
    for look in looks:
        said[look.path + look.etag].add(look.body)
    return {look.etag for look in looks if len(said[look.path + look.etag]) > 1 and look.etag}


def _spoken(look: Look) -> int | None:
    """Return the time that a feed itself says it speaks for, read by decoders that are not ours."""
    if look.path == TRANSIT:
        return int(gtfs_realtime_pb2.FeedMessage.FromString(look.body).header.timestamp)
    if look.path == ATOM:
        return int(datetime.fromisoformat(etree.fromstring(look.body).findtext(UPDATED, "")).timestamp())
    return None
