"""From facts to a version that needs nothing else: where, for how long, in which languages, and what a person should know."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from gateway import drafting
from gateway.alert import IncidentKey, Kind, Selector, Target, Version
from gateway.area import Role
from gateway.drafting import Brief, Desk, Over
from gateway.engine import Plan
from gateway.fault import BadInput
from gateway.formats import cap, gtfs_realtime
from gateway.incident import Incident, Status
from gateway.playbook import PreAuthorised
from tests.engine.hall import DAWN, ELSEWHERE, Clock, area, build, incident, plan_of


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_of(build(tmp_path_factory.mktemp("city") / "hanbat"), Clock())


@pytest.fixture
def desk(plan: Plan) -> Desk:
    return plan.desk


def brief(plan: Plan, report: Incident, **changes: object) -> Brief:
    playbook = plan.playbook_for(report.hazard, report.source, report.id)
    key = IncidentKey(report.source, report.id, 1)
    made = Brief(
        kind=Kind.ALERT,
        level=playbook.level("danger"),
        incident=report,
        key=key,
        sequence=1,
        playbook=playbook,
        alert="hanbat-1",
        number=1,
        now=DAWN,
    )
    return msgspec.structs.replace(made, **changes)


def drafted(plan: Plan, report: Incident, **changes: object) -> Version:
    return drafting.draft(brief(plan, report, **changes), plan.desk)


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


def test_stops_alone_become_the_ground_around_them_and_say_so(plan: Plan) -> None:
    version = drafted(plan, incident(areas=None, transit=[{"stop": "H05E", "closed": True}]))
    (place,) = version.places
    assert place.role is Role.CLOSURE
    assert set(place.name) == {"ko", "en"}
    assert version.transit is not None
    assert version.transit.selectors == (Selector(stop="H05E"),), "the stops nearby are not closed"
    derived = [found for found in version.findings if found.rule == "area-derived"]
    assert [(found.path, found.severity.value) for found in derived] == [("/areas", "warning")]
    assert cap.write(msgspec.structs.replace(version, identifier="hanbat-1.1"))


def test_a_closed_line_becomes_the_ground_along_its_stops(plan: Plan) -> None:
    version = drafted(plan, incident(areas=None, transit=[{"route": "103", "closed": True}]))
    assert all(len(polygon.coordinates[0]) <= 100 for polygon in version.places[0].polygons)
    assert version.transit is not None
    assert version.transit.selectors == (Selector(route="103"),)


def test_neither_area_nor_stops_is_no_place(plan: Plan) -> None:
    nowhere = msgspec.structs.replace(incident(), areas=())
    with pytest.raises(BadInput) as refused:
        drafted(plan, nowhere)
    assert (refused.value.code, refused.value.path) == ("area-missing", "/areas")
    assert refused.value.hint


def test_stops_the_feed_does_not_know_are_refused_by_their_place(plan: Plan) -> None:
    with pytest.raises(BadInput) as refused:
        drafted(plan, incident(areas=None, transit=[{"stop": "H05E"}, {"stop": "Z99"}]))
    assert (refused.value.code, refused.value.path) == ("transit-unknown", "/transit/1/stop")


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


def test_an_area_drawn_by_hand_stays_when_the_source_says_more(plan: Plan, desk: Desk) -> None:
    playbook = plan.playbooks["structure-fire"]
    drawn = drafting.relocated(drafted(plan, incident()), incident(areas=[area(ELSEWHERE)]).areas, desk, playbook)
    update = drafted(plan, incident(), kind=Kind.UPDATE, number=2, before=drawn)
    assert (update.places, update.transit) == (drawn.places, drawn.transit)
    assert [found.rule for found in update.findings if found.rule == "area-edited"] == ["area-edited"]
    other = drafted(plan, incident(), kind=Kind.UPDATE, number=2, before=drafted(plan, incident()))
    assert other.places != drawn.places


def test_half_a_list_of_places_is_told_in_no_language(plan: Plan) -> None:
    korean_only = area(ELSEWHERE, name={"ko": "북쪽 들"})
    version = drafted(plan, incident(areas=[area(ELSEWHERE, name={"ko": "둔치", "en": "Riverside"}), korean_only]))
    names = {language: [place.name[language] for place in version.places] for language in ("ko", "en")}
    assert all(name in version.text("en").description for name in names["en"])
    bare = tuple(msgspec.structs.replace(place, name={"ko": place.name["ko"]}) for place in version.places[1:])
    half = msgspec.structs.replace(version, places=(version.places[0], *bare))
    told = drafting.closing(Over(kind=Kind.CANCEL, number=2, reason="", now=DAWN), half, plan.desk)
    assert "Riverside" not in told.text("en").description


@pytest.mark.parametrize(("kind", "responses"), [(Kind.END, ("AllClear",)), (Kind.CANCEL, ("Evacuate", "Avoid"))])
def test_an_end_and_a_cancel_speak_to_the_same_people_for_a_day(
    plan: Plan, desk: Desk, kind: Kind, responses: tuple[str, ...]
) -> None:
    told = msgspec.structs.replace(drafted(plan, incident()), identifier="hanbat-1.1", withdrawn=(Target("cap", "broadcaster"),))
    over = drafting.closing(Over(kind=kind, number=2, reason="why", now=DAWN + timedelta(hours=1)), told, desk)
    assert (over.kind, over.number, over.reason, over.responses) == (kind, 2, "why", responses)
    assert (over.places, over.targets, over.status) == (told.places, told.targets, told.status)
    assert (over.identifier, over.withdrawn, over.references) == ("", (), ())
    assert over.expires == DAWN + timedelta(hours=25)


def test_what_was_told_can_be_taken_back_when_a_place_has_lost_its_name(tmp_path: Path) -> None:
    before = plan_of(build(tmp_path / "hanbat"), Clock())
    told = drafted(before, incident(facts={"place": "hannae-bridge"}))
    city = type(before.desk.city)(before.desk.city.zones, before.desk.city.network, {})
    desk = msgspec.structs.replace(before.desk, city=city)
    over = drafting.closing(Over(kind=Kind.CANCEL, number=2, reason="", now=DAWN), told, desk)
    assert over.text("ko").headline.startswith("[훈련]")
    with pytest.raises(BadInput, match="hannae-bridge"):
        drafting.draft(brief(before, incident(facts={"place": "hannae-bridge"})), desk)


def test_a_cancel_is_told_in_the_languages_people_were_told_in(plan: Plan, desk: Desk) -> None:
    told = drafted(plan, incident())
    korean = msgspec.structs.replace(told, texts=(told.text("ko"),), left_out=("en",))
    over = drafting.closing(Over(kind=Kind.CANCEL, number=2, reason="", now=DAWN), korean, desk)
    assert ([text.language for text in over.texts], over.left_out) == (["ko"], ("en",))


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "]]>", "%s", "&lt;", "'; DROP TABLE alert; --", "한내\\u202e"],
)
def test_a_hostile_name_is_told_as_it_stands_and_breaks_nothing(plan: Plan, hostile: str) -> None:
    version = drafted(plan, incident(areas=[area(ELSEWHERE, name={"ko": hostile, "en": hostile})]))
    assert hostile in version.text("ko").description
    document = cap.write(msgspec.structs.replace(version, identifier="hanbat-1.1"))
    assert [info.areas[0].description for info in cap.read(document).infos] == [hostile, hostile]


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
