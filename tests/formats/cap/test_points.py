"""Polygons and circles as text, against literals and exact decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.area import Ring
from gateway.fault import BadInput
from gateway.formats.cap.points import circle, ring, ring_text

LONGITUDE = st.floats(-180, 180)
LATITUDE = st.floats(-90, 90)


@pytest.mark.parametrize(
    ("drawn", "written"),
    [
        (
            ((127.35, 36.36), (127.36, 36.36), (127.36, 36.37), (127.35, 36.36)),
            "36.36,127.35 36.36,127.36 36.37,127.36 36.36,127.35",
        ),
        (((0, 0), (1, 0), (1, 1)), "0,0 0,1 1,1 0,0"),
        (((-0.0, 1e-9), (100, 0), (100, 20), (0, 0)), "0,0 0,100 20,100 0,0"),
        (((1.123456789, 2), (3, 2), (3, 4), (1.123456789, 2)), "2,1.1234568 2,3 4,3 2,1.1234568"),
        (((0, 0), (0, 1e-9), (1, 0), (1, 1), (0, 0)), "0,0 0,1 1,1 0,0"),
        (((-180, -90), (180, -90), (180, 90), (-180, -90)), "-90,-180 -90,180 90,180 -90,-180"),
    ],
)
def test_a_ring_is_written_latitude_first_and_closed(drawn: Ring, written: str) -> None:
    assert ring_text(drawn) == written


@pytest.mark.parametrize("drawn", [(), ((0, 0),), ((0, 0), (1, 1), (0, 0)), ((0, 0), (1e-9, 0), (0, 1e-9), (0, 0))])
def test_a_ring_that_encloses_nothing_is_refused(drawn: Ring) -> None:
    with pytest.raises(BadInput, match="cap-polygon"):
        ring_text(drawn)


@given(st.lists(st.tuples(LONGITUDE, LATITUDE), min_size=3, unique_by=lambda p: (round(p[0], 6), round(p[1], 6))))
def test_every_ring_comes_back_within_a_centimetre(corners: list[tuple[float, float]]) -> None:
    drawn = (*corners, corners[0])
    written = ring_text(drawn)
    pairs = [pair.split(",") for pair in written.split(" ")]
    assert pairs[0] == pairs[-1]
    assert "e" not in written
    exact = [(Decimal(longitude), Decimal(latitude)) for latitude, longitude in pairs]
    near = Decimal("0.00000005000001")
    assert all(abs(x - Decimal(a)) <= near and abs(y - Decimal(b)) <= near for (x, y), (a, b) in zip(exact, drawn, strict=True))
    assert ring_text(ring(written)) == written


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1,2 3,4 5,6 1,2", ((2, 1), (4, 3), (6, 5), (2, 1))),
        (" 1.5,-2\n3.,+4\t.5,6  1.5,-2 ", ((-2, 1.5), (4, 3), (6, 0.5), (-2, 1.5))),
    ],
)
def test_a_polygon_is_read_longitude_first(text: str, read: Ring) -> None:
    assert ring(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "1,2 3,4 1,2",
        "1,2 3,4 5,6 1, 2",
        "1,2 3,4 5,6 1;2",
        "1,2 3,4 5,6 1e1,2",
        "1,2 3,4 5,6 nan,2",
        "1,2,3 3,4 5,6 1,2",
        "\u0661,2 3,4 5,6 1,2",
    ],
)
def test_what_is_no_polygon_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="cap-polygon"):
        ring(text)


def test_a_circle_is_read_longitude_first() -> None:
    assert circle("32.9525,-115.5527 12.5") == ((-115.5527, 32.9525), 12.5)


@pytest.mark.parametrize("text", ["", "1,2", "1,2 3 4", "1 2 3", "1,2 three", "1,2 1e3", "1, 2 3"])
def test_what_is_no_circle_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="cap-circle"):
        circle(text)
