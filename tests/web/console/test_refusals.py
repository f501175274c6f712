"""Whatever is refused or found is told in Korean too: every code that the source can say, every remark that the record keeps."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import fault, shipped
from gateway.web.console.refusals import FAMILIES, REFUSALS, found, plain
from gateway.web.console.sent import REMARKS, remark
from gateway.web.console.tongue import tongues
from tests.web.console.desk import Desk
from tests.web.town import incident

GATEWAY = shipped.folder("gateway")
ROOMS = ("engine", "drafting", "policy", "words", "city", "doors", "channels", "formats", "journal", "web", "out", "delivery")
FILES = [file for room in ROOMS for file in sorted((GATEWAY / room).rglob("*.py"))]
FILES += [GATEWAY / name for name in ("access.py", "area.py", "hazard.py", "incident.py", "source.py", "alert.py", "channel.py")]
FILES += sorted(shipped.folder("adapters").glob("*/adapter.py"))
UNSEEN = re.compile(
    "city/(cells|collection|files|landmarks|segment|shelters|zones)|words/(catalogue|check|gates|sheet|templates)|journal/copy|"
    "journal/(audit|sql/steps)|(postgres|sqlite)/opening|postgres/nodes|formats/gtfs|doors/toml|delivery/courier|"
    "web/(auth|signature|body|intake|alerts|events|health|deliveries|quarantine|cap|taking)"
)
"""What is read before any console is opened, or speaks to machines alone."""
FAULTS = {name for name, kind in vars(fault).items() if isinstance(kind, type)} | {"Unauthorised", "_warning", "_refusal"}
CODE = re.compile(r"[a-zA-Z][\w]*(-[\w]+)*")
KOREAN = re.compile("[가-힣]")


def seen() -> list[Path]:
    """Return every file whose refusals a person can come upon at the console."""
    return [file for file in FILES if not UNSEEN.search(file.as_posix())]


def codes(file: Path) -> Iterator[str]:
    """Yield every code that a file refuses or remarks with, also one that stands in a constant of its own."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        if isinstance(call.func, ast.Name) and call.func.id in FAULTS:
            given = [word.value for word in call.keywords if word.arg == "rule"] or call.args[:1]
            for value in (named.get(one.id, one) if isinstance(one, ast.Name) else one for one in given):
                if isinstance(value, ast.Constant) and CODE.fullmatch(str(value.value)):
                    yield str(value.value)


def remarks(file: Path) -> Iterator[str]:
    """Yield every note of an outcome as it is written, with a sample where something is filled in."""
    for call in (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)):
        for value in (word.value for word in call.keywords if word.arg == "note"):
            if isinstance(value, ast.Constant):
                yield str(value.value)
            if isinstance(value, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "250" for part in value.values)


def test_every_code_that_a_person_can_meet_is_told_in_korean() -> None:
    every = {code: file for file in seen() for code in codes(file)}
    korean = tongues()["ko"].gettext
    assert len(every) > 130
    assert {"two-people", "newer-facts", "geometry-partly-outside", "counts-unreadable", "cap-headline"} <= every.keys()
    untold = [code for code in every if not KOREAN.search(korean(found(code)))]
    assert untold == []


def test_the_scan_sees_a_code_that_nobody_translated(tmp_path: Path) -> None:
    file = tmp_path / "new.py"
    file.write_text('RULE = "quite-new"\nraise Conflict(RULE, "x")\nraise BadInput("newer", "x")\nraise Missing(code, "x")\n')
    assert list(codes(file)) == ["quite-new", "newer"]
    assert [found(code) for code in codes(file)] == ["", ""]


def test_every_note_of_a_delivery_is_told_in_korean() -> None:
    courier = GATEWAY / "delivery" / "courier.py"
    written = {note for file in (*seen(), courier) for note in remarks(file)}
    korean = tongues()["ko"].gettext
    assert len(written) > 5
    assert {"HTTP 250", "SMTP 250"} <= written
    for note in written - {"HTTP 250", "SMTP 250", "rehearsal: nothing was sent", "250 before our bytes left"}:
        assert KOREAN.search(remark(note.replace("250 ", "no connection "), korean)), note


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("unit-unknown", "no unit is called 'furlong'", "furlong: 여기에 없는 단위입니다."),
        ("geometry-partly-outside", "12.5% of the area lies outside the city", "지역의 12.5 %가 시 밖에 있습니다."),
        ("words-left-out", "zh-Hans: no name", "zh-Hans: 이 언어의 문안을 만들 수 없어 뺐습니다."),
        ("gauge-unknown", "no gauge is called 'G-9'", "G-9: 알 수 없는 값입니다. 모르는 것은 짐작하지 않습니다."),
        ("gauge-unknown", "no gauge of that name", ""),
        ("quite-new", "nobody has seen this", ""),
    ],
)
def test_slots_are_filled_from_the_message(code: str, message: str, told: str) -> None:
    assert plain(code, message, tongues()["ko"].gettext) == told


def test_a_remark_inside_a_remark_is_told_too() -> None:
    korean = tongues()["ko"].gettext
    assert remark("not sent: its time is over", korean) == "보내지 않았습니다: 유효 시간이 지났습니다"
    assert remark("no connection before our bytes left", korean) == "보내기 전에 연결되지 않았습니다"
    assert remark("HTTP 503", korean) == "HTTP 503"
    assert [remark(words, gettext.gettext) for words in REMARKS] == list(REMARKS)


def test_no_family_hides_a_sentence_of_its_own() -> None:
    assert [code for code in REFUSALS if found(code) != REFUSALS[code]] == []
    assert not FAMILIES.keys() & REFUSALS.keys()


async def test_a_refused_message_and_a_finding_are_read_in_korean(desk: Desk) -> None:
    sent = incident(hazard="dragon")
    await desk.town.ask("POST", "/v1/incidents/control-room", "control-room", sent)
    alert = await desk.drafted()
    async with desk.visitor("park") as park:
        for place in ("/console", "/console/refused", "/console/refused/1"):
            told = await park.get(place, Accept_Language="ko")
            assert told.root.xpath("//*[@lang='en'][contains(., 'dragon')]"), place
            assert KOREAN.search(told.root.xpath("//*[@lang='en'][contains(., 'dragon')]/..")[0].text_content()), place
        page = await park.send(await park.get(alert), f"{alert}/edit", where="zones", zone="9920010100")
        assert "지명을 확인하십시오" in (await park.get(alert, Accept_Language="ko")).said
        assert "read the place names" in page.said
