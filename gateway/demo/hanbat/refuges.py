"""Hanbat's shelters: schools, the community centre of every neighbourhood, metro stations underground, and open parks."""

from collections.abc import Iterator, Mapping, Sequence

import shapely
from msgspec import Struct

from gateway.demo.hanbat.landmarks import PARKS, SCHOOLS
from gateway.demo.hanbat.layout import Layout, Metres
from gateway.demo.hanbat.metro import stations
from gateway.demo.hanbat.names import ZONES

FLOODS = ("river-flood", "flash-flood", "urban-flood", "heavy-rain", "typhoon")
FIRES = ("structure-fire", "hazardous-material", "gas-leak", "wildfire", "evacuation")
AIR = ("air-quality", "yellow-dust", "heat-wave", "cold-wave", "heavy-snow")
SHAKING = ("earthquake", "building-collapse")
ATTACKS = ("civil-defence", "radiation", "strong-wind", "typhoon")
OFFICE_HOURS: Sequence[Mapping[str, object]] = ({"days": ["mo", "tu", "we", "th", "fr"], "from": "09:00", "until": "18:00"},)
TRAIN_HOURS: Sequence[Mapping[str, object]] = (
    {"days": ["mo", "tu", "we", "th", "fr", "sa", "su"], "from": "05:30", "until": "24:00"},
)
DEEP = ("S04", "S06", "S07", "S09", "S12", "S15", "S17", "S20")


class Refuge(Struct, frozen=True):
    """One shelter as the city's list has it."""

    id: str
    names: tuple[str, str]
    kind: str
    place: Metres
    capacity: int
    open: object
    hazards: Sequence[str]
    accessible: bool = True


def refuges(layout: Layout) -> Iterator[Refuge]:
    """Yield every shelter."""
    for number, (korean, english, place) in enumerate(SCHOOLS, start=1):
        names = f"{korean} 체육관", f"{english} Gymnasium"
        room, flat = 250 + 50 * (number * 7 % 11), number % 4 != 0
        yield Refuge(f"school-{number:02}", names, "school", place, room, "always", (*FLOODS, *FIRES), flat)
    for number, (code, outline) in enumerate(layout.zones().items(), start=1):
        korean, english, _ = ZONES[code]
        names = f"{korean} 행정복지센터", f"{english} Community Center"
        room, hours = 80 + 20 * (number * 5 % 7), "always" if number % 3 == 0 else OFFICE_HOURS
        yield Refuge(f"centre-{code[:8]}", names, "community-centre", _middle(outline), room, hours, (*AIR, *FIRES))
    for station in stations(layout):
        if station.id in DEEP:
            names = f"{station.korean} 지하대피소", f"{station.english} Underground Shelter"
            yield Refuge(f"station-{station.id}", names, "underground", station.place, 1800, TRAIN_HOURS, ATTACKS)
    for id, (korean, english, place, radius) in PARKS.items():
        names = f"{korean} 옥외대피소", f"{english} Open-air Shelter"
        yield Refuge(id, names, "open-air", place, int(radius * radius / 50), "always", SHAKING)


def _middle(outline: Sequence[Metres]) -> Metres:
    inside = shapely.Polygon(outline).representative_point()
    return round(inside.x, -1), round(inside.y, -1)
