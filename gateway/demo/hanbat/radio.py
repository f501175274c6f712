"""The cells that serve Hanbat: masts of three sectors, dense in the old town and far apart at the rim, and small cells between.

The network is nobody's: country 450, network 99, which no operator holds. Every fifth mast speaks GSM, all others LTE.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import dist

import shapely

from gateway.demo.hanbat.layout import EDGES, HALF_RIVER, NORTH, SOUTH, Layout, Metres, degrees
from gateway.demo.hanbat.metro import stations
from gateway.demo.hanbat.streets import streets

HEADER = "cell,site,lat,lon,azimuth,beamwidth,range_m,technology"
NETWORK = "450-99"
CENTRE = (1000.0, 300.0)
NEAREST, FARTHER, FARTHEST = 320.0, 0.13, 1350.0
"""How many metres masts stand apart in the centre, how many more for each metre away from it, and at the rim."""
TRIES = 12000
SMALL = 410
SECTORS = (0, 120, 240)
BEAMWIDTH = 130
EVERY_GSM = 5
REACH = {"lte": 1.1, "gsm": 2.0}
"""How far a sector reaches, in the distances between masts."""
FIRST_SMALL = 1000
BESIDE_A_STREET = 180


Grounds = Mapping[str, shapely.Geometry]


@dataclass(frozen=True)
class Mast:
    """One site of three sectors; `apart` is how far its neighbours stand, in metres."""

    place: Metres
    apart: float


def cells(layout: Layout) -> bytes:
    """Return the table of every cell, each with its own name: country, network, location or tracking area, cell identity."""
    text = io.StringIO(HEADER + "\n")
    text.seek(0, io.SEEK_END)
    table = csv.writer(text, lineterminator="\n")
    grounds = _grounds(layout)
    for number, mast in enumerate(masts(layout), start=1):
        table.writerows(_sectors(layout, grounds, number, mast))
    for number, place in enumerate(small(layout), start=1):
        id = f"{NETWORK}-{_area(grounds, place)}-{(FIRST_SMALL + number) * 256}"
        table.writerow([id, f"P{number:03}", *_position(place), "", "", 140 + 20 * (number % 5), "lte"])
    return text.getvalue().encode()


def masts(layout: Layout) -> tuple[Mast, ...]:
    """Return masts thrown like darts, none nearer to another than the ground there asks for, and none in the river."""
    throw = layout.chance("masts")
    stood: list[Mast] = []
    for _ in range(TRIES):
        place = round(throw.uniform(EDGES[0], EDGES[-1])), round(throw.uniform(SOUTH, NORTH))
        apart = min(NEAREST + FARTHER * dist(place, CENTRE), FARTHEST)
        if _dry(layout, place) and all(dist(place, other.place) >= min(apart, other.apart) for other in stood):
            stood.append(Mast(place, apart))
    return tuple(stood)


def small(layout: Layout) -> Iterator[Metres]:
    """Yield the places of small cells: at every station, then beside streets, oftener the nearer to the centre."""
    yield from (station.place for station in stations(layout))
    beside = [place for street in streets(layout).values() for place in street.places]
    throw, left = layout.chance("small"), SMALL - len(tuple(stations(layout)))
    while left:
        east, north = throw.choice(beside)
        place = east + throw.uniform(-1, 1) * BESIDE_A_STREET, north + throw.uniform(-1, 1) * BESIDE_A_STREET
        if throw.random() * 6000 > dist(place, CENTRE) and _dry(layout, place):
            left -= 1
            yield place


def _dry(layout: Layout, place: Metres) -> bool:
    return abs(place[0] - layout.river(place[1])) > HALF_RIVER + 20


def _sectors(layout: Layout, grounds: Grounds, number: int, mast: Mast) -> Iterator[list[object]]:
    technology = "gsm" if number % EVERY_GSM == 0 else "lte"
    area, turned = _area(grounds, mast.place), round(layout.jitter(f"mast {number}", 60))
    for sector, azimuth in enumerate(SECTORS, start=1):
        cell = number * 10 + sector if technology == "gsm" else number * 256 + sector
        facing, reach = (azimuth + turned) % 360, int(round(mast.apart * REACH[technology], -1))
        id = f"{NETWORK}-{area}-{cell}"
        yield [id, f"M{number:03}", *_position(mast.place), facing, BEAMWIDTH, reach, technology]


def _grounds(layout: Layout) -> Grounds:
    """Return the ground of each district, by the first four digits of its code: they name its location and tracking area."""
    outlines = layout.zones()
    return {
        area: shapely.union_all([shapely.Polygon(line) for code, line in outlines.items() if code.startswith(area)])
        for area in sorted({code[:4] for code in outlines})
    }


def _area(grounds: Grounds, place: Metres) -> str:
    return min(grounds, key=lambda area: grounds[area].distance(shapely.Point(place)))


def _position(place: Metres) -> tuple[str, str]:
    longitude, latitude = degrees(place)
    return f"{latitude:.4f}", f"{longitude:.4f}"
