"""The districts a city warns by: `zones.geojson`, each with its code, its names and its outline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import shapely
from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.doors import json, text
from gateway.fault import BadInput, Faults, Finding

MOST_BYTES = 64 << 20
NOISE = 0.001
"""Less than this share of a surface is how two drawings of one border differ."""
SLIVER = 0.01


class Zone(Struct, frozen=True, kw_only=True):
    """One district; `code` is the country's own, as text, for codes may begin with 0; `aliases` are what sources call it."""

    code: str
    name: Mapping[str, str]
    shape: BaseGeometry
    population: int | None = None
    aliases: tuple[str, ...] = ()


class _Feature(Struct, frozen=True):
    properties: Mapping[str, object]
    geometry: area.Polygon | area.MultiPolygon


def read(raw: bytes, file: str = "zones.geojson") -> dict[str, Zone]:
    """Read a GeoJSON FeatureCollection of zones; raises Faults with the JSON pointer of everything that is wrong.

    Properties: `code`, names as `name:ko` or as an object `name`, and optionally `population` and a list `aliases`.
    """
    document = json.load(raw, most_bytes=MOST_BYTES)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise BadInput("zones-empty", f"{file} holds no features", path="/features", hint="give a FeatureCollection of zones")
    zones: dict[str, Zone] = {}
    findings = []
    for index, feature in enumerate(features):
        try:
            _add(zones, _zone(feature))
        except BadInput as fault:
            path = f"/features/{index}{fault.path}"
            findings.append(Finding(rule=fault.code, message=fault.message, path=path, hint=fault.hint, file=file))
    if findings:
        raise Faults(findings)
    return zones


def _add(zones: dict[str, Zone], zone: Zone) -> None:
    taken = {name for other in zones.values() for name in (other.code, *other.aliases)}
    if twice := sorted(taken & {zone.code, *zone.aliases}):
        raise BadInput("zone-duplicate", f"{twice[0]} stands there twice", path="/properties/code")
    zones[zone.code] = zone


def _zone(feature: object) -> Zone:
    try:
        read = msgspec.convert(feature, _Feature)
    except msgspec.ValidationError as error:
        raise BadInput("zone-invalid", str(error), hint="a zone has properties and a Polygon or MultiPolygon") from None
    code, population = read.properties.get("code"), read.properties.get("population")
    if not _is_code(code):
        raise BadInput("zone-code", f"{code!r} is no code", path="/properties/code", hint='write it as text: "9920010100"')
    aliases = read.properties.get("aliases", [])
    if not isinstance(aliases, list) or not all(_is_code(alias) for alias in aliases):
        raise BadInput("zone-aliases", f"{aliases!r} is no list of codes", path="/properties/aliases", hint='write ["a", "b"]')
    if population is not None and not isinstance(population, int):
        raise BadInput("zone-population", f"{population!r} is no whole number", path="/properties/population")
    name, shape = _names(read.properties), area.shape(read.geometry)
    return Zone(code=str(code), name=name, shape=shape, population=population, aliases=tuple(aliases))


def _is_code(given: object) -> bool:
    return isinstance(given, str) and bool(given) and given.isascii() and given.isprintable() and " " not in given


def _names(properties: Mapping[str, object]) -> Mapping[str, str]:
    plain = properties.get("name")
    found = dict(plain) if isinstance(plain, dict) else {}
    found |= {key.removeprefix("name:"): value for key, value in properties.items() if key.startswith("name:")}
    if not found or not all(isinstance(name, str) for name in found.values()):
        hint = 'write "name:ko" and "name:en", or an object "name"'
        raise BadInput("zone-name", "a zone needs its name by language", path="/properties/name", hint=hint)
    return {language: text.one_line(name, path=f"/properties/name:{language}") for language, name in found.items()}


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
