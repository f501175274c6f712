"""Where people can go: `shelters.geojson`, each with its room, its hours, and the hazards it is good for."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from operator import attrgetter

import msgspec
import shapely
from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.area import Position
from gateway.city import collection
from gateway.city.collection import Feature
from gateway.fault import BadInput
from gateway.hazard import hazards

DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
ALWAYS = "always"


class Hours(Struct, frozen=True, kw_only=True):
    """When a shelter is open on some days of the week, in the city's own time; `until` None is midnight."""

    days: frozenset[int]
    begin: time
    until: time | None

    def covers(self, at: datetime) -> bool:
        """Tell whether a local time lies within."""
        return at.weekday() in self.days and self.begin <= at.time() and (self.until is None or at.time() < self.until)


class Shelter(Struct, frozen=True, kw_only=True):
    """One shelter at (longitude, latitude), with room for `capacity` people; without hours it is always open."""

    id: str
    name: Mapping[str, str]
    kind: str
    place: Position
    capacity: int
    hours: tuple[Hours, ...]
    hazards: frozenset[str]
    accessible: bool

    def open_at(self, at: datetime) -> bool:
        """Tell whether it is open at a local time."""
        return not self.hours or any(hours.covers(at) for hours in self.hours)


class Near(Struct, frozen=True):
    """A shelter, and how many metres of open air lie between it and the nearest edge of the danger."""

    shelter: Shelter
    metres: int


class _Hours(Struct, frozen=True, forbid_unknown_fields=True):
    days: tuple[str, ...]
    begin: str = msgspec.field(name="from")
    until: str


class _Given(Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: str
    capacity: int
    open: str | tuple[_Hours, ...]
    hazards: tuple[str, ...]
    accessible: bool
    name: Mapping[str, str] = {}


def read(raw: bytes, file: str = "shelters.geojson") -> dict[str, Shelter]:
    """Read a GeoJSON FeatureCollection of shelters by their ids; raises Faults with the JSON pointer of everything wrong.

    Properties: `id`, `name` by language, `kind`, `capacity`, `open` ("always", or a list of {"days": ["mo"], "from": "09:00",
    "until": "18:00"}), `hazards` it is good for, `accessible`.
    """
    return collection.once(collection.read(raw, file, "shelter", _shelter), attrgetter("id"), file, "shelter")


def nearest(among: Iterable[Shelter], place: BaseGeometry, hazard: str, at: datetime, most: int) -> tuple[Near, ...]:
    """Return the nearest shelters outside a surface that are good for a hazard and open at a local time."""
    fit = [one for one in among if hazard in one.hazards and one.open_at(at) and not place.intersects(shapely.Point(one.place))]
    if not fit:
        return ()
    danger, places = area.on_a_plane(place, shapely.MultiPoint([one.place for one in fit]))
    away = shapely.distance(danger, shapely.get_parts(places))
    near = sorted(zip(away, fit, strict=True), key=lambda pair: (pair[0], pair[1].id))
    return tuple(Near(one, round(metres)) for metres, one in near[:most])


def _shelter(feature: Feature) -> Shelter:
    given = _given(feature.properties)
    if strangers := sorted(set(given.hazards) - hazards().keys()):
        hint = "see schemas/hazards.toml"
        raise BadInput("hazard-unknown", f"no hazard is called {strangers[0]!r}", path="/properties/hazards", hint=hint)
    if not given.id or not given.id.isascii() or given.capacity < 0:
        raise BadInput("shelter-invalid", "it needs an id and its room", path="/properties", hint="write both as they are")
    return Shelter(
        id=given.id,
        name=collection.names(feature.properties, "shelter"),
        kind=given.kind,
        place=_place(feature.geometry),
        capacity=given.capacity,
        hours=_open(given.open),
        hazards=frozenset(given.hazards),
        accessible=given.accessible,
    )


def _given(properties: Mapping[str, object]) -> _Given:
    plain = {key: value for key, value in properties.items() if not key.startswith("name:")}
    try:
        return msgspec.convert(plain, _Given)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        path = "/properties" + where.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
        raise BadInput("shelter-invalid", what, path=path, hint="see the README of the city's folder") from None


def _open(given: str | tuple[_Hours, ...]) -> tuple[Hours, ...]:
    if given == ALWAYS:
        return ()
    if isinstance(given, str) or not given:
        hint = 'write "always", or a list of {"days", "from", "until"}'
        raise BadInput("shelter-hours", f"open is {given!r}", path="/properties/open", hint=hint)
    try:
        return tuple(_hours(one) for one in given)
    except ValueError as error:
        hint = 'days are mo, tu, we, th, fr, sa, su; times "09:00" to "24:00"'
        raise BadInput("shelter-hours", str(error), path="/properties/open", hint=hint) from None


def _hours(given: _Hours) -> Hours:
    begin, until = time.fromisoformat(given.begin), None if given.until == "24:00" else time.fromisoformat(given.until)
    if (until is not None and until <= begin) or not given.days:
        message = f"{given.begin} to {given.until} on {len(given.days)} days is no time"
        raise ValueError(message)
    return Hours(days=frozenset(DAYS.index(day) for day in given.days), begin=begin, until=until)


def _place(geometry: Mapping[str, object] | None) -> Position:
    try:
        found = shapely.geometry.shape(geometry)
        if found.geom_type == "Point" and -180 <= found.x <= 180 and -90 <= found.y <= 90:
            return found.x, found.y
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError):
        pass
    raise BadInput("shelter-place", "it stands nowhere", path="/geometry", hint="give a Point of [longitude, latitude]")
