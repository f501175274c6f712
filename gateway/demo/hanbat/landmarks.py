"""What a map of Hanbat shows beside its districts: the river, its gauges and bridges, the railway, parks and schools."""

from collections.abc import Iterator, Mapping, Sequence
from math import cos, pi, sin

from msgspec import Struct

from gateway.demo.hanbat.layout import NORTH, SOUTH, Layout, Line, Metres, degrees, ring
from gateway.demo.hanbat.streets import bridges

Geometry = Mapping[str, object]

BRIDGES: Mapping[str, tuple[str, str]] = {
    "namchon-bridge": ("남촌교", "Namchon Bridge"),
    "hannae-bridge": ("한내대교", "Hannae Bridge"),
    "buk-bridge": ("북교", "Bukgyo Bridge"),
    "saebeol-bridge": ("새벌대교", "Saebeol Bridge"),
    "haneul-bridge": ("하늘다리", "Haneul Bridge"),
}
GAUGES: Mapping[str, tuple[str, str, int]] = {
    "G-01": ("한내 상류 수위계", "Hannae upstream water gauge", -4800),
    "G-03": ("한내대교 수위계", "Hannae Bridge water gauge", -60),
    "G-05": ("한내 하류 수위계", "Hannae downstream water gauge", 6300),
}
"""Both names, and how far north of the bridge; the river runs to the north."""

RAILWAY: Line = [(2700, SOUTH), (2850, -3400), (3046, -60), (3400, 2200), (3900, 4600), (4300, NORTH)]
UNDERPASSES: Mapping[str, tuple[str, str, Metres]] = {
    "dongmun-underpass": ("동문지하차도", "Dongmun Underpass", (3046.0, -60.0)),
    "namchon-underpass": ("남촌지하차도", "Namchon Underpass", (2850.0, -3400.0)),
}
"""Where a street dives under the railway, in a hollow that fills with rain."""

FESTIVAL: Line = [(620, 1000), (900, 1010), (1180, 1000)]
PARKS: Mapping[str, tuple[str, str, Metres, float]] = {
    "mulbit-park": ("물빛공원", "Mulbit Park", (1900, -1600), 260),
    "haemaji-park": ("해맞이공원", "Haemaji Park", (7350, 1150), 330),
    "haneul-park": ("하늘공원", "Haneul Park", (-520, 5200), 300),
    "daesup-park": ("대숲공원", "Daesup Park", (-5000, 1000), 380),
    "yeonmot-park": ("연못공원", "Yeonmot Park", (4700, -3900), 290),
}
SCHOOLS: Sequence[tuple[str, str, Metres]] = (
    ("한내초등학교", "Hannae Elementary School", (1250, 420)),
    ("물빛중학교", "Mulbit Middle School", (1100, -1350)),
    ("별터초등학교", "Byeolteo Elementary School", (2650, 1500)),
    ("솔마루고등학교", "Solmaru High School", (-1250, 900)),
    ("느티초등학교", "Neuti Elementary School", (-1500, -900)),
    ("남촌중학교", "Namchon Middle School", (-900, -3900)),
    ("배꽃초등학교", "Baekkot Elementary School", (-3700, -4200)),
    ("모래내고등학교", "Moraenae High School", (1200, -3900)),
    ("연못초등학교", "Yeonmot Elementary School", (5000, -2900)),
    ("동문고등학교", "Dongmun High School", (4800, -900)),
    ("장터초등학교", "Jangteo Elementary School", (3900, 1700)),
    ("매화초등학교", "Maehwa Elementary School", (6500, -2900)),
    ("해오름중학교", "Haeoreum Middle School", (6300, 1500)),
    ("서림초등학교", "Seorim Elementary School", (-3800, -1300)),
    ("버들중학교", "Beodeul Middle School", (-2900, 1300)),
    ("돌다리초등학교", "Doldari Elementary School", (-5000, 4000)),
    ("새벌고등학교", "Saebeol High School", (2000, 3700)),
    ("노을초등학교", "Noeul Elementary School", (-1400, 3900)),
    ("은빛중학교", "Eunbit Middle School", (4700, 4900)),
    ("옥샘초등학교", "Oksaem Elementary School", (6700, 4400)),
)


class Landmark(Struct, frozen=True):
    """One thing on the map; `kind` says how it is drawn."""

    id: str
    kind: str
    korean: str
    english: str
    geometry: Geometry


def landmarks(layout: Layout) -> Iterator[Landmark]:
    """Yield everything, the large before the small."""
    yield Landmark("hannae", "river", "한내", "Hannae River", polygon(layout.water()))
    yield Landmark("hannae-riverside", "park", "한내 둔치", "Hannae riverside", polygon(layout.riverside()))
    for id, (korean, english, place, radius) in PARKS.items():
        yield Landmark(id, "park", korean, english, polygon(_park(layout, id, place, radius)))
    yield Landmark("hanbat-railway", "rail", "한밭선", "Hanbat Railway", line(RAILWAY))
    ways = bridges(layout)
    for id, (korean, english) in BRIDGES.items():
        yield Landmark(id, "bridge", korean, english, line(ways[id]))
    for id, (korean, english, (east, north)) in UNDERPASSES.items():
        yield Landmark(id, "underpass", korean, english, line([(east - 120, north), (east + 120, north)]))
    yield Landmark("byeolbit-street", "street", "별빛거리", "Byeolbit Street", line(FESTIVAL))
    for number, (korean, english, place) in enumerate(SCHOOLS, start=1):
        yield Landmark(f"school-{number:02}", "school", korean, english, point(place))
    for id, (korean, english, north) in GAUGES.items():
        yield Landmark(id, "gauge", korean, english, point((layout.river(north), north)))


def polygon(outline: Line) -> Geometry:
    """Return an outline as GeoJSON."""
    return {"type": "Polygon", "coordinates": [[degrees(place) for place in outline]]}


def line(way: Line) -> Geometry:
    """Return a way as GeoJSON."""
    return {"type": "LineString", "coordinates": [degrees(place) for place in way]}


def point(place: Metres) -> Geometry:
    """Return a place as GeoJSON."""
    return {"type": "Point", "coordinates": degrees(place)}


def _park(layout: Layout, id: str, middle: Metres, radius: float) -> Line:
    corners = [(turn * pi / 4, radius + layout.jitter(f"{id} {turn}", radius / 4)) for turn in range(8)]
    return ring([(round(middle[0] + far * cos(turn), 1), round(middle[1] + far * sin(turn), 1)) for turn, far in corners])
