"""Our schemas, judged by a second validator: both must agree on good documents and on thousands of spoilt ones."""

import copy
import json as plain
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema.protocols
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from gateway.doors import json, toml
from gateway.doors.complaint import pointer
from gateway.fault import Faults

SCHEMAS = Path(__file__).parents[1] / "schemas"
HANBAT = Path(__file__).parents[1] / "gateway" / "demo" / "hanbat"

INCIDENT: dict[str, Any] = plain.loads("""
{"schema": "1", "source": "river-telemetry", "id": "gapcheon-03", "sequence": 7, "reported": "2026-07-14T18:19:58+09:00",
 "hazard": "flash-flood", "severity": "severe", "urgency": "immediate", "certainty": "observed", "status": "exercise",
 "onset": "2026-07-14T18:20:00+09:00", "expires": "2026-07-14T21:20:00+09:00",
 "areas": [{"role": "danger", "name": {"ko": "갑천 둔치", "en": "Gapcheon riverside"}, "zones": ["yuseong"],
            "geometry": {"type": "Polygon", "coordinates": [[[127.35,36.36],[127.36,36.36],[127.36,36.37],[127.35,36.36]]]}}],
 "transit": [{"route": "1", "direction": 0, "from_stop": "S07", "to_stop": "S09", "closed": true}],
 "observations": [{"sensor": "G-03", "property": "water-level", "value": 4.2, "unit": "m", "at": "2026-07-14T18:19:50+09:00",
                   "quality": "good"}],
 "facts": {"place": "gapcheon-bridge", "depth": {"value": 4.2, "unit": "m"}}, "scope": "public",
 "resources": [], "texts": {}, "related": [], "extensions": {}}
""")
FULL = INCIDENT | {
    "areas": [
        {"role": "evacuate", "zones": ["yuseong", "9920010100"]},
        {"role": "closure", "geometry": {"type": "LineString", "coordinates": [[127.35, 36.36], [127.36, 36.36]]}},
        {"role": "shelter", "geometry": {"type": "Point", "coordinates": [127.35, 36.36], "radius_m": 50}},
        {
            "role": "informed",
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [[[[127.1, 36.1], [127.2, 36.1], [127.2, 36.2], [127.1, 36.1]]]],
            },
        },
    ],
    "transit": [{"stop": "S07"}, {"agency": "A"}, {"trip": "T 1/가"}, {"route": "1"}],
    "facts": {"count": 3, "places": ["a", {"ko": "갑천"}], "place": {"ko": "갑천", "en": "Gapcheon"}},
    "resources": [{"description": "Map", "media_type": "image/png", "uri": "https://city.example/map.png", "size": 12}],
    "texts": {"ko": {"headline": "침수"}, "zh-Hant": {"short": "水"}},
    "related": ["gapcheon-04"],
    "extensions": {"anything": [1, None, {"x": "y"}]},
    "ended": {"reason": "over", "at": "2026-07-14T20:00:00Z"},
}
READING: dict[str, Any] = {
    "schema": "1",
    "source": "river-telemetry",
    "sensor": "G-03",
    "property": "water-level",
    "value": 4.2,
    "unit": "m",
    "at": "2026-07-14T18:19:50+09:00",
    "quality": "good",
    "position": [127.35, 36.36],
}
MANIFEST: dict[str, Any] = {
    "schema": "1",
    "name": "river_sensorthings",
    "title": "River gauges",
    "owner": "City of Hanbat",
    "version": "1.0",
    "kind": ["source"],
    "transport": "http",
    "media_types": ["application/json"],
    "auth": "standard-webhooks",
    "hazards": ["flash-flood"],
    "settings": {"type": "object"},
}
PLAYBOOK = toml.load((HANBAT / "playbooks" / "river-flood.toml").read_bytes(), "river-flood.toml").data
CITY = toml.load((HANBAT / "city.toml").read_bytes(), "city.toml").data
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("incident", INCIDENT),
    ("incident", FULL),
    ("reading", READING),
    ("manifest", MANIFEST),
    ("playbook", PLAYBOOK),
    ("city", CITY),
]


# The oracle


