"""How fast a long queue is emptied, beside a bare loop that claims and completes as many at a time, as durably.

`python -m benchmarks.drain --help`; nothing here judges the figures.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg
import click

from benchmarks.figures import machine
from benchmarks.queues import BATCH, CHANNEL, Queue, Turn, bare_postgres, bare_sqlite, begin_sqlite, fill_postgres, fill_sqlite
from benchmarks.stores import workplace
from gateway.alert import Version
from gateway.channel import Abilities, History, Out, Outcome, Payload, Verdict
from gateway.cli import logs
from gateway.delivery import Courier
from gateway.incident import Status
from gateway.journal.contract import Journal
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Free, Room, Settlement
from gateway.journal.sqlite import SqliteJournal
from gateway.out import Rehearsal
from tests.journal.postgres.server import Server

ROOM = Room(most=Free(BATCH, BATCH), channels={CHANNEL: Free(BATCH, BATCH)})
TAKEN = Outcome(verdict=Verdict.ACCEPTED, note="200", evidence={"status": "200"})
TURNS = 5
STORES = ("sqlite", "postgres")


def _now() -> datetime:
    return datetime.now(UTC)


def straight(journal: Journal) -> Turn:
    """Claim a batch and settle it, with nothing between."""

    async def turn() -> int:
        claimed = await journal.claim(ROOM, 30.0, _now())
        tries = [Settlement(claimed=one, outcome=TAKEN, retry_in=1.0) for one in claimed]
        assert await journal.settle(tries, _now()) == ["accepted"] * len(tries)
        return len(claimed)

    return turn


class AtOnce:
    """A channel that has taken everything before it is asked."""

    name = CHANNEL
    abilities = Abilities(history=History.CHAIN, accepts=frozenset(Status))

    def __init__(self, targets: Sequence[str]) -> None:
        """Have these targets."""
        self.targets = tuple(targets)

    def render(self, version: Version) -> Sequence[Payload]:  # noqa: ARG002 - nothing is looked at
        """Say nothing: the queue is full already."""
        return ()

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:  # noqa: ARG002 - nothing is looked at
        """Take it."""
        return TAKEN


def carried(journal: Journal, queue: Queue) -> Turn:
    """Let the courier carry a batch."""
    channels = {CHANNEL: AtOnce([f"t{target:02}" for target in range(queue.targets)])}
    return Courier(journal, channels, Rehearsal(), _now, slots=BATCH, slots_per_channel=BATCH).round


@asynccontextmanager
async def sqlite(folder: Path, queue: Queue) -> AsyncIterator[Mapping[str, Turn]]:
    """The record in a file, twice, and a bare queue in a thread."""
    journals = [await SqliteJournal.open(folder / f"{name}.db") for name in ("straight", "courier")]
    for journal in journals:
        await journal.writer.run(lambda cx: begin_sqlite(cx, queue, _now()))
        for number in range(1, queue.deep + 1):
            await journal.writer.run(partial(fill_sqlite, queue=queue, wanted=number, now=_now()))
    desk = ThreadPoolExecutor(1)
    loop = asyncio.get_running_loop()
    bare = await loop.run_in_executor(desk, bare_sqlite, folder / "bare.db", queue)
    yield {
        "claim and settle": straight(journals[0]),
        "courier": carried(journals[1], queue),
        "bare": lambda: loop.run_in_executor(desk, bare),
    }
    desk.shutdown()
    for journal in journals:
        await journal.close()


@asynccontextmanager
async def postgres(server: Server, queue: Queue) -> AsyncIterator[Mapping[str, Turn]]:
    """The record in a database, twice, and a bare queue in a third."""
    boss = await asyncpg.connect(server.dsn())
    for database in ("straight", "courier", "bare"):
        await boss.execute(f"CREATE DATABASE {database}")
    await boss.close()
    journals = [await PostgresJournal.open(server.dsn(name), node="bench") for name in ("straight", "courier")]
    for name in ("straight", "courier"):
        filling = await asyncpg.connect(server.dsn(name))
        await fill_postgres(filling, queue, _now())
        await filling.close()
    bare = await asyncpg.connect(server.dsn("bare"))
    yield {
        "claim and settle": straight(journals[0]),
        "courier": carried(journals[1], queue),
        "bare": await bare_postgres(bare, queue),
    }
    await bare.close()
    for journal in journals:
        await journal.close()


async def drain(turns: Mapping[str, Turn], deliveries: int) -> dict[str, float]:
    """Let all sides take turns, a few batches each, until all queues are empty; return the seconds each side took."""
    spent, done = dict.fromkeys(turns, 0.0), dict.fromkeys(turns, 0)
    while min(done.values()) < deliveries:
        for side, turn in turns.items():
            began = time.perf_counter()
            for _ in range(TURNS):
                done[side] += await turn()
            spent[side] += time.perf_counter() - began
    assert set(done.values()) == {deliveries}, done
    return spent


async def measure(folder: Path, server: Server, queue: Queue, stores: Iterable[str]) -> list[dict[str, object]]:
    """Empty the same queue on each of these stores."""
    rows = []
    made = {"sqlite": lambda: sqlite(folder, queue), "postgres": lambda: postgres(server, queue)}
    for store in stores:
        async with made[store]() as turns:
            spent = await drain(turns, queue.lanes * queue.deep)
        floor = spent.pop("bare")
        for side, seconds in spent.items():
            rates = {"per_second": round(queue.lanes * queue.deep / seconds), "of_floor": round(floor / seconds, 2)}
            rows.append({"what": f"{store}: {side}", **rates, "floor_per_second": round(queue.lanes * queue.deep / floor)})
    return rows


@click.command()
@click.option("--lanes", default=2000, show_default=True, help="Lanes, that is targets of alerts.")
@click.option("--deep", default=50, show_default=True, help="Deliveries that wait in each lane.")
@click.option("--store", "stores", multiple=True, type=click.Choice(STORES), default=STORES, show_default=True, help="On which.")
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False), help="On the disk to measure; a temporary one is made in it."
)
@click.option("--flush-ms", default=0.0, help="So much more for each flush, on both sides.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(  # noqa: PLR0913 - as many options
    lanes: int, deep: int, stores: Sequence[str], folder: str | None, flush_ms: float, *, as_json: bool
) -> None:
    """Measure how fast a queue is emptied on either store."""
    logs.to_stderr(as_json=as_json, least=logging.WARNING)
    with workplace(folder, flush_ms) as (made, server):
        rows = asyncio.run(measure(made, server, Queue(lanes=lanes, deep=deep), stores))
    if as_json:
        print(json.dumps({"rows": rows, **machine()}))
        return
    for row in rows:
        print("  ".join(f"{name.replace('_', ' ')} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
