"""The few words of the public pages themselves, and which language a reader gets."""

from collections.abc import Mapping, Sequence
from functools import cache

from gateway import shipped
from gateway.words import catalogue, languages

ENGLISH = "en"
FILE = "public.po"
MOST_WISHES = 20


@cache
def tongues() -> Mapping[str, Mapping[str, str]]:
    """Return the words of every language by its tag; raises Faults for a file that gettext would misread."""
    files = sorted(shipped.folder("translations").glob(f"*/{FILE}"))
    return {
        file.parent.name: {entry.id: entry.text for entry in catalogue.read(file.read_bytes(), f"{file.parent.name}/{FILE}")}
        for file in files
    }


def words(language: str) -> Mapping[str, str]:
    """Return the words of a language; a city that speaks another one than we do gets English ones."""
    return tongues()[languages.find(language, tongues()) or ENGLISH]


def chosen(accepted: str, have: Sequence[str]) -> str:
    """Return the first of the languages we have that an Accept-Language header asks for, else the city's own, the first."""
    for wish in _wishes(accepted):
        if found := languages.find(wish, have):
            return found
    return have[0]


def direction(language: str) -> str:
    """Return in which direction a language is written."""
    return "rtl" if language.partition("-")[0] in ("ar", "ur", "fa", "he") else "ltr"


def _wishes(accepted: str) -> list[str]:
    """Return the tags of an Accept-Language header, the dearest first (RFC 9110 section 12.5.4); what makes no sense is none."""
    weighed = [(_weight(rest), tag.strip()) for tag, _, rest in (one.partition(";") for one in accepted.split(",")[:MOST_WISHES])]
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0 and tag not in ("", "*")]


def _weight(given: str) -> float:
    name, _, value = given.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
