"""What it costs to accept an incident on either store, beside the same bytes in a bare durable transaction.

`python -m benchmarks.record --help`; nothing here judges the figures.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from benchmarks import city
from benchmarks.city import CONTROL_ROOM, Message
from benchmarks.figures import Row, show
from benchmarks.race import Race, settle_down
from benchmarks.stores import Stand, postgres, sqlite, workplace
from gateway.access import Grant
from gateway.cli import logs
from gateway.engine import Gateway, intake
from gateway.engine.intake import Carrier, Rules
from gateway.journal.records import Arrival
from gateway.service import set_up
from gateway.service.running import in_zone
from gateway.source import Raw
from tests.journal.postgres.server import Server

CROWD, EACH = 64, 2
GRANT = Grant(source=CONTROL_ROOM)


async def measure(folder: Path, stand: Stand, tries: int, rounds: int) -> list[Row]:
    """Race one caller, then many."""
    now = in_zone("Asia/Seoul")
    gateway = Gateway(set_up(folder, now).plan, stand.journal, now)
    alone, crowd = Race(rounds=tries), Race(rounds=rounds, callers=CROWD, each=EACH)
    return [
        await alone.run(f"{stand.name}: reading only", *_sides(gateway, alone, _reading, stand.alone)),
        await alone.run(f"{stand.name}: journal.accept", *_sides(gateway, alone, _accepting, stand.alone)),
        await alone.run(f"{stand.name}: receive", *_sides(gateway, alone, _receiving, stand.alone)),
        await crowd.run(f"{stand.name}: journal.accept", *_sides(gateway, crowd, _accepting, stand.many)),
        await crowd.run(f"{stand.name}: receive", *_sides(gateway, crowd, _receiving, stand.many)),
    ]


Try = Callable[[int], Awaitable[float]]
Work = Callable[[], Awaitable[object]]


def _sides(
    gateway: Gateway,
    race: Race,
    ours: Callable[[Gateway, Sequence[Message]], Iterator[Work]],
    bare: Callable[[bytes], Awaitable[None]],
) -> tuple[Try, Try]:
    fires = city.fires(gateway.now(), race.tries * race.callers)
    works = list(ours(gateway, fires))
    settle_down()
    return partial(_timed, iter(works)), partial(_timed, (partial(bare, fire.body) for fire in fires))


async def _timed(works: Iterator[Work], _: int) -> float:
    work = next(works)
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def _receiving(gateway: Gateway, fires: Sequence[Message]) -> Iterator[Work]:
    for fire in fires:
        yield partial(gateway.receive, _raw(gateway, fire), fire.headers["webhook-id"], GRANT)


def _accepting(gateway: Gateway, fires: Sequence[Message]) -> Iterator[Work]:
    for fire in fires:
        yield partial(gateway.journal.accept, _read(gateway, _raw(gateway, fire), fire.headers["webhook-id"]))


def _reading(gateway: Gateway, fires: Sequence[Message]) -> Iterator[Work]:
    """What is done between bytes and the record: JSON, schema, texts, ground, the place among what is known."""
    for fire in fires:
        yield partial(_only_read, gateway, fire)


async def _only_read(gateway: Gateway, fire: Message) -> None:
    _read(gateway, _raw(gateway, fire), fire.headers["webhook-id"])


def _read(gateway: Gateway, raw: Raw, key: str) -> Arrival:
    way_in, now = gateway.plan.intakes[CONTROL_ROOM], gateway.now()
    rules = Rules(plan=gateway.plan, grant=GRANT, default=way_in.default_status, now=now)
    found = intake.sort(intake.parse(raw, way_in), {}, rules)
    assert not found.refused, found.refused
    return intake.arrival(found, {}, {}, Carrier(actor=CONTROL_ROOM, raw=raw, key=key), now)


def _raw(gateway: Gateway, fire: Message) -> Raw:
    return Raw(source=CONTROL_ROOM, media_type="application/json", body=fire.body, received_at=gateway.now())


async def _all(folder: Path, server: Server, tries: int, rounds: int) -> list[Row]:
    city.settle(folder)
    async with sqlite(folder) as stand:
        rows = await measure(folder, stand, tries, rounds)
    async with postgres(server) as stand:
        return [*rows, *await measure(folder, stand, tries, rounds)]


@click.command()
@click.option("--tries", default=200, show_default=True, help="Tries of one caller.")
@click.option("--rounds", default=10, show_default=True, help=f"Rounds of {CROWD} callers, {EACH} tries each.")
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False), help="On the disk to measure; a temporary one is made in it."
)
@click.option("--flush-ms", default=0.0, help="So much more for each flush, on both sides.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(tries: int, rounds: int, folder: str | None, flush_ms: float, *, as_json: bool) -> None:
    """Measure what accepting costs on both stores."""
    logs.to_stderr(as_json=as_json, least=logging.WARNING)
    with workplace(folder, flush_ms) as (made, server):
        show(asyncio.run(_all(made, server, tries, rounds)), as_json=as_json)


if __name__ == "__main__":
    main()