def _ecmascript(_: object, pattern: str, instance: object, __: object) -> Iterator[jsonschema.ValidationError]:
    """`$` means the end in JSON Schema; in Python alone it also means before a last line feed."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _date_time(text: object) -> bool:
    if not isinstance(text, str):
        return True
    shape = re.fullmatch(r"\d{4}-\d\d-\d\d[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text, re.ASCII)
    return bool(shape) and datetime.fromisoformat(text[:19].upper() + "+00:00") is not None


@cache
def oracle(name: str) -> jsonschema.protocols.Validator:
    formats = FormatChecker(formats=())
    formats.checks("date-time", raises=ValueError)(_date_time)
    formats.checks("uri")(lambda text: not isinstance(text, str) or bool(re.fullmatch(r"(https?|smtps?)://[!-~]+", text)))
    found = {file.name: plain.loads(file.read_bytes()) for file in SCHEMAS.glob("*.schema.json")}
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], DRAFT202012.create_resource(schema)) for schema in found.values()
    )
    validator: Any = extend(  # type: ignore[no-untyped-call]  # jsonschema leaves it bare
        Draft202012Validator, {"pattern": _ecmascript}
    )
    made: jsonschema.protocols.Validator = validator(found[f"{name}.schema.json"], registry=registry, format_checker=formats)
    return made


def ours(name: str, document: object) -> set[str]:
    try:
        json.check(document, f"{name}.schema.json")
    except Faults as faults:
        return {finding.path for finding in faults.findings}
    return set()


def theirs(name: str, document: Any) -> set[str]:
    return {pointer(tuple(error.absolute_path)) for error in oracle(name).iter_errors(document)}


# Good documents


@pytest.mark.parametrize("name", ["incident", "reading", "manifest", "playbook", "city"])
def test_a_schema_is_itself_valid_2020_12(name: str) -> None:
    schema = plain.loads((SCHEMAS / f"{name}.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", ["incident", "reading", "manifest"])
def test_a_public_schema_refers_to_no_other_file(name: str) -> None:
    references = re.findall(r'"\$ref": "([^"]*)"', (SCHEMAS / f"{name}.schema.json").read_text())
    assert all(reference.startswith("#") for reference in references)


@pytest.mark.parametrize(("name", "document"), GOOD)
def test_both_validators_take_a_good_document(name: str, document: dict[str, Any]) -> None:
    assert ours(name, document) == theirs(name, document) == set()


@pytest.mark.parametrize("missing", ["source", "id", "hazard", "severity", "urgency", "certainty", "onset"])
def test_an_incident_needs(missing: str) -> None:
    document = {key: value for key, value in INCIDENT.items() if key != missing}
    with pytest.raises(Faults, match=f"'{missing}' is missing"):
        json.check(document, "incident.schema.json")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"areas": [], "transit": []}, ""),
        ({"unknown": 1}, "/unknown"),
        ({"schema": "2"}, "/schema"),
        ({"severity": "Severe"}, "/severity"),
        ({"urgency": "unlikely"}, "/urgency"),
        ({"certainty": "certain"}, "/certainty"),
        ({"status": "draft"}, "/status"),
        ({"scope": "secret"}, "/scope"),
        ({"onset": "2026-07-14T18:20:00"}, "/onset"),
        ({"onset": "2026-02-30T18:20:00Z"}, "/onset"),
        ({"onset": "2026-07-14"}, "/onset"),
        ({"onset": 1_784_000_000}, "/onset"),
        ({"expires": None}, "/expires"),
        ({"sequence": -1}, "/sequence"),
        ({"sequence": 1.5}, "/sequence"),
        ({"id": "../etc passwd"}, "/id"),
        ({"id": "a\n"}, "/id"),
        ({"id": "a" * 201}, "/id"),
        ({"id": "갑천"}, "/id"),
        ({"source": "River"}, "/source"),
        ({"hazard": "flash_flood"}, "/hazard"),
        ({"areas": [{"role": "danger"}]}, "/areas/0"),
        ({"areas": [{"role": "danger", "zones": []}]}, "/areas/0"),
        ({"areas": [{"role": "hot", "zones": ["z"]}]}, "/areas/0/role"),
        ({"areas": [{"role": "danger", "zones": ["z"], "name": {"ko": ""}}]}, "/areas/0/name/ko"),
        (
            {"areas": [{"role": "danger", "zones": ["z"], "geometry": {"type": "Circle", "coordinates": []}}]},
            "/areas/0/geometry/type",
        ),
        ({"transit": [{}]}, "/transit/0"),
        ({"transit": [{"closed": True}]}, "/transit/0"),
        ({"transit": [{"direction": 0}]}, "/transit/0"),
        ({"transit": [{"route": "1", "direction": 2}]}, "/transit/0/direction"),
        ({"transit": [{"route": "1", "direction": False}]}, "/transit/0/direction"),
        ({"transit": [{"route": "1", "from_stop": "a"}]}, "/transit/0"),
        ({"transit": [{"route": "1", "to_stop": "a"}]}, "/transit/0"),
        ({"transit": [{"stop": "a\x00"}]}, "/transit/0/stop"),
        ({"ended": {"reason": "over"}}, "/ended"),
        ({"ended": {"reason": "done", "at": "2026-07-14T20:00:00Z"}}, "/ended/reason"),
        ({"facts": {"Depth": 1}}, "/facts"),
        ({"facts": {"depth": True}}, "/facts/depth"),
        ({"facts": {"depth": {"value": "4", "unit": "m"}}}, "/facts/depth"),
        ({"facts": {"depth": {"value": 4}}}, "/facts/depth"),
        ({"texts": {"korean": {}}}, "/texts"),
        ({"texts": {"ko": {"body": "x"}}}, "/texts/ko/body"),
        ({"related": ["a", "a"]}, "/related"),
        ({"resources": [{"description": "x", "media_type": "image/png", "uri": "http://x.example/"}]}, "/resources/0/uri"),
        ({"resources": [{"description": "x", "media_type": "image/png", "uri": "file:///etc/passwd"}]}, "/resources/0/uri"),
        ({"extensions": []}, "/extensions"),
    ],
)
def test_an_incident_is_refused_at_the_very_place(changes: dict[str, Any], path: str) -> None:
    document = INCIDENT | changes
    assert path in ours("incident", document)
    assert not oracle("incident").is_valid(document)


GEOMETRIES: list[tuple[dict[str, Any], bool]] = [
    ({"type": "Point", "coordinates": [127.35, 36.36], "radius_m": 0.5}, True),
    ({"type": "Point", "coordinates": [127.35, 36.36]}, False),
    ({"type": "Point", "coordinates": [127.35, 36.36], "radius_m": 0}, False),
    ({"type": "Point", "coordinates": [36.36, 127.35], "radius_m": 5}, False),
    ({"type": "Point", "coordinates": [127.35, 36.36, 50], "radius_m": 5}, False),
    ({"type": "Point", "coordinates": [[127.35, 36.36]], "radius_m": 5}, False),
    ({"type": "LineString", "coordinates": [[127.35, 36.36], [127.36, 36.36]]}, True),
    ({"type": "LineString", "coordinates": [[127.35, 36.36]]}, False),
    ({"type": "LineString", "coordinates": [[127.35, 36.36], [127.36, 36.36]], "radius_m": 5}, False),
    ({"type": "Polygon", "coordinates": [[[127.1, 36.1], [127.2, 36.1], [127.2, 36.2], [127.1, 36.1]]]}, True),
    ({"type": "Polygon", "coordinates": [[[127.1, 36.1], [127.2, 36.1], [127.1, 36.1]]]}, False),
    ({"type": "Polygon", "coordinates": []}, False),
    ({"type": "Polygon", "coordinates": [[[127.1, 36.1], [127.2, 36.1], [127.2, "36"], [127.1, 36.1]]]}, False),
    ({"type": "Polygon", "coordinates": [[[127.1, 36.1]] * 4], "radius_m": 3}, False),
    ({"type": "MultiPolygon", "coordinates": []}, False),
    ({"type": "MultiPolygon", "coordinates": [[[[127.1, 36.1], [127.2, 36.1], [127.2, 36.2], [127.1, 36.1]]]]}, True),
    ({"type": "MultiPolygon", "coordinates": [[[127.1, 36.1], [127.2, 36.1], [127.2, 36.2], [127.1, 36.1]]]}, False),
    ({"type": "GeometryCollection", "geometries": []}, False),
    ({"type": "Polygon", "coordinates": [[[181, 0], [0, 0], [0, 1], [181, 0]]]}, False),
]


@pytest.mark.parametrize(("geometry", "good"), GEOMETRIES, ids=lambda part: str(part)[:60])
def test_the_four_kinds_of_geometry(geometry: dict[str, Any], *, good: bool) -> None:
    document = INCIDENT | {"areas": [{"role": "danger", "geometry": geometry}]}
    assert (ours("incident", document) == set()) is good
    assert oracle("incident").is_valid(document) is good


@pytest.mark.parametrize("missing", ["source", "sensor", "property", "value", "unit", "at", "quality"])
def test_a_reading_needs(missing: str) -> None:
    with pytest.raises(Faults, match=f"'{missing}' is missing"):
        json.check({key: value for key, value in READING.items() if key != missing}, "reading.schema.json")


# Spoilt documents

SPOILERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(
        ["", "x", "X", "flash-flood", "severe", "2026-07-14T18:20:00+09:00", "2026-07-14T18:20:00", "ko", "30s", "-1s", "a\n"]
    ),
    st.text(max_size=8).filter(lambda text: "\x85" not in text),
    st.sampled_from([[], {}, [1], {"ko": "x"}, [[]], {"value": 1, "unit": "m"}, ["a", "a"]]),
)


def _places(document: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    parts: Any = document.items() if isinstance(document, Mapping) else enumerate(document) if isinstance(document, list) else ()
    for key, part in parts:
        yield from _places(part, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, object]:
    name, good = draw(st.sampled_from(GOOD))
    document: Any = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        *outer, last = draw(st.sampled_from([path for path in _places(document) if path]))
        holder = document
        for key in outer:
            holder = holder[key]
        how = draw(st.sampled_from(["replace", "remove", "add"]))
        if how == "remove":
            del holder[last]
        elif how == "replace" or isinstance(holder, list):
            holder[last] = copy.deepcopy(draw(SPOILERS))
        else:
            holder[draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6))] = copy.deepcopy(draw(SPOILERS))
    return name, document


@given(spoilt())
def test_both_validators_agree_on_spoilt_documents_and_on_the_places(case: tuple[str, object]) -> None:
    name, document = case
    told, expected = ours(name, document), theirs(name, document)
    assert bool(told) == bool(expected)
    known = {pointer(path) for path in _places(document)}
    assert told <= known | {""}
    # an unknown field is told at its own place, not at the object that holds it
    assert {path for path in expected if path not in told} <= {path.rpartition("/")[0] for path in told} | {""}
