"""The console in its readers' languages: every word is in every catalogue, none is left over, placeholders are the same."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from gateway import shipped
from gateway.access import Role
from gateway.alert import Deed, Kind, Stage
from gateway.channel import Part, Verdict
from gateway.hazard import hazards
from gateway.incident import Certainty, EndReason, Quality, Scope, Severity, Urgency
from gateway.journal.records import DeliveryState
from gateway.web.console.forms import FIELDS
from gateway.web.console.pages import HERE
from gateway.web.console.said import WORDS
from gateway.words.slots import UNITS
from tests.web.console.desk import Desk

CATALOGUES = sorted(shipped.folder("translations").glob("*/console.po"))
TEMPLATES = {"trim_blocks": "true", "silent": "false"}


def spoken() -> Iterator[str]:
    """Yield every text that templates and tables mark for translation."""
    for template in HERE.glob("templates/*.html"):
        yield from (str(found[1]) for found in extract_from_file("jinja2.ext:babel_extract", template, options=TEMPLATES))
    for module in HERE.glob("*.py"):
        yield from (str(found[1]) for found in extract_from_file("python", module))


def catalogue(path: Path) -> Catalog:
    """Read a catalogue with an outside reader."""
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def wrong(read: Catalog, said: set[str]) -> list[str]:
    """Return what is missing, left over, blank, or has other placeholders."""
    known = {str(entry.id): str(entry.string) for entry in read if entry.id}
    other = [id for id, text in known.items() if sorted(re.findall(r"{\w*}", id)) != sorted(re.findall(r"{\w*}", text))]
    return sorted((said - known.keys()) | (known.keys() - said)) + other + [id for id, text in known.items() if not text.strip()]


def test_korean_is_among_the_catalogues() -> None:
    assert [path.parent.name for path in CATALOGUES] == ["ko"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_a_catalogue_is_whole(path: Path) -> None:
    said = set(spoken())
    assert len(said) > 300
    assert wrong(catalogue(path), said) == []
    assert "nreviewed" in path.read_text().splitlines()[0]


def test_the_gate_shuts() -> None:
    read = Catalog(locale="ko")
    read.add("in {time}", "{때} 후")
    read.add("gone", "없음")
    read.add("blank", "")
    assert wrong(read, {"in {time}", "missing", "blank"}) == ["gone", "missing", "in {time}", "blank"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("stage", Stage),
        ("kind", Kind),
        ("deed", Deed),
        ("state", DeliveryState),
        ("verdict", Verdict),
        ("severity", Severity),
        ("urgency", Urgency),
        ("certainty", Certainty),
        ("scope", Scope),
        ("part", Part),
        ("ending", EndReason),
        ("quality", Quality),
        ("role", Role),
    ],
)
def test_there_are_words_for_everything_the_record_knows(kind: str, values: type[StrEnum]) -> None:
    assert set(WORDS[kind]) == {one.value for one in values}


def test_there_are_words_for_hazards_facts_and_fields() -> None:
    assert set(WORDS["hazard"]) == set(hazards())
    assert {name for one in hazards().values() for name in one.facts} <= set(WORDS["fact"])
    assert set(FIELDS) <= set(WORDS["field"])
    assert {unit for units in UNITS.values() for unit in units} == set(WORDS["unit"])


def test_templates_say_nothing_untranslated() -> None:
    """Letters between tags stand in an expression, so in a catalogue; what machines read alone does not count."""
    for template in HERE.glob("templates/*.html"):
        bare = re.sub(r"{%.*?%}|{{.*?}}", " ", template.read_text(), flags=re.DOTALL)
        words = re.sub(r"<code>.*?</code>|<[^>]*>", " ", bare, flags=re.DOTALL)
        assert not re.findall(r"[A-Za-z]{3,}", words), template.name


async def test_a_reader_of_korean_reads_korean(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("park") as park:
        for tags in ("ko-KR,ko;q=0.9,en;q=0.8", "ko"):
            page = await park.get("/console", Accept_Language=tags)
            assert page.root.get("lang") == "ko"
            assert "승인 대기" in page.said
            assert "Waits" not in page.said
        page = await park.get(alert, Accept_Language="ko")
        assert "초안 저장" in page.said
        assert "3시간 0분 후" in page.said
        refused = await park.get("/console/refused/1", Accept_Language="ko")
        assert "아무것도 처리되지 않았습니다" in refused.said
        assert (await park.get("/console", Accept_Language="tlh, xx;q=0.5")).root.get("lang") == "en"
