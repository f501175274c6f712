import pytest

from gateway.alert import Place
from gateway.area import Polygon, Role
from gateway.city import overlaps


def square(west: float, south: float, size: float = 1.0, role: Role = Role.DANGER) -> Place:
    """Return a place that is a square."""
    east, north = west + size, south + size
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return Place(role=role, name={}, polygons=(Polygon((ring,)),))


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ([square(0, 0)], [square(0.5, 0.5)], True),
        ([square(0, 0)], [square(0.2, 0.2, 0.1)], True),
        ([square(0, 0)], [square(0, 0)], True),
        ([square(0, 0)], [square(1, 0)], False),
        ([square(0, 0)], [square(1, 1)], False),
        ([square(0, 0)], [square(5, 5)], False),
        ([square(0, 0), square(9, 9)], [square(5, 5), square(9.5, 9.5)], True),
        ([square(0, 0, role=Role.SHELTER)], [square(0, 0)], False),
        ([], [square(0, 0)], False),
        ([], [], False),
    ],
)
def test_alerts_overlap_where_they_share_ground(one: list[Place], other: list[Place], *, shared: bool) -> None:
    assert overlaps(one, other) is shared
    assert overlaps(other, one) is shared
