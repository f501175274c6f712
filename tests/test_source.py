"""What comes in: the public example word for word, human texts cleaned, and every refusal at its place."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from gateway.area import Area, LineString, Point, Polygon, Role
from gateway.fault import BadInput, Faults
from gateway.incident import (
    Certainty,
    Ended,
    EndReason,
    Incident,
    Observation,
    Quality,
    Reading,
    Scope,
    Severity,
    Status,
    TransitPart,
    Urgency,
)
from gateway.source import Refusal, each, read_incident, read_reading

SEOUL = timezone(timedelta(hours=9))
EXAMPLE = """
{"schema": "1", "source": "river-telemetry", "id": "gapcheon-03", "sequence": 7, "reported": "2026-07-14T18:19:58+09:00",
 "hazard": "flash-flood", "severity": "severe", "urgency": "immediate", "certainty": "observed", "status": "exercise",
 "onset": "2026-07-14T18:20:00+09:00", "expires": "2026-07-14T21:20:00+09:00",
 "areas": [{"role": "danger", "name": {"ko": "갑천 둔치", "en": "Gapcheon riverside"}, "zones": ["yuseong"],
            "geometry": {"type": "Polygon", "coordinates": [[[127.35,36.36],[127.36,36.36],[127.36,36.37],[127.35,36.36]]]}}],
 "transit": [{"route": "1", "direction": 0, "from_stop": "S07", "to_stop": "S09", "closed": true}],
 "observations": [{"sensor": "G-03", "property": "water-level", "value": 4.2, "unit": "m", "at": "2026-07-14T18:19:50+09:00", "quality": "good"}],
 "facts": {"place": "gapcheon-bridge", "depth": {"value": 4.2, "unit": "m"}}, "scope": "public",
 "resources": [], "texts": {}, "related": [], "extensions": {}}
