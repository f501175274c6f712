"""The text policy against the Unicode character database, code point by code point."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.doors.text import clean, one_line
from gateway.fault import BadInput

REFUSED = {
    "\u0000": "text-control", "\u0009": "text-control", "\u000d": "text-control", "\u001b": "text-control",
    "\u007f": "text-control", "\u0085": "text-control", "\u009b": "text-control",
    "\u2028": "text-control", "\u2029": "text-control",
    "\u061c": "text-bidi", "\u200e": "text-bidi", "\u200f": "text-bidi", "\u202a": "text-bidi", "\u202e": "text-bidi",
    "\u2066": "text-bidi", "\u2069": "text-bidi",
    "\u00ad": "text-invisible", "\u034f": "text-invisible", "\u115f": "text-invisible", "\u1160": "text-invisible",
    "\u17b4": "text-invisible", "\u180b": "text-invisible", "\u180e": "text-invisible", "\u200b": "text-invisible",
    "\u200c": "text-invisible", "\u200d": "text-invisible", "\u2060": "text-invisible", "\u2064": "text-invisible",
    "\u2800": "text-invisible", "\u3164": "text-invisible", "\ufe00": "text-invisible", "\ufe0f": "text-invisible",
    "\ufeff": "text-invisible", "\uffa0": "text-invisible", "\ufff9": "text-invisible", "\ufffc": "text-invisible",
    "\U000e0001": "text-invisible", "\U000e0041": "text-invisible", "\U000e0100": "text-invisible",
    "\ue000": "text-unassigned", "\ufdd0": "text-unassigned", "\uffff": "text-unassigned", "\u0378": "text-unassigned",
    "\ud800": "text-unassigned", "\U000f0000": "text-unassigned", "\U0010ffff": "text-unassigned",
}  # fmt: skip

KEPT = [
    "즉시 높은 곳으로 대피하십시오.",
    "\u2018Smart\u2019 \u201cquotes\u201d, an en dash \u2013 and an ellipsis\u2026",
    "\u26a0\ufe0f 119",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u0d9a\u0dca\u200d\u0dc2",
    "\u1019\u103c\u102d\u102f\u1037",
    "Nghi\u1ec7m tr\u1ecdng",
    "\u0e19\u0e49\u0e33\u0e17\u0e48\u0e27\u0e21",
    "4,2\u00a0m",
    "R\u00e9sum\u00e9 \U0001f30a",
]


@pytest.mark.parametrize(("character", "code"), [pytest.param(*row, id=f"U+{ord(row[0]):04X}") for row in REFUSED.items()])
def test_what_cannot_be_shown_is_refused_by_name_and_place(character: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        clean(f"ab{character}c", path="/facts/x")
    assert caught.value.code == code
    assert f"U+{ord(character):04X}" in caught.value.message
    assert "character 3" in caught.value.message
    assert caught.value.path == "/facts/x"
    assert caught.value.hint


@pytest.mark.parametrize("text", KEPT)
def test_human_text_of_many_scripts_is_kept_as_written(text: str) -> None:
    assert one_line(text) == text


def test_a_line_feed_parts_lines_but_not_names() -> None:
    assert clean("one\ntwo") == "one\ntwo"
    with pytest.raises(BadInput, match="U\\+000A"):
        one_line("one\ntwo")


def test_joiners_stand_only_where_a_script_needs_them() -> None:
    for text in ("pay\u200dpal", "\u200d", "가\u200c나", "a\ufe0f", "\u0645\u200d", "\U0001f468\u200d\U0001f469"):
        with pytest.raises(BadInput) as caught:
            clean(text)
        assert caught.value.code == "text-invisible"


def test_decomposed_text_is_composed_before_it_is_counted() -> None:
    decomposed = unicodedata.normalize("NFD", "대피하십시오")
    assert len(decomposed) > 6
    assert clean(decomposed, most=6) == "대피하십시오"


def test_four_marks_may_stand_on_a_letter_but_not_five() -> None:
    assert clean("q" + "\u0323" * 4 + "w") == "q" + "\u0323" * 4 + "w"
    for marks in ("\u0323" * 5, "\u0301\u0327" * 20, "\u0323" * 4000):
        with pytest.raises(BadInput) as caught:
            clean("q" + marks)
        assert caught.value.code == "text-combining"


@pytest.mark.parametrize("length", [11, 41, 100_000])
def test_too_long_says_how_long(length: int) -> None:
    assert clean("x" * 10, most=10)
    with pytest.raises(BadInput) as caught:
        clean("é" * length, most=10)
    assert caught.value.code == "text-too-long"
    assert str(length) in caught.value.message


def test_no_code_point_of_a_refused_category_passes_alone() -> None:
    """Every code point of the planes that hold letters and signs, and some of those that nobody has filled yet."""
    planes = [*range(0x40000), *range(0xE0000, 0xF0000), *range(0x40000, sys.maxunicode, 97), sys.maxunicode]
    answers = {chr(point): _code(f"a{chr(point)}a") for point in planes}
    assert set(answers.values()) == {"", "text-control", "text-bidi", "text-invisible", "text-unassigned"}
    passed = {character for character, code in answers.items() if not code}
    categories = {unicodedata.category(character) for character in passed - {"\n"}}
    assert not categories & {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
    assert "\n" in passed
    assert len(passed) > 130_000
    letters = {chr(point) for point in range(0xAC00, 0xD7A4)} | set("\u2018\u2019\u201c\u201d\u2026°·※☎⚠")
    assert letters <= passed


def _code(text: str) -> str:
    try:
        clean(text)
    except BadInput as fault:
        return fault.code
    return ""


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs", "Cf", "Cc", "Co")), max_size=60))
def test_what_was_accepted_once_is_accepted_unchanged(text: str) -> None:
    try:
        accepted = clean(text)
    except BadInput:
        return
    assert unicodedata.is_normalized("NFC", accepted)
    assert clean(accepted) == accepted
