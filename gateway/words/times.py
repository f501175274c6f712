"""How each language writes clocks and days: in our own patterns where we have read them, as CLDR has it elsewhere."""

from datetime import date, datetime
from functools import cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from msgspec import Struct

from gateway.words import languages

_DIRECTION_MARKS = str.maketrans("", "", "\u061c\u200e\u200f")


class Pattern(Struct, frozen=True):
    """CLDR patterns of one language; the clock has 24 hours in each."""

    clock: str
    day: str
    dated: str


PATTERNS = {
    "en": Pattern("HH:mm", "MMMM d", "MMMM d, HH:mm"),
    "ja": Pattern("HH:mm", "M月d日", "M月d日 HH:mm"),
    "ko": Pattern("HH:mm", "M월 d일", "M월 d일 HH:mm"),
    "th": Pattern("HH:mm 'น.'", "d MMMM", "d MMMM HH:mm 'น.'"),
    "vi": Pattern("HH:mm", "'ngày' d 'tháng' M", "HH:mm 'ngày' d 'tháng' M"),
    "zh-Hans": Pattern("HH:mm", "M月d日", "M月d日 HH:mm"),
}


def clock(local: datetime, language: str) -> str:
    """Return a time of day, such as 21:20."""
    own = _own(language)
    return unmarked(format_datetime(local, own.clock if own else "HH:mm", locale=languages.locale(language)))


def day(on: date, language: str) -> str:
    """Return a day and its month."""
    own, locale = _own(language), languages.locale(language)
    return unmarked(format_date(on, own.day, locale=locale) if own else format_skeleton("MMMMd", on, locale=locale))


def dated(local: datetime, language: str) -> str:
    """Return a time of day with its day, in the language's order."""
    locale = languages.locale(language)
    if own := _own(language):
        return unmarked(format_datetime(local, own.dated, locale=locale))
    return _glued(locale).replace("{0}", clock(local, language)).replace("{1}", day(local.date(), language))


def unmarked(said: str) -> str:
    """Return what CLDR wrote without marks of direction, which cost room and stand in no phrase of ours."""
    return said.translate(_DIRECTION_MARKS)


def _glued(locale: Locale) -> str:
    return str(locale.datetime_formats["medium"])


@cache
def _own(language: str) -> Pattern | None:
    tag = languages.find(language.partition("-x-")[0], PATTERNS)
    return PATTERNS[tag] if tag else None