"""  # noqa: E501 - the public contract's example, word for word
LEAST: dict[str, Any] = {
    "source": "kma",
    "id": "1",
    "hazard": "earthquake",
    "severity": "unknown",
    "urgency": "unknown",
    "certainty": "unknown",
    "onset": "2026-07-14T18:20:00Z",
    "areas": [{"role": "danger", "zones": ["z"]}],
}
READING: dict[str, Any] = {
    "schema": "1",
    "source": "river-telemetry",
    "sensor": "G-03",
    "property": "water-level",
    "value": 4,
    "unit": "m",
    "at": "2026-07-14T18:19:50+09:00",
    "quality": "suspect",
}


def test_the_public_example_is_read_literally() -> None:
    ring = ((127.35, 36.36), (127.36, 36.36), (127.36, 36.37), (127.35, 36.36))
    assert read_incident(json.loads(EXAMPLE)) == Incident(
        source="river-telemetry",
        id="gapcheon-03",
        sequence=7,
        reported=datetime(2026, 7, 14, 18, 19, 58, tzinfo=SEOUL),
        hazard="flash-flood",
        severity=Severity.SEVERE,
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.OBSERVED,
        status=Status.EXERCISE,
        onset=datetime(2026, 7, 14, 18, 20, tzinfo=SEOUL),
        expires=datetime(2026, 7, 14, 21, 20, tzinfo=SEOUL),
        areas=(
            Area(
                role=Role.DANGER,
                name={"ko": "갑천 둔치", "en": "Gapcheon riverside"},
                zones=("yuseong",),
                geometry=Polygon((ring,)),
            ),
        ),
        transit=(TransitPart(route="1", direction=0, from_stop="S07", to_stop="S09", closed=True),),
        observations=(
            Observation(
                sensor="G-03",
                property="water-level",
                value=4.2,
                unit="m",
                at=datetime(2026, 7, 14, 18, 19, 50, tzinfo=SEOUL),
                quality=Quality.GOOD,
            ),
        ),
        facts={"place": "gapcheon-bridge", "depth": {"value": 4.2, "unit": "m"}},
        scope=Scope.PUBLIC,
    )


def test_the_least_that_can_be_said_is_enough_and_unknown_is_a_legal_word() -> None:
    incident = read_incident(LEAST)
    assert (incident.severity, incident.urgency, incident.certainty) == (Severity.UNKNOWN, Urgency.UNKNOWN, Certainty.UNKNOWN)
    assert incident.status is None
    assert incident.onset == datetime(2026, 7, 14, 18, 20, tzinfo=UTC)


def test_circles_streets_and_ends_are_read() -> None:
    street = {"role": "closure", "geometry": {"type": "LineString", "coordinates": [[127.35, 36.36], [127.36, 36.36]]}}
    circle = {"role": "danger", "geometry": {"type": "Point", "coordinates": [127.35, 36.36], "radius_m": 200}}
    ended = {"reason": "error", "at": "2026-07-14T19:00:00Z"}
    incident = read_incident(LEAST | {"areas": [street, circle], "ended": ended})
    assert [area.geometry for area in incident.areas] == [
        LineString(((127.35, 36.36), (127.36, 36.36))),
        Point((127.35, 36.36), 200.0),
    ]
    assert incident.ended == Ended(reason=EndReason.ERROR, at=datetime(2026, 7, 14, 19, tzinfo=UTC))


def test_korean_sent_as_single_letters_is_put_together_everywhere_people_will_read_it() -> None:
    letters = "\u1100\u1161\u11b8\u110e\u1165\u11ab"  # 갑천 in six code points
    incident = read_incident(
        LEAST
        | {
            "areas": [{"role": "danger", "zones": ["z"], "name": {"ko": letters}}],
            "texts": {"ko": {"headline": letters, "description": f"{letters}\n{letters}"}},
            "facts": {"place": letters, "places": [letters, {"ko": letters}]},
            "resources": [{"description": letters, "media_type": "image/png", "uri": "https://city.example/m.png"}],
        }
    )
    assert incident.areas[0].name == {"ko": "갑천"}
    assert incident.texts == {"ko": {"headline": "갑천", "description": "갑천\n갑천"}}
    assert incident.facts == {"place": "갑천", "places": ["갑천", {"ko": "갑천"}]}
    assert incident.resources[0]["description"] == "갑천"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"areas": [{"role": "danger", "zones": ["z"], "name": {"en": "a\u202eb"}}]}, "/areas/0/name/en"),
        ({"areas": [{"role": "danger", "zones": ["z"], "name": {"en": "two\nlines"}}]}, "/areas/0/name/en"),
        ({"texts": {"en": {"headline": "a\u0007"}}}, "/texts/en/headline"),
        ({"facts": {"place": "a\u2066b"}}, "/facts/place"),
        ({"facts": {"places": ["a", {"en": "\u200b"}]}}, "/facts/places/1/en"),
    ],
)
def test_a_text_that_cannot_be_shown_honestly_is_refused_where_it_stands(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(BadInput, match=r"^text-") as caught:
        read_incident(LEAST | changes)
    assert caught.value.path == path


def test_an_unknown_hazard_is_an_error_with_its_place() -> None:
    with pytest.raises(BadInput) as caught:
        read_incident(LEAST | {"hazard": "dragon"})
    assert (caught.value.code, caught.value.path) == ("hazard-unknown", "/hazard")


@pytest.mark.parametrize(
    ("geometry", "end"),
    [
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, "(0.0, 1.0)"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 2]]]}, "(1.0, 2.0)"),
        ({"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 5]]]]}, "(0.0, 5.0)"),
    ],
)
def test_a_ring_that_is_not_closed_is_refused_and_not_guessed(geometry: dict[str, Any], end: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_incident(LEAST | {"areas": [{"role": "danger", "geometry": geometry}]})
    assert (caught.value.code, caught.value.path) == ("geometry-invalid", "/areas/0/geometry/coordinates")
    assert end in caught.value.message


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"onset": "2026-12-31T23:59:60Z"}, "/onset"),
        ({"ended": {"reason": "over", "at": "0000-01-01T00:00:00Z"}}, "/ended/at"),
        ({"sequence": 7.0}, "/sequence"),
        ({"transit": [{"stop": "a"}, {"route": "1", "direction": 1.0}]}, "/transit"),
    ],
)
def test_what_the_schema_lets_through_and_a_program_cannot_hold_is_refused_too(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_incident(LEAST | changes)
    assert caught.value.code == "document-invalid"
    assert caught.value.path.startswith(path)


def test_every_violation_of_the_schema_comes_at_once() -> None:
    with pytest.raises(Faults) as caught:
        read_incident({"source": "K"})
    assert len(caught.value.findings) == 8


def test_a_reading_is_read_literally() -> None:
    expected = Reading(
        source="river-telemetry",
        sensor="G-03",
        property="water-level",
        value=4.0,
        unit="m",
        at=datetime(2026, 7, 14, 18, 19, 50, tzinfo=SEOUL),
        quality=Quality.SUSPECT,
    )
    assert read_reading(READING) == expected
    assert read_reading(READING | {"position": [127.35, 36.36]}).position == (127.35, 36.36)


@pytest.mark.parametrize("changes", [{"value": None}, {"value": "4"}, {"unit": ""}, {"at": "now"}, {"quality": "fine"}, {"x": 1}])
def test_a_reading_that_says_nothing_certain_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Faults):
        read_reading(READING | changes)


def test_one_bad_item_loses_no_good_one() -> None:
    items = list(each([READING, READING | {"value": None}, READING | {"sensor": "G-04"}], read_reading))
    assert [type(item).__name__ for item in items] == ["Reading", "Refusal", "Reading"]
    assert isinstance(items[1], Refusal)
    assert (items[1].code, items[1].path) == ("schema-type", "/1/value")
