"""Our own map: an inline SVG that needs no server, no script and no style sheet; pages and e-mails carry the same one.

Coordinates come in as (longitude, latitude) in WGS 84 and are drawn on a plane that is true to scale at the map's middle.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from msgspec import Struct

from gateway.alert import Place
from gateway.area import Position, Ring, Role

WIDTH = 640.0
MOST_HEIGHT = 560.0
MARGIN = 0.06
AROUND = 0.6
EM = 11.0
LEAST_SPAN = 0.01

_INK = {Role.DANGER: "#b3001b", Role.EVACUATE: "#b3001b", Role.CLOSURE: "#7a4b00", Role.SHELTER: "#00693e"}
_DASHES = {Role.INFORMED: "6 4", Role.CLOSURE: "2 3"}
_BLUE = "#1d4f91"


class Label(Struct, frozen=True):
    """A word at a place; a `quiet` one gives way to those before it."""

    text: str
    at: Position
    quiet: bool = False


class Backdrop(Struct, frozen=True, kw_only=True):
    """What a city's map shows whatever happens: outlines of its zones, its water, parks, roads and rails, and their names."""

    zones: tuple[Ring, ...]
    water: tuple[Ring, ...] = ()
    green: tuple[Ring, ...] = ()
    lines: tuple[Ring, ...] = ()
    rails: tuple[Ring, ...] = ()
    labels: tuple[Label, ...] = ()


class Sight(Struct, frozen=True, kw_only=True):
    """What is drawn over the backdrop: target areas, stops, shelters, and the outline of the ground whose cells are reached."""

    places: Sequence[Place] = ()
    stops: Sequence[Label] = ()
    cells: Sequence[Ring] = ()
    shelters: Sequence[Label] = ()


def draw(backdrop: Backdrop, sight: Sight, *, title: str, whole: bool = False) -> str:
    """Return a map as one `<svg>` element; its view is the target areas and what lies around them, or the `whole` city."""
    rings = [ring for place in sight.places for polygon in place.polygons for ring in polygon.coordinates]
    plane = _Plane.around(backdrop.zones if whole or not rings else rings, AROUND if rings and not whole else MARGIN)
    parts = [*_ground(backdrop, plane), *_over(sight, plane), *_words(backdrop, plane)]
    view = f'viewBox="0 0 {WIDTH:g} {plane.height:g}"'
    look = f'direction="ltr" font-family="sans-serif" font-size="{EM:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {view} role="img" {look}>'
    return f"{head}<title>{escape(title)}</title>{''.join(parts)}{_scale(plane)}</svg>"


def _ground(backdrop: Backdrop, plane: "_Plane") -> Iterator[str]:
    yield f'<rect width="{WIDTH:g}" height="{plane.height:g}" fill="#eef1f4"/>'
    yield _path(plane, backdrop.zones, 'fill="#fbfaf7" stroke="#8a939c" stroke-width="1"')
    yield _path(plane, backdrop.water, 'fill="#bcd7ee"')
    yield _path(plane, backdrop.green, 'fill="#d3e8cd"')
    yield _path(plane, backdrop.lines, 'fill="none" stroke="#98a1aa" stroke-width="1.5"', closed=False)
    yield _path(plane, backdrop.rails, 'fill="none" stroke="#5a646e" stroke-width="2.5" stroke-dasharray="7 3"', closed=False)


def _words(backdrop: Backdrop, plane: "_Plane") -> Iterator[str]:
    """Names stand over everything, edged with the ground's colour; one that would cover another is left out."""
    taken: list[tuple[float, float, float]] = []
    for label in sorted(backdrop.labels, key=lambda one: one.quiet):
        x, y = plane.put(label.at)
        half = EM * sum(1.0 if ord(letter) > 0x2E7F else 0.55 for letter in label.text) / 2
        apart = all(abs(x - left) > half + wide or abs(y - top) > EM for left, top, wide in taken)
        if apart and half <= x <= WIDTH - half and EM <= y <= plane.height:
            taken.append((x, y, half))
            look = f'fill="{"#37648f" if label.quiet else "#3a444e"}" stroke="#fbfaf7" stroke-width="3" paint-order="stroke"'
            yield f'<text x="{x:g}" y="{y:g}" text-anchor="middle" {look}>{escape(label.text)}</text>'


