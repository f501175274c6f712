"""What should change, case by case, against versions as people were told them."""

import pytest
from msgspec.structs import replace

from gateway.alert import Kind, Place, Selector, Transit
from gateway.area import Area, LineString, Point, Polygon, Role, polygons, shape
from gateway.fault import BadInput, Finding
from gateway.incident import Ended, EndReason, Scope, Severity
from gateway.policy.decide import Decision, Wait, decide, level_for, public
from tests.policy.samples import T0, incident, minute, playbook, told
from tests.samples import SQUARE

FARTHER = Polygon((((127.35, 36.36), (127.37, 36.36), (127.37, 36.37), (127.35, 36.37), (127.35, 36.36)),))


def drawn(geometry: Polygon | Point | LineString, role: Role = Role.DANGER) -> Area:
    return Area(role=role, geometry=geometry)


@pytest.mark.parametrize(
    ("severity", "level"),
    [(Severity.SEVERE, "danger"), (Severity.EXTREME, "danger"), (Severity.MODERATE, "watch"), (Severity.MINOR, "watch")],
)
def test_an_alert_at_the_playbook_s_level(severity: Severity, level: str) -> None:
    found = decide(incident(severity=severity), None, playbook(), T0, stopped=None)
    assert found == Decision(kind=Kind.ALERT, level=playbook().level(level), why=f"flash-flood at level {level}")


def test_a_severity_without_a_level_is_an_error_never_a_guess() -> None:
    with pytest.raises(BadInput) as caught:
        decide(incident(severity=Severity.UNKNOWN), None, playbook(), T0, stopped=None)
    assert (caught.value.code, caught.value.path) == ("level-unknown", "/severity")
    mapped = playbook(levels=(replace(playbook().levels[0], of=(Severity.UNKNOWN,)),))
    assert level_for(incident(severity=Severity.UNKNOWN), mapped).name == "watch"


def test_the_watch_s_own_report_names_its_level_and_nobody_else_s_may() -> None:
    claim = {"extensions": {"level": "watch"}}
    assert level_for(incident(**claim, id="gapcheon"), playbook()).name == "watch"
    assert level_for(incident(**claim, id="gapcheon-03"), playbook()).name == "danger"
    assert level_for(incident(**claim, id="gapcheon", source="kma"), playbook()).name == "danger"
    assert level_for(incident(**claim, id="gapcheon"), playbook(watched=False)).name == "danger"
    with pytest.raises(BadInput, match=r"^level-unknown"):
        level_for(incident(id="gapcheon", extensions={"level": "flood"}), playbook())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"scope": Scope.PUBLIC}, True),
        ({"scope": Scope.RESTRICTED}, False),
        ({"scope": Scope.PRIVATE}, False),
        ({"hazard": "sensor-fault"}, False),
        ({"hazard": "sensor-fault", "scope": Scope.PUBLIC}, False),
        ({"hazard": "missing-child"}, False),
        ({"hazard": "missing-child", "scope": Scope.PUBLIC}, True),
    ],
)
def test_what_is_not_public_is_never_drafted(changes: dict[str, object], *, expected: bool) -> None:
    report = incident(**changes)
    assert public(report) is expected
    assert (decide(report, None, playbook(), T0, stopped=None) is not None) is expected


@pytest.mark.parametrize(
    ("reason", "word"), [(EndReason.OVER, "over"), (EndReason.ERROR, "cancel"), (EndReason.DUPLICATE, "twice")]
)
def test_an_end_is_proposed_at_the_level_people_were_told(reason: EndReason, word: str) -> None:
    report = incident(severity=Severity.MODERATE, ended=Ended(reason=reason, at=T0))
    found = decide(report, told(), playbook(), minute(1), stopped=None)
    assert isinstance(found, Decision)
    assert (found.kind, found.level.name) == (Kind.END, "danger")
    assert word in found.why


def test_an_end_does_not_fail_because_a_level_is_gone() -> None:
    report = incident(ended=Ended(reason=EndReason.OVER, at=T0))
    found = decide(report, told(level="renamed"), playbook(), minute(1), stopped="renamed")
    assert isinstance(found, Decision)
    assert found.kind is Kind.END


@pytest.mark.parametrize("current", [None, "end", "cancel", "expired"])
def test_nothing_is_ended_that_is_not_live(current: str | None) -> None:
    version = {
        None: None,
        "end": told(kind=Kind.END),
        "cancel": told(kind=Kind.CANCEL),
        "expired": told(expires=minute(1)),
    }[current]
    report = incident(ended=Ended(reason=EndReason.OVER, at=T0))
    assert decide(report, version, playbook(), minute(1), stopped=None) is None


@pytest.mark.parametrize(
    ("severity", "stopped", "kind"),
    [
        (Severity.MODERATE, "watch", None),
        (Severity.SEVERE, "watch", Kind.ALERT),
        (Severity.SEVERE, "danger", None),
        (Severity.MODERATE, "danger", None),
        (Severity.SEVERE, None, Kind.ALERT),
    ],
)
@pytest.mark.parametrize("after", [Kind.END, Kind.CANCEL])
def test_after_a_person_stopped_it_only_more_is_told(
    severity: Severity,
    stopped: str | None,
    kind: Kind | None,
    after: Kind,
) -> None:
    found = decide(incident(severity=severity), told(kind=after), playbook(), minute(9), stopped=stopped)
    assert (found.kind if isinstance(found, Decision) else found) == kind


