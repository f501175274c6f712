"""What an operator may change in a draft, and what is refused with its place."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.alert import Selector, Target
from gateway.engine import Changes
from gateway.fault import BadInput, Conflict
from gateway.journal.contract import Stale
from gateway.source import named, read_incident
from tests.engine.conftest import Opening, Planning
from tests.engine.hall import AREA, DAWN, ELSEWHERE, GUEST, KIM, PARK, RIVERSIDE, Hall, area, report, version

PARIS = [[[2.35, 48.85], [2.36, 48.85], [2.36, 48.86], [2.35, 48.85]]]
BOW_TIE = [[[127.352, 36.35], [127.36, 36.354], [127.36, 36.35], [127.352, 36.354], [127.352, 36.35]]]


def areas(*documents: Mapping[str, object]) -> Changes:
    """Return an edit of the areas."""
    return Changes(areas=tuple(named(one, "") for one in read_incident(report(areas=list(documents))).areas))


def words(**english: str) -> Changes:
    """Return an edit of the English wording."""
    return Changes(texts={"en": english})


REFUSED: Mapping[str, tuple[Changes, str, str]] = {
    "outside": (areas(area(PARIS)), "geometry-outside", "/areas/0/geometry"),
    "second area outside": (areas(AREA, area(PARIS)), "geometry-outside", "/areas/1/geometry"),
    "crosses itself": (areas(area(BOW_TIE)), "geometry-invalid", "/areas/0/geometry"),
    "unknown zone": (areas({"role": "danger", "zones": ["nowhere"]}), "zone-unknown", "/areas/0/zones/0"),
    "over already": (Changes(expires=DAWN), "expires-past", "/expires"),
    "over before it begins": (Changes(expires=DAWN + timedelta(hours=2)), "expires-onset", "/expires"),
    "for ever": (Changes(expires=datetime.max.replace(tzinfo=UTC)), "expires-absurd", "/expires"),
    "unknown channel": (Changes(targets=("smoke/north",)), "target-unknown", "/targets"),
    "unknown peer": (Changes(targets=("cap/broadcaster", "cap/north")), "target-unknown", "/targets"),
    "a channel is no target": (Changes(targets=("cap",)), "target-unknown", "/targets"),
    "default language": (Changes(left_out=("en", "ko")), "language-default", "/left_out"),
    "a language that is not there": (Changes(left_out=("en", "fr")), "language-unknown", "/left_out/1"),
    "words in another language": (Changes(texts={"fr": {"headline": "Feu"}}), "language-unknown", "/texts/fr"),
    "words of a language left out": (
        Changes(texts={"en": {"headline": "Fire"}}, left_out=("en",)),
        "language-unknown",
        "/texts/en",
    ),
    "headline too long for CAP": (words(headline="x" * 150), "text-too-long", "/texts/en/headline"),
    "blank": (words(headline="  \n "), "text-blank", "/texts/en/headline"),
    "nothing but the mark": (words(short="[EXERCISE] "), "text-blank", "/texts/en/short"),
    "two lines on a sign": (words(short="Leave\nnow"), "text-control", "/texts/en/short"),
    "reordering": (words(description="Go \u202eleft"), "text-bidi", "/texts/en/description"),
    "a bell": (words(instruction="Run\x07"), "text-control", "/texts/en/instruction"),
    "half a character": (words(headline="\ud83d"), "text-unassigned", "/texts/en/headline"),
    "no such field": (words(audience="all"), "field-unknown", "/texts/en/audience"),
    "not the language": (words(language="de"), "field-unknown", "/texts/en/language"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_is_refused_with_its_place_and_changes_nothing(hall: Hall, name: str) -> None:
    changes, code, path = REFUSED[name]
    onset = "2026-07-14T21:00:00+09:00" if code == "expires-onset" else "2026-07-14T18:19:00+09:00"
    record = await hall.drafted(onset=onset)
    with pytest.raises(BadInput) as refused:
        await hall.gateway.edit(record.id, record.revision, changes, KIM)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert refused.value.hint or code.startswith("language-unknown")
    assert await hall.journal.alert(record.id) == record


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Leave the riverside now", "[EXERCISE] Leave the riverside now"),
        ("[EXERCISE] Leave the riverside now", "[EXERCISE] Leave the riverside now"),
        ("  [EXERCISE]Leave the riverside now ", "[EXERCISE] Leave the riverside now"),
        ("<b>&amp; 'quotes' \"\\</b>", "[EXERCISE] <b>&amp; 'quotes' \"\\</b>"),
    ],
)
async def test_a_drill_goes_on_saying_that_it_is_one(hall: Hall, said: str, told: str) -> None:
    record = await hall.drafted()
    record = await hall.gateway.edit(record.id, record.revision, words(headline=said, description=said), KIM)
    text = version(record).text("en")
    assert (text.headline, text.description, text.reviewed) == (told, told, False)
    assert version(record).text("ko").headline.startswith("[훈련]")
    await hall.issued(record)
    await hall.delivers()
    assert [info.headline for info in hall.far.cap()[0].infos if info.language == "en"] == [told]
    assert hall.far.app()[0].texts["en"].headline == told


async def test_other_areas_bring_their_stops_and_keep_what_an_operator_closed(hall: Hall) -> None:
    record = await hall.drafted(transit=[{"stop": "H05E", "closed": True}], areas=[area(ELSEWHERE)])
    assert version(record).transit is not None
    moved = version(await hall.gateway.edit(record.id, record.revision, areas(AREA), KIM))
    assert moved.transit is not None
    assert Selector(stop="H05E") in moved.transit.selectors
    assert moved.transit.closed == (Selector(stop="H05E"),)
    assert [place.polygons[0].coordinates for place in moved.places] == [
        tuple(tuple(tuple(position) for position in ring) for ring in RIVERSIDE)
    ]
    assert [found.rule for found in moved.findings if found.path == ""] == ["area-edited"]


async def test_a_warning_about_a_language_outlives_another_area(planning: Planning, opening: Opening) -> None:
    polyglot = await opening(planning(_with_a_language_nobody_translated))
    record = await polyglot.drafted()
    assert "words-left-out" in [found.rule for found in version(record).findings]
    edited = await polyglot.gateway.edit(record.id, record.revision, areas(area(ELSEWHERE)), KIM)
    assert "words-left-out" in [found.rule for found in version(edited).findings]
    twice = await polyglot.gateway.edit(record.id, edited.revision, areas(AREA), KIM)
    assert [found.rule for found in version(twice).findings].count("area-edited") == 1


async def test_a_target_named_twice_is_told_once(hall: Hall) -> None:
    record = await hall.drafted()
    record = await hall.gateway.edit(record.id, record.revision, Changes(targets=("cap/broadcaster",) * 2), KIM)
    assert version(record).targets == (Target("cap", "broadcaster"),)
    await hall.issued(record)
    await hall.delivers()
    assert len(hall.far.cap()) == 1


async def test_a_language_may_be_left_out_knowingly(hall: Hall) -> None:
    others = ("zh-Hans", "ja", "vi", "th")
    record = await hall.drafted()
    record = await hall.gateway.edit(record.id, record.revision, Changes(left_out=("en",)), KIM)
    assert ([text.language for text in version(record).texts], version(record).left_out) == (["ko", *others], ("en",))
    await hall.issued(record)
    cancelled = version(await hall.gateway.cancel(record.id, "false alarm", KIM))
    assert [text.language for text in cancelled.texts] == ["ko", *others], "who was not told needs no cancel"


async def test_an_alert_to_nobody_is_refused_at_submit(hall: Hall) -> None:
    record = await hall.drafted()
    record = await hall.gateway.edit(record.id, record.revision, Changes(targets=()), KIM)
    with pytest.raises(Conflict) as refused:
        await hall.gateway.submit(record.id, record.revision, KIM)
    assert (refused.value.code, refused.value.path) == ("targets-missing", "/targets")


async def test_two_editors_do_not_overwrite_each_other(hall: Hall) -> None:
    record = await hall.drafted()
    await hall.gateway.edit(record.id, record.revision, words(short="Leave now"), KIM)
    with pytest.raises(Stale):
        await hall.gateway.edit(record.id, record.revision, words(short="Stay inside"), PARK)
    assert version(await hall.journal.alert(record.id)).text("en").short == "[EXERCISE] Leave now"


async def test_what_was_submitted_cannot_change(hall: Hall) -> None:
    record = await hall.submitted(await hall.drafted())
    with pytest.raises(Conflict) as refused:
        await hall.gateway.edit(record.id, record.revision, words(short="Leave now"), KIM)
    assert refused.value.code == "frozen"


async def test_a_guest_changes_nothing(hall: Hall) -> None:
    record = await hall.drafted()
    with pytest.raises(Exception, match="guest is not operator"):
        await hall.gateway.edit(record.id, record.revision, words(short="Leave now"), GUEST)


async def test_the_area_of_a_draft_whose_playbook_is_gone_is_not_guessed(
    hall: Hall, planning: Planning, opening: Opening
) -> None:
    record = await hall.drafted()
    poorer = await opening(planning(lambda folder: (folder / "playbooks" / "structure-fire.toml").unlink()))
    with pytest.raises(Conflict) as refused:
        await poorer.gateway.edit(record.id, record.revision, areas(area(ELSEWHERE)), KIM)
    assert refused.value.code == "playbook-gone"


def _with_a_language_nobody_translated(folder: Path) -> None:
    file = folder / "city.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('languages = ["ko", "en", ', 'languages = ["ko", "en", "fr", '), encoding="utf-8")
