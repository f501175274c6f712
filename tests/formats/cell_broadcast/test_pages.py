"""Pages of a cell broadcast: capacities and codings as 23.038 has them, read back, and judged by another coder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fault import BadInput
from gateway.formats.cell_broadcast import alphabet, pages

KOREAN = "[훈련] 한내 둔치 침수 위험, 즉시 대피하십시오. FLASH FLOOD"


@pytest.mark.parametrize(
    ("text", "dcs", "language", "count"),
    [
        ("x" * 93, 0x01, "en", 1),
        ("x" * 94, 0x01, "en", 2),
        ("x" * 1395, 0x0F, "", 15),
        ("x" * 90, 0x10, "id", 1),
        ("x" * 91, 0x10, "id", 2),
        ("€" * 46, 0x01, "en", 1),
        ("x" + "€" * 46, 0x01, "en", 1),
        ("€" * 47, 0x01, "en", 2),
        ("가" * 41, 0x48, "ko", 1),
        ("가" * 42, 0x48, "ko", 2),
        ("가" * 40, 0x11, "ko", 1),
        ("가" * 41, 0x11, "ko", 2),
        ("가" * 90, 0x48, "ko", 3),
        ("가" * 157, 0x48, "ko", 4),
        ("가" * 615, 0x48, "ko", 15),
        ("", 0x48, "ko", 1),
    ],
)
def test_a_page_holds_what_the_standard_says(text: str, dcs: int, language: str, count: int) -> None:
    made = pages.write(text, dcs, language)

    assert [len(page) for page in made] == [82] * count
    assert pages.read(made, dcs)[1] == text


def test_the_bytes_are_those_of_the_standard() -> None:
    assert pages.write("Test", 0x01)[0].hex().startswith("d4f29cde68341a8d46a3")
    assert pages.write("가", 0x48)[0].hex() == "ac00" + "000d" * 40
    assert pages.write("가", 0x11, "ko")[0].hex() == "eb37" + "ac00" + "000d" * 39


@given(st.text(alphabet=sorted(set(alphabet.DEFAULT) - {"\x1b", "\r"} | set(alphabet.EXTENSION)), max_size=300))
def test_gsm_text_is_packed_as_another_coder_packs_it(text: str) -> None:
    codes = [code for letter in text for code in alphabet.septets(letter)]
    bits = "".join(f"{code:07b}"[::-1] for code in codes)
    octets = bytes(int(bits[start : start + 8][::-1], 2) for start in range(0, len(bits), 8))

    assert alphabet.packed(codes) == octets
    assert alphabet.letters(alphabet.unpacked(octets, len(codes))) == text
    assert pages.read(pages.write(text, 0x01), 0x01) == ("en", text)


@given(st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc"]), max_size=200))
def test_whatever_can_be_written_is_read_back(text: str) -> None:
    for named in (False, True):
        dcs = pages.coding(text, "ko", named=named)
        found = pages.read(pages.write(text, dcs, "ko"), dcs)
        assert found[1] == text
        assert found[0] in ("", "ko")


@pytest.mark.parametrize(
    ("text", "language", "named", "dcs"),
    [
        ("Evacuate now", "en", False, 0x01),
        ("Di tản", "vi", True, 0x11),
        ("Evakuasi", "id", True, 0x10),
        ("Evakuasi", "id", False, 0x0F),
        (KOREAN, "ko", False, 0x48),
        (KOREAN, "ko", True, 0x11),
    ],
)
def test_the_coding_is_the_smallest_that_holds_the_text(text: str, language: str, *, named: bool, dcs: int) -> None:
    assert pages.coding(text, language, named=named) == dcs


@pytest.mark.parametrize(
    ("text", "dcs", "language", "code"),
    [
        ("x" * 1396, 0x01, "en", "broadcast-too-long"),
        ("가" * 616, 0x48, "ko", "broadcast-too-long"),
        ("가", 0x01, "en", "broadcast-letters"),
        ("대피 🌊", 0x48, "ko", "broadcast-letters"),
        ("x", 0x40, "", "broadcast-coding"),
        ("x", 0x11, "fil", "broadcast-language"),
    ],
)
def test_what_cannot_be_broadcast_is_refused_and_never_cut(text: str, dcs: int, language: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        pages.write(text, dcs, language)
    assert caught.value.code == code
    assert caught.value.hint


def test_pages_of_another_size_are_refused() -> None:
    with pytest.raises(BadInput, match="broadcast-pages"):
        pages.read([b"\0" * 81], 0x48)
