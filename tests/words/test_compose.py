"""What people read, word for word, and what must hold for everything that could ever be sent."""

import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import polib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alert import Kind, Text
from gateway.fault import BadInput, Faults, Gravity
from gateway.hazard import hazard, hazards
from gateway.incident import Status
from gateway.words import Ask, Composed, Words

Asking = Callable[..., Ask]

MARKS = {
    (Status.EXERCISE, "ko"): "[훈련] ",
    (Status.EXERCISE, "en"): "[EXERCISE] ",
    (Status.TEST, "ko"): "[시험] ",
    (Status.TEST, "en"): "[TEST] ",
}
MOST = {"event": 35, "headline": 160, "description": 1200, "instruction": 800, "short": 100}


def _fields(text: Text) -> dict[str, str]:
    return {field: getattr(text, field) for field in MOST}


def _rules(composed: Composed) -> list[str]:
    return [finding.rule for finding in composed.findings]


def test_a_flash_flood_in_earnest(words: Words, ask: Asking) -> None:
    korean, english = words.compose(ask(status=Status.ACTUAL)).texts
    assert korean == Text(
        language="ko",
        sender_name="한밭시",
        event="돌발홍수",
        headline="[한밭시] 즉시 높은 곳으로 대피하십시오. 갑천 둔치 돌발홍수. 21:20까지 유효합니다.",
        description=(
            "갑천 둔치에서 물이 급격히 불어나고 있습니다. 현재 수심은 4.2m입니다. 7월 14일 18:20부터 21:20까지 적용됩니다."
        ),
        instruction=(
            "즉시 높은 곳으로 대피하십시오. 하천, 지하차도, 지하 공간에 접근하지 마십시오. "
            "흐르는 물을 걸어서나 차로 건너지 마십시오."
        ),
        short="즉시 높은 곳으로 대피하십시오. 갑천 둔치 돌발홍수.",
    )
    assert english == Text(
        language="en",
        sender_name="Hanbat City",
        event="Flash flood",
        headline="Hanbat City: Move to higher ground now. Flash flood, Gapcheon riverside. Until 21:20.",
        description="Water is rising very fast at Gapcheon riverside. Water depth: 4.2 m. From July 14, 18:20 until 21:20.",
        instruction=(
            "Move to higher ground now. Keep away from rivers, underpasses and basements. "
            "Do not walk or drive through moving water."
        ),
        short="Move to higher ground now. Flash flood, Gapcheon riverside.",
    )


