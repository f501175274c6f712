import shutil
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest

from tests.cli.conftest import ROOT, Bongsu, change, lines

SHIPPED = ROOT / "translations"
LANGUAGES = {"ko", "en", "zh-Hans", "ja", "vi", "th"}


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder of Korean and English alone, for tests that check everything in it."""
    folder = tmp_path / "translations"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("zh-Hans", "ja", "vi", "th"))
    return folder


def test_every_language_is_counted_and_none_is_called_reviewed(bongsu: Bongsu) -> None:
    (told,) = lines(bongsu("words", "stats", "--json"))
    phrases = len(polib.pofile(str(SHIPPED / "en" / "messages.po")))
    assert told == {"languages": {tag: {"phrases": phrases, "translated": phrases, "reviewed": 0} for tag in LANGUAGES}}
    assert f"vi  {phrases}/{phrases} translated, 0 reviewed" in bongsu("words", "stats").stdout


def test_a_signed_phrase_is_counted(bongsu: Bongsu, two: Path) -> None:
    catalogue = polib.pofile(str(two / "ko" / "messages.po"), wrapwidth=0)
    catalogue[0].comment = catalogue[0].comment.replace("unreviewed", "reviewed") + " by: Kim Minji on: 2026-07-14"
    catalogue[1].msgstr = ""
    catalogue.save()
    (told,) = lines(bongsu("words", "stats", "--json", "--translations", two))
    assert (told["languages"]["ko"]["reviewed"], told["languages"]["ko"]["translated"]) == (1, len(catalogue) - 1)


def test_a_sound_folder_is_sound(bongsu: Bongsu, two: Path) -> None:
    told = bongsu("words", "check", "--json", "--translations", two)
    assert (lines(told), told.exit_code) == ([{"valid": True, "findings": []}], 0)


def test_a_changed_number_is_found_with_file_and_line(bongsu: Bongsu, two: Path) -> None:
    change(two / "ko" / "messages.po", "119 신고 전화가", "911 신고 전화가")
    told = bongsu("words", "check", "--json", "--translations", two)
    (answer,) = lines(told)
    (finding,) = answer["findings"]
    assert (told.exit_code, answer["valid"]) == (3, False)
    assert {"rule", "file", "line", "message"} <= finding.keys()
    assert (finding["rule"], finding["file"]) == ("words-numbers", "ko/messages.po")
    said = (two / "ko" / "messages.po").read_text(encoding="utf-8").splitlines()
    assert "emergency-call-outage.happens" in said[finding["line"] - 2]
    assert "words-numbers" in bongsu("words", "check", "--translations", two).stdout


class Page(HTMLParser):
    """Reads a page as a browser would, and remembers what it would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a browser would do."""
        self.tags.append(tag)
        self.fetched += [name for name, _ in attrs if name in {"src", "href", "action"} or name.startswith("on")]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what a reader sees."""
        self.text.append(data)


@pytest.mark.parametrize("language", ["vi", "th"])
def test_a_sheet_can_be_printed_read_and_signed_without_any_tool(bongsu: Bongsu, tmp_path: Path, language: str) -> None:
    out = tmp_path / "sheet.html"
    told = bongsu("words", "sheet", "--language", language, "--out", out, "--json")
    assert (lines(told), told.exit_code) == ([{"language": language, "file": str(out)}], 0)
    page = Page()
    page.feed(out.read_text(encoding="utf-8"))
    assert (page.open, page.fetched) == ([], [])
    assert not {"script", "img", "link", "iframe", "form"} & set(page.tags)
    text = set(page.text)
    for entry in polib.pofile(str(SHIPPED / language / "messages.po")):
        assert {entry.msgid, entry.msgstr} <= text, entry.msgctxt
    assert {"Signature", "Right", "Better"} <= text
    assert any(one.startswith("short ") and one.endswith("/100") for one in text)


def test_a_sheet_for_a_language_that_is_not_there_is_refused(bongsu: Bongsu, tmp_path: Path) -> None:
    told = bongsu("words", "sheet", "--language", "fr", "--out", tmp_path / "sheet.html")
    assert told.exit_code == 3
    assert "words-language" in told.stderr
    assert not (tmp_path / "sheet.html").exists()


def test_markup_in_a_phrase_stays_text(bongsu: Bongsu, two: Path, tmp_path: Path) -> None:
    change(two / "ko" / "messages.po", '"위치: {place}."', '"위치 <script>: {place}."')
    bongsu("words", "sheet", "--language", "ko", "--out", tmp_path / "sheet.html", "--translations", two)
    page = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert "위치 &lt;script&gt;: {place}." in page
    assert "<script" not in page
