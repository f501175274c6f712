"""The guided card in a real browser: every step comes when people act, and what it shows is what arrived."""

import shutil
from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright

from gateway.demo.flood import FIRST
from gateway.demo.guide import Guide, touring
from gateway.demo.people import Person

ALERT = f"/v1/alerts/{FIRST}"
LANGUAGES = ["ko", "en", "zh-Hans", "ja", "vi", "th"]
PATIENCE_MS = 60_000
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture
async def guide() -> AsyncIterator[Guide]:
    """A city whose river rises at once."""
    async with touring(speed=60, seed=1, calm_s=0.5, seen_s=1.0) as running:
        yield running


@pytest.fixture
async def page(guide: Guide) -> AsyncIterator[Page]:
    """The card, as narrow as a small phone."""
    if not (chromium := shutil.which("chromium")):
        pytest.skip("chromium is not installed: apt install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 320, "height": 700})
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(guide.url)
        yield page
        await browser.close()


async def test_a_newcomer_is_led_from_the_rise_to_the_all_clear(guide: Guide, page: Page) -> None:
    kim, lee = guide.live.stage.kim, guide.live.stage.lee
    told = [name for name in guide.live.stage.receivers if name != "duty"]

    await _step(page, 1)
    await _keeps_the_rules(page)
    assert await _languages(page, ".proposed .phone") == LANGUAGES
    assert not [name for name in told if guide.live.stage.receivers[name].arrivals], "nothing goes out by itself"
    async with page.expect_popup() as opening:
        await page.click("a.button")
    console = await opening.value
    await console.click("form button")
    await console.wait_for_url("**/console")
    await _submits(kim)
    await _step(page, 2)
    await _approves(lee)
    await page.wait_for_selector(".nonsense")
    assert "no unit is called 'furlong'" in await page.inner_text(".nonsense")
    assert await _languages(page, ".phone") == LANGUAGES
    assert "높은 곳으로 대피" in await page.inner_text(".sign")
    await page.wait_for_function("document.querySelector('.map').naturalWidth > 0")
    assert "4.4m" in await page.inner_text(".broadcast")
    await _keeps_the_rules(page)
    await _step(page, 4)
    await _submits(kim)
    await _step(page, 5)
    await _approves(lee)
    await _step(page, 6)
    await page.wait_for_selector(".sign .dark")
    await _keeps_the_rules(page)
    assert await page.evaluate("document.documentElement.scrollWidth") == 320


async def test_nobody_who_guesses_is_let_in(guide: Guide, page: Page) -> None:
    root = guide.url.rstrip("/").rpartition("/")[0]

    for wrong in ("/", "/as/kim", "/guess/as/kim"):
        answer = await page.goto(root + wrong)
        assert answer is not None
        assert answer.status == 404


async def _step(page: Page, number: int) -> None:
    await page.wait_for_selector(f'[data-step="{number}"]')


async def _keeps_the_rules(page: Page) -> None:
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


async def _languages(page: Page, phones: str) -> list[str]:
    return [await phone.get_attribute("lang") or "" for phone in await page.query_selector_all(phones)]


async def _submits(kim: Person) -> None:
    draft = (await kim.get(ALERT)).document
    assert (await kim.post(f"{ALERT}/submit", {"revision": draft["revision"]})).status == 200


async def _approves(lee: Person) -> None:
    seen = (await lee.get(ALERT)).document
    assert (await lee.post(f"{ALERT}/approve", {"version": seen["version"], "hash": seen["hash"]})).status == 200
