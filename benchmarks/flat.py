"""What one alert more costs while others are active: from its report to the feeds that show it.

`python -m benchmarks.flat --help`; nothing here judges the figures.
"""

import asyncio
import hashlib
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import click
import msgspec

from benchmarks import city
from benchmarks.city import CONTROL_ROOM
from benchmarks.figures import machine
from gateway.access import Actor, Grant, Role
from gateway.alert import Act, Deed, Place, Selector, Transit, Version
from gateway.area import Polygon
from gateway.channel import Payload
from gateway.cli import logs
from gateway.engine import Gateway
from gateway.journal.records import AlertRecord, Draft, Issue, Submit
from gateway.journal.sqlite import SqliteJournal
from gateway.publishing import Feeds
from gateway.service import set_up
from gateway.service.running import in_zone
from gateway.source import Raw, read_incident

KIM, LEE = Actor("kim", frozenset({Role.OPERATOR})), Actor("lee", frozenset({Role.APPROVER}))
STEPS = ("accept", "draft", "submit", "approve", "feeds", "listing")
FLOOR = "feeds floor"
TOGETHER = 64
RIDERS = Transit(cause="OTHER_CAUSE", effect="DETOUR", selectors=tuple(Selector(stop=f"S{number:02}") for number in range(20)))


class Office:
    """A gateway whose record holds `active` alerts that are on air."""

    def __init__(self, gateway: Gateway, feeds: Feeds) -> None:
        """Begin with none."""
        self.gateway, self.feeds = gateway, feeds
        self.active = 0

    async def fill(self, active: int) -> None:
        """Let there be so many: copies of one alert, each in a place of its own."""
        if active <= self.active:
            return
        first = await self.gateway.create(read_incident(city.fire(f"call-{active}", self.gateway.now())), KIM)
        told = await self.gateway.submit(first.id, first.revision, KIM)
        payloads, _ = await self.gateway.journal.frozen(told.id, 1)
        assert told.open is not None
        frozen = Submit(version=told.open.version, hash=told.open.hash, payloads=tuple(payloads), feeds=(), acts=())
        for start in range(self.active, active, TOGETHER):
            numbers = range(start, min(start + TOGETHER, active))
            await asyncio.gather(*(self._another(frozen, number) for number in numbers))
        await self.gateway.reject(told.id, 1, "only a pattern", LEE)
        self.active = active

    async def _another(self, frozen: Submit, number: int) -> None:
        journal, now = self.gateway.journal, self.gateway.now()
        version = _elsewhere(frozen.version, number, now + timedelta(hours=12))
        acts = (Act(number=1, deed=Deed.ISSUED, actor="gateway", at=now),)
        drafted = await journal.draft(Draft(version=version, expected=0, acts=(), at=now))
        submit = msgspec.structs.replace(frozen, version=version, payloads=(), feeds=self._rows(version))
        frozen_at = await journal.submit(submit, drafted)
        issue = Issue(
            alert=version.alert,
            number=1,
            hash=frozen.hash,
            expected=frozen_at,
            at=now,
            acts=acts,
            consignments=(),
            feeds=submit.feeds,
            document=None,
        )
        await journal.issue(issue)

    def _rows(self, version: Version) -> tuple[Payload, ...]:
        """Return what each feed has of a version."""
        rendered = [(feed, feed.render(version)) for feed in self.gateway.plan.feeds]
        return tuple(
            Payload(channel=feed.name, body=body, media_type=feed.media_type) for feed, body in rendered if body is not None
        )

    async def one_more(self, name: str) -> list[float]:
        """Lead one alert from its report to the feeds, take it back, and return the seconds of each step."""
        gateway = self.gateway
        told: dict[str, AlertRecord] = {}
        message = city.reports(gateway.now(), name, 1)[0]
        raw = Raw(source=CONTROL_ROOM, media_type="application/json", body=message.body, received_at=gateway.now())

        async def approve() -> AlertRecord:
            version = told["record"].open
            assert version is not None
            return await gateway.approve(told["record"].id, 1, version.hash, LEE)

        async def submit() -> None:
            [newest] = await gateway.journal.alerts(most=1)
            told["record"] = await gateway.submit(newest.id, newest.revision, KIM)

        async def feeds() -> None:
            for path in self.feeds.paths:
                await self.feeds.current(path)

        steps: list[Callable[[], Awaitable[object]]] = [
            partial(gateway.receive, raw, None, Grant(source=CONTROL_ROOM)),
            gateway.draft_due,
            submit,
            approve,
            feeds,
            partial(gateway.journal.alerts, most=50),
        ]
        seconds = [await _timed(step) for step in steps]
        bare = await self._bare()
        await gateway.cancel(told["record"].id, "only measured", LEE)
        return [*seconds, bare]

    async def _bare(self) -> float:
        """Return the seconds that it takes to join the same bytes, in as many pieces as there are alerts, and to hash them."""
        bodies = [served.body for path in self.feeds.paths if (served := await self.feeds.current(path))]
        pieces = [_pieces(body, self.active + 1) for body in bodies]
        began = time.perf_counter()
        for one in pieces:
            hashlib.sha256(b"".join(one)).hexdigest()
        return time.perf_counter() - began


