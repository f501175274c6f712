"""The gates on what ships, and on broken copies of it, each of which must turn them red."""

import shutil
from pathlib import Path

import pytest

from gateway.words.check import check, stats


def test_what_ships_passes_every_gate(shipped: Path) -> None:
    assert check(shipped) == ()


def test_what_ships_is_translated_and_says_that_nobody_has_reviewed_it(shipped: Path) -> None:
    counted = stats(shipped)
    assert set(counted) >= {"ko", "en"}
    phrases = counted["en"]["phrases"]
    assert phrases > 200
    assert counted["ko"] == counted["en"] == {"phrases": phrases, "translated": phrases, "reviewed": 0}


KO, EN, PLAN = "ko/messages.po", "en/messages.po", "templates.toml"
BROKEN = [
    ("a renamed slot", KO, '"위치: {place}."', '"위치: {ort}."', "words-placeholders"),
    ("a dropped slot", KO, '"위치: {place}."', '"위치."', "words-placeholders"),
    ("an untranslated phrase", KO, '"위치: {place}."', '""', "words-missing"),
    ("another number", KO, "119 신고 전화가", "911 신고 전화가", "words-numbers"),
    ("a fuzzy entry", KO, 'msgctxt "where"', '#, fuzzy\nmsgctxt "where"', "words-fuzzy"),
    ("an unclosed brace", KO, '"위치: {place}."', '"위치: {place}. {"', "words-braces"),
    ("an override mark", KO, "위치:", "위\u202e치:", "words-text"),
    ("decomposed Hangul", KO, "위치:", "\u110b\u1171치:", "words-text"),
    ("two spaces", KO, "위치: {", "위치:  {", "words-spaces"),
    ("an odd particle", KO, "|으로/로}", "|로/으로}", "words-particles"),
    ("a look-alike letter", KO, "위치:", "위치\u0430:", "words-script"),
    ("a stale hash", KO, "source: ", "source: 000000000000", "words-review"),
    ("no review comment", KO, "#. review: unreviewed", "#. seen", "words-review"),
    ("newer English", EN, "Place: {place}.", "The place: {place}.", "words-stale"),
    ("English against itself", EN, 'msgstr "Place: {place}."', 'msgstr "Site: {place}."', "words-english"),
    ("an unknown phrase", KO, 'msgctxt "where"', 'msgctxt "whither"', "words-id"),
    ("a lost phrase", KO, 'msgctxt "where"', 'msgctxt "whither"', "words-missing"),
    ("a phrase twice", KO, 'msgctxt "where"', 'msgctxt "until"', "words-duplicate"),
    ("an unclosed string", KO, '"위치: {place}."', '"위치: {place}.', "words-file"),
    ("an unknown role", PLAN, '"where", "magnitude"', '"wo", "magnitude"', "words-templates"),
    ("a form without its variant", PLAN, "[forms.cancel]", "[forms.recall]", "words-templates"),
    ("an undeclared slot", PLAN, '"where" = { place = "place" }\n', "", "words-slots"),
    ("a slot of another type", PLAN, 'count = "count"', 'count = "depth"', "words-slots"),
    ("a slot nobody uses", PLAN, '"source" = { ', '"source" = { place = "place", ', "words-slots"),
    ("no room for the mark", PLAN, "event = 35", "event = 12", "words-forms"),
    ("a headline that never fits", PLAN, "headline = 160", "headline = 20", "words-forms"),
    ("a broadcast that never fits", PLAN, "most = { any = 90 }", "most = { any = 40 }", "words-forms"),
    ("a sign that never fits", PLAN, "most = { any = 32 }", "most = { any = 16 }", "words-forms"),
    ("a class without a length", PLAN, "most = { any = 157 }", "most = { ko = 157 }", "words-templates"),
    ("a class that says nothing", PLAN, 'lines = ["body"]', 'lines = ["corpus"]', "words-templates"),
    ("a line without a form", PLAN, 'end = [["order-end"]]\n', "", "words-templates"),
    ("a role without words", PLAN, 'sorry = ["cancel.sorry"]', 'sorry = ["cancel.regret"]', "words-forms"),
]


@pytest.mark.parametrize(("file", "old", "new", "rule"), [pytest.param(*row[1:], id=row[0]) for row in BROKEN])
def test_a_broken_copy_is_caught(copy: Path, file: str, old: str, new: str, rule: str) -> None:
    for other in ("zh-Hans", "ja", "vi", "th"):
        shutil.rmtree(copy / other)
    path = copy / file
    document = path.read_text(encoding="utf-8")
    assert old in document
    path.write_text(document.replace(old, new), encoding="utf-8")
    assert rule in {finding.rule for finding in check(copy)}


def test_a_finding_names_file_and_line(copy: Path) -> None:
    path = copy / KO
    path.write_text(path.read_text(encoding="utf-8").replace('"위치: {place}."', '"위치."'), encoding="utf-8")
    (finding,) = check(copy)
    assert finding.file == KO
    assert path.read_text(encoding="utf-8").split("\n")[finding.line - 1] == 'msgid "Place: {place}."'


@pytest.mark.parametrize("tag", ["korean", "zh-hans", "xx-"])
def test_a_folder_that_is_no_language_is_caught(copy: Path, tag: str) -> None:
    shutil.copytree(copy / "ko", copy / tag)
    assert {finding.rule for finding in check(copy)} == {"words-language"}


def test_without_english_or_templates_there_is_nothing_to_check(copy: Path) -> None:
    shutil.rmtree(copy / "en")
    assert "words-file" in {finding.rule for finding in check(copy)}
    (copy / PLAN).unlink()
    assert [finding.rule for finding in check(copy)] == ["words-templates"]
