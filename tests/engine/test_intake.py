"""What comes in: item by item, nothing lost, nothing guessed, and whoever must know is told."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from gateway.access import Grant
from gateway.engine import Plan, receiving
from gateway.fault import BadInput, Conflict, Refused, Unavailable
from gateway.incident import Status
from gateway.journal.contract import Stale
from gateway.journal.records import Arrival, Receipt
from gateway.source import Raw
from tests.engine.conftest import Opening, Planning
from tests.engine.hall import AREA, DAWN, ELSEWHERE, GUEST, KIM, Hall, area, incident, reading, report, rewrite, version

PARIS = {"type": "Polygon", "coordinates": [[[2.35, 48.85], [2.36, 48.85], [2.36, 48.86], [2.35, 48.85]]]}

RIVER_WORLD = 'rate_per_minute = 600\ndefault_status = "exercise"'

BAD: list[tuple[dict[str, object], str, str]] = [
    (report(hazard="dragon"), "hazard-unknown", "/0/hazard"),
    (report(severity="awful"), "schema-enum", "/0/severity"),
    (report(source="river-telemetry"), "scope-source", "/source"),
    (report(areas=[AREA | {"geometry": PARIS}]), "geometry-outside", "/areas/0/geometry"),
    (report(areas=[AREA, {"role": "danger", "zones": ["nowhere"]}]), "zone-unknown", "/areas/1/zones/0"),
    (report(areas=None, transit=[{"stop": "Z99"}]), "transit-unknown", "/transit/0/stop"),
    (report(facts={"place": "atlantis"}), "place-unknown", "/facts"),
    (report(facts={"colour": "red"}), "fact-unknown", "/facts/colour"),
    (report(hazard="tsunami"), "playbook-missing", ""),
    (report(status="actual"), "status-refused", "/status"),
    (report(onset="2036-07-14T18:19:00+09:00"), "time-future", "/onset"),
    (report(onset="2016-07-14T18:19:00+09:00"), "time-absurd", "/onset"),
    (report(areas=[AREA | {"name": {"ko": "한내\u202e"}}]), "text-bidi", "/0/areas/0/name/ko"),
    (reading(2.0, DAWN, sensor="X-99"), "sensor-unknown", "/sensor"),
    (reading(2.0, DAWN + timedelta(hours=1)), "time-future", "/at"),
    ({"neither": "this nor that"}, "schema-required", "/0"),
]


@pytest.mark.parametrize(("bad", "code", "path"), BAD, ids=[code for _, code, _ in BAD])
async def test_one_bad_item_loses_no_good_one(hall: Hall, bad: dict[str, object], code: str, path: str) -> None:
    receipt = await hall.sends(report(id="a"), bad, report(id="c", areas=[area(ELSEWHERE)]))
    first, refused, last = receipt.items
    assert [(one.index, one.accepted, one.incident) for one in (first, last)] == [(0, True, "a"), (2, True, "c")]
    assert (refused.index, refused.accepted, refused.code, refused.path) == (1, False, code, path)
    assert refused.message
    drafted = await hall.drafts()
    assert [about.id for one in drafted if (about := version(one).incident)] == ["a", "c"]
    assert await hall.codes() == [code]
    (kept,) = await hall.journal.quarantine()
    assert (kept.receipt, kept.index, kept.refusal.code) == (receipt.id, 1, code)
    assert json.loads(kept.raw.body)[1] == bad


async def test_bytes_that_nobody_can_read_are_kept_and_page_the_duty_officer(hall: Hall) -> None:
    raw = (await _raw(hall, b"\xff\xfe no json")).items
    assert [(one.index, one.accepted, one.code) for one in raw] == [(0, False, "json-encoding")]
    (kept,) = await hall.journal.quarantine()
    assert kept.raw.body == b"\xff\xfe no json"
    assert await hall.codes() == ["json-encoding"]


async def test_an_adapter_that_breaks_in_the_middle_loses_nothing_before_and_says_so(hall: Hall) -> None:
    receipt = await hall.sends(report(id="a"), {"id": "boom"}, report(id="c"))
    assert [(one.accepted, one.code) for one in receipt.items] == [(True, ""), (False, "adapter-broke")]
    assert "LookupError" in receipt.items[1].message
    assert len(await hall.drafts()) == 1
    assert await hall.codes() == ["adapter-broke"]


async def test_what_an_adapter_could_not_read_is_read_whole_when_it_is_mended(
    hall: Hall, planning: Planning, opening: Opening
) -> None:
    await hall.sends(report(id="a"), {"id": "boom"}, report(id="c", areas=[area(ELSEWHERE)]))
    with pytest.raises(Conflict, match="adapter-broke") as still:
        await hall.gateway.replay(1, KIM)
    assert still.value.code == "still-refused"
    assert len(await hall.journal.quarantine()) == 1, "a replay in vain leaves nothing behind"
    mended = await opening(planning(lambda f: rewrite(f / "city.toml", lambda t: t.replace('breaks_at = "boom"', ""))))
    receipt = await mended.gateway.replay(1, KIM)
    assert [(one.incident, one.code) for one in receipt.items] == [("", "schema-required"), ("c", "")]
    assert [kept.refusal.code for kept in await hall.journal.quarantine()] == ["schema-required"]
    with pytest.raises(Conflict) as again:
        await mended.gateway.replay(1, KIM)
    assert again.value.code == "quarantine-settled"


async def test_a_replay_grants_nothing_that_the_source_was_not_granted(hall: Hall, planning: Planning, opening: Opening) -> None:
    await hall.sends(report(), grant=Grant(source="control-room", hazards=frozenset({"flash-flood"})))
    narrow = planning(
        lambda f: rewrite(
            f / "city.toml",
            lambda t: t.replace('adapter = "control_room"', 'adapter = "control_room"\nhazards = ["flash-flood"]'),
        )
    )
    with pytest.raises(Conflict, match="scope-hazard"):
        await (await opening(narrow)).gateway.replay(1, KIM)
    assert (await hall.gateway.replay(1, KIM)).items[0].accepted, "granted by now"


async def test_a_source_that_is_gone_is_not_replayed(hall: Hall, planning: Planning, opening: Opening) -> None:
    await hall.sends({"id": "boom"})
    gone = await opening(planning(lambda f: rewrite(f / "city.toml", lambda t: t[: t.index("[sources.control-room]")])))
    with pytest.raises(Conflict) as refused:
        await gone.gateway.replay(1, KIM)
    assert refused.value.code == "source-gone"


async def test_what_was_raised_by_hand_is_raised_once(hall: Hall) -> None:
    await hall.sends({"id": "boom"})
    await hall.gateway.raise_by_hand(1, incident(), KIM)
    with pytest.raises(Conflict) as again:
        await hall.gateway.raise_by_hand(1, incident(id="call-2"), KIM)
    assert again.value.code == "quarantine-settled"
    assert len(await hall.journal.alerts()) == 1
    with pytest.raises(Refused):
        await hall.gateway.replay(1, GUEST)


async def test_readings_and_incidents_of_one_request_find_their_ways(planning: Planning, opening: Opening) -> None:
    watched = await opening(planning(_control_room_watches))
    receipt = await watched.sends(report(), reading(4.5, watched.clock()), reading(4.5, watched.clock(), unit="furlong"))
    assert [(one.incident, one.sensor, one.code) for one in receipt.items] == [
        ("fire-1", "", ""),
        ("", "C-01", ""),
        ("", "", "unit-unknown"),
    ]
    watched.clock.passes(seconds=31)
    receipt = await watched.sends(reading(4.5, watched.clock()), report(id="fire-2", areas=[area(ELSEWHERE)]))
    assert all(one.accepted for one in receipt.items)
    hazards = sorted(version(one).hazard for one in await watched.drafts())
    assert hazards == ["flash-flood", "structure-fire", "structure-fire"]


async def test_a_late_reading_is_stored_and_wakes_nobody(planning: Planning, opening: Opening) -> None:
    watched = await opening(planning(_control_room_watches))
    await watched.sends(reading(1.0, watched.clock()))
    receipt = await watched.sends(reading(1.1, watched.clock() - timedelta(seconds=30)))
    (one,) = receipt.items
    assert (one.accepted, one.applied, one.sensor) == (True, False, "C-01")
    assert "is not after" in one.message
    assert await watched.codes() == []


async def test_a_reading_that_one_of_two_watches_refuses_reaches_neither(planning: Planning, opening: Opening) -> None:
    watched = await opening(planning(_two_watches_of_one_gauge))
    receipt = await watched.sends(reading(4.5, watched.clock()))
    assert [(one.accepted, one.code) for one in receipt.items] == [(False, "unit-unknown")]
    assert await watched.journal.watches(["river-flood", "second"]) == {}


async def test_an_older_report_is_stored_and_changes_nothing(hall: Hall) -> None:
    await hall.sends(report(sequence=5))
    await hall.drafts()
    (one,) = (await hall.sends(report(sequence=4, severity="minor"))).items
    assert (one.accepted, one.applied, one.episode) == (True, False, 1)
    assert "older" in one.message
    assert [version(alert).level for alert in await hall.drafts()] == ["danger"]


async def test_the_same_letter_gets_the_same_answer_and_is_read_once(hall: Hall) -> None:
    first = await hall.sends(report(), key="k")
    again = await hall.sends(report(), key="k")
    assert (again.id, again.items, first.again, again.again) == (first.id, first.items, False, True)
    with pytest.raises(Conflict) as refused:
        await hall.sends(report(severity="minor"), key="k")
    assert refused.value.code == "receipt-conflict"


async def test_a_race_is_sorted_again(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    real = hall.journal.accept
    raced: list[Arrival] = []

    async def overtaken(arrival: Arrival) -> Receipt:
        if not raced:
            raced.append(arrival)
            await hall.sends(report(sequence=1))
        return await real(arrival)

    monkeypatch.setattr(hall.journal, "accept", overtaken)
    (one,) = (await hall.sends(report(sequence=2, severity="minor"))).items
    assert (one.applied, one.episode) == (True, 1)
    assert (await hall.journal.heads([("control-room", "fire-1")]))["control-room", "fire-1"].report.sequence == 2


async def test_who_always_loses_the_race_is_asked_to_send_again(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[Arrival] = []

    async def never(arrival: Arrival) -> Receipt:
        tries.append(arrival)
        raise Stale("incident fire-1")

    monkeypatch.setattr(hall.journal, "accept", never)
    monkeypatch.setattr(receiving, "PATIENCE_S", 0.1)
    with pytest.raises(Unavailable) as refused:
        await hall.sends(report())
    assert refused.value.code == "busy"
    assert len(tries) > 3


async def test_many_letters_about_one_incident_at_once_make_one_draft(hall: Hall) -> None:
    letters = [hall.sends(report(sequence=number), key=f"k{number}") for number in range(1, 4)]
    receipts = await asyncio.gather(*letters)
    assert sum(one.items[0].accepted for one in receipts) == 3
    assert len(await hall.drafts()) == 1


async def test_time_that_changes_nothing_writes_nothing(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await hall.gateway.tick()
    written: list[Arrival] = []
    real = hall.journal.accept

    async def noted(arrival: Arrival) -> Receipt:
        written.append(arrival)
        return await real(arrival)

    monkeypatch.setattr(hall.journal, "accept", noted)
    await hall.gateway.tick()
    assert written == []
    hall.clock.passes(minutes=11)
    await hall.gateway.tick()
    assert len(written) == 1
    assert await hall.codes() == ["sensor-fault"]
    assert await hall.drafts() == [], "a silent sensor is nothing for the public"


async def test_a_watch_speaks_for_the_world_of_its_source(planning: Planning, opening: Opening) -> None:
    tested = await opening(planning(_river_is_a_test))
    await tested.measures(4.5)
    (drafted,) = await tested.drafts()
    assert version(drafted).status is Status.TEST
    assert version(drafted).text("en").headline.startswith("[TEST]")


async def test_in_an_exercise_a_reading_without_a_world_is_an_exercise(planning: Planning, opening: Opening) -> None:
    worldless = planning(lambda folder: rewrite(folder / "city.toml", lambda text: text.replace(RIVER_WORLD, "")))
    hall = await opening(worldless)
    await hall.measures(4.5)
    assert [version(one).status for one in await hall.drafts()] == [Status.EXERCISE]


async def test_in_earnest_a_reading_without_a_world_is_refused(plan_of_all: Plan, opening: Opening) -> None:
    river = msgspec.structs.replace(plan_of_all.intakes["river-telemetry"], default_status=None)
    live = msgspec.structs.replace(plan_of_all, status=Status.ACTUAL, intakes={"river-telemetry": river})
    receipt = await (await opening(live)).measures(4.5)
    assert [(one.code, one.path) for one in receipt.items] == [("status-missing", "/source")]


async def test_a_person_is_told_at_once_what_is_wrong(hall: Hall) -> None:
    with pytest.raises(BadInput) as refused:
        await hall.drafted(facts={"place": "atlantis"})
    assert refused.value.code == "place-unknown"
    assert await hall.journal.quarantine() == []
    assert await hall.codes() == []


def _control_room_watches(folder: Path) -> None:
    rewrite(folder / "playbooks" / "river-flood.toml", _heard_by_the_control_room)


def _heard_by_the_control_room(text: str) -> str:
    return text.replace('source = "river-telemetry"', 'source = "control-room"').replace('["G-03"]', '["C-01"]')


def _two_watches_of_one_gauge(folder: Path) -> None:
    _control_room_watches(folder)
    text = (folder / "playbooks" / "river-flood.toml").read_text(encoding="utf-8")
    other = text.replace('incident = "G-03"', 'incident = "G-04"').replace('unit = "m"', 'unit = "cm"')
    (folder / "playbooks" / "second.toml").write_text(other, encoding="utf-8")


def _river_is_a_test(folder: Path) -> None:
    rewrite(
        folder / "city.toml",
        lambda text: text.replace('rate_per_minute = 600\ndefault_status = "exercise"', 'default_status = "test"').replace(
            'accepts = ["exercise"]', 'accepts = ["exercise", "test"]'
        ),
    )


async def _raw(hall: Hall, body: bytes) -> Receipt:
    raw = Raw(source="control-room", media_type="application/json", body=body, received_at=hall.clock())
    return await hall.gateway.receive(raw, None, Grant(source="control-room"))
