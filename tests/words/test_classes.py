"""Texts of other lengths: what a Korean phone rings with, what a road sign shows, what a notification says."""

import unicodedata
from collections.abc import Callable
from itertools import product

import msgspec
import pytest

from gateway.alert import Kind
from gateway.fault import BadInput
from gateway.hazard import hazard, hazards
from gateway.incident import Status
from gateway.words import Ask, Words

Asking = Callable[..., Ask]

OFFICE = {"ko": "한밭시 재난안전상황실", "en": "Hanbat Emergency Operations Centre"}
PLACE = {"ko": "한밭시립미술관앞교차로", "en": "Hanbat Art Museum"}
CLASSES = (
    "cell-broadcast-90",
    "cell-broadcast-157",
    "cell-broadcast-360",
    "cell-broadcast-1395",
    "sign",
    "push-title",
    "push-body",
)
RINGS = {
    (Kind.ALERT, "cell-broadcast-90"): (
        "[훈련] [한밭시 재난안전상황실] 즉시 높은 곳으로 대피하십시오. 갑천 둔치 돌발홍수. 21:20까지 유효합니다. Flash flood"
    ),
    (Kind.ALERT, "cell-broadcast-157"): (
        "[훈련] 실제 상황이 아닌 훈련입니다. [한밭시 재난안전상황실] 즉시 높은 곳으로 대피하십시오. "
        "하천, 지하차도, 지하 공간에 접근하지 마십시오. 갑천 둔치 돌발홍수. 현재 수심은 4.2m입니다. "
        "21:20까지 유효합니다. Flash flood"
    ),
    (Kind.UPDATE, "cell-broadcast-90"): (
        "[훈련] [한밭시 재난안전상황실] 즉시 높은 곳으로 대피하십시오. 갑천 둔치 돌발홍수 상황 변경. "
        "21:20까지 유효합니다. Flash flood"
    ),
    (Kind.END, "cell-broadcast-90"): ("[훈련] [한밭시 재난안전상황실] 갑천 둔치 돌발홍수 상황 종료. All clear. Flash flood."),
    (Kind.CANCEL, "cell-broadcast-90"): (
        "[훈련] [한밭시 재난안전상황실] 앞서 보낸 갑천 둔치 돌발홍수 안내는 잘못 발송되었습니다. False alarm"
    ),
    (Kind.ALERT, "sign"): "[훈련] 높은 곳으로 대피\n갑천 둔치 돌발홍수",
    (Kind.END, "sign"): "[훈련] 상황 종료\n갑천 둔치 돌발홍수",
    (Kind.CANCEL, "sign"): "[훈련] 오발송 안내\n갑천 둔치 돌발홍수",
    (Kind.ALERT, "push-title"): "[훈련] 갑천 둔치 돌발홍수.",
}


@pytest.mark.parametrize(("form", "name"), RINGS)
def test_a_flood_as_a_phone_and_a_sign_tell_it(words: Words, ask: Asking, form: Kind, name: str) -> None:
    korean = words.compose(ask(form=form, sender_name=OFFICE, classes=(name,))).texts[0]
    assert dict(korean.classes) == {name: RINGS[form, name]}


KEY_WORDS = [
    ("civil-defence", {}, "Civil defence alert"),
    ("evacuation", {}, "Evacuation order"),
    ("radiation", {}, "Radiation danger"),
    ("heavy-rain", {}, "Heavy rain"),
    ("tsunami", {}, "Tsunami"),
    ("earthquake", {"magnitude": 4.3}, "Earthquake M4.3"),
    ("earthquake", {}, "Earthquake"),
]


@pytest.mark.parametrize(("id", "facts", "key_word"), KEY_WORDS)
def test_a_korean_message_that_rings_ends_with_its_english_key_word(
    words: Words, ask: Asking, id: str, facts: dict[str, object], key_word: str
) -> None:
    asked = ask(hazard=hazard(id), facts=facts, responses=(), sender_name=OFFICE, classes=CLASSES[:3])
    korean, english = words.compose(asked).texts
    assert all(korean.classes[name].endswith(f" {key_word}") for name in CLASSES[:2])
    assert key_word not in korean.classes["cell-broadcast-360"]
    assert set(english.classes) == {"cell-broadcast-360"}, "what is promised in Korean alone is told in Korean alone"


def _cells(line: str) -> int:
    """Count a Korean or English line as a sign's maker does: two half-width cells for each Hangul syllable."""
    return len(line) + sum("가" <= letter <= "힣" for letter in line)


