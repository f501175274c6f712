"""The demonstration's vendors, over real HTTP into a real gateway: what they say is taken, what they stammer is refused."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from gateway import shipped
from gateway.demo.people import Answer
from gateway.demo.stage import Stage, stage
from gateway.journal.records import Head


@pytest.fixture
async def hanbat() -> AsyncIterator[Stage]:
    async with stage(speed=1.0, seed=1, tell=lambda _event, _known: None) as built:
        yield built


def items(answer: Answer) -> list[tuple[bool, str]]:
    found = answer.document["items"]
    assert isinstance(found, list)
    return [(item["accepted"], item.get("code", "")) for item in found]


async def known(stage: Stage, source: str, id: str) -> Head:
    return (await stage.service.journal.heads([(source, id)]))[source, id]


async def test_counters_are_heard_together_and_one_by_one(hanbat: Stage) -> None:
    assert (await hanbat.crowd.counts("bs-west", 1240)).status == 202
    assert items(await hanbat.crowd.counts_everywhere(0.02)) == [(True, "")] * 4
    assert items(await hanbat.crowd.counts_nowhere()) == [(False, "zone-unknown")]
    assert items(await hanbat.crowd.stammers()) == [(False, "counts-unreadable")]


async def test_the_control_room_tells_of_every_kind_and_of_its_end(hanbat: Stage) -> None:
    metro = hanbat.metro
    told = [
        await metro.train_fails("104", "107"),
        await metro.line_is_suspended("104", "109"),
        await metro.station_crowds("107"),
        await metro.station_closes("107"),
        await metro.station_burns("109"),
    ]
    assert [items(answer) for _, answer in told] == [[(True, "")]] * 5
    hazards = [(await known(hanbat, "metro-control", number)).report.hazard for number, _ in told]
    assert hazards == ["train-failure", "line-suspended", "station-overcrowding", "station-closed", "structure-fire"]
    for number, _ in told:
        assert items(await metro.over(number)) == [(True, "")]
        assert (await known(hanbat, "metro-control", number)).report.ended is not None
    assert items(await metro.changes(told[0][0], impact="slight")) == [(True, "")]
    assert items(await metro.names_no_such_station()) == [(False, "station-unknown")]
    assert items(await metro.stammers()) == [(False, "xml-malformed")]


async def test_dispatch_tells_responders_and_then_everybody(hanbat: Stage) -> None:
    fire, answer = await hanbat.dispatch.fire()
    assert items(answer) == [(True, "")]
    report = (await known(hanbat, "dispatch-119", fire)).report
    assert (report.scope, len(report.resources)) == ("restricted", 1)
    assert items(await hanbat.dispatch.made_public(fire)) == [(True, "")]
    report = (await known(hanbat, "dispatch-119", fire)).report
    assert (report.scope, len(report.resources)) == ("public", 0)
    assert items(await hanbat.dispatch.closed(fire)) == [(True, "")]
    leak, answer = await hanbat.dispatch.hazardous_material(public=True)
    assert items(answer) == [(True, "")]
    assert items(await hanbat.dispatch.false_alarm(leak)) == [(True, "")]
    assert items(await hanbat.dispatch.stammers()) == [(False, "report-invalid")]


async def test_the_agency_strikes_revises_ends_and_cancels(hanbat: Stage) -> None:
    event, answer = await hanbat.quake.strikes(5.4)
    assert items(answer) == [(True, "")]
    assert items(await hanbat.quake.revises(event, 5.6)) == [(True, "")]
    assert items(await hanbat.quake.over(event)) == [(True, "")]
    ended = (await known(hanbat, "earthquake-feed", event)).report.ended
    assert ended is not None
    assert ended.reason == "over"
    assert items(await hanbat.quake.cancels(event)) == [(True, "")]
    assert items((await hanbat.quake.strikes(2.1))[1]) == [(False, "magnitude-below")]
    assert (await hanbat.quake.stammers()).status == 422


async def test_the_weather_service_warns_and_takes_it_back(hanbat: Stage) -> None:
    assert items(await hanbat.weather.warns()) == [(True, "")]
    [rain] = await hanbat.service.journal.heard(hanbat.clock())
    assert (rain.source, rain.foreign.findings, len(rain.foreign.message.infos)) == ("weather-service", (), 2)
    document = await hanbat.service.journal.heard_bytes(rain.foreign.id)
    schema = xmlschema.XMLSchema(shipped.folder("schemas") / "cap-1.2.xsd")
    assert schema.is_valid(ET.fromstring(document))  # noqa: S314 - the demonstration's own document
    assert items(await hanbat.weather.takes_back()) == [(True, "")]
    assert await hanbat.service.journal.heard(hanbat.clock()) == []


@pytest.mark.parametrize("adapter", ["crowd_counter", "metro_control", "dispatch_119", "earthquake_feed"])
async def test_the_example_of_its_readme_works(hanbat: Stage, adapter: str) -> None:
    text = (shipped.folder("adapters") / adapter / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    at = hanbat.clock().timestamp()
    story = f"import time\nthen = time.gmtime({at})\ntime.time, time.gmtime = lambda: {at}, lambda: then\n"
    line = hanbat.quake._line if adapter == "earthquake_feed" else hanbat.metro._line
    run = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", story + example],
        env={"BONGSU_URL": hanbat.service.url, "BONGSU_SECRET": hanbat.secret, "BONGSU_KEY": line._key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("202 "), run.stdout
