"""What Hanbat decided in advance, played: an earthquake tells itself, a crowd in two steps, a missing child nobody."""

import json
import re

import pytest

from gateway import shipped
from gateway.access import Grant
from gateway.alert import Kind
from gateway.journal.records import Receipt, VersionState
from gateway.source import Raw
from tests.engine.hall import BROADCASTER, CITY_APP, Hall, report

EVERYWHERE = [{"role": "danger", "zones": ["9911000000", "9914000000", "9917000000", "9920000000", "9923000000"]}]


async def test_an_earthquake_anywhere_in_the_city_goes_out_by_itself(hall: Hall) -> None:
    await _says(hall, "earthquake-feed", _tremor())
    (record,) = await hall.drafts()
    await hall.delivers()

    assert [one.state for one in record.versions] == [VersionState.ISSUED]
    assert {one.url for one in hall.far.arrived} >= {BROADCASTER, CITY_APP}
    (message,) = hall.far.cap()
    assert (message.infos[0].severity, message.infos[0].responses) == ("Extreme", ("Shelter", "Monitor"))
    assert message.infos[1].areas[0].description.count("-gu") == 5


async def test_another_s_earthquake_waits_for_two_people(hall: Hall) -> None:
    await hall.sends(report(hazard="earthquake", id="q-2", areas=EVERYWHERE))
    (record,) = await hall.drafts()

    assert [one.state for one in record.versions] == [VersionState.OPEN]


@pytest.mark.parametrize(
    ("persons", "level", "targets"),
    [(4.5, "soft", ["webhook/city-app"]), (6.5, "hard", ["cap/broadcaster", "webhook/city-app"])],
)
async def test_a_crowd_is_told_to_the_app_first_and_to_everybody_when_it_is_too_late_to_choose(
    hall: Hall, persons: float, level: str, targets: list[str]
) -> None:
    for _ in range(2):
        for counter in ("bs-gate", "bs-middle"):
            await _counted(hall, counter, persons)
        hall.clock.passes(seconds=61)
    await _counted(hall, "bs-gate", persons)
    (record,) = await hall.drafts()

    (version,) = record.versions
    assert version.version.level == level
    assert sorted(f"{one.channel}/{one.target}" for one in version.version.targets) == targets


async def test_one_counter_alone_is_not_believed(hall: Hall) -> None:
    for _ in range(3):
        await _counted(hall, "bs-west", 9.0)
        hall.clock.passes(seconds=61)

    assert not await hall.drafts()


async def test_a_tremor_that_nobody_feels_is_refused_and_said_so(hall: Hall) -> None:
    receipt = await _says(hall, "earthquake-feed", _tremor("2.1"))

    assert [(one.accepted, one.code) for one in receipt.items] == [(False, "magnitude-below")]
    assert not await hall.drafts()
    assert await hall.codes() == ["magnitude-below"]


async def test_what_the_agency_takes_back_waits_for_two_people(hall: Hall) -> None:
    await _says(hall, "earthquake-feed", _tremor())
    await hall.drafts()
    hall.clock.passes(minutes=2)
    await _says(hall, "earthquake-feed", _tremor(kind="Cancel", sent="2026-07-14T18:21:00+09:00"))
    (record,) = await hall.drafts()

    assert [one.state for one in record.versions] == [VersionState.ISSUED, VersionState.OPEN]
    assert record.versions[1].version.kind is Kind.END


async def test_a_missing_child_is_drafted_for_nobody_until_a_person_says_so(hall: Hall) -> None:
    await hall.sends(report(hazard="missing-child", id="child-1", facts={"age": 6}))
    assert not await hall.drafts()

    await hall.sends(report(hazard="missing-child", id="child-2", facts={"age": 6}, scope="public"))
    (record,) = await hall.drafts()
    assert record.versions[0].version.playbook == "missing-child"


async def _counted(hall: Hall, zone: str, persons: float) -> None:
    count = {
        "zone": zone,
        "captured_at": hall.clock().isoformat(),
        "people": round(persons * 400),
        "area_m2": 400,
        "confidence": 0.9,
    }
    await _says(hall, "crowd-counter", json.dumps(count))


def _tremor(magnitude: str = "5.4", *, kind: str = "Alert", sent: str = "2026-07-14T18:19:30+09:00") -> str:
    """Return the agency's sample, felt in all five districts."""
    sample = (shipped.folder("adapters") / "earthquake_feed" / "samples" / "good-strong.xml").read_text(encoding="utf-8")
    everywhere = "".join(
        f"<geocode><valueName>District</valueName><value>{code}</value></geocode>" for code in ("99140", "99170", "99230")
    )
    said = sample.replace("      <geocode><valueName>District", f"{everywhere}      <geocode><valueName>District", 1)
    said = re.sub(r"<sent>[^<]*", f"<sent>{sent}", said).replace("2026-07-14T21:30:55", "2026-07-14T18:19:05")
    return said.replace("<value>5.4<", f"<value>{magnitude}<").replace("<msgType>Alert", f"<msgType>{kind}")


async def _says(hall: Hall, source: str, body: str) -> Receipt:
    hall.letters += 1
    raw = Raw(source=source, media_type="any", body=body.encode(), received_at=hall.clock())
    return await hall.gateway.receive(raw, f"letter-{hall.letters}", Grant(source=source))
