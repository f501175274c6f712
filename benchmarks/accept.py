"""What it costs to accept a signed reading or incident, beside the durable commit that nobody can do without.

`python -m benchmarks.accept --help`; nothing here judges the figures.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import click
from msgspec import Struct

from benchmarks import city
from benchmarks.city import CONTROL_ROOM, RIVER, Message
from benchmarks.figures import Row, show
from benchmarks.floor import Commit, bare_group, bare_server, bare_store
from benchmarks.race import Race, Try
from gateway.cli import logs
from gateway.engine import Gateway
from gateway.journal.sqlite import SqliteJournal
from gateway.service import Service, set_up
from gateway.service.running import in_zone
from gateway.source import Raw
from gateway.web import Door
from gateway.web.signature import verify

EACH = 4

Lines = Sequence[Sequence[Message]]
"""What callers send: everyone from a line of his own, or all from one."""

Next = Callable[[int], Message]
"""What the caller of that number sends next."""

Way = Callable[[Next], Try]
"""A side, before it knows what to send."""


class Counts(Struct, frozen=True, kw_only=True):
    """How much is measured: tries of one caller, and rounds of many at once, in the process and over HTTP."""

    tries: int
    rounds: int
    callers: int
    connections: int

    @property
    def alone(self) -> Race:
        """One caller."""
        return Race(rounds=self.tries)

    @property
    def crowd(self) -> Race:
        """Many callers in the process."""
        return Race(rounds=self.rounds, callers=self.callers, each=EACH)

    @property
    def wired(self) -> Race:
        """Many callers over HTTP."""
        return Race(rounds=self.rounds, callers=self.connections, each=EACH)


class Desk(Struct, frozen=True):
    """A gateway that only accepts: nobody drafts or sends beside it."""

    gateway: Gateway
    doors: Mapping[str, Door]


async def measure(folder: Path, counts: Counts) -> list[Row]:
    """Race in a folder of the disk that matters."""
    city.settle(folder)
    return [*await _in_process(folder, counts), *await _over_http(folder, counts)]


async def _in_process(folder: Path, counts: Counts) -> list[Row]:
    async with _desk(folder) as desk, bare_store(folder / "one.db") as store, bare_group(folder / "group.db") as group:
        river, room = partial(_accepted, desk, RIVER), partial(_accepted, desk, CONTROL_ROOM)
        one, many, now = partial(_kept, store.commit), partial(_kept, group.commit), desk.gateway.now
        alone, crowd = counts.alone, counts.crowd
        return [
            await _compare("a reading", alone, river, one, [city.readings(now(), alone.tries)]),
            await _compare("a new incident", alone, room, one, [city.fires(now(), alone.tries)]),
            await _compare("readings of one gauge", crowd, river, many, [city.readings(now(), crowd.tries * crowd.callers)]),
            await _compare("incidents reported again", crowd, room, many, _reports(desk.gateway, crowd)),
        ]


async def _over_http(folder: Path, counts: Counts) -> list[Row]:
    async with (
        Service.open(folder, port=0) as service,
        bare_store(folder / "http-one.db") as store,
        bare_group(folder / "http-group.db") as group,
        bare_server(store.commit) as one,
        bare_server(group.commit) as many,
        aiohttp.ClientSession() as session,
    ):
        posted, now, alone, wired = partial(_posted, session), service.gateway.now, counts.alone, counts.wired
        river, room = (partial(posted, f"{service.url}/v1/incidents/{source}") for source in (RIVER, CONTROL_ROOM))
        return [
            await _compare("HTTP, a reading", alone, river, partial(posted, one), [city.readings(now(), alone.tries)]),
            await _compare("HTTP, incidents again", wired, room, partial(posted, many), _reports(service.gateway, wired)),
        ]


@asynccontextmanager
async def _desk(folder: Path) -> AsyncIterator[Desk]:
    now = in_zone("Asia/Seoul")
    setup = set_up(folder, now)
    journal = await SqliteJournal.open(folder / "desk.db")
    yield Desk(Gateway(setup.plan, journal, now), setup.doors)
    await journal.close()


def _reports(gateway: Gateway, race: Race) -> Lines:
    return [city.reports(gateway.now(), f"fire-of-{caller}", race.tries) for caller in range(race.callers)]


async def _compare(what: str, race: Race, ours: Way, floor: Way, lines: Lines) -> Row:
    return await race.run(what, ours(_following(lines)), floor(_following(lines)))


def _following(lines: Lines) -> Next:
    waiting = [iter(line) for line in lines]
    return lambda caller: next(waiting[caller % len(waiting)])


# The tries


def _accepted(desk: Desk, source: str, following: Next) -> Try:
    """Check the signature and record the message."""
    door, now = desk.doors[source], desk.gateway.now

    async def once(caller: int) -> float:
        message = following(caller)
        began = time.perf_counter()
        id = verify(door.secrets, message.headers, message.body, now())
        raw = Raw(source=source, media_type="application/json", body=message.body, received_at=now())
        receipt = await desk.gateway.receive(raw, id, door.grant)
        seconds = time.perf_counter() - began
        assert receipt.items[0].accepted, receipt.items
        return seconds

    return once


def _kept(commit: Commit, following: Next) -> Try:
    """Commit the message's bytes and no more."""

    async def once(caller: int) -> float:
        body = following(caller).body
        began = time.perf_counter()
        await commit(body)
        return time.perf_counter() - began

    return once


def _posted(session: aiohttp.ClientSession, url: str, following: Next) -> Try:
    """Send the message and read the answer."""

    async def once(caller: int) -> float:
        message = following(caller)
        began = time.perf_counter()
        async with session.post(url, data=message.body, headers=message.headers) as answer:
            told = await answer.read()
        seconds = time.perf_counter() - began
        assert answer.status == 202, told
        return seconds

    return once


@click.command()
@click.option("--tries", default=1500, show_default=True, help="Tries of one caller.")
@click.option("--rounds", default=20, show_default=True, help=f"Rounds of many callers, {EACH} tries each.")
@click.option("--callers", default=64, show_default=True, help="Callers at once in the process.")
@click.option("--connections", default=16, show_default=True, help="Callers at once over HTTP, at most 32.")
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False), help="On the disk to measure; a temporary one is made in it."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(folder: str | None, *, as_json: bool, **counts: int) -> None:
    """Measure what accepting costs."""
    logs.to_stderr(as_json=as_json, least=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="bongsu-bench-", dir=folder) as made:
        show(asyncio.run(measure(Path(made), Counts(**counts))), as_json=as_json)


if __name__ == "__main__":
    main()
