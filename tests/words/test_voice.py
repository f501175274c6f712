"""How languages write what fills a slot: golden strings, read and confirmed by hand."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.fault import BadInput
from gateway.hazard import SlotType
from gateway.words.voice import Voice

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
]


def _voice(language: str, fallback: str = "ko") -> Voice:
    return Voice(language=language, fallback=fallback, zone=ZoneInfo("Asia/Seoul"), today=date(2026, 7, 14))


SAID: list[tuple[str, SlotType, object, str]] = [
    ("ko", SlotType.CLOCK, "2026-07-14T12:20:00Z", "21:20"),
    ("ko", SlotType.CLOCK, "2026-07-14T00:05:00+09:00", "00:05"),
    ("ko", SlotType.CLOCK, "2026-07-15T02:20:00+09:00", "7월 15일 02:20"),
    ("en", SlotType.CLOCK, "2026-07-14T12:20:00Z", "21:20"),
    ("en", SlotType.CLOCK, "2026-07-15T02:20:00+09:00", "July 15, 02:20"),
    ("en", SlotType.CLOCK, "2026-07-14T00:05:00+09:00", "00:05"),
    ("vi", SlotType.CLOCK, "2026-07-14T00:05:00+09:00", "00:05"),
    ("vi", SlotType.CLOCK, "2026-07-15T02:20:00+09:00", "02:20 ngày 15 tháng 7"),
    ("th", SlotType.CLOCK, "2026-07-14T00:05:00+09:00", "00:05 น."),
    ("th", SlotType.CLOCK, "2026-07-15T02:20:00+09:00", "15 กรกฎาคม 02:20 น."),
    ("zh-Hans", SlotType.CLOCK, "2026-07-14T00:05:00+09:00", "00:05"),
    ("zh-Hans", SlotType.CLOCK, "2026-07-15T02:20:00+09:00", "7月15日 02:20"),
    ("zh-CN", SlotType.CLOCK, "2026-07-15T02:20:00+09:00", "7月15日 02:20"),
    ("ja", SlotType.CLOCK, "2026-07-14T12:20:00Z", "21:20"),
    ("ru", SlotType.CLOCK, "2026-07-15T02:20:00+09:00", "15 июля, 02:20"),
    ("ko-x-easy", SlotType.CLOCK, "2026-07-15T02:20:00+09:00", "7월 15일 02:20"),
    ("zh-Hans", SlotType.DATE, "2026-07-14", "7月14日"),
    ("ja", SlotType.DATE, "2026-07-14", "7月14日"),
    ("vi", SlotType.DATE, "2026-07-14", "ngày 14 tháng 7"),
    ("th", SlotType.DATE, "2026-07-14", "14 กรกฎาคม"),
    ("ru", SlotType.DATE, "2026-07-14", "14 июля"),
    ("zh-Hans", SlotType.DEPTH, {"value": 4.2, "unit": "m"}, "4.2米"),
    ("ja", SlotType.DEPTH, {"value": 4.2, "unit": "m"}, "4.2 m"),
    ("th", SlotType.DEPTH, {"value": 30, "unit": "cm"}, "30 ซม."),
    ("zh-Hans", SlotType.DISTANCE, {"value": 1.5, "unit": "km"}, "1.5公里"),
    ("th", SlotType.DISTANCE, {"value": 1.5, "unit": "km"}, "1.5 กม."),
    ("zh-Hans", SlotType.DURATION, {"value": 90, "unit": "min"}, "1小时 30分钟"),
    ("ja", SlotType.DURATION, {"value": 90, "unit": "min"}, "1 時間 30 分"),
    ("vi", SlotType.DURATION, {"value": 90, "unit": "min"}, "1 giờ 30 phút"),
    ("th", SlotType.DURATION, {"value": 90, "unit": "min"}, "1 ชม. 30 นาที"),
    ("zh-Hans", SlotType.COUNT, 12345, "12,345"),
    ("vi", SlotType.COUNT, 12345, "12.345"),
    ("th", SlotType.NUMBER, -12.5, "-12.5"),
    ("ja", SlotType.CLOCK, "2026-07-15T02:20:00+09:00", "7月15日 02:20"),
    ("ko", SlotType.DATE, "2026-07-14", "7월 14일"),
    ("en", SlotType.DATE, "2026-07-14", "July 14"),
    ("ko", SlotType.DEPTH, {"value": 4.2, "unit": "m"}, "4.2m"),
    ("en", SlotType.DEPTH, {"value": 4.2, "unit": "m"}, "4.2 m"),
    ("vi", SlotType.DEPTH, {"value": 4.2, "unit": "m"}, "4,2 m"),
    ("ko", SlotType.DEPTH, {"value": 30, "unit": "cm"}, "30cm"),
    ("ko", SlotType.DEPTH, {"value": 60, "unit": "mm"}, "60mm"),
    ("en", SlotType.DEPTH, {"value": 4.200000001, "unit": "m"}, "4.2 m"),
    ("ko", SlotType.DISTANCE, {"value": 1.5, "unit": "km"}, "1.5km"),
    ("ko", SlotType.DURATION, {"value": 90, "unit": "min"}, "1시간 30분"),
    ("en", SlotType.DURATION, {"value": 90, "unit": "min"}, "1 hr 30 min"),
    ("ko", SlotType.DURATION, {"value": 1.5, "unit": "d"}, "1일 12시간"),
    ("ko", SlotType.DURATION, {"value": 0, "unit": "h"}, "0분"),
    ("ko", SlotType.COUNT, 12345, "12,345"),
    ("en", SlotType.COUNT, 12345, "12,345"),
    ("ru", SlotType.COUNT, 12345, "12 345"),
    ("en", SlotType.NUMBER, -12.5, "-12.5"),
    ("ar", SlotType.NUMBER, -12.5, "-12.5"),
    ("en", SlotType.PLACE, {"en": "Gapcheon  Bridge", "ko": "갑천교"}, "Gapcheon Bridge"),
    ("en-GB", SlotType.PLACE, {"en": "Gapcheon Bridge"}, "Gapcheon Bridge"),
    ("vi", SlotType.PLACE, {"en": "Gapcheon Bridge", "ko": "갑천교"}, "Gapcheon Bridge (갑천교)"),
    ("zh-CN", SlotType.PLACE, {"en": "Gapcheon Bridge", "ko": "갑천교", "zh-Hans": "甲川桥"}, "甲川桥"),
    ("zh-Hans", SlotType.PLACE, {"en": "Gapcheon Bridge", "ko": "갑천교", "zh-Hant": "甲川橋"}, "Gapcheon Bridge (갑천교)"),
    ("th", SlotType.PLACE, {"ko": "갑천교"}, "(갑천교)"),
    ("ko", SlotType.PLACE, {"ko": "\u1100\u1161\u11b8천"}, "갑천"),
    ("ko", SlotType.PLACE_LIST, [{"ko": "가동"}, {"ko": "나동"}, {"ko": "다동"}], "가동, 나동 및 다동"),
    ("en", SlotType.PLACE_LIST, [{"en": "A"}, {"ko": "나동"}], "A and (나동)"),
    ("ko", SlotType.ROUTE, "1호선", "1호선"),
    ("ko", SlotType.PHONE_NUMBER, "042-123-4567", "042-123-4567"),
    ("ko", SlotType.URL, "https://hanbat.example/a", "https://hanbat.example/a"),
]


@pytest.mark.parametrize(("language", "kind", "value", "expected"), SAID)
def test_values_are_said_as_people_write_them(language: str, kind: SlotType, value: object, expected: str) -> None:
    assert _voice(language).say(value, kind) == expected


def test_a_dated_time_bears_its_date_even_today() -> None:
    at = datetime.fromisoformat("2026-07-14T09:20:00+00:00")
    assert _voice("ko").dated(at) == "7월 14일 18:20"
    assert _voice("en").dated(at) == "July 14, 18:20"


@pytest.mark.parametrize("language", PLANNED)
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SlotType.CLOCK, "2026-07-15T21:20:00+09:00"),
        (SlotType.DURATION, {"value": 2, "unit": "h"}),
        (SlotType.DURATION, {"value": 45, "unit": "min"}),
        (SlotType.DURATION, {"value": 3, "unit": "d"}),
        (SlotType.DISTANCE, {"value": 5, "unit": "km"}),
        (SlotType.DEPTH, {"value": 7, "unit": "mm"}),
        (SlotType.NUMBER, -8),
    ],
)
def test_every_planned_language_has_words_and_plain_digits(language: str, kind: SlotType, value: object) -> None:
    """Babel falls back to `90 duration-minute` where it lacks a plural form, and hides direction marks in some locales."""
    said = _voice(language).say(value, kind)
    assert "duration" not in said
    assert "length" not in said
    assert any(digit in said for digit in "0123456789")
    assert not set(said) & {"\u200e", "\u200f", "\u061c"}


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (SlotType.PLACE, {"ko": "{sender}"}, "fact-text"),
        (SlotType.PLACE, {"ja": "川"}, "fact-text"),
        (SlotType.DEPTH, {"value": 1, "unit": "ell"}, "fact-type"),
        (SlotType.PLACE, {"ko": "a\u200bb"}, "fact-type"),
        (SlotType.COUNT, "many", "fact-type"),
    ],
)
def test_what_cannot_be_told_is_refused(kind: SlotType, value: object, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        _voice("en").say(value, kind)
    assert caught.value.code == code


def test_a_missing_name_is_noticed() -> None:
    voice = _voice("en")
    assert voice.lacks({"ko": "갑천교"})
    assert not voice.lacks({"ko": "갑천교", "en": "Gapcheon Bridge"})
    assert voice.lacks([{"en": "A"}, {"ko": "나"}])
