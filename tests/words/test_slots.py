from datetime import date, datetime

import msgspec
import pytest

from gateway.fault import Faults
from gateway.hazard import SlotType, hazard
from gateway.words import check_facts
from gateway.words.slots import fits, hint, tellable

GOOD: list[tuple[SlotType, object]] = [
    (SlotType.PLACE, "gapcheon-bridge"),
    (SlotType.PLACE, {"ko": "갑천교", "en": "Gapcheon Bridge"}),
    (SlotType.PLACE_LIST, ["a", {"ko": "나"}]),
    (SlotType.STATION, "S07"),
    (SlotType.ROUTE, "1"),
    (SlotType.CLOCK, "2026-07-14T18:20:00+09:00"),
    (SlotType.CLOCK, "2026-07-14T18:20:00Z"),
    (SlotType.CLOCK, datetime.fromisoformat("2026-07-14T18:20:00+09:00")),
    (SlotType.DATE, "2026-07-14"),
    (SlotType.DATE, date(2026, 7, 14)),
    (SlotType.DURATION, {"value": 90, "unit": "min"}),
    (SlotType.DISTANCE, {"value": 1.5, "unit": "km"}),
    (SlotType.DEPTH, {"value": 0, "unit": "cm"}),
    (SlotType.COUNT, 0),
    (SlotType.NUMBER, -12.5),
    (SlotType.PHONE_NUMBER, "119"),
    (SlotType.PHONE_NUMBER, "+82 42-123-4567"),
    (SlotType.URL, "https://hanbat.example/alerts?id=1"),
    (SlotType.NAME, "Hanbat City"),
]
BAD: list[tuple[SlotType, object]] = [
    (SlotType.PLACE, ""),
    (SlotType.PLACE, "  "),
    (SlotType.PLACE, "a\u202eb"),
    (SlotType.PLACE, "x" * 121),
    (SlotType.PLACE, {}),
    (SlotType.PLACE, {"ko": ""}),
    (SlotType.PLACE, {1: "a"}),
    (SlotType.PLACE, 7),
    (SlotType.PLACE_LIST, []),
    (SlotType.PLACE_LIST, ["a"] * 21),
    (SlotType.PLACE_LIST, "abc"),
    (SlotType.CLOCK, "2026-07-14T18:20:00"),
    (SlotType.CLOCK, "18:20"),
    (SlotType.CLOCK, 1),
    (SlotType.DATE, "14.7.2026"),
    (SlotType.DATE, datetime.fromisoformat("2026-07-14T18:20:00+09:00")),
    (SlotType.DURATION, {"value": 90, "unit": "m"}),
    (SlotType.DISTANCE, {"value": 90, "unit": ["m"]}),
    (SlotType.DEPTH, {"value": -1, "unit": "m"}),
    (SlotType.DEPTH, {"value": "4.2", "unit": "m"}),
    (SlotType.DEPTH, {"value": float("nan"), "unit": "m"}),
    (SlotType.DEPTH, {"value": 4.2}),
    (SlotType.DEPTH, {"value": 4.2, "unit": "m", "note": "x"}),
    (SlotType.DEPTH, 4.2),
    (SlotType.COUNT, -1),
    (SlotType.COUNT, 1.5),
    (SlotType.COUNT, True),
    (SlotType.NUMBER, float("inf")),
    (SlotType.NUMBER, True),
    (SlotType.PHONE_NUMBER, "call me"),
    (SlotType.PHONE_NUMBER, "١١٢"),
    (SlotType.URL, "http://hanbat.example"),
    (SlotType.URL, "https://hanbat.example/a b"),
    (SlotType.URL, "javascript:alert(1)"),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_what_fits(kind: SlotType, value: object) -> None:
    assert fits(value, kind)


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_what_does_not_fit(kind: SlotType, value: object) -> None:
    assert not fits(value, kind)


def test_every_type_but_plain_labels_says_how_it_is_written() -> None:
    assert {kind for kind in SlotType if not hint(kind)} == {SlotType.ROUTE, SlotType.NUMBER, SlotType.NAME}


def test_facts_are_checked_all_at_once_and_by_name() -> None:
    facts = {"place": "gapcheon-bridge", "depth": 4.2, "mood": "bad"}
    with pytest.raises(Faults) as caught:
        check_facts(hazard("flash-flood"), facts)
    assert [(finding.rule, finding.path) for finding in caught.value.findings] == [
        ("fact-type", "/facts/depth"),
        ("fact-unknown", "/facts/mood"),
    ]
    assert "mm, cm, m" in caught.value.findings[0].hint
    assert "place, depth" in caught.value.findings[1].hint


def test_the_facts_of_the_published_example_are_accepted() -> None:
    facts = msgspec.json.decode('{"place": "gapcheon-bridge", "depth": {"value": 4.2, "unit": "m"}}')
    check_facts(hazard("flash-flood"), facts)
    with pytest.raises(Faults) as caught:
        check_facts(hazard("flash-flood"), facts | {"depth": {"value": 4.2, "unit": "fathoms"}})
    assert [finding.path for finding in caught.value.findings] == ["/facts/depth"]


def test_an_identifier_is_no_name_to_tell() -> None:
    assert not tellable("gapcheon-bridge", SlotType.PLACE)
    assert tellable({"ko": "갑천교"}, SlotType.PLACE)
    assert not tellable([{"ko": "갑천교"}, "S07"], SlotType.PLACE_LIST)
    assert tellable("1", SlotType.ROUTE)
    assert tellable({"value": 1, "unit": "m"}, SlotType.DEPTH)
