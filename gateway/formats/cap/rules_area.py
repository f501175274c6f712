"""Rules about where (G): what the schema takes for any text must be geometry."""

from collections.abc import Iterator

import shapely

from gateway.area import Ring
from gateway.doors import xml
from gateway.fault import BadInput
from gateway.formats.cap.points import PAIR, circle, pair, ring
from gateway.formats.cap.rule import Spots, rule
from gateway.formats.cap.tree import each, value


@rule("G01", "describe the area in the language of its info")
def info_has_an_area(alert: xml.Element) -> Spots:
    """A text without a place is for nobody or for everybody."""
    for info in each(alert, "info"):
        if not (areas := each(info, "area")):
            yield info, "it names no area"
        yield from ((area, "the area is not described") for area in areas if not value(area, "areaDesc"))


@rule("G03", "write four pairs or more of latitude,longitude with one space between pairs (section 3.2.4)")
def polygon_is_pairs(alert: xml.Element) -> Spots:
    """A polygon is pairs of decimal degrees."""
    for element, said in _polygons(alert):
        pairs = said.split(" ")
        if broken := next((one for one in pairs if not PAIR.fullmatch(one)), None):
            yield element, f"{broken[:40]!r} is no pair"
        elif "" in pairs:
            yield element, "more than one space between pairs"
        elif len(pairs) < 4:
            yield element, f"{len(pairs)} pairs enclose nothing"


@rule("G04", "repeat the first pair at the end, digit by digit (section 3.2.4)")
def polygon_is_closed(alert: xml.Element) -> Spots:
    """The last pair is the first one."""
    return ((element, "the polygon is open") for element, said in _polygons(alert) if said.split()[0] != said.split()[-1])


@rule("G05", "latitude comes first, between -90 and 90, then longitude, between -180 and 180")
def points_are_on_earth(alert: xml.Element) -> Spots:
    """Swapped coordinates often leave the earth."""
    for element in (*each(alert, "info/area/polygon"), *each(alert, "info/area/circle")):
        points = (pair(text) for text in xml.text(element).split() if PAIR.fullmatch(text))
        if beyond := next((p for p in points if abs(p[0]) > 180 or abs(p[1]) > 90), None):
            yield element, f"latitude {beyond[1]:g}, longitude {beyond[0]:g} is not on earth"


@rule("G06", "draw a simple outline that encloses an area and does not cross itself")
def polygon_is_simple(alert: xml.Element) -> Spots:
    """Readers disagree about the inside of an outline that crosses itself."""
    for element, said in _polygons(alert):
        if (corners := _ring(said)) and (reason := _crooked(corners)):
            yield element, reason


@rule("G08", "write latitude,longitude, one space and a radius in km above 0 (section 3.2.4)")
def circle_has_a_radius(alert: xml.Element) -> Spots:
    """A circle is a pair and a radius in kilometres."""
    for element in each(alert, "info/area/circle"):
        try:
            _, radius_km = circle(xml.text(element))
        except BadInput as refused:
            yield element, refused.message
        else:
            if not radius_km > 0:
                yield element, "the radius is not above 0"


def _polygons(alert: xml.Element) -> Iterator[tuple[xml.Element, str]]:
    found = ((element, xml.text(element).strip()) for element in each(alert, "info/area/polygon"))
    return ((element, said) for element, said in found if said)


def _ring(said: str) -> Ring:
    """Return the closed ring a text means, nothing where G03 to G05 have spoken."""
    try:
        corners = ring(said)
    except BadInput:
        return ()
    on_earth = all(abs(longitude) <= 180 and abs(latitude) <= 90 for longitude, latitude in corners)
    return corners if on_earth and corners[0] == corners[-1] else ()


def _crooked(corners: Ring) -> str:
    drawn = shapely.Polygon(corners)
    if not drawn.area:
        return "the outline encloses nothing"
    return "" if drawn.is_valid else f"the outline is not simple: {shapely.is_valid_reason(drawn)}"
