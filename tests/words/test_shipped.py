"""The six languages that ship, read from outside: their files with polib, their texts against literal tables and Unicode."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

import polib
import pytest

from gateway.alert import Kind, Text
from gateway.hazard import hazard, hazards
from gateway.incident import Status
from gateway.words import Ask, Words

Asking = Callable[..., Ask]

LANGUAGES = ("ko", "en", "zh-Hans", "ja", "vi", "th")
PLURALS = {tag: "nplurals=2; plural=(n != 1);" if tag == "en" else "nplurals=1; plural=0;" for tag in LANGUAGES}
SENDER = {
    "ko": "한밭시",
    "en": "Hanbat City",
    "zh-Hans": "韩巴市",
    "ja": "ハンバッ市",
    "vi": "Thành phố Hanbat",
    "th": "เมืองฮันบัต",
}
EXERCISE = {"ko": "[훈련]", "en": "[EXERCISE]", "zh-Hans": "[演习]", "ja": "[訓練]", "vi": "[DIỄN TẬP]", "th": "[ฝึกซ้อม]"}
TEST = {"ko": "[시험]", "en": "[TEST]", "zh-Hans": "[测试]", "ja": "[テスト]", "vi": "[THỬ NGHIỆM]", "th": "[ทดสอบ]"}
SHORT = {"ko": 60, "en": 100, "zh-Hans": 60, "ja": 60, "vi": 100, "th": 100}
LETTERS = {
    "ko": r"[가-힣]",
    "en": r"[A-Za-z]",
    "zh-Hans": r"[\u4e00-\u9fff]",
    "ja": r"[\u3041-\u30fe\u3005\u4e00-\u9fff]",
    "vi": r"[A-Za-zÀ-ỹĐđ]",
    "th": r"[\u0e01-\u0e4e]",
}
FIELDS = ("event", "headline", "description", "instruction", "short")


def _po(shipped: Path, tag: str) -> polib.POFile:
    return polib.pofile(str(shipped / tag / "messages.po"))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_file_says_which_language_it_is_and_how_it_counts(shipped: Path, tag: str) -> None:
    assert {name: _po(shipped, tag).metadata[name] for name in ("Language", "Plural-Forms")} == {
        "Language": tag,
        "Plural-Forms": PLURALS[tag],
    }


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_phrase_of_english_is_there_in_its_order_with_its_slots_and_numbers(shipped: Path, tag: str) -> None:
    english, told = _po(shipped, "en"), _po(shipped, tag)
    assert [(entry.msgctxt, entry.msgid) for entry in told] == [(entry.msgctxt, entry.msgid) for entry in english]
    for entry in told:
        slots = (re.findall(r"{(\w+)", said) for said in (entry.msgid, entry.msgstr))
        digits = (Counter(re.findall(r"[0-9]+", said)) for said in (entry.msgid, entry.msgstr))
        assert len({tuple(sorted(found)) for found in slots}) == 1, entry.msgctxt
        assert len({tuple(sorted(found.elements())) for found in digits}) == 1, entry.msgctxt
        assert entry.comment.startswith("review: unreviewed source: "), entry.msgctxt


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_phrase_is_in_its_own_letters(shipped: Path, tag: str) -> None:
    """No phrase was left in another language, and none has letters of another script, but for the C of Celsius."""
    for entry in _po(shipped, tag):
        bare = re.sub(r"{[^}]*}|độ C", "", entry.msgstr)
        letters = [one for one in bare if unicodedata.category(one)[0] in "LM"]
        assert not letters or all(re.fullmatch(LETTERS[tag], one) for one in letters), (entry.msgctxt, entry.msgstr)
        assert tag == "en" or not letters or entry.msgstr != entry.msgid, entry.msgctxt


FLOOD = {
    "zh-Hans": (
        "[演习] 【韩巴市】请立即转移到高处。山洪，Gapcheon riverside (갑천 둔치)。有效至21:20。",
        (
            "[演习] 这是演习，不是真实的紧急情况。Gapcheon riverside (갑천 둔치)水位正在迅速上涨。水深：4.2米。"
            "有效时间：7月14日 18:20至21:20。"
        ),
        "[演习] 请立即转移到高处。请远离河流、地下通道和地下室。请勿步行或驾车穿过流水。",
        "[演习] 请立即转移到高处。山洪，Gapcheon riverside (갑천 둔치)。",
    ),
    "ja": (
        "[訓練] 【ハンバッ市】直ちに高い所へ避難してください。急な増水：Gapcheon riverside (갑천 둔치)。21:20まで有効です。",
        (
            "[訓練] これは訓練です。実際の災害ではありません。Gapcheon riverside (갑천 둔치)で水かさが急激に増しています。"
            "水深：4.2 m。7月14日 18:20から21:20まで有効です。"
        ),
        (
            "[訓練] 直ちに高い所へ避難してください。川、アンダーパス、地下に近づかないでください。"
            "流れる水の中を歩いたり、車で渡ったりしないでください。"
        ),
        "[訓練] 直ちに高い所へ避難してください。急な増水：Gapcheon riverside (갑천 둔치)。",
    ),
    "vi": (
        (
            "[DIỄN TẬP] Thành phố Hanbat: Hãy đến nơi cao hơn ngay. Lũ quét tại Gapcheon riverside (갑천 둔치). "
            "Có hiệu lực đến 21:20."
        ),
        (
            "[DIỄN TẬP] Đây là diễn tập, không phải tình huống khẩn cấp thật. "
            "Nước đang dâng rất nhanh tại Gapcheon riverside (갑천 둔치). Độ sâu nước: 4,2 m. "
            "Có hiệu lực từ 18:20 ngày 14 tháng 7 đến 21:20."
        ),
        ("[DIỄN TẬP] Hãy đến nơi cao hơn ngay. Tránh xa sông, hầm chui và tầng hầm. Không đi bộ hoặc lái xe qua dòng nước chảy."),
        "[DIỄN TẬP] Hãy đến nơi cao hơn ngay. Lũ quét tại Gapcheon riverside (갑천 둔치).",
    ),
    "th": (
        ("[ฝึกซ้อม] เมืองฮันบัต: อพยพขึ้นที่สูงทันที น้ำท่วมฉับพลัน บริเวณ Gapcheon riverside (갑천 둔치) มีผลถึง 21:20 น."),
        (
            "[ฝึกซ้อม] นี่คือการฝึกซ้อม ไม่ใช่เหตุฉุกเฉินจริง "
            "น้ำกำลังเพิ่มสูงขึ้นอย่างรวดเร็วมากบริเวณ Gapcheon riverside (갑천 둔치) ความลึกของน้ำ: 4.2 ม. "
            "มีผลตั้งแต่ 14 กรกฎาคม 18:20 น. ถึง 21:20 น."
        ),
        "[ฝึกซ้อม] อพยพขึ้นที่สูงทันที อย่าเข้าใกล้แม่น้ำ ทางลอด และชั้นใต้ดิน อย่าเดินหรือขับรถฝ่ากระแสน้ำ",
        "[ฝึกซ้อม] อพยพขึ้นที่สูงทันที น้ำท่วมฉับพลัน บริเวณ Gapcheon riverside (갑천 둔치)",
    ),
}


def test_a_flood_in_the_languages_of_those_who_cannot_read_korean(words: Words, ask: Asking) -> None:
    """No place here has a name in them: English says it, and the Korean in brackets is what stands on the spot."""
    texts = words.compose(ask(languages=LANGUAGES, sender_name=SENDER)).texts
    told = {text.language: (text.headline, text.description, text.instruction, text.short) for text in texts}
    assert {tag: told[tag] for tag in FLOOD} == FLOOD


def _marks(status: Status) -> Mapping[str, str]:
    return {Status.EXERCISE: EXERCISE, Status.TEST: TEST}.get(status, dict.fromkeys(LANGUAGES, ""))


def _sound(text: Text, mark: str) -> bool:
    said = [getattr(text, field) for field in FIELDS]
    strange = set("{}\n") | {chr(code) for code in (0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0xFF10, 0xFF1A))}
    return all(
        one and one.startswith(mark) and unicodedata.is_normalized("NFC", one) and not strange & set(one) and "  " not in one
        for one in said
    )


@pytest.mark.parametrize("tag", LANGUAGES)
def test_everything_that_could_be_sent_is_whole_marked_and_within_bounds(words: Words, ask: Asking, tag: str) -> None:
    """The place has only its Korean and English names, as long as a city's own list has them."""
    place = {"ko": "한밭시립미술관앞교차로", "en": "Hanbat Art Museum Cross"}
    for id, form, status in product(hazards(), Kind, Status):
        asked = ask(hazard=hazard(id), form=form, status=status, responses=(), facts={}, place=place, languages=("ko", tag))
        composed = words.compose(asked)
        assert composed.left_out == (), (id, form)
        text = composed.texts[-1]
        assert _sound(text, _marks(status)[tag]), text
        assert len(text.short) <= SHORT[tag], text
        assert len(text.headline) <= 160, text
