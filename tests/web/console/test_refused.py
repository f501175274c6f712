"""What could not be taken in is raised by a form that holds what could be read of it."""

import json

import pytest

from gateway.journal.records import Quarantined
from gateway.source import Raw, Refusal
from gateway.web.console.guess import outline
from tests.web.console.desk import Desk, Visitor
from tests.web.town import START, incident, observation


async def refused(desk: Desk, kim: Visitor, body: bytes) -> str:
    """Send what is refused, and return the address of its page."""
    assert (await desk.town.ask("POST", "/v1/incidents/control-room", "control-room", body)).status == 422
    return (await kim.get("/console/refused")).links("/refused/")[-1]


async def test_a_form_holds_what_could_be_read(desk: Desk) -> None:
    odd = incident(severity="severe", urgency="soonish", facts={"depth": {"value": 4.2, "unit": "m"}})
    async with desk.visitor("kim") as kim:
        path = await refused(desk, kim, json.dumps([incident(), odd][1:]).encode())
        page = await kim.get(path)
        fields = dict(page.form("/raise"))
        assert (fields["hazard"], fields["severity"], fields["urgency"]) == ("flash-flood", "severe", "immediate")
        assert (fields["where"], fields["name.en"], fields["fact.depth"]) == ("geojson", "Hannae riverside", "4.2")
        assert json.loads(fields["geojson"])["type"] == "Polygon"
        raised = await kim.send(page, f"{path}/raise")
        assert raised.status == 200
        assert "Hannae riverside" in raised.said
        again = await kim.get(path)
        assert "Somebody has dealt with this" in again.said
        late = await kim.send(page, f"{path}/raise")
        assert late.status == 409
        assert len((await desk.town.ask("GET", "/v1/alerts", "kim")).json["alerts"]) == 1


async def test_bytes_that_say_nothing_are_asked_for_the_hazard_first(desk: Desk) -> None:
    async with desk.visitor("kim") as kim:
        path = await refused(desk, kim, b"\xff\xfe")
        page = await kim.get(path)
        assert "//4=" in page.said
        assert "fact.depth" not in dict(page.form("/raise"))
        page = await kim.get(f"{path}?hazard=flash-flood")
        assert "fact.depth" in dict(page.form("/raise"))
        wrong = await kim.send(page, f"{path}/raise", hours="never")
        assert wrong.status == 422
        assert dict(wrong.form("/raise"))["hours"] == "never"
        written = json.dumps(incident("operator", id="by-hand"))
        token = dict(wrong.form("/raise"))["token"]
        raised = await kim.post(f"{path}/raise", {"token": token, "incident": written})
        assert "Hannae riverside" in raised.said


async def test_a_replay_that_is_refused_again_says_so(desk: Desk) -> None:
    async with desk.visitor("kim") as kim:
        body = json.dumps(observation(5.1, resultQuality="?")).encode()
        assert (await desk.town.signed(body)).status == 422
        path = (await kim.get("/console")).links("/refused/")[0]
        page = await kim.send(await kim.get(path), f"{path}/replay")
        assert page.status == 409
        assert "refused again. Raise it by hand" in page.said


async def test_what_happened_and_how_grave_it_is_are_a_persons_choice(desk: Desk) -> None:
    async with desk.visitor("kim") as kim:
        asked = await kim.get("/console/new")
        assert dict(asked.form("/console/new"))["hazard"] == ""
        form = await kim.get("/console/new?hazard=flash-flood")
        assert dict(form.form("/console/new"))["severity"] == ""
        hasty = await kim.send(form, "/console/new", where="near", near="hannae", near_m="400")
        assert (hasty.status, "choose how severe it is" in hasty.said) == (422, True)


async def test_a_call_is_drafted_around_a_known_place(desk: Desk) -> None:
    async with desk.visitor("kim") as kim:
        page = await kim.get("/console/new?hazard=flash-flood")
        said = {"severity": "severe", "where": "near", "near": "hannae", "near_m": "400"}
        drafted = await kim.send(page, "/console/new", **said, fact__depth="1.5", unit__depth="m")
        assert "Hannae River" in drafted.said
        for wrong in ({"near": "atlantis"}, {"near_m": "x"}, {"near_m": "-1"}):
            refused_page = await kim.send(page, "/console/new", **(said | wrong))
            assert refused_page.status == 422


BLANK = [
    b"",
    b"[]",
    b"null",
    b'"x"',
    b"[1]",
    b"{}",
    b"\xff",
    b'{"areas": [1], "facts": 3, "hazard": ["x"], "severity": ["severe"]}',
]


@pytest.mark.parametrize("body", BLANK)
def test_nothing_is_read_where_nothing_is(body: bytes) -> None:
    raw = Raw(source="s", media_type="text/plain", body=body, received_at=START)
    item = Quarantined(id=1, receipt="r", index=0, refusal=Refusal(code="c", message="m"), raw=raw)
    assert outline(item).fields == ()
