"""The public pages over HTTP and in a real browser: conditional, in the reader's language, usable by everybody."""

import shutil
from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright

from gateway.publishing import Feeds
from gateway.web import Town as Deployment
from gateway.web import app, listen
from tests.web.town import Answer, Town


@pytest.fixture
async def place(town: Town) -> AsyncIterator[str]:
    """Serve the pages of the town, of which two alerts speak, and return where."""
    feeds = Feeds(town.journal, town.gateway.plan.feeds, "http://127.0.0.1", town.clock)
    names = {"ko": "한밭시", "en": "Hanbat"}
    of = Deployment(names=names, live=False, timezone="Asia/Seoul", languages=("ko", "en", "zh-Hans"), secure=False)
    listening = await listen(app(town.gateway, feeds, {}, town=of), "127.0.0.1", 0)
    town.url = f"http://127.0.0.1:{listening.port}"
    yield town.url
    await listening.stop()


async def get(town: Town, place: str, path: str, **headers: str) -> Answer:
    """Ask the pages rather than the API beside them."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with town.session.get(place + path, headers=sent) as answer:
        return Answer(answer.status, answer.headers.copy(), await answer.read())


async def test_a_page_is_served_with_what_caches_need_and_lets_nothing_foreign_in(town: Town, place: str) -> None:
    alert = await town.issue(await town.draft())
    answer = await get(town, place, f"/alerts/{alert['id']}", Accept_Language="en-GB")
    assert answer.status == 200
    assert answer.headers["Content-Language"] == "en"
    assert answer.headers["Content-Location"] == f"/alerts/{alert['id']}/en"
    assert answer.headers["Vary"] == "Accept-Language"
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    again = await get(town, place, f"/alerts/{alert['id']}/en", If_None_Match=answer.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert (await get(town, place, f"/alerts/{alert['id']}/en/")).body == answer.body
    assert (await get(town, place, f"/alerts/{alert['id']}?lang=en", Accept_Language="ko")).body == answer.body


@pytest.mark.parametrize(
    ("wish", "language"), [("", "ko"), ("zh-CN", "zh-Hans"), ("zh-TW,en;q=0.1", "en"), ("zh-Hant", "ko"), ("de", "ko")]
)
async def test_a_reader_is_answered_in_their_language(town: Town, place: str, wish: str, language: str) -> None:
    assert (await get(town, place, "/", Accept_Language=wish)).headers["Content-Language"] == language


@pytest.mark.parametrize("path", ["/alerts/none", "/alerts/none/en", "/stops/none", "/now/fr", "/now?lang=fr", "/lines/%00"])
async def test_what_is_not_there_is_said_in_words(town: Town, place: str, path: str) -> None:
    answer = await get(town, place, path, Accept_Language="en")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "There is no such page" in answer.body.decode()


async def test_while_nobody_knows_a_page_says_so_in_the_readers_language(town: Town, place: str) -> None:
    await town.journal.close()
    for path, wish, told in (("/", "en", "cannot be shown at the moment"), ("/stops/S01/ko", "en", "보여 드릴 수 없습니다")):
        answer = await get(town, place, path, Accept_Language=wish)
        assert (answer.status, answer.headers["Cache-Control"], answer.headers["Retry-After"]) == (503, "no-store", "5")
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert told in answer.body.decode()
    page = (await get(town, place, "/now/en")).body.decode()
    assert '<html lang="en"' in page
    assert "does not mean that there is no danger" in page


async def test_the_style_is_kept_for_ever(town: Town, place: str) -> None:
    answer = await get(town, place, "/static/public.css")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["Cache-Control"]


async def test_everybody_can_use_the_pages_and_they_ask_nobody_else(town: Town, place: str) -> None:
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed: apt install chromium")
    alert = await town.issue(await town.draft())
    said: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for language in ("ko", "en"):
            page = await browser.new_page(viewport={"width": 320, "height": 640}, java_script_enabled=True)
            page.on("console", lambda message: said.append(message.text))
            page.on("request", lambda request: said.append(request.url) if not request.url.startswith((place, "data:")) else None)
            for path in ("now", f"alerts/{alert['id']}", "past", "data", "network"):
                await page.goto(f"{place}/{path}/{language}")
                for way in ("rtl", "ltr"):
                    await page.evaluate("way => document.documentElement.dir = way", way)
                    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, way)
                assert said == []
                found = await Axe().run(page)
                assert [wrong["id"] for wrong in found.response["violations"]] == [], path
                said.clear()
        await browser.close()
