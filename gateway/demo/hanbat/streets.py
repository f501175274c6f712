"""Hanbat's main streets with their bus stops: a grid on both banks, the river's bank road, and five bridges between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot

from gateway.demo.hanbat.layout import Layout, Line, Metres

LANE = 10.0
MIDDLE_OF_THE_PARK = -125
BANK_ROAD = -140
EVERY = 450
FIRST_BANK, LAST_BANK = -1800, 5800

Drawn = tuple[str, str, int, int, int]

ROADS: Mapping[str, Drawn] = {
    "L": ("하늘로", "Haneul-ro", 5900, -3300, 4400),
    "B": ("새벌로", "Saebeol-ro", 3300, -5400, 6900),
    "N": ("남촌로", "Namchon-ro", -3400, -5400, 6900),
}
"""Streets from west to east: both names, their height, and where they begin and end."""

AVENUES: Mapping[str, Drawn] = {
    "W": ("서림로", "Seorim-ro", -5400, -4500, 3300),
    "V": ("버들로", "Beodeul-ro", -3300, -4500, 5900),
    "J": ("중앙로", "Jungang-ro", 2300, -4600, 5900),
    "D": ("동문로", "Dongmun-ro", 4400, -4500, 5900),
    "E": ("해오름로", "Haeoreum-ro", 6900, -4200, 5200),
}
"""Streets from south to north: both names, how far east, and where they begin and end."""


@dataclass(frozen=True)
class Halt:
    """A stop, platform, station or entrance; `kind` is GTFS location_type."""

    id: str
    korean: str
    english: str
    place: Metres
    kind: int = 0
    parent: str = ""


@dataclass(frozen=True)
class Street:
    """A street as it is driven: its way, and at each stop the halt for who drives on and the one for who drives back."""

    way: Line
    places: Line
    there: tuple[Halt, ...]
    back: tuple[Halt, ...]


def streets(layout: Layout) -> Mapping[str, Street]:
    """Return every main street by its letter."""
    return {
        "H": _hannae_road(layout),
        "R": _bank_road(layout),
        "K": _north_bridge(layout),
        **{letter: _road(letter, road) for letter, road in ROADS.items()},
        **{letter: _avenue(letter, avenue) for letter, avenue in AVENUES.items()},
    }


def bridges(layout: Layout) -> Mapping[str, Line]:
    """Return the bridges over the river by their ids, from the south."""
    heights = {"namchon-bridge": -3400, "hannae-bridge": -60, "buk-bridge": 1300, "saebeol-bridge": 3300, "haneul-bridge": 5900}
    return {id: [(layout.river(at) + side, float(at)) for side in (-160, 160)] for id, at in heights.items()}


def _hannae_road(layout: Layout) -> Street:
    bridge = layout.river(-60) + MIDDLE_OF_THE_PARK
    eastings = [-2000, -1550, -1100, -650, bridge, bridge + 260, *range(700, 7001, EVERY)]
    names = [(f"한내로 {number}가", f"Hannae-ro {number}-ga") for number in range(1, len(eastings) + 1)]
    names[4], names[5] = ("한내대교 서단", "Hannae Bridge West"), ("한내대교 동단", "Hannae Bridge East")
    return _street("H", "EW", names, [(float(round(east, 1)), -60.0) for east in eastings])


def _bank_road(layout: Layout) -> Street:
    road = layout.along_river(FIRST_BANK, LAST_BANK, east=BANK_ROAD)
    return _street("R", "NS", _numbered("강변로", "Riverside-ro", len(road[::4])), road[::4], road)


def _north_bridge(layout: Layout) -> Street:
    """Return the street that climbs the east bank and turns over the second bridge to the west."""
    up = [(1500.0, float(height)) for height in range(-1900, 1300, 400)]
    across = [(float(east) + layout.jitter(f"K{east}", 30), 1300.0) for east in range(1100, -2000, -600)]
    names = _numbered("북교로", "Bukgyo-ro", len(up + across))
    return _street("K", "NS", names, up + across, [*up, (1500.0, 1300.0), *across])


def _road(letter: str, drawn: Drawn) -> Street:
    korean, english, north, west, east = drawn
    places = [(float(along), float(north)) for along in range(west + 200, east - 100, EVERY)]
    return _street(letter, "EW", _numbered(korean, english, len(places)), places)


def _avenue(letter: str, drawn: Drawn) -> Street:
    korean, english, east, south, north = drawn
    places = [(float(east), float(along)) for along in range(south + 200, north - 100, EVERY)]
    return _street(letter, "NS", _numbered(korean, english, len(places)), places)


def _numbered(korean: str, english: str, count: int) -> list[tuple[str, str]]:
    return [(f"{korean} {number}가", f"{english} {number}-ga") for number in range(1, count + 1)]


def _street(letter: str, sides: str, names: list[tuple[str, str]], places: Line, way: Line | None = None) -> Street:
    """Return a street with its stops; people drive on the right, so each way has its own."""
    way = way or places
    there, back = [], []
    for number, ((korean, english), place) in enumerate(zip(names, places, strict=True), start=1):
        ahead = _heading(way, place)
        there.append(Halt(f"{letter}{number:02}{sides[0]}", korean, english, _beside(place, ahead, LANE)))
        back.append(Halt(f"{letter}{number:02}{sides[1]}", korean, english, _beside(place, ahead, -LANE)))
    return Street(way, places, tuple(there), tuple(back))


def _heading(way: Line, place: Metres) -> Metres:
    at = min(way.index(place), len(way) - 2)
    (x, y), (next_x, next_y) = way[at], way[at + 1]
    length = hypot(next_x - x, next_y - y)
    return (next_x - x) / length, (next_y - y) / length


def _beside(place: Metres, ahead: Metres, right: float) -> Metres:
    return round(place[0] + ahead[1] * right, 1), round(place[1] - ahead[0] * right, 1)
