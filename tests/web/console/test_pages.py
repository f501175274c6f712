"""What every page keeps: its headers, its forms' tokens, its words for what is refused, and nothing of our insides."""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest
from aiohttp.test_utils import make_mocked_request
from msgspec.structs import replace

from gateway.alert import Act, Deed
from gateway.fault import Unavailable
from gateway.web.console import alert as alert_page
from gateway.web.console.pages import HERE, Pages
from tests.web.console.desk import EXERCISE, Desk, whole_desk

STATIC = HERE / "static"


async def test_every_page_lets_nothing_foreign_in(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("park") as park:
        for path in ("/console", "/console/new", "/console/incidents", "/console/refused", alert, "/console/nowhere"):
            page = await park.get(path)
            policy = page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert page.headers["X-Frame-Options"] == "DENY"
            assert page.headers["X-Content-Type-Options"] == "nosniff"
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["Referrer-Policy"] == "same-origin"
            assert "Access-Control-Allow-Origin" not in page.headers
            assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page.text), path
            for address in page.root.xpath("//@src | //link/@href"):
                assert address.startswith("/console/static/"), address


async def test_what_follows_events_begins_after_its_extension_has_come(desk: Desk) -> None:
    """A deferred htmx looks at the page as soon as it has run, whether or not the script after it is there."""
    async with desk.stranger() as nobody:
        scripts = (await nobody.get("/console/sign-in")).root.xpath("//script")
        assert [(script.get("src").split("?")[0].rpartition("/")[2], "defer" in script.attrib) for script in scripts] == [
            ("live.js", True),
            ("htmx.min.js", False),
            ("hx-sse.min.js", True),
        ]


