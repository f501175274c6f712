"""From facts to a version that needs nothing else: for how long, to whom, in which words, and whether alone."""

from datetime import datetime, timedelta

import msgspec
import pytest

from gateway import drafting
from gateway.alert import IncidentKey, Kind
from gateway.engine import Plan
from gateway.fault import BadInput
from gateway.formats import cap, gtfs_realtime
from gateway.incident import Status
from gateway.playbook import PreAuthorised
from tests.drafting.writing import drafted
from tests.engine.hall import DAWN, ELSEWHERE, area, incident


def test_the_playbook_says_how_long_from_now(plan: Plan) -> None:
    version = drafted(plan, incident(expires="2026-07-15T18:00:00+09:00"))
    assert (version.effective, version.expires) == (DAWN, DAWN + timedelta(hours=3))


def test_what_begins_later_lasts_from_then_and_can_be_rendered(plan: Plan) -> None:
    onset = datetime.fromisoformat("2026-07-16T06:00:00.5+09:00")
    version = drafted(plan, incident(onset=onset.isoformat(), transit=[{"stop": "H05E"}]))
    assert version.expires == datetime.fromisoformat("2026-07-16T09:00:00+09:00")
    entity = gtfs_realtime.entity(version)
    assert entity is not None
    period = gtfs_realtime.read(gtfs_realtime.join(DAWN, [entity])).entity[0].alert.active_period[0]
    assert (period.start, period.end) == (int(onset.timestamp()), int(version.expires.timestamp()))


def test_a_target_that_carries_no_tests_is_left_out_and_named(plan: Plan) -> None:
    version = drafted(plan, incident(status="test"))
    assert (version.status, version.targets) == (Status.TEST, ())
    assert {found.message for found in version.findings if found.rule == "target-world"} == {
        "webhook/city-app carries no test messages",
        "cap/broadcaster carries no test messages",
    }


@pytest.mark.parametrize(("status", "ko", "en"), [("exercise", "[훈련]", "[EXERCISE]"), ("test", "[시험]", "[TEST]")])
def test_every_text_of_a_drill_or_a_test_says_so_in_its_language(plan: Plan, status: str, ko: str, en: str) -> None:
    version = drafted(plan, incident(status=status))
    for language, mark in (("ko", ko), ("en", en)):
        text = version.text(language)
        for said in (text.event, text.headline, text.description, text.instruction, text.short):
            assert said.startswith(mark)


def test_in_earnest_nothing_is_marked(plan: Plan) -> None:
    version = drafted(plan, incident(status="actual"))
    assert "[" not in version.text("en").headline
    assert version.targets == ()


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "]]>", "%s", "&lt;", "'; DROP TABLE alert; --", "한내\\u202e"],
)
def test_a_hostile_name_is_told_as_it_stands_and_breaks_nothing(plan: Plan, hostile: str) -> None:
    version = drafted(plan, incident(areas=[area(ELSEWHERE, name={"ko": hostile, "en": hostile})]))
    assert hostile in version.text("ko").description
    document = cap.write(msgspec.structs.replace(version, identifier="hanbat-1.1"))
    assert [info.areas[0].description for info in cap.read(document).infos] == [hostile] * len(version.texts)


@pytest.mark.parametrize("hostile", ["{place}", "{0.__class__}"])
def test_a_name_that_looks_like_a_blank_is_refused(plan: Plan, hostile: str) -> None:
    with pytest.raises(BadInput, match="brace"):
        drafted(plan, incident(areas=[area(ELSEWHERE, name={"ko": hostile, "en": hostile})]))


@pytest.mark.parametrize(
    ("changes", "source", "km2", "alone"),
    [
        ({}, "control-room", 1.0, True),
        ({}, "river-telemetry", 1.0, False),
        ({}, "control-room", 0.01, False),
        ({"kind": Kind.UPDATE}, "control-room", 1.0, False),
        ({"incident": IncidentKey("control-room", "fire-1", 2)}, "control-room", 1.0, False),
        ({"incident": None}, "control-room", 1.0, False),
        ({"number": 2}, "control-room", 1.0, False),
    ],
)
def test_who_may_go_out_alone(plan: Plan, changes: dict[str, object], source: str, km2: float, *, alone: bool) -> None:
    playbook = msgspec.structs.replace(
        plan.playbooks["structure-fire"], pre_authorised=PreAuthorised(source=source, most_km2=km2)
    )
    version = drafted(plan, incident(source="control-room", id="fire-1"))
    assert drafting.pre_authorised(msgspec.structs.replace(version, **changes), playbook) is alone
