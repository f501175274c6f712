"""Hanbat's metro: one line of 22 stations that leaves the west, crosses under the bridge, turns in the east and comes back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gateway.demo.hanbat.layout import Layout, Metres
from gateway.demo.hanbat.streets import Halt

STATIONS: Sequence[tuple[int, int, str, str, str]] = (
    (-3450, 30, "버들고개", "Beodeul Hill", "ポドゥルゴゲ"),
    (-2350, 30, "솔마루", "Solmaru", "ソルマル"),
    (-1250, 30, "느티장터", "Neuti Market", "ヌティジャント"),
    (-150, 30, "한내대교", "Hannae Bridge", "ハンネ大橋"),
    (950, 30, "한내나루", "Hannae Ferry", "ハンネナル"),
    (2000, 30, "한밭시청", "Hanbat City Hall", "ハンバッ市庁"),
    (3050, 30, "한밭역", "Hanbat Station", "ハンバッ駅"),
    (4100, 30, "동문", "Dongmun", "東門"),
    (5150, 30, "동문시장", "Dongmun Market", "東門市場"),
    (6150, 350, "해오름", "Haeoreum", "ヘオルム"),
    (6950, 1050, "해맞이공원", "Haemaji Park", "ヘマジ公園"),
    (7150, 2100, "학림", "Hangnim", "鶴林"),
    (6900, 3150, "옥샘", "Oksaem", "オクセム"),
    (6050, 3800, "은빛마을", "Eunbit Village", "ウンビッマウル"),
    (4950, 4000, "시립도서관", "City Library", "市立図書館"),
    (3850, 4150, "새벌대학교", "Saebeol University", "セボル大学"),
    (2750, 4350, "새벌", "Saebeol", "セボル"),
    (1700, 4550, "새터", "Saeteo", "セト"),
    (800, 4750, "바람골", "Baramgol", "パラムゴル"),
    (-400, 4850, "하늘공원", "Haneul Park", "ハヌル公園"),
    (-1500, 4900, "하늘", "Haneul", "ハヌル"),
    (-2700, 4850, "살구마을", "Salgu Village", "サルグマウル"),
)
"""How far east and north, and the names in Korean, English and Japanese."""

CHINESE = {"동문": "东门", "동문시장": "东门市场", "학림": "鹤林", "시립도서관": "市立图书馆", "하늘공원": "天空公园"}
"""Names that a Chinese reader would write just so; for the others there is no one way."""

PLATFORM, STATION, ENTRANCE = 0, 1, 2


def stations(layout: Layout) -> Iterator[Halt]:
    """Yield the stations in the line's order."""
    for number, (east, north, korean, english, _) in enumerate(STATIONS, start=1):
        place = float(east), north + layout.jitter(f"S{number:02}", 8)
        yield Halt(f"S{number:02}", korean, english, place, kind=STATION)


def platforms(layout: Layout, number: int) -> tuple[Halt, ...]:
    """Return the platforms of one direction (1 is outward) in the line's order."""
    return tuple(_part(station, f"-{number}", (0, -6 if number == 1 else 6)) for station in stations(layout))


def entrances(layout: Layout) -> Iterator[Halt]:
    """Yield two entrances for each station."""
    for station in stations(layout):
        for number, side in ((1, -60), (2, 60)):
            korean, english = f"{station.korean} {number}번 출입구", f"{station.english} Exit {number}"
            yield replace(_part(station, f"-E{number}", (side, side / 3)), korean=korean, english=english, kind=ENTRANCE)


def _part(station: Halt, ending: str, away: Metres) -> Halt:
    place = round(station.place[0] + away[0], 1), round(station.place[1] + away[1], 1)
    return replace(station, id=f"{station.id}{ending}", place=place, kind=PLATFORM, parent=station.id)
