"""Human text on its way in: what no phone, sign or screen can show honestly is refused, the rest is kept as written."""

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate, groupby

from gateway.fault import BadInput

MOST_MARKS = 4
_MOST_MARKS_TO_SORT = 32
_SHORT = 120

_SHOWN = ("L", "M", "N", "P", "S", "Zs")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\ufffc\U000e0100-\U000e01ef]"
)
_NON_JOINER, _JOINER, _EMOJI_STYLE = "\u200c", "\u200d", "\ufe0f"
_CURSIVE = ("ARABIC LETTER", "SYRIAC LETTER")
_VIRAMA = 9

_WHY = {
    "text-control": ("control character", "send plain text; only human text of several lines may hold U+000A"),
    "text-bidi": ("character that reorders the text around it", "remove it; screens find the direction by themselves"),
    "text-invisible": ("character that nobody can see", "remove it"),
    "text-unassigned": ("code point without a meaning of its own", "use characters of the Unicode standard"),
    "text-combining": (f"more than {MOST_MARKS} marks stacked on one letter", "write the letter as its language does"),
}


def clean(text: str, *, most: int = 4000, path: str = "") -> str:
    """Return human text of one or more lines in NFC, or raise BadInput naming the code point and its position.

    `most` counts code points after NFC. Codes: text-control, text-bidi, text-invisible, text-unassigned, text-combining,
    text-too-long. Quotes, dashes and spaces are kept as they were written.
    """
    return _accept(text, most, path, several_lines=True)


def one_line(text: str, *, most: int = 200, path: str = "") -> str:
    """Return a name or any other text of one line in NFC; raises as `clean` does, also for a line feed."""
    return _accept(text, most, path, several_lines=False)


def shown(text: str, *, most: int = 4000) -> str:
    """Return what can be shown honestly of a text that others wrote: without what `clean` refuses, and no longer than `most`."""
    kept = text[: 2 * most]
    try:
        normal = _normal(kept, most, "")
    except BadInput:
        normal = "".join(character for character in kept if not unicodedata.combining(character))
    return "".join(one for index, one in enumerate(normal) if one == "\n" or not _code(normal, index)).strip()[:most]


def _accept(text: str, most: int, path: str, *, several_lines: bool) -> str:
    if len(text) <= min(most, _SHORT) and _sound_as_it_is(text):
        return text
    normal = _normal(text, most, path)
    if len(normal) > most:
        raise BadInput("text-too-long", f"{len(normal)} characters, at most {most} fit", path=path, hint="say it shorter")
    if _sound(normal.replace("\n", " ") if several_lines else normal):
        return normal
    marks = 0
    for index, character in enumerate(normal):
        marks = _marks(character, marks)
        code = "text-combining" if marks > MOST_MARKS else _code(normal, index)
        if code and not (several_lines and character == "\n"):
            raise _refusal(code, character, index, path)
    return normal


def _normal(text: str, most: int, path: str) -> str:
    """Return the text in NFC; what would take NFC long (its sorting of marks is quadratic) is left or refused beforehand."""
    if text.isascii() or len(text) > 4 * most:
        return text
    if not any(map(unicodedata.combining, set(text))):
        return unicodedata.normalize("NFC", text)
    end = 0
    for marked, run in groupby(text, key=lambda character: unicodedata.combining(character) > 0):
        end += (length := len(list(run)))
        if marked and length > _MOST_MARKS_TO_SORT:
            raise _refusal("text-combining", text[end - length], end - length, path)
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=4096)
def _sound_as_it_is(text: str) -> bool:
    """Tell so of a short text, as names are, which are met again and again."""
    return (text.isascii() or unicodedata.is_normalized("NFC", text)) and _sound(text)


def _sound(text: str) -> bool:
    """Tell whether a line in NFC is fit to be shown, by characters that are fit whatever stands beside them."""
    characters = set(text)
    return all(map(_plain, characters)) and not (any(map(_mark, characters)) and _stacked(text))


def _stacked(text: str) -> bool:
    return any(marks > MOST_MARKS for marks in accumulate(text, lambda before, character: _marks(character, before), initial=0))


@lru_cache(maxsize=8192)
def _plain(character: str) -> bool:
    return not _code(character, 0)


def _marks(character: str, before: int) -> int:
    return 0 if (mark := _mark(character)) is None else before + mark


@lru_cache(maxsize=8192)
def _mark(character: str) -> int | None:
    """Return 1 for a mark above or below a letter, 0 for one beside it, None for all else."""
    category = unicodedata.category(character)
    return int(category != "Mc") if category.startswith("M") else None


def _code(text: str, index: int) -> str:
    character = text[index]
    if " " <= character <= "~":
        return ""
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return "text-control"
    if _BIDI.match(character):
        return "text-bidi"
    if category in {"Cn", "Co", "Cs"}:
        return "text-unassigned"
    if character in {_NON_JOINER, _JOINER, _EMOJI_STYLE}:
        return "" if _needed(text, index) else "text-invisible"
    return "text-invisible" if not category.startswith(_SHOWN) or _BLANK.match(character) else ""


def _needed(text: str, index: int) -> bool:
    """Tell whether the script needs a joiner or an emoji style here (after RFC 5892 appendix A, without its full table)."""
    before, after = text[index - 1 : index], text[index + 1 : index + 2]
    if not before:
        return False
    if text[index] == _EMOJI_STYLE:
        return unicodedata.category(before) == "So"
    if unicodedata.combining(before) == _VIRAMA:
        return True
    return all(unicodedata.name(neighbour or " ", "").startswith(_CURSIVE) for neighbour in (before, after))


def _refusal(code: str, character: str, index: int, path: str) -> BadInput:
    why, hint = _WHY[code]
    point = f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    return BadInput(code, f"{why}: {point}, character {index + 1}", path=path, hint=hint)