FORMS = {
    Kind.UPDATE: (
        "[훈련] [한밭시] 즉시 높은 곳으로 대피하십시오. 갑천 둔치 돌발홍수 상황 변경. 21:20까지 유효합니다.",
        "[EXERCISE] Move to higher ground now. Update. Flash flood, Gapcheon riverside.",
    ),
    Kind.END: (
        "[훈련] [한밭시] 갑천 둔치 돌발홍수 상황 종료.",
        "[EXERCISE] All clear. Flash flood, Gapcheon riverside.",
    ),
    Kind.CANCEL: (
        "[훈련] [한밭시] 앞서 보낸 갑천 둔치 돌발홍수 안내는 잘못 발송되었습니다.",
        "[EXERCISE] False alarm. Flash flood, Gapcheon riverside. Please disregard.",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_clear_is_not_a_false_alarm(words: Words, ask: Asking, form: Kind) -> None:
    korean, english = words.compose(ask(form=form)).texts
    assert (korean.headline, english.short) == FORMS[form]


def test_a_cancel_says_sorry_and_an_end_says_what_is_open_again(words: Words, ask: Asking) -> None:
    _, sorry = words.compose(ask(form=Kind.CANCEL)).texts
    assert "sent in error" in sorry.description
    assert sorry.instruction == "[EXERCISE] You do not need to act on it."
    _, over = words.compose(ask(form=Kind.END, hazard=hazard("road-closed"), facts={})).texts
    assert "The road is open again." in over.description


def test_a_lower_level_has_milder_words(words: Words, ask: Asking) -> None:
    korean, english = words.compose(ask(level="watch")).texts
    assert "물이 갑자기 불어날 수 있습니다" in korean.description
    assert "Water may rise very fast at Gapcheon riverside." in english.description


def test_a_shelter_is_told_with_the_particle_that_fits(words: Words, ask: Asking) -> None:
    facts = {"shelter": {"ko": "한밭초등학교 체육관", "en": "Hanbat School Gym"}}
    korean, english = words.compose(ask(hazard=hazard("evacuation"), responses=(), facts=facts)).texts
    assert "한밭초등학교 체육관으로 이동하십시오." in korean.instruction
    assert "Go to Hanbat School Gym." in english.instruction


def _everything() -> Iterator[tuple[str, Kind, Status, str]]:
    return product(hazards(), Kind, Status, ("", "watch"))


def test_everything_that_could_be_sent_is_marked_whole_and_within_bounds(words: Words, ask: Asking) -> None:
    for id, form, status, level in _everything():
        composed = words.compose(ask(hazard=hazard(id), form=form, status=status, level=level, responses=(), facts={}))
        assert (composed.left_out, composed.findings) == ((), ())
        for text in composed.texts:
            fields = _fields(text)
            assert all(said.startswith(MARKS.get((status, text.language), "")) for said in fields.values()), text
            assert all(0 < len(said) <= MOST[field] for field, said in fields.items()), text
            assert len({fields["headline"], fields["description"], fields["instruction"]}) == 3, text
            assert not any("[훈련]" in said or "[EXERCISE]" in said for said in fields.values()) or status is Status.EXERCISE
            assert ("갑천 둔치" if text.language == "ko" else "Gapcheon riverside") in text.headline
            assert ("갑천 둔치" if text.language == "ko" else "Gapcheon riverside") in text.description
            assert len(text.short) <= (60 if text.language == "ko" else 100)
            assert not text.reviewed


def test_every_fact_a_hazard_can_have_is_told_in_some_field(words: Words, ask: Asking) -> None:
    values: dict[str, tuple[object, str]] = {
        "depth": ({"value": 7.31, "unit": "m"}, "7.31"),
        "distance": ({"value": 731, "unit": "km"}, "731"),
        "number": (7.31, "7.31"),
        "count": (731, "731"),
        "clock": ("2026-07-14T19:31:00+09:00", "19:31"),
        "route": ("731", "731"),
        "station": ({"ko": "칠삼일역", "en": "Seven Three One"}, "Seven Three One"),
        "place": ({"ko": "칠삼일관", "en": "Seven Hall"}, "Seven Hall"),
        "phone-number": ("731-0731", "731-0731"),
    }
    told = 0
    for row in hazards().values():
        for slot in row.facts.keys() - {"place"}:
            facts = {name: values[kind][0] for name, kind in row.facts.items() if name != "place"}
            english = words.compose(ask(hazard=row, responses=(), facts=facts)).texts[1]
            assert values[row.facts[slot]][1] in english.description + english.instruction, (row.id, slot)
            told += 1
    assert told >= 20


@pytest.mark.parametrize(
    "response", ["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"]
)
def test_every_cap_response_has_an_instruction(words: Words, ask: Asking, response: str) -> None:
    composed = words.compose(ask(hazard=hazard("smoke"), responses=(response,), facts={}))
    assert not composed.left_out
    assert len({text.instruction for text in composed.texts}) == 2


def test_an_unknown_response_or_fact_is_an_error(words: Words, ask: Asking) -> None:
    with pytest.raises(BadInput) as caught:
        words.compose(ask(responses=("evacuate",)))
    assert caught.value.code == "response-unknown"
    with pytest.raises(Faults) as faults:
        words.compose(ask(facts={"depth": 4, "colour": "red"}))
    assert {finding.rule for finding in faults.value.findings} == {"fact-type", "fact-unknown"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"onset": datetime.fromisoformat("2026-07-14T18:20:00")}, "time-naive"),
        ({"timezone": "Asia/Hanbat"}, "timezone-unknown"),
        ({"languages": ()}, "words-no-language"),
        ({"languages": ("ru", "ko")}, "words-default-missing"),
        ({"sender_name": {}}, "words-default-missing"),
        ({"reviewed_only": True}, "words-default-missing"),
        ({"place": {"ko": "{event}"}}, "words-default-missing"),
        ({"place": {"ko": "a\u202eb"}}, "words-default-missing"),
    ],
)
def test_what_cannot_be_told_in_the_default_language_stops(
    words: Words, ask: Asking, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(BadInput) as caught:
        words.compose(ask(**changes))
    assert caught.value.code == code


def test_another_language_is_left_out_knowingly_and_never_replaced(words: Words, ask: Asking) -> None:
    composed = words.compose(ask(languages=("ko", "ru", "en-GB")))
    assert [text.language for text in composed.texts] == ["ko", "en-GB"]
    assert composed.left_out == ("ru",)
    (finding,) = composed.findings
    assert (finding.rule, finding.severity, finding.path) == ("words-left-out", Gravity.WARNING, "/texts/ru")


def test_a_name_that_a_language_lacks_is_told_in_brackets(words: Words, ask: Asking) -> None:
    composed = words.compose(ask(place={"ko": "갑천 둔치"}))
    assert composed.texts[1].short == "[EXERCISE] Move to higher ground now. Flash flood, (갑천 둔치)."
    assert _rules(composed) == ["words-place-untranslated"]


def test_an_identifier_is_never_told(words: Words, ask: Asking) -> None:
    composed = words.compose(ask(facts={"place": "gapcheon-bridge"}, place={}))
    assert all("gapcheon-bridge" not in said for text in composed.texts for said in _fields(text).values())
    assert _rules(composed) == ["words-place-unnamed"]
    assert words.compose(ask(facts={"place": "gapcheon-bridge"})).findings == ()


def test_another_day_is_named(words: Words, ask: Asking) -> None:
    korean, english = words.compose(ask(until=datetime.fromisoformat("2026-07-15T02:20:00+09:00"))).texts
    assert "7월 14일 18:20부터 7월 15일 02:20까지" in korean.description
    assert english.headline.endswith("Until July 15, 02:20.")


SHORTENED = [
    ("flash-flood", "a", "[EXERCISE] Move to higher ground now. Flash flood, a."),
    ("flash-flood", "b" * 50, "[EXERCISE] Evacuate now. Flash flood, " + "b" * 50 + "."),
    ("flash-flood", "c" * 90, "[EXERCISE] Move to higher ground now. Flash flood."),
    ("earthquake", "d" * 56, "[EXERCISE] Drop and cover. Earthquake, " + "d" * 56 + "."),
    ("heat-wave", "e" * 50, "[EXERCISE] Heat wave, " + "e" * 50 + "."),
]


@pytest.mark.parametrize(("id", "place", "short"), SHORTENED)
def test_too_long_is_shortened_in_sight_and_never_to_other_advice(
    words: Words, ask: Asking, id: str, place: str, short: str
) -> None:
    composed = words.compose(ask(hazard=hazard(id), facts={}, responses=(), place={"ko": "갑천 둔치", "en": place}))
    assert composed.texts[1].short == short
    shortened = [finding for finding in composed.findings if finding.path == "/texts/en/short"]
    assert [finding.rule for finding in shortened] == (["words-shortened"] if len(place) > 1 else [])
    assert all(repr(short) in finding.message for finding in shortened)


def test_a_headline_gives_up_the_time_before_the_place(words: Words, ask: Asking) -> None:
    english = words.compose(ask(place={"ko": "갑천 둔치", "en": "x" * 85})).texts[1]
    assert english.headline == "[EXERCISE] Hanbat City: Move to higher ground now. Flash flood, " + "x" * 85 + "."


def test_a_language_too_long_for_its_room_is_left_out(copy: Path, ask: Asking) -> None:
    plan = copy / "templates.toml"
    plan.write_text(plan.read_text(encoding="utf-8") + "\n[lengths.en]\nshort = 30\n", encoding="utf-8")
    composed = Words.load(copy).compose(ask())
    assert composed.left_out == ("en",)
    assert "at most 30 fit" in composed.findings[0].message


def _sign(path: Path) -> None:
    catalogue = polib.pofile(str(path), wrapwidth=0)
    for entry in catalogue:
        entry.comment = entry.comment.replace("unreviewed", "reviewed") + " by: Kim Minji on: 2026-07-14"
    catalogue.save(str(path))


def test_only_reviewed_phrases_go_out_when_that_is_asked(copy: Path, ask: Asking) -> None:
    _sign(copy / "ko" / "messages.po")
    words = Words.load(copy)
    composed = words.compose(ask(reviewed_only=True))
    assert [(text.language, text.reviewed) for text in composed.texts] == [("ko", True)]
    assert composed.left_out == ("en",)
    assert [text.reviewed for text in words.compose(ask()).texts] == [True, False]


def test_newer_english_takes_the_review_back(copy: Path, ask: Asking) -> None:
    _sign(copy / "ko" / "messages.po")
    english = copy / "en" / "messages.po"
    newer = english.read_text(encoding="utf-8").replace(
        "Water is rising very fast at {place}.", "Water is rising fast at {place}."
    )
    english.write_text(newer, encoding="utf-8")
    words = Words.load(copy)
    assert not words.compose(ask()).texts[0].reviewed
    with pytest.raises(BadInput, match=r"flash-flood\.happens\.here is not reviewed"):
        words.compose(ask(reviewed_only=True))
    assert words.compose(ask(reviewed_only=True, hazard=hazard("tsunami"), facts={})).texts[0].reviewed


def _accented(text: str) -> str:
    table = str.maketrans("aeiouy", "àéíõùỳ")
    parts = text.split("{")
    return parts[0].translate(table) + "".join(
        "{" + slot + "}" + rest.translate(table) for slot, rest in (p.split("}") for p in parts[1:])
    )


def test_a_new_language_is_one_new_file(copy: Path, ask: Asking) -> None:
    catalogue = polib.pofile(str(copy / "en" / "messages.po"))
    catalogue.metadata["Language"] = "id"
    for entry in catalogue:
        entry.msgstr = _accented(entry.msgid)
    (copy / "id").mkdir()
    catalogue.save(str(copy / "id" / "messages.po"))
    composed = Words.load(copy).compose(ask(languages=("ko", "id")))
    assert not composed.left_out
    assert composed.texts[1].description.endswith(
        "Wàtér dépth: 4,2 m. Fróm 14 Juli 18:20 úntíl 21:20.".replace("ó", "õ").replace("ú", "ù")
    )
    catalogue.remove(next(entry for entry in catalogue if entry.msgctxt == "period"))
    catalogue.save(str(copy / "id" / "messages.po"))
    assert Words.load(copy).compose(ask(languages=("ko", "id"))).left_out == ("id",)


NAMES = st.text(st.characters(categories=("L", "N", "P", "S", "Zs", "M")), min_size=1, max_size=130)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "depth": st.fixed_dictionaries({"value": st.floats(0, 1e11, allow_nan=False), "unit": st.sampled_from(["mm", "cm", "m"])})
    },
)


@given(
    st.fixed_dictionaries(
        {
            "place": st.dictionaries(st.sampled_from(["ko", "en"]), NAMES),
            "sender_name": st.fixed_dictionaries({"ko": NAMES}, optional={"en": NAMES}),
            "facts": FACTS,
            "form": st.sampled_from(Kind),
            "status": st.sampled_from(Status),
            "until": st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        }
    )
)
def test_whatever_fills_the_slots_the_text_is_whole_or_refused(words: Words, ask: Asking, changes: dict[str, Any]) -> None:
    asked = ask(**changes)
    try:
        composed = words.compose(asked)
    except BadInput as fault:
        assert fault.code == "words-default-missing"  # noqa: PT017
        assert fault.hint  # noqa: PT017
        return
    assert composed == words.compose(asked)
    for text in composed.texts:
        for field, said in _fields(text).items():
            assert not set(said) & set("{}\n")
            assert "  " not in said
            assert len(said) <= MOST[field]
            assert said == unicodedata.normalize("NFC", said)
            assert said.startswith(MARKS.get((changes["status"], text.language), ""))