def test_a_stopped_level_that_is_gone_asks_for_a_person() -> None:
    with pytest.raises(BadInput, match=r"^level-unknown"):
        decide(incident(), None, playbook(), T0, stopped="renamed")


def test_what_has_run_out_while_it_goes_on_is_told_afresh() -> None:
    found = decide(incident(), told(), playbook(), minute(120), stopped=None)
    assert isinstance(found, Decision)
    assert found.kind is Kind.ALERT


# Only news


def test_the_same_again_is_no_news() -> None:
    again = incident(sequence=9, severity=Severity.EXTREME, facts={"depth": {"value": 4.9, "unit": "m"}}, expires=minute(500))
    assert isinstance(decide(again, told(), playbook(), minute(60), stopped=None), Wait)


@pytest.mark.parametrize(
    ("changes", "current", "why"),
    [
        ({"severity": Severity.MODERATE}, {"responses": ("Avoid",)}, "level danger became watch"),
        ({}, {"level": "watch"}, "level watch became danger"),
        ({}, {"responses": ("Avoid",)}, "the action became Evacuate, Avoid"),
        ({"areas": (drawn(FARTHER),)}, {}, "the area changed"),
        ({"areas": (drawn(SQUARE), drawn(FARTHER))}, {}, "the area changed"),
        ({"areas": (drawn(SQUARE, Role.EVACUATE),)}, {}, "the area changed"),
        ({"areas": (Area(role=Role.DANGER, zones=("z3",)),)}, {}, "the area changed"),
    ],
)
def test_level_area_and_action_are_news(
    changes: dict[str, object],
    current: dict[str, object],
    why: str,
) -> None:
    found = decide(incident(**changes), told(**current), playbook(), minute(3), stopped=None)
    assert isinstance(found, Decision)
    assert (found.kind, found.why) == (Kind.UPDATE, why)


@pytest.mark.parametrize(("minutes", "news"), [(89, False), (90, True), (119, True)])
def test_what_goes_on_is_told_again_before_it_runs_out(minutes: int, *, news: bool) -> None:
    found = decide(incident(), told(), playbook(), minute(minutes), stopped=None)
    assert isinstance(found, Decision) is news


@pytest.mark.parametrize(("minutes", "waits"), [(0, True), (1.99, True), (2, False)])
def test_news_waits_until_the_last_has_been_heard(minutes: float, *, waits: bool) -> None:
    found = decide(incident(), told(level="watch"), playbook(), minute(minutes), stopped=None)
    assert (found == Wait(minute(2))) is waits


@pytest.mark.parametrize("growth", [0.0, 15.0])
def test_an_outline_that_was_made_simpler_within_the_budget_is_no_news(growth: float) -> None:
    circle = Point((127.35, 36.36), radius_m=500)
    place = Place(role=Role.DANGER, name={}, polygons=polygons(shape(Point((127.35, 36.36), radius_m=500 + growth))))
    assert isinstance(decide(incident(areas=(drawn(circle),)), told(places=(place,)), playbook(), minute(9), stopped=None), Wait)


@pytest.mark.parametrize("radius", [400, 520], ids=["smaller", "larger"])
def test_a_circle_that_grew_or_shrank_is_news(radius: float) -> None:
    place = Place(role=Role.DANGER, name={}, polygons=polygons(shape(Point((127.35, 36.36), radius_m=500))))
    report = incident(areas=(drawn(Point((127.35, 36.36), radius_m=radius)),))
    assert isinstance(decide(report, told(places=(place,)), playbook(), minute(9), stopped=None), Decision)


def test_a_street_is_compared_with_its_declared_width() -> None:
    street = LineString(((127.35, 36.36), (127.36, 36.36)))
    place = Place(role=Role.CLOSURE, name={}, polygons=polygons(shape(street, line_buffer_m=20)))
    book = replace(playbook(), line_buffer_m=20)
    report = incident(areas=(drawn(street, Role.CLOSURE),))
    assert isinstance(decide(report, told(places=(place,)), book, minute(9), stopped=None), Wait)
    assert decide(report, told(places=(place,)), replace(book, line_buffer_m=40), minute(9), stopped=None) is not None


def test_zones_that_were_told_are_no_news() -> None:
    report = incident(areas=(Area(role=Role.DANGER, zones=("z2", "z1")),))
    assert isinstance(decide(report, told(), playbook(), minute(9), stopped=None), Wait)


def test_an_area_that_a_person_drew_is_left_to_people() -> None:
    by_hand = told(findings=(Finding(rule="area-edited", message="the area was changed"),))
    assert isinstance(decide(incident(areas=(drawn(FARTHER),)), by_hand, playbook(), minute(9), stopped=None), Wait)


@pytest.mark.parametrize(
    ("selectors", "news"),
    [(None, False), ((Selector(route="1"), Selector(stop="S1")), False), ((Selector(route="1"),), True), ((), True)],
)
def test_the_network_is_compared_where_it_is_known(
    selectors: tuple[Selector, ...] | None,
    *,
    news: bool,
) -> None:
    live = told(transit=Transit(cause="WEATHER", effect="DETOUR", selectors=(Selector(stop="S1"), Selector(route="1"))))
    found = decide(incident(), live, playbook(), minute(9), stopped=None, selectors=selectors)
    assert isinstance(found, Decision) is news


def test_what_goes_on_unchanged_is_looked_at_again_when_its_last_quarter_begins() -> None:
    found = decide(incident(), told(), playbook(), minute(9), stopped=None)

    assert isinstance(found, Wait)
    assert isinstance(decide(incident(), told(), playbook(), found.until, stopped=None), Decision)
    assert found.until < told().expires
