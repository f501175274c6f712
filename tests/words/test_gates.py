"""Every gate against one entry that breaks it, and none against its sound twin."""

from typing import Any

import msgspec
import pytest

from gateway.words import gates
from gateway.words.catalogue import Entry, Review, source_hash

SOURCE = "Call 119 at {place}."


SOUND = Entry(
    id="call",
    source=SOURCE,
    text="{place|은/는} 119로 신고하십시오.",
    line=7,
    hash=source_hash(SOURCE),
    review=Review.UNREVIEWED,
)


def _entry(text: str = SOUND.text, **changes: Any) -> Entry:
    return msgspec.structs.replace(SOUND, **({"text": text} | changes))


def _rules(entry: Entry, language: str = "ko", source: str = SOURCE) -> list[str]:
    return [finding.rule for finding in gates.findings(entry, source, language)]


def test_a_sound_entry_passes() -> None:
    assert _rules(_entry()) == []
    assert gates.usable(_entry(), SOURCE, "ko")
    assert _rules(_entry("{place} 有事请拨打 119。"), "zh-Hans") == []
    assert _rules(_entry("Позвоните по номеру 119 (SMS): {place}."), "ru") == []


BROKEN = [
    ("119로 신고하십시오.", "ko", "words-placeholders"),
    ("{ort}에서 119로 신고하십시오.", "ko", "words-placeholders"),
    ("{place} {place} 119로 신고하십시오.", "ko", "words-placeholders"),
    ("{place} 911로 신고하십시오.", "ko", "words-numbers"),
    ("{place} 신고하십시오.", "ko", "words-numbers"),
    ("{place} ११९", "hi", "words-numbers"),
    ("{place} 请拨打 \uff11\uff11\uff19。", "zh-Hans", "words-numbers"),
    ("{place} 请拨打 119 하십시오。", "zh-Hans", "words-script"),
    ("{place} 119 へ call 電話 하", "ja", "words-script"),
    ("{place} 119 ВЫ", "th", "words-script"),
    ("{place} {119로 신고하십시오.", "ko", "words-braces"),
    ("{place} 119로 신\u200b고하십시오.", "ko", "words-text"),
    ("{place} 119로\n신고하십시오.", "ko", "words-text"),
    ("{place} 119\u1105\u1169 신고하십시오.", "ko", "words-text"),
    ("{place}  119로 신고하십시오.", "ko", "words-spaces"),
    ("{place} 119로 신고하십시오. ", "ko", "words-spaces"),
    ("{place|은/을} 119로 신고하십시오.", "ko", "words-particles"),
    ("{place|은/는} 119.", "vi", "words-particles"),
    ("{place} 119로 신고하십시오. 東", "ko", "words-script"),
    ("{place} 119 \u0441all.", "vi", "words-script"),
    ("{place} 119 \u0441me\u0445t c\u043call.", "ru", "words-script"),
]


@pytest.mark.parametrize(("text", "language", "rule"), BROKEN)
def test_a_broken_text_is_caught_and_never_told(text: str, language: str, rule: str) -> None:
    assert rule in _rules(_entry(text), language)
    assert not gates.usable(_entry(text), SOURCE, language)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"text": ""}, "words-missing"),
        ({"fuzzy": True}, "words-fuzzy"),
        ({"plural": True}, "words-plural"),
        ({"id": ""}, "words-id"),
    ],
)
def test_what_is_no_translation_is_never_told(changes: dict[str, Any], rule: str) -> None:
    assert _rules(_entry(**changes)) == [rule]
    assert not gates.usable(_entry(**changes), SOURCE, "ko")


def test_english_must_say_what_it_says() -> None:
    assert _rules(_entry("Call 119 from {place}."), "en") == ["words-english"]
    assert _rules(_entry(SOURCE), "en") == []


def test_what_was_reviewed_against_older_english_is_no_longer_reviewed() -> None:
    signed = _entry(review=Review.REVIEWED)
    assert gates.reviewed(signed, SOURCE)
    newer = "Call 119 now at {place}."
    assert not gates.reviewed(signed, newer)
    assert _rules(signed, source=newer) == ["words-stale"]
    forged = _entry(review=Review.REVIEWED, hash=source_hash(newer))
    assert not gates.reviewed(forged, newer)
    assert not gates.reviewed(_entry(), SOURCE)
    assert gates.usable(signed, newer, "ko")


def test_an_entry_without_a_review_comment_is_told_as_unreviewed() -> None:
    bare = _entry(review=None, hash="")
    assert _rules(bare) == ["words-review"]
    assert gates.usable(bare, SOURCE, "ko")
    assert not gates.reviewed(bare, SOURCE)
