"""Where a version speaks of: the source's areas, the ground around its stops, or what a person drew."""

import msgspec
import pytest

from gateway import drafting
from gateway.alert import Kind, Selector
from gateway.area import Role
from gateway.drafting import Desk
from gateway.engine import Plan
from gateway.fault import BadInput
from gateway.formats import cap
from tests.drafting.writing import drafted
from tests.engine.hall import ELSEWHERE, area, incident


def test_stops_alone_become_the_ground_around_them_and_say_so(plan: Plan) -> None:
    version = drafted(plan, incident(areas=None, transit=[{"stop": "H05E", "closed": True}]))
    (place,) = version.places
    assert place.role is Role.CLOSURE
    assert set(place.name) == {"ko", "en", "zh-Hans", "ja", "vi", "th"}
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


def test_ground_around_stops_is_called_what_the_source_calls_it(plan: Plan) -> None:
    station, ends = {"ko": "한밭역", "en": "Hanbat Station"}, {"ko": "동문역", "en": "Dongmun Station"}
    here = drafted(plan, incident(hazard="station-closed", areas=None, transit=[{"stop": "S07"}], facts={"place": station}))
    assert {"ko": "한밭역", "en": "Hanbat Station"}.items() <= here.places[0].name.items()
    suspended = {"route": "1", "from_stop": station, "to_stop": ends}
    part = [{"route": "1", "from_stop": "S07-1", "to_stop": "S08-1"}]
    along = drafted(plan, incident(hazard="line-suspended", areas=None, transit=part, facts=suspended))
    assert along.places[0].name["en"] == "Hanbat Station - Dongmun Station"


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


def test_an_area_drawn_by_hand_stays_when_the_source_says_more(plan: Plan, desk: Desk) -> None:
    playbook = plan.playbooks["structure-fire"]
    drawn = drafting.relocated(drafted(plan, incident()), incident(areas=[area(ELSEWHERE)]).areas, desk, playbook)
    update = drafted(plan, incident(), kind=Kind.UPDATE, number=2, before=drawn)
    assert (update.places, update.transit) == (drawn.places, drawn.transit)
    assert [found.rule for found in update.findings if found.rule == "area-edited"] == ["area-edited"]
    other = drafted(plan, incident(), kind=Kind.UPDATE, number=2, before=drafted(plan, incident()))
    assert other.places != drawn.places
