"""Who tells of the same hazard nearby is found among all alerts there are, however many came since."""

import msgspec
import pytest

from gateway.alert import Act, Deed, Kind, Place, Version
from gateway.area import Polygon, Role
from gateway.journal.contract import Journal
from gateway.journal.records import Draft
from tests.journal.samples import HOUR, SECOND, T0, act, submit, tell, version

MANY = 205


def square(west: float, south: float = 36.0, *, role: Role = Role.DANGER) -> Place:
    """A tenth of a degree each way."""
    ring = ((west, south), (west + 0.1, south), (west + 0.1, south + 0.1), (west, south + 0.1), (west, south))
    return Place(role=role, name={}, polygons=(Polygon(coordinates=(ring,)),))


def at(alert: str, *places: Place, hazard: str = "flash-flood", number: int = 1, kind: Kind = Kind.ALERT) -> Version:
    return msgspec.structs.replace(version(alert, number, kind), places=places, hazard=hazard)


async def near(journal: Journal, *places: Place, of: str = "new") -> list[str]:
    return [record.id for record in await journal.neighbours(at(of, *places), T0)]


async def test_the_oldest_of_many_is_found(journal: Journal) -> None:
    await tell(journal, at("first", square(127.3)))
    for number in range(MANY):
        drafted = Draft(version=at(f"A{number}", square(128.0)), expected=0, acts=(act(1, Deed.DRAFTED),), at=T0)
        await journal.draft(drafted)

    assert await near(journal, square(127.35)) == ["first"]


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ((square(127.3),), True),
        ((square(127.39, 36.09),), True),
        ((square(127.41),), False),
        ((square(127.19),), False),
        ((square(127.3, 36.11),), False),
        ((square(127.3, 35.89),), False),
        ((square(120.0), square(127.5)), True),
        ((square(127.3, role=Role.SHELTER), square(128.0)), False),
        ((), True),
    ],
)
async def test_boxes_that_meet_are_near(journal: Journal, places: tuple[Place, ...], found: bool) -> None:  # noqa: FBT001
    await tell(journal, at("old", square(127.3)))

    assert await near(journal, *places) == (["old"] if found else [])


async def test_an_alert_without_a_surface_is_near_everything(journal: Journal) -> None:
    await tell(journal, at("old"))

    assert await near(journal, square(0.0)) == ["old"]


async def test_what_tells_or_waits_to_tell_counts_and_nothing_else(journal: Journal) -> None:
    place = square(127.3)
    await tell(journal, at("told", place))
    await tell(journal, at("fire", place, hazard="structure-fire"))
    await tell(journal, at("cancelled", place))
    await tell(journal, at("cancelled", place, number=2, kind=Kind.CANCEL))
    await tell(journal, at("moved", place))
    await tell(journal, at("moved", square(128.0), number=2, kind=Kind.UPDATE))
    for alert in ("drafted", "waiting"):
        await journal.draft(Draft(version=at(alert, place), expected=0, acts=(act(1, Deed.DRAFTED),), at=T0))
    await journal.submit(submit(at("waiting", place)), 1)

    assert await near(journal, place) == ["waiting", "told"]
    assert await near(journal, place, of="told") == ["waiting"]
    assert await journal.neighbours(at("new", place), T0 + HOUR) == []


async def test_an_edited_draft_is_found_where_it_is_by_now(journal: Journal) -> None:
    await journal.draft(Draft(version=at("A1", square(127.3)), expected=0, acts=(act(1, Deed.DRAFTED),), at=T0))
    moved = at("A1", square(128.0))
    await journal.edit(moved, 1, Act(number=1, deed=Deed.EDITED, actor="kim", at=T0))
    await journal.submit(submit(moved), 2)

    assert await near(journal, square(127.3)) == []
    assert await near(journal, square(128.0)) == ["A1"]


async def test_an_update_that_goes_on_longer_is_due_later(journal: Journal) -> None:
    await tell(journal, version())
    await tell(journal, version(number=2, kind=Kind.UPDATE, expires=T0 + 2 * HOUR))

    assert await journal.due_to_expire(T0 + 2 * HOUR - SECOND) == []
    assert [record.id for record in await journal.due_to_expire(T0 + 2 * HOUR)] == ["A1"]