async def test_nobody_sees_anything_without_signing_in(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.stranger() as nobody:
        for path in ("/console", "/console/new", "/console/incidents", "/console/refused", "/console/refused/1", alert):
            page = await nobody.get(path)
            assert page.root.xpath("//h1/text()") == ["Sign in"], path
            assert "hanbat-" not in page.text.lower().replace(alert, "")
        for path in ("/console/events", f"{alert}/deliveries", f"{alert}/cancel"):
            assert (await nobody.get(path)).root.xpath("//h1/text()") == ["Sign in"]


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/v1/alerts", "/console.evil", "javascript:x"])
async def test_signing_in_leads_nowhere_else(desk: Desk, onward: str) -> None:
    async with desk.stranger() as nobody:
        page = await nobody.get(f"/console/sign-in?next={onward}")
        assert dict(page.form("/console/sign-in"))["next"] == "/console"


async def test_a_form_of_another_session_changes_nothing_and_is_noted(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim, desk.visitor("park") as park:
        fields = (await park.get(alert)).form("/reject")
        page = await kim.post(f"{alert}/reject", [*fields, ("reason", "x")])
        assert page.status == 403
        assert "This form is from an earlier session" in page.said
        assert "Nothing was done" in page.said
        page = await kim.post(
            f"{alert}/reject", [*(await kim.get(alert)).form("/reject"), ("reason", "x")], Sec_Fetch_Site="cross-site"
        )
        assert page.status == 403
        assert "Reject" in (await kim.get(alert)).said
    noted = [json.loads(entry.body) for entry in await desk.town.journal.audit("people") if entry.act == "turned-away"]
    assert [one["code"] for one in noted] == ["form-stale", "foreign-page"]


@pytest.mark.parametrize(
    "path", ["/console/alerts/nowhere", "/console/refused/99", "/console/refused/x", "/console/incidents/a/b", "/console/x"]
)
async def test_what_does_not_exist_is_said_in_words(desk: Desk, path: str) -> None:
    async with desk.visitor("kim") as kim:
        page = await kim.get(path)
        assert page.status == 404
        assert "That was not done" in page.said
        assert "Traceback" not in page.text


async def test_who_may_only_look_is_told_whom_to_ask(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("guest") as guest:
        page = await guest.get(alert)
        assert page.status == 200
        assert not [form.action for form in page.root.forms if "sign-out" not in form.action]
        for path in ("/console/new", "/console/refused", f"{alert}/cancel"):
            page = await guest.get(path)
            assert page.status == 403
            assert "Ask a colleague who has it, or an admin" in page.said
        page = await guest.post(f"{alert}/submit", {"token": dict((await guest.get("/console")).form("sign-out"))["token"]})
        assert page.status == 403
    acts = [
        (entry.actor, json.loads(entry.body)["code"])
        for entry in await desk.town.journal.audit("people")
        if entry.act == "turned-away"
    ]
    assert acts == [("guest", "role-missing")] * 4


async def test_while_the_record_is_away_every_page_says_that_nothing_was_sent(desk: Desk) -> None:
    alert = await desk.drafted()

    async with desk.visitor("kim") as kim:
        form = (await kim.get(alert)).form("/submit")
        await desk.town.journal.close()
        for path in ("/console", alert, "/console/new", "/console/incidents"):
            page = await kim.get(path)
            assert (page.status, page.headers["Retry-After"]) == (503, "2")
            assert "NOT SENT" in page.said
        page = await kim.post(f"{alert}/submit", form)
        assert (page.status, "NOT SENT" in page.said) == (503, True)


@pytest.mark.parametrize(
    ("language", "told", "never"),
    [
        (
            "en",
            ("NOT KNOWN WHETHER SENT", "Nobody knows whether it was done"),
            ("NOT SENT", "Nothing was done", "was not done"),
        ),
        ("ko", ("발송 여부를 알 수 없음", "처리되었는지"), ("발송되지 않음", "아무것도 처리되지 않았습니다")),
    ],
)
async def test_where_the_records_answer_is_late_nobody_reads_that_nothing_was_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, language: str, told: Sequence[str], never: Sequence[str]
) -> None:
    async def late(*_: object, **__: object) -> None:
        raise Unavailable("store-answer-late", "nobody knows")

    alert = await desk.drafted()
    async with desk.visitor("kim") as kim:
        form = (await kim.get(alert)).form("/submit")
        monkeypatch.setattr(type(desk.town.journal), "submit", late)
        page = await kim.post(f"{alert}/submit", form, Accept_Language=language)
    assert page.status == 503
    for words in told:
        assert words in page.said
    for words in never:
        assert words not in page.said


async def test_a_fault_of_ours_shows_nothing_of_our_insides(tmp_path: Path) -> None:
    """Bytes that were damaged on the disk are a fault that nothing foresees."""
    async with whole_desk(tmp_path) as desk, desk.visitor("kim") as kim:
        alert = await desk.drafted()
        assert (await kim.get(alert)).status == 200
        disk = apsw.Connection(str(tmp_path / "journal.db"))
        disk.execute("UPDATE version SET body = 'a secret of ours'")
        disk.close()
        page = await kim.get(alert)
        assert page.status == 500
        assert not re.search(r"secret|Traceback|Error|msgspec|journal", page.text)
        assert "Something went wrong in the gateway" in page.said


async def test_what_broke_on_its_way_is_not_told_as_not_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    alert, real = await desk.drafted(), type(desk.town.journal).submit

    async def done_and_broken(*words: object, **more: object) -> None:
        await real(*words, **more)  # type: ignore[arg-type]  # passed on as it came
        raise RuntimeError("a fault of ours")

    async with desk.visitor("kim") as kim:
        form = (await kim.get(alert)).form("/submit")
        monkeypatch.setattr(type(desk.town.journal), "submit", done_and_broken)
        page = await kim.post(f"{alert}/submit", form)
        monkeypatch.undo()
        assert "submitted" in (await kim.get(alert)).said
    assert page.status == 500
    assert "Look whether that was done" in page.said
    assert "not done" not in page.said


async def test_texts_are_shown_as_texts(desk: Desk) -> None:
    soup = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
    alert = await desk.drafted(areas=[{"role": "danger", "name": {"ko": soup, "en": soup}, "zones": ["9920010100"]}])
    async with desk.visitor("kim") as kim:
        for path in (alert, "/console"):
            page = await kim.get(path)
            assert not page.root.xpath("//main//script | //main//img")
            assert soup.split('"', maxsplit=1)[0] in page.said


async def test_static_files_are_the_vendors_own_and_may_be_kept_for_ever(desk: Desk) -> None:
    ((vendor,),) = (json.loads((STATIC / "VENDOR.json").read_text()),)
    for name, sha256 in vendor["files"].items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == sha256
    vendored = set(vendor["files"]) | {"VENDOR.json"}
    assert {path.name for path in STATIC.iterdir()} - vendored == {"console.css", "live.js", "exercise.svg", "live.svg"}
    async with desk.stranger() as nobody:
        for address in (await nobody.get("/console/sign-in")).root.xpath("//script/@src | //link/@href"):
            page = await nobody.get(address)
            assert page.status == 200
            assert "immutable" in page.headers["Cache-Control"]
            assert page.headers["Content-Type"].split(";")[0] in ("text/css", "text/javascript", "image/svg+xml")
        assert (await nobody.get("/console/static/VENDOR.json")).status == 404
        assert (await nobody.get("/console/static/..%2fpages.py")).status == 404


def test_the_style_knows_no_left_and_no_right() -> None:
    style = (STATIC / "console.css").read_text()
    physical = (
        r"(?:^|[\s{;])(?:(?:margin|padding|border)-(?:left|right|top|bottom)|left|right|width|height)\s*:|:\s*(?:left|right)\b"
    )
    assert not re.findall(physical, style, re.MULTILINE)
    assert re.findall(physical, "a { margin-left: 1px } b { text-align: right }", re.MULTILINE)


@pytest.mark.parametrize(
    ("mode", "words", "colour"), [(False, "nothing from here reaches the public", "exercise"), (True, "LIVE: ", "live")]
)
def test_the_two_modes_differ_in_words_and_shape(mode: bool, words: str, colour: str) -> None:  # noqa: FBT001
    pages = Pages(replace(EXERCISE, live=mode), lambda: datetime(2026, 7, 14, tzinfo=UTC))
    page = pages.part(make_mocked_request("GET", "/console"), "enter.html", actor=None)
    assert words in page
    assert f'<body class="{colour}">' in page
    assert f"{colour}.svg" in page


def test_no_template_is_left_alone() -> None:
    folder = Path(HERE / "templates")
    named = "".join(path.read_text() for path in [*HERE.glob("*.py"), *folder.glob("*.html")])
    assert [path.name for path in folder.glob("*.html") if f'"{path.name}"' not in named] == []


async def test_what_is_long_is_read_on_a_page_of_its_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_page, "SHORT", 10)
    alert = await desk.drafted()
    async with desk.visitor("guest") as guest, desk.stranger() as stranger:
        links = (await guest.get(alert)).links("/bytes/")
        assert len(links) > 3
        pages = [await guest.get(link) for link in links]
        assert {page.headers["Content-Type"] for page in pages} == {"text/plain; charset=utf-8"}
        assert any("<alert xmlns" in page.text for page in pages)
        assert [(await guest.get(f"{alert}/bytes/{number}")).status for number in (0, 999)] == [404, 404]
        assert (await stranger.get(links[0])).root.xpath("//form[@action='/console/sign-in']")


async def test_a_language_that_is_written_from_the_right_stays_so(desk: Desk) -> None:
    alert = (await desk.drafted()).rpartition("/")[2]
    record = await desk.town.journal.alert(alert)
    version = record.versions[0].version
    arabic = replace(version.texts[0], language="ar", headline="[تمرين] غادروا ضفة النهر", description="Hannae 한내 (119)")
    act = Act(number=1, deed=Deed.EDITED, actor="kim", at=desk.town.clock())
    await desk.town.journal.edit(replace(version, texts=(*version.texts, arabic)), record.revision, act)
    async with desk.visitor("guest") as guest:
        page = await guest.get(f"/console/alerts/{alert}")
        (article,) = page.root.xpath("//article[@lang='ar']")
        assert article.get("dir") == "rtl"
        assert "[تمرين] غادروا ضفة النهر" in article.text_content()
        assert article.xpath(".//p[@lang='en']/@dir") == ["ltr", "ltr"]
        assert page.root.get("dir") == "ltr"
        assert set(page.root.xpath("//article[@lang='ko']/@dir")) == {"ltr"}
