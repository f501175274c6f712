"""The shipped files as polib reads them, against what we read; and files that gettext's readers get wrong."""

import hashlib
from pathlib import Path

import polib
import pytest

from gateway.fault import Faults
from gateway.words import catalogue
from gateway.words.catalogue import Review

HEAD = 'msgid ""\nmsgstr ""\n"Language: ko\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
ENTRY = 'msgctxt "a"\nmsgid "Go {x}."\nmsgstr "가 {x}."\n'


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_outside_reader_sees_the_same_entries(shipped: Path, language: str) -> None:
    path = shipped / language / "messages.po"
    outside = polib.pofile(str(path))
    inside = catalogue.read(path.read_bytes())
    assert [(entry.msgctxt, entry.msgid, entry.msgstr) for entry in outside] == [(e.id, e.source, e.text) for e in inside]
    assert outside.percent_translated() == 100
    for theirs, ours in zip(outside, inside, strict=True):
        assert theirs.comment == f"review: unreviewed source: {hashlib.sha256(theirs.msgid.encode()).hexdigest()[:12]}"
        assert ours.review is Review.UNREVIEWED
        assert ours.hash == catalogue.source_hash(ours.source)


@pytest.mark.parametrize(
    ("comment", "review"),
    [
        ("review: unreviewed source: 0123456789ab", Review.UNREVIEWED),
        ("review: machine source: 0123456789ab", Review.MACHINE),
        ("review: reviewed source: 0123456789ab by: Kim Minji on: 2026-07-14", Review.REVIEWED),
        ("review: reviewed source: 0123456789ab", None),
        ("review: approved source: 0123456789ab", None),
        ("review: unreviewed source: 0123", None),
        ("looks fine to me", None),
    ],
)
def test_only_a_named_person_can_have_reviewed(comment: str, review: Review | None) -> None:
    (entry,) = catalogue.read(f"{HEAD}#. {comment}\n{ENTRY}".encode())
    assert entry.review is review


def test_flags_plurals_and_obsolete_entries_are_told_apart() -> None:
    plural = 'msgctxt "b"\nmsgid "dog"\nmsgid_plural "dogs"\nmsgstr[0] "개"\n'
    obsolete = '#~ msgctxt "c"\n#~ msgid "cat"\n#~ msgstr "고양이"\n'
    fuzzy, several = catalogue.read(f"{HEAD}#, fuzzy\n{ENTRY}\n{plural}\n{obsolete}".encode())
    assert (fuzzy.id, fuzzy.fuzzy, fuzzy.plural, fuzzy.line) == ("a", True, False, 8)
    assert (several.id, several.fuzzy, several.plural) == ("b", False, True)


MISREAD = [
    ("unterminated string", ENTRY + '\nmsgctxt "b"\nmsgid "lost letter\nmsgstr "x"\n', "words-file", 11),
    ("no gettext at all", "{}", "words-file", 6),
    ("a phrase twice", ENTRY + "\n" + ENTRY, "words-duplicate", 10),
    ("msgstr missing", 'msgctxt "a"\nmsgid "Go."\n\nmsgctxt "b"\nmsgid "Go."\nmsgstr "x"\n', "words-file", 0),
]


@pytest.mark.parametrize(("text", "rule", "line"), [pytest.param(*row[1:], id=row[0]) for row in MISREAD])
def test_what_a_reader_would_get_wrong_is_refused_with_its_line(text: str, rule: str, line: int) -> None:
    with pytest.raises(Faults) as caught:
        catalogue.read((HEAD + text).encode(), "ko/messages.po")
    finding = caught.value.findings[0]
    assert (finding.rule, finding.file, finding.line) == (rule, "ko/messages.po", line)


def test_another_encoding_is_refused() -> None:
    with pytest.raises(Faults) as caught:
        catalogue.read((HEAD + ENTRY).encode("euc-kr"))
    assert caught.value.findings[0].rule == "words-file"
