"""Other agencies' alerts at the console: seen beside our own, in the reader's language, never taken for ours."""

import pytest
from msgspec.structs import replace

from gateway.journal.contract import Journal
from tests.foreign import ENGLISH, KOREAN, OET, after, document, info
from tests.web.console.desk import EXERCISE, Desk
from tests.web.console.desk import desk as desk_of
from tests.web.test_cap import brings
from tests.web.town import Town

UNVERIFIED = "Not verified: signature checking is not built."
FLOOD = "<eventCode><valueName>SAME</valueName><value>FFW</value></eventCode>"
RIVERSIDE = "<polygon>36.350,127.352 36.350,127.360 36.354,127.360 36.350,127.352</polygon>"


async def told(town: Town, body: bytes | None = None) -> str:
    """Return the address of the page of an alert that the weather service brought."""
    answer = await brings(town, body or document())
    assert answer.status == 202, answer.body
    return f"/console/agencies/{answer.json['items'][0]['cap']}"


async def test_an_alert_stands_beside_our_own_with_everything_that_matters(desk: Desk) -> None:
    page = await told(desk.town)
    async with desk.visitor("kim") as kim:
        situation = await kim.get("/console")
        [section] = situation.root.xpath("//section[h2[contains(., 'Other agencies')]]")
        said = " ".join(section.text_content().split())
    for words in (
        UNVERIFIED,
        "Heavy rain warning",
        "severe",
        "Heavy rain over Hanbat",
        "All of Hanbat",
        "Fictional Weather Service",
    ):
        assert words in said
    assert "until 21:00:00 (in 2 h 40 min)" in said
    assert section.xpath(".//li//a/@href") == [page]
    assert section.xpath("./h2/span")[0].text_content() == "1"


async def test_a_quiet_world_says_so(desk: Desk) -> None:
    async with desk.visitor("guest") as guest:
        assert "No other agency warns of anything." in (await guest.get("/console")).said
        assert "No other agency has said anything." in (await guest.get("/console/agencies")).said
        assert (await guest.get("/console/agencies/none")).status == 404


@pytest.mark.parametrize(
    ("tags", "headline", "other"),
    [("ko", KOREAN, ENGLISH), ("en-GB", ENGLISH, KOREAN), ("fr", ENGLISH, KOREAN)],
)
async def test_a_reader_reads_it_in_the_own_language(
    desk: Desk, tags: str, headline: dict[str, str], other: dict[str, str]
) -> None:
    page = await told(desk.town)
    async with desk.visitor("kim") as kim:
        situation = await kim.get("/console", Accept_Language=tags)
        assert headline["headline"] in situation.said
        assert other["headline"] not in situation.said
        whole = await kim.get(page, Accept_Language=tags)
    for words in (KOREAN, ENGLISH):
        assert words["headline"] in whole.said
        assert words["instruction"] in whole.said
    assert [one.get("lang") for one in whole.root.xpath("//article")] == ["ko-KR", "en"]


async def test_the_page_shows_where_and_leads_to_the_document(desk: Desk) -> None:
    body = document()
    page = await told(desk.town, body)
    async with desk.visitor("guest") as guest:
        shown = await guest.get(page)
        [link] = shown.links("/v1/cap/")
        assert (await guest.get(link)).text == body.decode()
    [title] = shown.root.xpath("//svg/title")
    assert title.text_content() == "Map of where it is about"
    assert shown.root.xpath("//svg/path[@fill='#b3001b']")
    assert UNVERIFIED in shown.said


@pytest.mark.parametrize(
    "area", ["", "<circle>10,10 5</circle>", "<polygon>0,0 0,1 1,1 0,0</polygon>", "<circle>95,500 5</circle>"]
)
async def test_what_lies_nowhere_near_is_said_to(desk: Desk, area: str) -> None:
    page = await told(desk.town, document(infos=info(ENGLISH, area=area)))
    async with desk.visitor("guest") as guest:
        assert "Nothing of it lies on the city's map." in (await guest.get(page)).said


@pytest.mark.parametrize(
    "area",
    [
        "<polygon>30,120 30,135 45,135 45,120 30,120</polygon>",
        "<polygon>36.3,127.3 36.4,127.5 36.4,127.3 36.3,127.5 36.3,127.3</polygon>",
        "<circle>36.35,127.38 500</circle>",
        "<geocode><valueName>행정구역코드</valueName><value>9920010100</value></geocode>",
    ],
)
async def test_areas_of_every_kind_are_drawn(desk: Desk, area: str) -> None:
    page = await told(desk.town, document(infos=info(ENGLISH, area=area)))
    async with desk.visitor("guest") as guest:
        assert (await guest.get(page)).root.xpath("//svg/path[@fill='#b3001b']")


async def test_what_is_real_stands_apart_in_an_exercise(desk: Desk) -> None:
    page = await told(desk.town, document(status="Actual", note=""))
    async with desk.visitor("guest") as guest:
        assert "REAL, no exercise" in (await guest.get("/console")).said
        assert "REAL, no exercise" in (await guest.get(page)).said


