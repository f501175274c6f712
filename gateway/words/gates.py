"""What must hold for every phrase before it may be told; the same gates stand at start-up and in the check of a catalogue."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping

import langcodes
from msgspec import Struct

from gateway.doors import text
from gateway.fault import Fault, Finding
from gateway.words import phrase
from gateway.words.catalogue import SOURCE, Entry, Review, source_hash
from gateway.words.particles import PAIRS

TOLD_ALL_THE_SAME = frozenset({"words-stale", "words-review"})

_SCRIPTS = {
    "Arab": ("ARABIC",),
    "Beng": ("BENGALI",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"),
    "Khmr": ("KHMER",),
    "Kore": ("HANGUL",),
    "Laoo": ("LAO",),
    "Latn": ("LATIN",),
    "Mymr": ("MYANMAR",),
    "Sinh": ("SINHALA",),
    "Thai": ("THAI",),
}
_ALIKE = ("LATIN", "CYRILLIC", "GREEK")


class Question(Struct, frozen=True):
    """An entry, the English text it must render now, and the language it does so in."""

    entry: Entry
    source: str
    language: str


def findings(entry: Entry, source: str, language: str, *, file: str = "") -> tuple[Finding, ...]:
    """Return what is wrong with one entry; `source` is the English text of its phrase as it is now."""
    question = Question(entry, source, language)
    if rule := next((rule for rule, holds in _BEFORE_ALL.items() if not holds(entry)), ""):
        return (_finding(rule, _WHY[rule], entry, file),)
    wrong = {rule: problem for rule, gate in _GATES.items() if (problem := gate(question))}
    return tuple(_finding(rule, problem, entry, file) for rule, problem in wrong.items())


def usable(entry: Entry, source: str, language: str) -> bool:
    """Tell whether a phrase may be told at all; whether it is reviewed is another question."""
    return all(finding.rule in TOLD_ALL_THE_SAME for finding in findings(entry, source, language))


def reviewed(entry: Entry, source: str) -> bool:
    """Tell whether a named person reviewed this text against the English as it is now."""
    return entry.review is Review.REVIEWED and entry.hash == source_hash(source) and entry.source == source


def _finding(rule: str, problem: str, entry: Entry, file: str) -> Finding:
    return Finding(rule=rule, message=f"{entry.id}: {problem}", file=file, line=entry.line)


def _placeholders(question: Question) -> str:
    want, have = Counter(phrase.slots(question.source)), Counter(phrase.slots(question.entry.text))
    return "" if want == have else f"has the slots {_listed(have)}, English has {_listed(want)}"


def _numbers(question: Question) -> str:
    want, have = (Counter(re.findall(r"\d+", phrase.plain(said))) for said in (question.source, question.entry.text))
    return "" if want == have else f"has the numbers {_listed(have)}, English has {_listed(want)}"


def _listed(found: Counter[str]) -> str:
    return ", ".join(sorted(found.elements())) or "none"


def _braces(question: Question) -> str:
    return "a brace belongs to no slot" if set("{}") & set(phrase.plain(question.entry.text)) else ""


def _text(question: Question) -> str:
    said = question.entry.text
    try:
        return "" if text.one_line(said, most=1000) == said else "is not in NFC"
    except Fault as fault:
        return fault.message


def _spaces(question: Question) -> str:
    said = question.entry.text
    return "" if said == " ".join(said.split()) else "has a space too many"


def _particles(question: Question) -> str:
    asked = set(phrase.particles(question.entry.text))
    if asked and not question.language.startswith("ko"):
        return "particles are Korean"
    return f"no such particles: {', '.join(sorted(asked - set(PAIRS)))}" if asked - set(PAIRS) else ""


def _script(question: Question) -> str:
    own = _SCRIPTS.get(langcodes.Language.get(question.language).maximize().script or "")
    said = phrase.plain(question.entry.text)
    if own and (strange := [letter for letter in said if letter.isalpha() and _script_of(letter) not in {*own, "LATIN"}]):
        return f"letters of another script: {' '.join(strange)}"
    mixed = [word for word in re.findall(r"\w+", said) if len({_script_of(letter) for letter in word} & set(_ALIKE)) > 1]
    return f"letters that look alike in one word: {', '.join(mixed)}" if mixed else ""


def _script_of(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]


def _english(question: Question) -> str:
    entry = question.entry
    return "English must say what msgid says" if question.language == SOURCE and entry.text != entry.source else ""


def _review(question: Question) -> str:
    if question.entry.review is None:
        return 'needs a comment "#. review: unreviewed source: HASH", or "... reviewed source: HASH by: NAME on: DATE"'
    return ""


def _stale(question: Question) -> str:
    entry = question.entry
    if entry.source == question.source and entry.hash in {"", source_hash(question.source)}:
        return ""
    return f"English has changed since; its hash is now {source_hash(question.source)}"


_BEFORE_ALL: Mapping[str, Callable[[Entry], bool]] = {
    "words-id": lambda entry: bool(entry.id),
    "words-plural": lambda entry: not entry.plural,
    "words-missing": lambda entry: bool(entry.text),
    "words-fuzzy": lambda entry: not entry.fuzzy,
}
_WHY = {
    "words-id": "msgctxt names no phrase",
    "words-plural": "phrases have no plural forms; say it without agreement, as in “People: {count}”",
    "words-missing": "is not translated",
    "words-fuzzy": "is fuzzy, so nobody has confirmed it",
}
_GATES: Mapping[str, Callable[[Question], str]] = {
    "words-placeholders": _placeholders,
    "words-numbers": _numbers,
    "words-braces": _braces,
    "words-text": _text,
    "words-spaces": _spaces,
    "words-particles": _particles,
    "words-script": _script,
    "words-english": _english,
    "words-review": _review,
    "words-stale": _stale,
}
