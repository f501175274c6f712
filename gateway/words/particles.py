"""Korean particles, which follow the sound a word ends in."""

import re

PAIRS = ("은/는", "을/를", "이/가", "과/와", "으로/로")

_TAIL = re.compile(r"(\([^()]*\)|[^\w]|_)+$")
_METRES = re.compile(r"\d\s?[ckm]?m$")
_SYLLABLES = range(0xAC00, 0xD7A4)
_L = 8
_DIGITS_WITH_FINAL = "0136"
_DIGITS_WITH_L = "178"
_ENDS_LIKE_A_FINAL = re.compile(r"(?:[MNmn]|ng|ck|[^aeiou][aeiou][ptk])$")


def particle(word: str, pair: str) -> str:
    """Return the one of a pair (`은/는`: after a final consonant / after none) that fits the sound a word ends in.

    Digits and Latin letters are read the Korean way; after a sound that cannot be known both are written, as in 을(를).
    Raises KeyError for a pair that is none of PAIRS.
    """
    if pair not in PAIRS:
        raise KeyError(pair)
    after_final, after_none = pair.split("/")
    final = _final(_TAIL.sub("", word) or word)
    if final is None:
        return "(으)로" if pair == "으로/로" else f"{after_final}({after_none})"
    if final == "l" and pair == "으로/로":
        return after_none
    return after_final if final else after_none


def _final(word: str) -> str | None:
    """Return "l" or "other" for the final consonant a word is read with, "" for none, None when that cannot be known."""
    last = word[-1:]
    if last and ord(last) in _SYLLABLES:
        final = (ord(last) - _SYLLABLES.start) % 28
        return "l" if final == _L else "other" if final else ""
    if not last.isascii():
        return None
    if last.isdigit():
        return "l" if last in _DIGITS_WITH_L else "other" if last in _DIGITS_WITH_FINAL else ""
    if _METRES.search(word):
        return ""
    return _latin(word) if last.isalpha() else None


def _latin(word: str) -> str:
    if word[-1] == "l" or (word[-1] in "LR" and not word[-2:-1].islower()):
        return "l"
    return "other" if _ENDS_LIKE_A_FINAL.search(word) else ""
