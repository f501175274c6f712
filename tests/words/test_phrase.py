import pytest

from gateway.words import phrase


def test_slots_are_found_with_their_particles() -> None:
    text = "{place|이/가} {depth}, {place}"
    assert phrase.slots(text) == ("place", "depth", "place")
    assert phrase.particles(text) == ("이/가",)
    assert phrase.plain(text) == " , "


def test_values_are_put_in_once_and_never_read_as_phrases() -> None:
    assert phrase.fill("{place|으로/로}: {depth}", {"place": "{depth}역", "depth": "2m"}) == "{depth}역으로: 2m"


def test_a_slot_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        phrase.fill("{place}", {})


@pytest.mark.parametrize("broken", ["{place", "place}", "{Place}", "{}", "{place|}", "{pla ce}", "{{place}}"])
def test_a_brace_that_belongs_to_no_slot_is_left_over(broken: str) -> None:
    assert set(phrase.plain(broken)) & set("{}")


def test_full_width_marks_make_their_own_room() -> None:
    assert phrase.told(["[演习]", "【市】", "请撤离。", "地点：A。"]) == "[演习] 【市】请撤离。地点：A。"
    assert phrase.told(["[DIỄN TẬP]", "Hãy sơ tán.", "A."]) == "[DIỄN TẬP] Hãy sơ tán. A."
