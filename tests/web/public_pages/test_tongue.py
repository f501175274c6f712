"""The words of the public pages: complete in every language, and each reader gets the right one."""

import re
from pathlib import Path

import pytest

from gateway.web.public_pages import tongue
from gateway.words import catalogue
from gateway.words.catalogue import Review, source_hash
from tests.web.public_pages.samples import LANGUAGES

FOLDER = Path(__file__).parents[3] / "translations"
TEMPLATES = Path(tongue.__file__).parent / "templates"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there_unreviewed_with_its_slots(language: str) -> None:
    source = {one.id: one for one in catalogue.read((FOLDER / "en" / "public.po").read_bytes())}
    said = {one.id: one for one in catalogue.read((FOLDER / language / "public.po").read_bytes())}
    assert said.keys() == source.keys()
    for id, entry in said.items():
        assert entry.source == source[id].text
        assert (entry.review, entry.hash, entry.fuzzy) == (Review.UNREVIEWED, source_hash(entry.source), False)
        assert entry.text.strip() == entry.text != ""
        assert sorted(re.findall(r"{\w+}", entry.text)) == sorted(re.findall(r"{\w+}", entry.source))
        assert re.findall(r"\d+", entry.text) == re.findall(r"\d+", entry.source) or id == "data.note"
        assert language == "en" or entry.text != entry.source


def test_every_word_of_the_templates_is_written() -> None:
    used = {name for file in TEMPLATES.glob("*.html") for name in re.findall(r"say\[[\"']([\w.-]+)[\"']\]", file.read_text())}
    assert len(used) > 30
    assert used <= tongue.words("en").keys()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "ko"),
        ("th", "th"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW, en;q=0.5", "en"),
        ("zh-Hant", "ko"),
        ("en;q=0.2, vi;q=0.7", "vi"),
        ("en;q=0, ja", "ja"),
        ("fr, *", "ko"),
        (";;;q=,,en;q=x,ja;q=0.1", "ja"),
        ("," * 10_000 + "ja", "ko"),
        ("en-GB", "en"),
    ],
)
def test_who_asks_for_a_language_gets_it(accepted: str, language: str) -> None:
    assert tongue.chosen(accepted, LANGUAGES) == language
