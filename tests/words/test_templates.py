from pathlib import Path

import pytest

from gateway.alert import Kind
from gateway.fault import BadInput, Faults
from gateway.incident import Status
from gateway.words import templates
from gateway.words.templates import FIELDS, Subject, Templates


@pytest.fixture(scope="module")
def plan(shipped: Path) -> Templates:
    return templates.load((shipped / "templates.toml").read_bytes())


def _subject(*responses: str, level: str = "", slots: frozenset[str] = frozenset()) -> Subject:
    return Subject(hazard="flood", level=level, responses=responses or ("Evacuate",), slots=slots)


def test_the_first_phrase_that_is_known_and_filled_is_told(plan: Templates) -> None:
    known = {"what", "what.here"}
    assert plan.phrases("what", _subject(slots=frozenset({"event", "place"})), known) == ("what.here",)
    assert plan.phrases("what", _subject(slots=frozenset({"event"})), known) == ("what",)
    with pytest.raises(BadInput) as caught:
        plan.phrases("what", _subject(), known)
    assert caught.value.code == "words-role"


def test_a_level_may_have_words_of_its_own(plan: Templates) -> None:
    known = {"flood.happens", "flood.happens.watch"}
    assert plan.phrases("hazard", _subject(level="watch"), known) == ("flood.happens.watch",)
    assert plan.phrases("hazard", _subject(level="warning"), known) == ("flood.happens",)


def test_every_response_is_told_and_the_chief_one_guides(plan: Templates) -> None:
    known = {"flood.Evacuate", "respond.Evacuate", "respond.Monitor"}
    subject = _subject("Evacuate", "Monitor", "Evacuate")
    assert plan.phrases("instructions", subject, known) == ("flood.Evacuate", "respond.Monitor")
    assert plan.phrases("guidance", subject, known) == ("flood.Evacuate",)


def test_some_roles_may_be_silent(plan: Templates) -> None:
    assert plan.phrases("more", _subject(), set()) == ()


def test_a_hazard_may_have_its_own_order(plan: Templates) -> None:
    assert "arrival" in plan.layout("tsunami", Kind.ALERT).description
    assert "arrival" not in plan.layout("river-flood", Kind.ALERT).description
    assert plan.layout("tsunami", Kind.ALERT).headline == plan.layout("river-flood", Kind.ALERT).headline


@pytest.mark.parametrize("form", [Kind.ALERT, Kind.UPDATE])
def test_guidance_comes_before_the_hazard_and_time_comes_last(plan: Templates, form: Kind) -> None:
    headline = plan.forms[form].headline
    assert headline[:2] == ("source", "guidance")
    assert headline[-1] == "until"


def test_every_form_has_every_field(plan: Templates) -> None:
    assert all(plan.forms[form].roles(field) for form in Kind for field in FIELDS)
    assert set(plan.marks) == set(plan.notes) == {Status.EXERCISE, Status.TEST}


def test_a_language_may_have_its_own_lengths(plan: Templates) -> None:
    assert plan.most("short", "ko") == 60
    assert plan.most("short", "en") == 100
    assert plan.most("headline", "ko") == 160


BROKEN = [
    ('more = ["{hazard}.advice", ""]\n', "", "no role is called 'more'"),
    ("[forms.cancel]", "[forms.recall]", "recall"),
    ('test = "mark.test"\n', "", "'test' has no mark"),
    ("headline = 160\n", "", "no 'headline'"),
    ('["{hazard}.advice", ""]', '["{hazzard}.advice"]', "{hazzard}"),
    ('where = ["where", ""]', 'where = ["where"', ""),
    ('until = "clock" }\n"until"', 'until = "o-clock" }\n"until"', "o-clock"),
    ("ladder = [", "leiter = [", "leiter"),
    ('[hazards.tsunami.alert]\ndescription = ["hazard"', '[hazards.tsunami.alert]\ndescription = ["danger"', "'danger'"),
]


@pytest.mark.parametrize(("old", "new", "message"), BROKEN)
def test_a_broken_template_is_refused_by_name(shipped: Path, old: str, new: str, message: str) -> None:
    document = (shipped / "templates.toml").read_text(encoding="utf-8")
    assert old in document
    with pytest.raises(Faults) as caught:
        templates.load(document.replace(old, new, 1).encode())
    assert any(finding.rule == "words-templates" and message in finding.message for finding in caught.value.findings)
