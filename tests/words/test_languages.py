import pytest

from gateway.fault import BadInput
from gateway.words import languages

PLANNED = [
    "ko",
    "en",
    "zh-Hans",
    "vi",
    "th",
    "ja",
    "uz",
    "ne",
    "km",
    "ru",
    "mn",
    "id",
    "fil",
    "my",
    "si",
    "bn",
    "ur",
    "ar",
    "zh-Hant",
    "lo",
    "kk",
    "hi",
    "ko-x-easy",
]
SERVED = [
    ("ko", ["ko", "en"], "ko"),
    ("en-GB", ["ko", "en"], "en"),
    ("zh-CN", ["ko", "en", "zh-Hans", "zh-Hant"], "zh-Hans"),
    ("zh-TW", ["ko", "en", "zh-Hans", "zh-Hant"], "zh-Hant"),
    ("tl", ["en", "fil"], "fil"),
    ("ko-x-easy", ["ko", "ko-x-easy"], "ko-x-easy"),
]
UNSERVED = [
    ("zh-Hant", ["zh-Hans", "en"]),
    ("uz-Cyrl", ["uz", "ru"]),
    ("kk", ["ru"]),
    ("pt", ["es", "en"]),
    ("ms", ["id"]),
    ("ko", ["ko-x-easy", "en"]),
    ("nonsense-tag-of-nowhere", ["ko"]),
    ("ko", []),
    ("ko", ["no tag", "value"]),
]


@pytest.mark.parametrize(("wanted", "have", "expected"), SERVED)
def test_a_close_tag_serves(wanted: str, have: list[str], expected: str) -> None:
    assert languages.find(wanted, have) == expected


@pytest.mark.parametrize(("wanted", "have"), UNSERVED)
def test_another_language_or_script_never_stands_in(wanted: str, have: list[str]) -> None:
    assert languages.find(wanted, have) is None


@pytest.mark.parametrize("tag", PLANNED)
def test_every_language_of_the_plan_can_write_numbers(tag: str) -> None:
    assert languages.is_tag(tag)
    assert languages.locale(tag).language == tag.partition("-")[0]


def test_unknown_languages_are_errors() -> None:
    assert not languages.is_tag("korean")
    assert not languages.is_tag("zh-hans")
    for tag in ("qqq", "not a tag", "und"):
        with pytest.raises(BadInput) as caught:
            languages.locale(tag)
        assert caught.value.code == "language-unknown"