def _over(sight: Sight, plane: "_Plane") -> Iterator[str]:
    yield _path(
        plane, sight.cells, f'fill="{_BLUE}" fill-opacity="0.05" stroke="{_BLUE}" stroke-opacity="0.35" stroke-dasharray="3 3"'
    )
    for place in sight.places:
        rings = [ring for polygon in place.polygons for ring in polygon.coordinates]
        ink, dashes = _INK.get(place.role, "#444444"), _DASHES.get(place.role, "none")
        look = f'fill="{ink}" fill-opacity="0.22" fill-rule="evenodd" stroke="{ink}" stroke-width="2" stroke-dasharray="{dashes}"'
        yield _path(plane, rings, look)
    for stop in sight.stops:
        x, y = plane.put(stop.at)
        named = f"<title>{escape(stop.text)}</title>"
        yield f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="#ffffff" stroke="{_BLUE}" stroke-width="2">{named}</circle>'
    for shelter in sight.shelters:
        x, y = plane.put(shelter.at)
        named = f"<title>{escape(shelter.text)}</title>"
        house = f"M{x - 6:g} {y:g}l6 -7 6 7v7h-12z"
        yield f'<path d="{house}" fill="#00693e" stroke="#ffffff" stroke-width="1.5">{named}</path>'


def _path(plane: "_Plane", rings: Iterable[Ring], look: str, *, closed: bool = True) -> str:
    end = "Z" if closed else ""
    drawn = "".join(f"M{'L'.join(_points(plane, ring))}{end}" for ring in rings if plane.shows(ring))
    return f'<path d="{drawn}" {look}/>' if drawn else ""


def _points(plane: "_Plane", ring: Ring) -> Iterator[str]:
    before = ""
    for place in ring:
        x, y = plane.put(place)
        if (point := f"{x:g} {y:g}") != before:
            yield point
        before = point


def _scale(plane: "_Plane") -> str:
    """A bar of a round number of metres, about a fifth of the map."""
    metres = _round(WIDTH / 5 / plane.per_metre)
    length = round(metres * plane.per_metre, 1)
    told = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    y = plane.height - 12
    bar = f'<path d="M12 {y:g}h{length:g}" stroke="#222222" stroke-width="2"/>'
    return f'{bar}<text x="12" y="{y - 5:g}" fill="#222222">{told}</text>'


def _round(metres: float) -> float:
    power = 10.0 ** math.floor(math.log10(metres))
    return max(step * power for step in (1, 2, 5) if step * power <= metres)


class _Plane(Struct, frozen=True):
    west: float
    north: float
    span: float
    tall: float
    squeeze: float

    @classmethod
    def around(cls, rings: Iterable[Ring], margin: float) -> "_Plane":
        """Return the plane that shows these rings and so much of their size around them."""
        places = [place for ring in rings for place in ring]
        if not places:
            return cls(-180.0, 90.0, 360.0, 180.0, 1.0)
        (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*places, strict=True))
        squeeze = math.cos(math.radians((south + north) / 2))
        wide, tall = (max(span, LEAST_SPAN) * (1 + 2 * margin) for span in (east - west, north - south))
        wide = max(wide, tall / squeeze * WIDTH / MOST_HEIGHT)
        return cls((west + east - wide) / 2, (south + north + tall) / 2, wide, tall, squeeze)

    @property
    def scale(self) -> float:
        return WIDTH / self.span

    @property
    def height(self) -> float:
        return round(self.tall * self.scale / self.squeeze, 1)

    @property
    def per_metre(self) -> float:
        return self.scale / (111_320.0 * self.squeeze)

    def put(self, place: Position) -> tuple[float, float]:
        longitude, latitude = place
        return round((longitude - self.west) * self.scale, 1), round((self.north - latitude) * self.scale / self.squeeze, 1)

    def shows(self, ring: Ring) -> bool:
        """Tell whether a ring's box touches the view."""
        (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*ring, strict=True))
        beside = west > self.west + self.span or east < self.west
        return not (beside or south > self.north or north < self.north - self.tall)
