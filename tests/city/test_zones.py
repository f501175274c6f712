import json
from typing import Any

import pytest
import shapely

from gateway.city import zones
from gateway.fault import BadInput, Faults

RING = [[[127.35, 36.36], [127.36, 36.36], [127.36, 36.37], [127.35, 36.36]]]
HANNAE = {"code": "9920010100", "name": {"ko": "한내동", "en": "Hannae-dong"}, "population": 18400}


def features(*properties: dict[str, Any], geometry: object = None) -> bytes:
    """Return a collection of zones that all have the same outline."""
    outline = geometry or {"type": "Polygon", "coordinates": RING}
    made = [{"type": "Feature", "properties": one, "geometry": outline} for one in properties]
    return json.dumps({"type": "FeatureCollection", "features": made}).encode()


def test_a_zone_is_read_with_its_names_in_either_form() -> None:
    flat = {"code": "0100", "name:ko": "느티동", "name:en": "Neuti-dong"}

    read = zones.read(features(HANNAE, flat))

    assert list(read) == ["9920010100", "0100"]
    assert read["9920010100"].name == {"ko": "한내동", "en": "Hannae-dong"}
    assert read["9920010100"].population == 18400
    assert read["0100"].name == {"ko": "느티동", "en": "Neuti-dong"}
    assert read["0100"].population is None
    assert read["0100"].shape.equals(shapely.Polygon(RING[0]))


@pytest.mark.parametrize(
    ("properties", "code", "path"),
    [
        ({"code": 9920010100, "name:ko": "한내동"}, "zone-code", "/features/1/properties/code"),
        ({"name:ko": "한내동"}, "zone-code", "/features/1/properties/code"),
        ({"code": "99 2001", "name:ko": "한내동"}, "zone-code", "/features/1/properties/code"),
        ({"code": "2"}, "zone-name", "/features/1/properties/name"),
        ({"code": "2", "name": "한내동"}, "zone-name", "/features/1/properties/name"),
        ({"code": "2", "name:ko": 7}, "zone-name", "/features/1/properties/name"),
        ({"code": "2", "name:ko": "한내\u202e동"}, "text-bidi", "/features/1/properties/name:ko"),
        ({"code": "2", "name:ko": "한내동", "population": "many"}, "zone-population", "/features/1/properties/population"),
        (HANNAE, "zone-duplicate", "/features/1/properties/code"),
    ],
)
def test_a_fault_is_told_with_its_place(properties: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(Faults) as refusal:
        zones.read(features(HANNAE, properties))

    assert [(found.rule, found.path, found.file) for found in refusal.value.findings] == [(code, path, "zones.geojson")]


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(Faults) as refusal:
        zones.read(features({"code": 1}, HANNAE, {"code": "3"}))

    assert [found.rule for found in refusal.value.findings] == ["zone-code", "zone-name"]


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        ({"type": "Point", "coordinates": [127.35, 36.36]}, "zone-invalid"),
        ({"type": "Polygon", "coordinates": [[[1, 1], [2, 2], [2, 1], [1, 2], [1, 1]]]}, "geometry-invalid"),
    ],
)
def test_an_outline_that_is_none_is_refused(geometry: object, code: str) -> None:
    with pytest.raises(Faults) as refusal:
        zones.read(features(HANNAE, geometry=geometry))

    assert refusal.value.findings[0].rule == code


@pytest.mark.parametrize("raw", [b"[]", b'{"type": "FeatureCollection", "features": []}', b"7"])
def test_a_city_without_zones_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput, match="zones-empty"):
        zones.read(raw)


def strip(*widths: float) -> list[zones.Zone]:
    """Return zones side by side from west to east, named a, b, c."""
    made, west = [], 0.0
    for code, width in zip("abc", widths, strict=False):
        made.append(zones.Zone(code=code, name={"en": code}, shape=shapely.box(west, 0, west + width, 1)))
        west += width
    return made


@pytest.mark.parametrize(
    ("place", "touched", "covered"),
    [
        (shapely.box(0.5, 0, 1.2, 1), "ab", ""),
        (shapely.box(0.9, 0, 1.7, 1), "ba", ""),
        (shapely.box(0.995, 0, 2, 1), "b", "b"),
        (shapely.box(0, 0, 1, 1), "a", "a"),
        (shapely.box(0, 0, 1, 0.99), "a", ""),
        (shapely.box(-1, -1, 4, 2), "abc", "abc"),
        (shapely.box(0, 0, 0.9999, 1), "a", "a"),
        (shapely.box(5, 0, 6, 1), "", ""),
    ],
)
def test_zones_are_named_by_where_the_surface_lies_and_coded_when_covered(
    place: shapely.Polygon, touched: str, covered: str
) -> None:
    city = strip(1, 1, 1)

    assert "".join(zone.code for zone in zones.touched(place, city)) == touched
    assert "".join(zone.code for zone in zones.covered(place, city)) == covered


def test_an_unknown_code_is_refused_with_its_path() -> None:
    known = {zone.code: zone for zone in strip(1, 1)}

    assert [zone.code for zone in zones.of(("b", "a"), known)] == ["b", "a"]
    with pytest.raises(BadInput) as refusal:
        zones.of(("a", "daedeok"), known, path="/areas/0")
    assert (refusal.value.code, refusal.value.path) == ("zone-unknown", "/areas/0/zones/1")


GU = {"code": "9920000000", "name": {"ko": "한내구", "en": "Hannae-gu"}}


def in_district(*zones_in_it: dict[str, Any]) -> bytes:
    """Return a district without a drawing, then zones with one."""
    document = json.loads(features(*zones_in_it))
    document["features"].insert(0, {"type": "Feature", "properties": GU, "geometry": None})
    return json.dumps(document).encode()


def test_a_district_is_all_its_zones_together() -> None:
    part = {"district": "9920000000"}

    read = zones.read(in_district(HANNAE | part, {"code": "2", "name": {"ko": "나"}, "population": 600} | part))

    assert read["9920000000"].parts == ("2", "9920010100")
    assert read["9920000000"].population == 19_000
    assert read["9920000000"].shape.equals(shapely.Polygon(RING[0]))
    assert (read["2"].district, read["2"].parts) == ("9920000000", ())


@pytest.mark.parametrize(
    ("zone", "rule", "path"),
    [
        (HANNAE | {"district": "99"}, "district-unknown", "/features/1/properties/district"),
        (HANNAE | {"district": 7}, "zone-district", "/features/1/properties/district"),
        (HANNAE, "district-empty", "/features/0/geometry"),
    ],
)
def test_a_district_that_is_not_there_or_empty_is_told(zone: dict[str, Any], rule: str, path: str) -> None:
    with pytest.raises(Faults) as refusal:
        zones.read(in_district(zone))

    assert (rule, path) in [(found.rule, found.path) for found in refusal.value.findings]