def _pieces(body: bytes, count: int) -> list[bytes]:
    size = len(body) // count + 1
    return [body[start : start + size] for start in range(0, len(body), size)]


def _elsewhere(version: Version, number: int, expires: object) -> Version:
    places = tuple(_moved(place, 1.0 + number % 100 / 50, number // 100 / 50) for place in version.places)
    name = f"F-{number:05d}"
    return msgspec.structs.replace(
        version, alert=name, identifier=f"{name}.1", places=places, expires=expires, incident=None, number=1, transit=RIDERS
    )


def _moved(place: Place, east: float, north: float) -> Place:
    surfaces = tuple(
        Polygon(coordinates=tuple(tuple((p[0] + east, p[1] + north) for p in ring) for ring in one.coordinates))
        for one in place.polygons
    )
    return msgspec.structs.replace(place, polygons=surfaces)


async def _timed(step: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await step()
    return time.perf_counter() - began


async def measure(folder: Path, counts: list[int], tries: int) -> list[dict[str, object]]:
    """Return, for each count of active alerts, the median milliseconds of each step."""
    city.settle(folder)
    now = in_zone("Asia/Seoul")
    setup = set_up(folder, now)
    journal = await SqliteJournal.open(folder / "flat.db")
    office = Office(Gateway(setup.plan, journal, now), Feeds(journal, setup.plan.feeds, setup.settings.base_url, now))
    rows = []
    for active in counts:
        await office.fill(active)
        times = [await office.one_more(f"fire-{active}-{one}") for one in range(tries + 1)][1:]
        steps = {
            step: round(statistics.median(column) * 1000, 2)
            for step, column in zip((*STEPS, FLOOR), zip(*times, strict=True), strict=True)
        }
        rows.append({"active": active, **steps})
    await journal.close()
    return rows


@click.command()
@click.option("--active", "counts", default=(1, 100, 1000, 10000), multiple=True, show_default=True, help="Alerts on air.")
@click.option("--tries", default=10, show_default=True, help="Alerts more at each of these counts.")
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False), help="On the disk to measure; a temporary one is made in it."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(counts: tuple[int, ...], tries: int, folder: str | None, *, as_json: bool) -> None:
    """Measure what one alert more costs."""
    logs.to_stderr(as_json=as_json, least=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="bongsu-bench-", dir=folder) as made:
        rows = asyncio.run(measure(Path(made), sorted(counts), tries))
    if as_json:
        print(json.dumps({"rows": rows, **machine()}))
        return
    columns = ("active", *STEPS, FLOOR)
    for line in (columns, *([row[column] for column in columns] for row in rows)):
        print("".join(str(word).rjust(13) for word in line))
    print("; ".join(f"{name} {value}" for name, value in machine().items()), end="\n\n")


if __name__ == "__main__":
    main()
