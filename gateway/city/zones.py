"""The districts a city warns by: `zones.geojson`, each with its code, its names and its outline."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec
import shapely
from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.city import collection
from gateway.city.collection import Feature
from gateway.fault import BadInput, Faults

NOISE = 0.001
"""Less than this share of a surface is how two drawings of one border differ."""
SLIVER = 0.01


class Zone(Struct, frozen=True, kw_only=True):
    """One neighbourhood, or a district of several, whose codes are its `parts`.

    `code` is the country's own, as text, for codes may begin with 0; `aliases` are what sources call it.
    """

    code: str
    name: Mapping[str, str]
    shape: BaseGeometry
    population: int | None = None
    aliases: tuple[str, ...] = ()
    district: str = ""
    parts: tuple[str, ...] = ()


def read(raw: bytes, file: str = "zones.geojson") -> dict[str, Zone]:
    """Read a GeoJSON FeatureCollection of zones by their codes; raises Faults with the JSON pointer of everything wrong.

    Properties: `code`, names as `name:ko` or as an object `name`, and optionally `population`, a list `aliases` and the code
    of the `district` the zone lies in. A district is a feature without a geometry (null): it is all its zones together.
    """
    features = collection.read(raw, file, "zone", _zone)
    zones: dict[str, Zone] = {}
    taken: set[str] = set()
    findings = []
    for index, zone in features:
        try:
            zones[zone.code] = _whole(zone, [other for _, other in features], taken)
        except BadInput as fault:
            findings.append(collection.found(fault, file, index))
        taken |= {zone.code, *zone.aliases}
    if findings:
        raise Faults(findings)
    return zones


def _whole(zone: Zone, all_zones: Sequence[Zone], taken: Collection[str]) -> Zone:
    """Return a zone that fits the others, a district with the ground and the people of its parts."""
    if twice := sorted({zone.code, *zone.aliases}.intersection(taken)):
        raise BadInput("zone-duplicate", f"{twice[0]} stands there twice", path="/properties/code", hint="rename one of them")
    parts = [other for other in all_zones if other.district == zone.code and not _drawn_nowhere(other)]
    if not _drawn_nowhere(zone):
        if zone.district and not any(other.code == zone.district and _drawn_nowhere(other) for other in all_zones):
            hint = "add a feature with that code and the geometry null"
            raise BadInput("district-unknown", f"there is no district {zone.district!r}", path="/properties/district", hint=hint)
        return zone
    if not parts:
        hint = "draw it, or name it as the `district` of its zones"
        raise BadInput("district-empty", f"no zone lies in district {zone.code!r}", path="/geometry", hint=hint)
    counted = [part.population for part in parts if part.population is not None]
    people = sum(counted) if len(counted) == len(parts) else None
    shape, codes = area.union(part.shape for part in parts), tuple(sorted(part.code for part in parts))
    return msgspec.structs.replace(zone, shape=shape, population=people, parts=codes)


def _drawn_nowhere(zone: Zone) -> bool:
    return bool(zone.shape.is_empty)


def _zone(feature: Feature) -> Zone:
    given = feature.properties
    code, population, district = given.get("code"), given.get("population"), given.get("district", "")
    if not _is_code(code):
        raise BadInput("zone-code", f"{code!r} is no code", path="/properties/code", hint='write it as text: "9920010100"')
    aliases = given.get("aliases", [])
    if not isinstance(aliases, list) or not all(_is_code(alias) for alias in aliases):
        raise BadInput("zone-aliases", f"{aliases!r} is no list of codes", path="/properties/aliases", hint='write ["a", "b"]')
    if population is not None and not isinstance(population, int):
        raise BadInput("zone-population", f"{population!r} is no whole number", path="/properties/population")
    if district and not _is_code(district):
        raise BadInput("zone-district", f"{district!r} is no code", path="/properties/district", hint="write it as text")
    return Zone(
        code=str(code),
        name=collection.names(given, "zone"),
        shape=_shape(feature.geometry),
        population=population,
        aliases=tuple(aliases),
        district=str(district),
    )


def _shape(geometry: Mapping[str, object] | None) -> BaseGeometry:
    if geometry is None:
        return shapely.MultiPolygon()
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        hint = "a zone has a Polygon or MultiPolygon; a district has the geometry null"
        raise BadInput("zone-invalid", f"a {geometry.get('type')} is no outline", path="/geometry", hint=hint)
    return area.shape(area.geometry(geometry))


def _is_code(given: object) -> bool:
    return isinstance(given, str) and bool(given) and given.isascii() and given.isprintable() and " " not in given


def of(codes: Sequence[str], zones: Mapping[str, Zone], *, path: str = "") -> tuple[Zone, ...]:
    """Return the zones of these codes or aliases; raises BadInput("zone-unknown") with the path of the first stranger."""
    called = (
        zones if zones.keys() >= set(codes) else {name: zone for zone in zones.values() for name in (zone.code, *zone.aliases)}
    )
    for index, code in enumerate(codes):
        if code not in called:
            hint = "use a code of the city's zones.geojson"
            raise BadInput("zone-unknown", f"the city has no zone {code!r}", path=f"{path}/zones/{index}", hint=hint)
    return tuple(called[code] for code in codes)


def touched(place: BaseGeometry, zones: Iterable[Zone]) -> tuple[Zone, ...]:
    """Return the zones a surface lies in, the largest part first; slivers along a border do not count."""
    shares = sorted(_shares(place, zones), key=lambda share: (-share[0], share[1].code))
    return tuple(zone for _, zone in shares)


def covered(place: BaseGeometry, zones: Iterable[Zone]) -> tuple[Zone, ...]:
    """Return the zones that lie wholly under a surface."""
    shapely.prepare(place)
    near = (zone for zone in zones if place.intersects(zone.shape))
    return tuple(zone for zone in near if zone.shape.difference(place).area <= NOISE * zone.shape.area)


def _shares(place: BaseGeometry, zones: Iterable[Zone]) -> Iterator[tuple[float, Zone]]:
    shapely.prepare(place)
    for zone in zones:
        if place.intersects(zone.shape):
            shared = place.intersection(zone.shape).area
            if shared > SLIVER * min(place.area, zone.shape.area):
                yield shared, zone
