"""Our own map, read by an XML parser and measured with a ruler of its own."""

import re
from itertools import pairwise

import pyproj
import pytest
from lxml import etree
from msgspec.structs import replace

from gateway.alert import Place
from gateway.area import Polygon, Role
from gateway.formats.svg import Backdrop, Label, Sight, draw
from tests.samples import SQUARE

RING = SQUARE.coordinates[0]
CITY = tuple((127.30 + x * 0.1, 36.30 + y * 0.1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0)))
PLACE = Place(role=Role.DANGER, name={"en": "Square"}, polygons=(SQUARE,), zones=())
SVG = "{http://www.w3.org/2000/svg}"


def drawn(sight: Sight | None = None, **backdrop: object) -> etree._Element:
    """Return a map's tree; there is nothing in it but what SVG has."""
    ground = replace(Backdrop(zones=(CITY,)), **backdrop)
    text = draw(ground, sight or Sight(places=(PLACE,)), title="<Map> & more")
    return etree.fromstring(text)


def of(element: etree._Element, name: str) -> str:
    """Return an attribute, "" where there is none."""
    return str(element.get(name, ""))


def corners(path: str) -> list[tuple[float, float]]:
    """Return the points of a path."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def test_a_map_reads_from_left_to_right_on_every_page() -> None:
    assert of(drawn(), "direction") == "ltr"


def test_a_map_has_a_title_and_no_script_and_asks_for_nothing() -> None:
    root = drawn()
    assert root.findtext(f"{SVG}title") == "<Map> & more"
    assert of(root, "role") == "img"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {"svg", "title", "rect", "path", "text", "circle"}
    names = {str(name) for element in root.iter() for name in element.attrib}
    assert not [name for name in names if "href" in name or name.startswith("on") or name == "style"]


def test_it_is_true_to_scale() -> None:
    (area,) = (path for path in drawn().iter(f"{SVG}path") if of(path, "stroke") == "#b3001b")
    geod, points = pyproj.Geod(ellps="WGS84"), corners(of(area, "d"))
    there = [geod.inv(*one, *two)[2] for one, two in pairwise(RING)]
    here = [((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 for (x1, y1), (x2, y2) in pairwise(points)]
    ratios = [metres / length for metres, length in zip(there, here, strict=True)]
    assert max(ratios) / min(ratios) == pytest.approx(1, abs=0.01)
    bar = next(of(path, "d") for path in drawn().iter(f"{SVG}path") if "h" in of(path, "d"))
    told = next(str(text.text) for text in drawn().iter(f"{SVG}text") if (text.text or "").endswith(" m"))
    assert float(told.removesuffix(" m")) / float(bar.partition("h")[2]) == pytest.approx(ratios[0], rel=0.02)


def test_north_is_up_and_east_is_on_the_right() -> None:
    sight = Sight(places=(PLACE,), stops=(Label("south-west", (127.351, 36.361)), Label("north-east", (127.359, 36.369))))
    places = {one[0].text: (float(of(one, "cx")), float(of(one, "cy"))) for one in drawn(sight).iter(f"{SVG}circle")}
    assert places["north-east"][0] > places["south-west"][0]
    assert places["north-east"][1] < places["south-west"][1]


def test_what_lies_outside_the_view_is_not_drawn() -> None:
    far = tuple((x + 1, y) for x, y in RING)
    assert len(etree.tostring(drawn(water=(far,)))) == len(etree.tostring(drawn()))
    assert len(etree.tostring(drawn(water=(RING,)))) > len(etree.tostring(drawn()))


def test_landmarks_cells_and_shelters_are_seen() -> None:
    sight = Sight(places=(PLACE,), cells=(CITY,), shelters=(Label("School <1>", (127.352, 36.362)),))
    root = drawn(sight, green=(RING,), rails=(RING,), lines=(RING,))
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles[1:] == ["School <1>"]
    assert {"#d3e8cd", "#bcd7ee"} & {of(path, "fill") for path in root.iter(f"{SVG}path")} == {"#d3e8cd"}
    assert [path for path in root.iter(f"{SVG}path") if of(path, "stroke-dasharray") == "7 3"]


def test_names_do_not_cover_each_other() -> None:
    labels = (Label("quiet", (127.355, 36.365), quiet=True), Label("loud", (127.355, 36.365)), Label("far", (127.352, 36.361)))
    words = [text.text for text in drawn(labels=labels).iter(f"{SVG}text")]
    assert "loud" in words
    assert "far" in words
    assert "quiet" not in words


def test_a_map_of_nowhere_is_the_world() -> None:
    text = draw(Backdrop(zones=()), Sight(), title="Nowhere")
    assert of(etree.fromstring(text), "viewBox").startswith("0 0 640 ")


def test_a_hole_stays_open() -> None:
    hole = tuple((127.353 + x * 0.002, 36.363 + y * 0.002) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0)))
    place = Place(role=Role.EVACUATE, name={}, polygons=(Polygon((RING, hole)),), zones=())
    (area,) = (path for path in drawn(Sight(places=(place,))).iter(f"{SVG}path") if of(path, "fill-rule"))
    assert of(area, "fill-rule") == "evenodd"
    assert of(area, "d").count("M") == 2
