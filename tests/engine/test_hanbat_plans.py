"""What Hanbat decided in advance, played: an earthquake tells itself, a crowd in two steps, a missing child nobody."""

import pytest

from gateway.journal.records import VersionState
from tests.engine.hall import BROADCASTER, CITY_APP, Hall, report

TREMOR = {"source": "earthquake-feed", "id": "q-1", "hazard": "earthquake", "facts": {"magnitude": 5.4}}
EVERYWHERE = [{"role": "danger", "zones": ["9911000000", "9914000000", "9917000000", "9920000000", "9923000000"]}]


async def test_an_earthquake_anywhere_in_the_city_goes_out_by_itself(hall: Hall) -> None:
    await hall.sends(report(**TREMOR, severity="extreme", areas=EVERYWHERE), source="earthquake-feed")
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
        for counter in ("C-01", "C-03"):
            await hall.sends(_counted(hall, counter, persons), source="crowd-counter")
        hall.clock.passes(seconds=61)
    await hall.sends(_counted(hall, "C-01", persons), source="crowd-counter")
    (record,) = await hall.drafts()

    (version,) = record.versions
    assert version.version.level == level
    assert sorted(f"{one.channel}/{one.target}" for one in version.version.targets) == targets


async def test_one_counter_alone_is_not_believed(hall: Hall) -> None:
    for _ in range(3):
        await hall.sends(_counted(hall, "C-02", 9.0), source="crowd-counter")
        hall.clock.passes(seconds=61)

    assert not await hall.drafts()


async def test_a_missing_child_is_drafted_for_nobody_until_a_person_says_so(hall: Hall) -> None:
    await hall.sends(report(hazard="missing-child", id="child-1", facts={"age": 6}))
    assert not await hall.drafts()

    await hall.sends(report(hazard="missing-child", id="child-2", facts={"age": 6}, scope="public"))
    (record,) = await hall.drafts()
    assert record.versions[0].version.playbook == "missing-child"


def _counted(hall: Hall, sensor: str, persons: float) -> dict[str, object]:
    return {
        "source": "crowd-counter",
        "sensor": sensor,
        "property": "crowd-density",
        "value": persons,
        "unit": "persons/m2",
        "at": hall.clock().isoformat(),
        "quality": "good",
    }
