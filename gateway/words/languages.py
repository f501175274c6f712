"""Languages by their BCP 47 tags: which one we have serves a wish, and how it writes numbers and dates."""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

import langcodes
from babel import Locale, UnknownLocaleError

from gateway.fault import BadInput

_CLOSE_ENOUGH = 9


def is_tag(tag: str) -> bool:
    """Tell whether this is a valid BCP 47 tag in its usual spelling."""
    return langcodes.tag_is_valid(tag) and langcodes.standardize_tag(tag) == tag


def find(wanted: str, have: Iterable[str]) -> str | None:
    """Return the tag that serves a wish, or None; another script or another language never does.

    zh-CN is served by zh-Hans and en-GB by en, but zh-Hant is not by zh-Hans, nor is anything by a private variant.
    """
    tags = tuple(have)
    return wanted if wanted in tags else _near(wanted, tags)


@lru_cache(maxsize=1024)
def _near(wanted: str, tags: Sequence[str]) -> str | None:
    common = [tag for tag in tags if "-x-" not in tag and langcodes.tag_is_valid(tag)]
    if not common or not langcodes.tag_is_valid(wanted):
        return None
    found, distance = langcodes.closest_match(wanted, common, max_distance=_CLOSE_ENOUGH)
    return found if distance <= _CLOSE_ENOUGH else None


@cache
def locale(tag: str) -> Locale:
    """Return how a language writes numbers and dates; raises BadInput("language-unknown")."""
    language = langcodes.Language.get(tag) if langcodes.tag_is_valid(tag) else langcodes.Language.get("und")
    wishes = ((language.script, language.territory), (language.script, None), (None, language.territory), (None, None))
    for script, territory in wishes:
        try:
            return Locale.parse("_".join(filter(None, (language.language, script, territory))))
        except (UnknownLocaleError, ValueError):
            continue
    raise BadInput("language-unknown", f"no language is known by the tag {tag!r}", hint="use a BCP 47 tag such as zh-Hans")
