"""Hanbat's public transport: one metro line and twelve bus routes, each with its stops in order and the way it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.demo.hanbat.layout import Layout, Line, Metres
from gateway.demo.hanbat.metro import platforms
from gateway.demo.hanbat.streets import Halt, Street, streets

METRO = 1
BUS = 3
Piece = tuple[str, int, int]

BUSES: Mapping[str, tuple[str, str, tuple[Piece, ...]]] = {
    "101": ("한내로", "Hannae Road", (("H", 1, 21),)),
    "102": ("강변로", "Riverside Road", (("R", 1, 20),)),
    "103": ("동문-솔마루", "Dongmun - Solmaru", (("K", 1, 14),)),
    "104": ("남촌-해오름", "Namchon - Haeoreum", (("N", 1, 27), ("E", 3, 21))),
    "105": ("돌다리-옥샘", "Doldari - Oksaem", (("B", 1, 27),)),
    "106": ("버들-하늘", "Beodeul - Haneul", (("V", 8, 23), ("L", 1, 17))),
    "107": ("서림로", "Seorim Road", (("W", 1, 17),)),
    "108": ("버들로", "Beodeul Road", (("V", 1, 23),)),
    "109": ("동문로", "Dongmun Road", (("D", 1, 23),)),
    "110": ("해오름로", "Haeoreum Road", (("E", 1, 21),)),
    "111": ("중앙로", "Jungang Road", (("J", 1, 23),)),
    "112": ("새벌-시청", "Saebeol - City Hall", (("J", 11, 18), ("B", 17, 5))),
}
"""Both names, and the pieces of streets that a route follows, from stop to stop, onward or back."""


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
    drawn = streets(layout)
    metro = Service("1", METRO, "도시철도 1호선", "Metro Line 1", "0B7A3B", 12.0, (15, 20), _metro(layout))
    buses = (
        Service(id, BUS, korean, english, "1F5FBF", 7.0, (60, 60), _bus(drawn, pieces))
        for id, (korean, english, pieces) in BUSES.items()
    )
    return metro, *buses


def _metro(layout: Layout) -> tuple[Run, Run]:
    out, back = platforms(layout, 1), platforms(layout, 2)[::-1]
    return Run(0, out, [halt.place for halt in out]), Run(1, back, [halt.place for halt in back])


def _bus(drawn: Mapping[str, Street], pieces: Sequence[Piece]) -> tuple[Run, Run]:
    way = _way(drawn, pieces)
    back = [(street, last, first) for street, first, last in reversed(pieces)]
    return Run(0, _halts(drawn, pieces), way), Run(1, _halts(drawn, back), way[::-1])


def _halts(drawn: Mapping[str, Street], pieces: Sequence[Piece]) -> tuple[Halt, ...]:
    halts: list[Halt] = []
    for street, first, last in pieces:
        onward = first < last
        side = drawn[street].there if onward else drawn[street].back
        low, high = sorted((first, last))
        halts += side[low - 1 : high] if onward else side[low - 1 : high][::-1]
    return tuple(halts)


def _way(drawn: Mapping[str, Street], pieces: Sequence[Piece]) -> Line:
    """Return the way along all pieces, turning where two streets meet."""
    parts = [_along(drawn[street], first, last) for street, first, last in pieces]
    way = parts[0]
    for before, after in pairwise(parts):
        way = [*way, _corner(before[-2:], after[:2]), *after]
    return way


def _along(street: Street, first: int, last: int) -> Line:
    low, high = sorted((first, last))
    start, end = (street.way.index(street.places[number - 1]) for number in (low, high))
    piece = street.way[start : end + 1]
    return piece if first < last else piece[::-1]


def _corner(before: Line, after: Line) -> Metres:
    """Return where a street from west to east and one from south to north meet."""
    eastward = before[0][1] == before[1][1]
    return (after[0][0], before[0][1]) if eastward else (before[0][0], after[0][1])
