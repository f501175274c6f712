"""What passes between the approval and both receivers having the bytes, beside two bare posts and as many bare commits.

`python -m benchmarks.approve --help`; nothing here judges the figures.
"""

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import apsw
import click
from msgspec import Struct

from benchmarks import city
from benchmarks.figures import Row, show
from benchmarks.floor import BareStore, bare_store
from benchmarks.race import Race
from gateway.access import Actor, Role, key_hash, new_key
from gateway.cli import logs
from gateway.demo.receivers import Arrived, Receiver
from gateway.demo.town import FIRST
from gateway.journal.records import Key, Person
from gateway.journal.sqlite import SqliteJournal
from gateway.service import Service
from gateway.source import read_incident

KIM = Actor("kim", frozenset({Role.OPERATOR}))
LEE = Actor("lee", frozenset({Role.APPROVER}))
COUNTED = 5
WAL_PAGES = 1000  # SQLite's own default, https://sqlite.org/pragma.html#pragma_wal_autocheckpoint
PEERS = ("broadcaster", "city-app")


class Waiting(Struct, frozen=True):
    """A version that waits for its second person."""

    alert: str
    number: int
    hash: str


class Stage(Struct, frozen=True, kw_only=True):
    """A running gateway, its two receivers, and Lee, who approves in the process or over HTTP with `key`."""

    service: Service
    journal: SqliteJournal
    peers: Sequence[Receiver]
    session: aiohttp.ClientSession
    store: BareStore
    key: str


Approve = Callable[[Stage, Waiting], Awaitable[None]]


class Commits(Struct, frozen=True):
    """How many durable commits one approval makes: at least before both have the bytes, and mostly until both are settled."""

    before: int
    in_all: int


async def measure(folder: Path, tries: int) -> tuple[list[Row], Commits]:
    """Race in a folder of the disk that matters."""
    async with _stage(folder) as stage:
        commits = await _commits(stage)
        race, floor = Race(rounds=tries), partial(_bare, stage, commits.before)
        rows = [
            await race.run("approve, to both receivers", partial(_told, stage, _in_process), floor),
            await race.run("HTTP approve, to both", partial(_told, stage, _over_http), floor),
        ]
    return rows, commits


@asynccontextmanager
async def _stage(folder: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as opened:
        receivers = {name: await opened.enter_async_context(Receiver(path=f"/{name}")) for name in FIRST}
        city.settle(folder, {name: receiver.url for name, receiver in receivers.items()})
        service = await opened.enter_async_context(Service.open(folder, port=0))
        assert isinstance(service.journal, SqliteJournal)
        yield Stage(
            service=service,
            journal=service.journal,
            peers=[receivers[name] for name in PEERS],
            session=await opened.enter_async_context(aiohttp.ClientSession()),
            store=await opened.enter_async_context(bare_store(folder / "bare.db")),
            key=await _hired(service),
        )


async def _hired(service: Service) -> str:
    key, now = new_key(), service.gateway.now()
    await service.journal.save_person(Person(name=LEE.name, roles=LEE.roles, password=""), "benchmark", now)
    await service.journal.save_key(Key(id="lee", hash=key_hash(key), person=LEE.name), "benchmark", now)
    return key


# The tries


async def _told(stage: Stage, approve: Approve, _: int) -> float:
    """Approve, and wait until both receivers have the bytes; then let the deliveries settle."""
    waiting = await _submitted(stage)
    began, coming = time.monotonic(), _coming(stage)
    await approve(stage, waiting)
    seconds = max(one.at for one in await coming) - began
    await _settled(stage, waiting.alert)
    return seconds


async def _bare(stage: Stage, commits: int, _: int) -> float:
    """Commit so many times, then post the bytes that came last to the same receivers."""
    bodies = [peer.arrivals[-1].body for peer in stage.peers]
    began, coming = time.monotonic(), _coming(stage)
    for _ in range(commits):
        await stage.store.commit(bodies[0])
    await asyncio.gather(*(_post(stage.session, peer.url, body) for peer, body in zip(stage.peers, bodies, strict=True)))
    return max(one.at for one in await coming) - began


def _coming(stage: Stage) -> "asyncio.Future[list[Arrived]]":
    return asyncio.gather(*(peer.arrival(len(peer.arrivals) + 1) for peer in stage.peers))


async def _post(session: aiohttp.ClientSession, url: str, body: bytes) -> None:
    async with session.post(url, data=body) as answer:
        await answer.read()


async def _in_process(stage: Stage, waiting: Waiting) -> None:
    await stage.service.gateway.approve(waiting.alert, waiting.number, waiting.hash, LEE)


async def _over_http(stage: Stage, waiting: Waiting) -> None:
    url, seen = f"{stage.service.url}/v1/alerts/{waiting.alert}/approve", {"version": waiting.number, "hash": waiting.hash}
    async with stage.session.post(url, json=seen, headers={"Authorization": f"Bearer {stage.key}"}) as answer:
        assert answer.status == 200, await answer.text()


async def _submitted(stage: Stage) -> Waiting:
    gateway = stage.service.gateway
    now = gateway.now()
    drafted = await gateway.create(read_incident(city.fire(f"call-{now.timestamp()}", now)), KIM)
    record = await gateway.submit(drafted.id, drafted.revision, KIM, confirm=True)
    assert record.open is not None
    return Waiting(record.id, record.open.version.number, record.open.hash)


async def _settled(stage: Stage, alert: str) -> None:
    while not all(one.attempts for one in await stage.journal.deliveries(alert) if one.state != "held"):  # noqa: ASYNC110 - the record rings no bell
        await asyncio.sleep(0.002)


# How often it commits


async def _commits(stage: Stage) -> Commits:
    """Count with SQLite's own hook, which is called when something was written (https://sqlite.org/c3ref/wal_hook.html)."""
    at: list[float] = []

    def note(*_: object) -> int:
        at.append(time.monotonic())
        return apsw.SQLITE_OK

    await stage.journal.writer.run(lambda cx: cx.set_wal_hook(note))
    counted = [await _counted(stage, at) for _ in range(COUNTED)]
    await stage.journal.writer.run(lambda cx: cx.wal_autocheckpoint(WAL_PAGES))
    before, in_all = zip(*counted, strict=True)
    return Commits(min(before), int(statistics.median(in_all)))


async def _counted(stage: Stage, at: list[float]) -> tuple[int, int]:
    waiting, coming = await _submitted(stage), _coming(stage)
    at.clear()
    await _in_process(stage, waiting)
    arrived = max(one.at for one in await coming)
    await _settled(stage, waiting.alert)
    return sum(moment <= arrived for moment in at), len(at)


@click.command()
@click.option("--tries", default=150, show_default=True, help="Approvals of each kind.")
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False), help="On the disk to measure; a temporary one is made in it."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(tries: int, folder: str | None, *, as_json: bool) -> None:
    """Measure what passes between the approval and the receivers."""
    logs.to_stderr(as_json=as_json, least=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="bongsu-bench-", dir=folder) as made:
        rows, commits = asyncio.run(measure(Path(made), tries))
    show(rows, as_json=as_json, commits_before=commits.before, commits_in_all=commits.in_all)


if __name__ == "__main__":
    main()