def test_everything_fits_a_korean_phone_and_a_sign_with_the_longest_name(words: Words, ask: Asking) -> None:
    """Eleven syllables of a place, eleven of an office, a mark and a key word; nobody is refused, so there are no exceptions."""
    exceptions = set()
    for id, form, status in product(hazards(), Kind, Status):
        asked = ask(hazard=hazard(id), form=form, status=status, responses=(), facts={}, place=PLACE, sender_name=OFFICE)
        korean, english = words.compose(msgspec.structs.replace(asked, classes=CLASSES)).texts
        mark = {Status.EXERCISE: "[훈련]", Status.TEST: "[시험]"}.get(status, "")
        told = dict(korean.classes)
        if not all(told[name].startswith(mark) for name in CLASSES) or told["sign"].count("\n") != 1:
            exceptions.add((id, form, "mark or lines"))
        bounds = {"cell-broadcast-90": 90, "cell-broadcast-157": 157, "push-title": 50, "push-body": 178}
        exceptions |= {(id, form, name) for name, most in bounds.items() if len(told[name]) > most}
        exceptions |= {(id, form, name) for name in bounds if "push" not in name and "[한밭시 재난안전상황실]" not in told[name]}
        signs = f"{told['sign']}\n{english.classes['sign']}".split("\n")
        exceptions |= {(id, form, line) for line in signs if not 0 < _cells(line) <= 32}
        assert all(unicodedata.is_normalized("NFC", text) and not set("{}") & set(text) for text in told.values())
    assert exceptions == set()


def test_a_sign_in_an_earthquake_does_not_send_people_anywhere(words: Words, ask: Asking) -> None:
    texts = words.compose(ask(hazard=hazard("earthquake"), facts={}, responses=(), classes=("sign",))).texts
    assert [text.classes["sign"].split("\n")[0] for text in texts] == ["[훈련] 몸을 보호하십시오", "[EXERCISE] Drop and cover"]


def test_what_does_not_fit_is_refused_by_name_and_never_cut(words: Words, ask: Asking) -> None:
    composed = words.compose(ask(classes=("cell-broadcast-90", "sign"), sender_name={"ko": "가" * 100, "en": "City"}))
    korean, english = composed.texts
    assert set(korean.classes) == {"sign"}
    assert set(english.classes) == {"sign"}
    assert composed.left_out == ()
    (finding,) = [found for found in composed.findings if found.rule == "words-class-left-out"]
    assert finding.path == "/texts/ko/cell-broadcast-90"
    assert finding.message.startswith("ko: no cell-broadcast-90: ")


def test_a_caller_says_what_its_network_takes(words: Words, ask: Asking) -> None:
    free, tight = (
        words.compose(ask(languages=("ko", "en"), classes=CLASSES[2:4], lengths=lengths)).texts[1]
        for lengths in ({}, {"cell-broadcast-1395": 75})
    )
    assert len(free.classes["cell-broadcast-1395"]) > 75
    assert tight.classes["cell-broadcast-1395"] == "[EXERCISE] Hanbat City: Move to higher ground now. Flash flood."
    assert tight.classes["cell-broadcast-360"] == free.classes["cell-broadcast-360"]


def test_a_lost_place_is_told_to_the_operator_and_a_lost_courtesy_is_not(words: Words, ask: Asking) -> None:
    place = {"ko": "가" * 60, "en": "Bridge"}
    findings = words.compose(ask(place=place, classes=("cell-broadcast-90", "push-body"))).findings
    assert [found.path for found in findings if "broadcast" in found.path] == ["/texts/ko/cell-broadcast-90"]
    assert not [found for found in words.compose(ask(classes=("cell-broadcast-90",))).findings if "broadcast" in found.path]


def test_a_class_nobody_knows_is_an_error(words: Words, ask: Asking) -> None:
    for changes in ({"classes": ("telegram",)}, {"lengths": {"telegram": 9}}):
        with pytest.raises(BadInput) as caught:
            words.compose(ask(**changes))
        assert caught.value.code == "class-unknown"


def test_nobody_is_told_what_nobody_asked_for(words: Words, ask: Asking) -> None:
    assert [dict(text.classes) for text in words.compose(ask()).texts] == [{}, {}]


@pytest.mark.parametrize(
    ("name", "said"),
    [("sign", "즉시 대피\n한내 둔치\n지금"), ("sign", "가" * 17), ("cell-broadcast-90", "가" * 91), ("push-title", "한\n내")],
)
def test_a_wording_by_hand_stays_within_its_class(words: Words, name: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        words.bounded(name, "ko", said)
    assert caught.value.code == "words-too-long"
    assert words.bounded("sign", "ko", "가" * 16 + "\n" + "나" * 16)
