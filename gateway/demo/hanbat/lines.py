"""Hanbat's public transport: one metro line under the bridge and three bus routes, with their stops and ways."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot

from gateway.demo.hanbat.layout import Layout, Line, Metres
from gateway.demo.hanbat.names import STATIONS

METRO = 1
BUS = 3
LANE = 10.0
MIDDLE_OF_THE_PARK = -125
BANK_ROAD = -140
NORTH_ROAD = 1300
EAST_ROAD = 1500


@dataclass(frozen=True)
class Halt:
    """A stop, platform or station."""

    id: str
    korean: str
    english: str
    place: Metres
    station: bool = False
    parent: str = ""


@dataclass(frozen=True)
class Run:
    """A route in one direction: its stops in order and the way it takes."""

    direction: int
    halts: tuple[Halt, ...]
    way: Line


@dataclass(frozen=True)
class Service:
    """A route; `speed` in metres per second, `headway` in minutes on weekdays and at weekends."""

    id: str
    type: int
    korean: str
    english: str
    colour: str
    speed: float
    headway: tuple[int, int]
    runs: tuple[Run, Run]


def services(layout: Layout) -> tuple[Service, ...]:
    """Return every route of the city."""
    return (
        Service("1", METRO, "도시철도 1호선", "Metro Line 1", "0B7A3B", 12.0, (20, 30), _metro(layout)),
        Service("101", BUS, "한내로", "Hannae Road", "1F5FBF", 7.0, (30, 40), _hannae_road(layout)),
        Service("102", BUS, "강변로", "Riverside Road", "1F5FBF", 7.0, (30, 40), _riverside(layout)),
        Service("103", BUS, "동문-솔마루", "Dongmun - Solmaru", "1F5FBF", 7.0, (30, 40), _north_bridge(layout)),
    )


def stations(layout: Layout) -> Iterator[Halt]:
    """Yield the metro's stations from west to east, 560 m apart."""
    for number, (korean, english) in enumerate(STATIONS, start=1):
        east = -1830 + 560 * (number - 1)
        yield Halt(f"S{number:02}", korean, english, (float(east), 30 + layout.jitter(f"S{number:02}", 8)), station=True)


def _metro(layout: Layout) -> tuple[Run, Run]:
    out, back = ([_platform(station, side) for station in stations(layout)] for side in (1, 2))
    return Run(0, tuple(out), [halt.place for halt in out]), Run(1, tuple(back[::-1]), [halt.place for halt in back[::-1]])


def _platform(station: Halt, number: int) -> Halt:
    east, north = station.place
    place = east, north + (-6 if number == 1 else 6)
    return Halt(f"{station.id}-{number}", station.korean, station.english, place, parent=station.id)


def _hannae_road(layout: Layout) -> tuple[Run, Run]:
    bridge = layout.river(-60) + MIDDLE_OF_THE_PARK
    eastings = [-2000, -1550, -1100, -650, bridge, bridge + 260, 700, 1150, 1600, 2050, 2500]
    names = [(f"한내로 {number}가", f"Hannae-ro {number}-ga") for number in range(1, 12)]
    names[4], names[5] = ("한내대교 서단", "Hannae Bridge West"), ("한내대교 동단", "Hannae Bridge East")
    return _both_ways("H", "EW", names, [(float(round(east, 1)), -60.0) for east in eastings])


def _riverside(layout: Layout) -> tuple[Run, Run]:
    road = layout.along_river(-1800, 1800, east=BANK_ROAD)
    names = [(f"강변로 {number}가", f"Riverside-ro {number}-ga") for number in range(1, 11)]
    return _both_ways("R", "NS", names, road[::4], road)


def _north_bridge(layout: Layout) -> tuple[Run, Run]:
    up = [(float(EAST_ROAD), float(height)) for height in range(-1900, NORTH_ROAD, 400)]
    across = [(float(east) + layout.jitter(f"K{east}", 30), float(NORTH_ROAD)) for east in range(EAST_ROAD - 400, -2000, -600)]
    names = [(f"북교로 {number}가", f"Bukgyo-ro {number}-ga") for number in range(1, len(up + across) + 1)]
    corner = (float(EAST_ROAD), float(NORTH_ROAD))
    return _both_ways("K", "NS", names, up + across, [*up, corner, *across])


def _both_ways(road: str, sides: str, names: list[tuple[str, str]], places: Line, way: Line | None = None) -> tuple[Run, Run]:
    """Return a bus route there and back; people drive on the right, so each way has its own stops."""
    way = way or places
    there, back = [], []
    for number, ((korean, english), place) in enumerate(zip(names, places, strict=True), start=1):
        ahead = _heading(way, place)
        there.append(Halt(f"{road}{number:02}{sides[0]}", korean, english, _beside(place, ahead, LANE)))
        back.append(Halt(f"{road}{number:02}{sides[1]}", korean, english, _beside(place, ahead, -LANE)))
    return Run(0, tuple(there), way), Run(1, tuple(back[::-1]), way[::-1])


def _heading(way: Line, place: Metres) -> Metres:
    at = min(way.index(place), len(way) - 2)
    (x, y), (next_x, next_y) = way[at], way[at + 1]
    length = hypot(next_x - x, next_y - y)
    return (next_x - x) / length, (next_y - y) / length


def _beside(place: Metres, ahead: Metres, right: float) -> Metres:
    return round(place[0] + ahead[1] * right, 1), round(place[1] - ahead[0] * right, 1)
