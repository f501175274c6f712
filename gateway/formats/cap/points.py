"""Polygons and circles as CAP 1.2 writes them (section 3.2.4): pairs of latitude,longitude; ours are longitude first."""

import re
from itertools import groupby

from gateway.area import Position, Ring
from gateway.fault import BadInput

# No number of CAP needs more digits; more of them would be beyond every machine's numbers
_NUMBER = r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})"
PAIR = re.compile(rf"({_NUMBER}),({_NUMBER})")
NUMBER = re.compile(_NUMBER)
FEWEST_PAIRS = 4


def ring_text(ring: Ring) -> str:
    """Return a closed ring as `lat,lon lat,lon`, at most 7 decimals (1 cm); raises BadInput("cap-polygon")."""
    pairs = [f"{_number(latitude)},{_number(longitude)}" for longitude, latitude in ring]
    distinct = [pair for pair, _ in groupby(pairs)]
    closed = distinct if distinct[:1] == distinct[-1:] else [*distinct, distinct[0]]
    if len(closed) < FEWEST_PAIRS:
        raise BadInput("cap-polygon", "a ring has fewer than three different corners", hint="draw the area")
    return " ".join(closed)


def ring(text: str) -> Ring:
    """Return the positions of a polygon text, as they stand; raises BadInput("cap-polygon")."""
    found = tuple(pair(each) for each in text.split())
    if len(found) < FEWEST_PAIRS:
        raise BadInput("cap-polygon", f"{len(found)} pairs enclose nothing", hint="give four or more, the last as the first")
    return found


def pair(text: str) -> Position:
    """Return the position a `lat,lon` text means, longitude first; raises BadInput("cap-polygon")."""
    if not (found := PAIR.fullmatch(text)):
        raise BadInput("cap-polygon", f"{text!r} is no pair", hint="write latitude,longitude in decimal degrees without a space")
    return float(found[2]), float(found[1])


def circle(text: str) -> tuple[Position, float]:
    """Return the centre of a circle text, longitude first, and its radius in km; raises BadInput("cap-circle")."""
    match text.split():
        case [centre, radius] if PAIR.fullmatch(centre) and NUMBER.fullmatch(radius):
            return pair(centre), float(radius)
    raise BadInput("cap-circle", f"{text!r} is no circle", hint="write latitude,longitude, one space and the radius in km")


def _number(degrees: float) -> str:
    written = f"{degrees:.7f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written