@pytest.mark.parametrize(
    ("head", "word"),
    [
        ({"status": "Test"}, "test, no alert"),
        ({"status": "System"}, "between machines, no alert"),
        ({"msgType": "Ack", "references": after("x"), "note": "200"}, "acknowledges a message"),
        ({"msgType": "Error", "references": after("x"), "note": "210"}, "rejects a message"),
        ({"msgType": "Cancel", "references": after("x")}, "takes an alert back"),
    ],
)
async def test_what_is_no_alert_is_only_in_the_list_of_everything(desk: Desk, head: dict[str, str], word: str) -> None:
    page = await told(desk.town, document(**head))
    async with desk.visitor("kim") as kim:
        assert "No other agency warns of anything." in (await kim.get("/console")).said
        assert word in (await kim.get("/console/agencies")).said
        shown = await kim.get(page)
    assert word in shown.said
    assert "Make an incident of it" not in shown.said


async def test_a_chain_is_told_on_every_page_of_it(desk: Desk) -> None:
    first = await told(desk.town, document("rain-1"))
    later = await told(
        desk.town, document("rain-2", msgType="Update", references=after("rain-1", "lost"), sent="2026-07-14T18:10:00+09:00")
    )
    async with desk.visitor("guest") as guest:
        assert "follows a message that never came here" in (await guest.get("/console")).said
        before, now = await guest.get(first), await guest.get(later)
    assert "superseded" in before.said
    assert before.links("/console/agencies/") == [later]
    assert now.links("/console/agencies/") == [first]
    assert "lost never came here" in now.said


async def test_findings_are_shown(desk: Desk) -> None:
    page = await told(desk.town, document(infos=info(ENGLISH, expires="")))
    async with desk.visitor("guest") as guest:
        assert "findings: 1" in (await guest.get("/console")).said
        shown = await guest.get(page)
    assert "it never expires T01 /alert/info" in shown.said
    assert "it does not say until when" in shown.said


async def test_what_is_not_for_everybody_is_hidden_from_who_only_looks(desk: Desk) -> None:
    page = await told(desk.town, document(scope="Restricted", restriction="officials"))
    async with desk.visitor("guest") as guest, desk.visitor("kim") as kim:
        assert "Heavy rain" not in (await guest.get("/console")).said
        assert "Heavy rain" not in (await guest.get("/console/agencies")).said
        assert (await guest.get(page)).status == 403
        assert "responders only officials" in (await kim.get(page)).said


async def test_hostile_words_are_words(desk: Desk) -> None:
    words = ENGLISH | {
        "headline": "&lt;script&gt;alert(1)&lt;/script&gt;",
        "senderName": "&lt;b&gt;",
        "areaDesc": '"&gt;&lt;i&gt;',
    }
    page = await told(desk.town, document(infos=info(words)))
    async with desk.visitor("guest") as guest:
        for path in ("/console", page):
            shown = await guest.get(path)
            assert "<script>alert(1)</script>" in shown.said
            assert not shown.root.xpath("//script[contains(., 'alert')] | //main//b | //main//i")


async def test_an_incident_is_made_of_it_by_a_persons_hand(desk: Desk) -> None:
    page = await told(desk.town, document(infos=info(ENGLISH, area=RIVERSIDE, codes=FLOOD)))
    async with desk.visitor("kim") as kim:
        [link] = (await kim.get(page)).links("/console/new?cap=")
        form = await kim.get(link)
        fields = dict(form.form("/console/new"))
        assert (fields["hazard"], fields["severity"], fields["urgency"], fields["certainty"], fields["hours"]) == (
            "flash-flood",
            "severe",
            "expected",
            "likely",
            "3",
        )
        assert (fields["where"], fields["name.en"]) == ("geojson", "All of Hanbat")
        drafted = await kim.send(form, "/console/new")
    assert drafted.status == 200
    assert "draft" in drafted.root.xpath("//h1")[0].text_content()


async def test_a_hazard_without_one_meaning_or_a_playbook_is_left_to_be_chosen(desk: Desk) -> None:
    page = await told(desk.town, document(infos=info(ENGLISH, codes=OET)))
    async with desk.visitor("kim") as kim:
        [link] = (await kim.get(page)).links("/console/new?cap=")
        asked = await kim.get(link)
        assert "What happened" in asked.said
        chosen = await kim.get(f"{link}&hazard=flash-flood")
    assert ("cap", link.partition("cap=")[2]) in asked.form("/console/new")
    fields = chosen.form("/console/new")
    assert ("where", "zones") in fields
    assert len([value for name, value in fields if name == "zone"]) > 5


async def test_who_only_looks_makes_nothing_of_it(desk: Desk) -> None:
    page = await told(desk.town)
    async with desk.visitor("guest") as guest:
        assert "Make an incident of it" not in (await guest.get(page)).said
        assert (await guest.get(f"/console/new?cap={page.rpartition('/')[2]}")).status == 403


async def test_an_exercise_of_others_stands_apart_in_a_live_city(journal: Journal) -> None:
    async with desk_of(journal, replace(EXERCISE, live=True)) as live:
        await told(live.town)
        async with live.visitor("guest") as guest:
            assert "exercise of that agency" in (await guest.get("/console")).said
