import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fault import BadInput
from gateway.words.ladder import columns, fit

WORDS = {
    "source": "City:",
    "guide": "Go up now.",
    "what": "Flood, Bridge.",
    "until": "Until 21:20.",
    "more": "Avoid water.",
    "b": "Go.",
}


def _write(roles: tuple[str, ...]) -> str:
    return " ".join(WORDS[role] for role in roles)


STEPS = [
    (60, "City: Go up now. Flood, Bridge. Until 21:20. Avoid water.", ()),
    (56, "City: Go up now. Flood, Bridge. Until 21:20.", ("more",)),
    (43, "City: Go up now. Flood, Bridge.", ("until", "more")),
    (30, "Go up now. Flood, Bridge.", ("source", "until", "more")),
    (24, "Go. Flood, Bridge.", ("source", "guide", "until", "more")),
]


@pytest.mark.parametrize(("most", "text", "dropped"), STEPS)
def test_each_step_gives_up_what_matters_least(most: int, text: str, dropped: tuple[str, ...]) -> None:
    roles, shorter = ("source", "guide", "what", "until", "more"), (("guide", "what"), ("b", "what"))
    fitted = fit(_write, (roles, *shorter), drop=("more", "magnitude", "until"), most=most)
    assert (fitted.text, fitted.dropped) == (text, dropped)


def test_below_the_last_step_it_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        fit(_write, (("source", "guide"), ("b", "what")), drop=("guide",), most=4)
    assert caught.value.code == "words-too-long"
    assert "18 characters" in caught.value.message


@given(st.permutations(sorted(WORDS)), st.integers(0, 80))
def test_nothing_is_ever_cut(roles: list[str], most: int) -> None:
    try:
        fitted = fit(_write, (tuple(roles), (), ("b",)), drop=("more", "until"), most=most)
    except BadInput:
        pytest.fail("the empty step fits everything")
    assert len(fitted.text) <= most
    assert fitted.text == _write(fitted.roles)


@pytest.mark.parametrize(
    ("text", "cells"), [("대피", 4), ("Go up", 5), ("A 避難。", 8), ("ห้ามเข้าใกล้", 9), ("Lũ quét", 7), ("Lu\u0303", 2), ("", 0)]
)
def test_a_sign_is_as_wide_as_its_cells(text: str, cells: int) -> None:
    assert columns(text) == cells


def test_a_sign_too_wide_is_refused_in_columns() -> None:
    with pytest.raises(BadInput, match="10 columns at its shortest, at most 8 fit"):
        fit(lambda _: "즉시 대피!", ((),), drop=(), most=8, measure=columns)
