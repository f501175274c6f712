"""How long an Extreme alert takes from its approval to its receivers while sources flood the gateway, beside the same when idle.

`python -m benchmarks.flood --help`; nothing here judges the figures.
"""

import asyncio
import itertools
import json
import logging
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import click
from msgspec import Struct

from benchmarks import city
from benchmarks.approve import KIM, LEE, PEERS, Waiting
from benchmarks.city import CONTROL_ROOM
from benchmarks.figures import machine
from benchmarks.stores import workplace
from gateway.access import Grant
from gateway.cli import logs
from gateway.demo.receivers import Receiver
from gateway.demo.town import FIRST
from gateway.fault import Unavailable
from gateway.service import Service
from gateway.source import Raw, read_incident
from tests.journal.postgres.server import Server

CALLERS = 64
SWOLLEN_S = 0.3
COLUMNS = ("store", "idle_p50_ms", "idle_p90_ms", "flood_p50_ms", "flood_p90_ms", "ratio", "accepts_per_second", "refused")


class Stage(Struct, frozen=True):
    """A running gateway and the two receivers of its alerts."""

    service: Service
    peers: Sequence[Receiver]


@asynccontextmanager
async def running(folder: Path, store: str) -> AsyncIterator[Stage]:
    """Run the city's gateway on this store ("" is a file in its folder)."""
    async with AsyncExitStack() as opened:
        receivers = {name: await opened.enter_async_context(Receiver(path=f"/{name}")) for name in FIRST}
        city.settle(folder, {name: receiver.url for name, receiver in receivers.items()}, store)
        service = await opened.enter_async_context(Service.open(folder, port=0))
        yield Stage(service, [receivers[name] for name in PEERS])


class Flood:
    """Callers of a control room that report their fires again and again, each as soon as the last report was answered."""

    def __init__(self, stage: Stage, name: str) -> None:
        """Prepare what they say."""
        self._gateway = stage.service.gateway
        now = self._gateway.now()
        self._fires = [city.fire(f"{name}-{caller}", now) for caller in range(CALLERS)]
        self._numbers = itertools.count()
        self._falling = False
        self.answered = self.refused = 0

    @asynccontextmanager
    async def rising(self) -> AsyncIterator[None]:
        """Let them call until this is left."""
        self._falling = False
        calling = [asyncio.create_task(self._call(fire)) for fire in self._fires]
        await asyncio.sleep(SWOLLEN_S)
        yield
        self._falling = True
        await asyncio.gather(*calling)

    async def _call(self, fire: dict[str, object]) -> None:
        before, after = (part.encode() for part in json.dumps(fire | {"sequence": -1}).split("-1", 1))
        for number in self._numbers:
            body = before + str(number).encode() + after
            raw = Raw(source=CONTROL_ROOM, media_type="application/json", body=body, received_at=self._gateway.now())
            try:
                await self._gateway.receive(raw, None, Grant(source=CONTROL_ROOM))
                self.answered += 1
            except Unavailable:
                self.refused += 1
            if self._falling:
                return


async def measure(stage: Stage, store: str, tries: int) -> dict[str, object]:
    """Approve in turns, once with nothing else to do and once in the flood; the first of each is not counted."""
    idle, flooded, accepted, seconds = [], [], 0, 0.0
    flood = Flood(stage, "fire")
    for number in range(tries + 1):
        idle.append(await _told(stage, await _submitted(stage, f"idle-{number}")))
        waiting = await _submitted(stage, f"flooded-{number}")
        async with flood.rising():
            began, before = time.monotonic(), flood.answered
            flooded.append(await _told(stage, waiting))
            accepted, seconds = accepted + flood.answered - before, seconds + time.monotonic() - began
    return {
        "store": store,
        **_ms("idle", idle[1:]),
        **_ms("flood", flooded[1:]),
        "ratio": round(statistics.median(flooded[1:]) / statistics.median(idle[1:]), 1),
        "accepts_per_second": round(accepted / seconds),
        "refused": flood.refused,
    }


def _ms(side: str, seconds: Sequence[float]) -> dict[str, float]:
    ranked = sorted(seconds)
    most = ranked[min(int(len(ranked) * 0.9), len(ranked) - 1)]
    return {f"{side}_p50_ms": round(statistics.median(ranked) * 1000, 1), f"{side}_p90_ms": round(most * 1000, 1)}


async def _submitted(stage: Stage, name: str) -> Waiting:
    """Draft and submit an Extreme alert, and wait until nothing is left to do of what was before."""
    gateway = stage.service.gateway
    now = gateway.now()
    report = city.fire(f"{name}-{now.timestamp()}", now) | {"severity": "extreme"}
    drafted = await gateway.create(read_incident(report), KIM)
    record = await gateway.submit(drafted.id, drafted.revision, KIM, confirm=True)
    assert record.open is not None
    while await gateway.journal.backlog():  # noqa: ASYNC110 - the record rings no bell
        await asyncio.sleep(0.01)
    return Waiting(record.id, record.open.version.number, record.open.hash)


async def _told(stage: Stage, waiting: Waiting) -> float:
    coming = asyncio.gather(*(peer.arrival(len(peer.arrivals) + 1) for peer in stage.peers))
    began = time.monotonic()
    await stage.service.gateway.approve(waiting.alert, waiting.number, waiting.hash, LEE)
    return max(one.at for one in await coming) - began


async def _all(folder: Path, server: Server, tries: int) -> list[dict[str, object]]:
    rows = []
    boss = await asyncpg.connect(server.dsn())
    await boss.execute("CREATE DATABASE flood")
    await boss.close()
    for name, store in (("sqlite", ""), ("postgres", server.dsn("flood"))):
        (folder / name).mkdir()
        async with running(folder / name, store) as stage:
            rows.append(await measure(stage, name, tries))
    return rows


@click.command()
@click.option("--tries", default=20, show_default=True, help="Approvals of each kind.")
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False), help="On the disk to measure; a temporary one is made in it."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(tries: int, folder: str | None, *, as_json: bool) -> None:
    """Measure what a flood of reports costs an Extreme alert."""
    logs.to_stderr(as_json=as_json, least=logging.ERROR)
    with workplace(folder) as (made, server):
        rows = asyncio.run(_all(made, server, tries))
    if as_json:
        print(json.dumps({"rows": rows, "callers": CALLERS, **machine()}))
        return
    for line in (COLUMNS, *([row[column] for column in COLUMNS] for row in rows)):
        print("".join(str(word).replace("_", " ").rjust(20) for word in line))
    print("; ".join(f"{name} {value}" for name, value in machine().items()), end="\n\n")


if __name__ == "__main__":
    main()
