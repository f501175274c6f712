"""The console in a real Chromium: by mouse, by keyboard alone, without scripts, on a small screen, and by axe's rules."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from msgspec import Struct
from msgspec.structs import replace
from playwright.async_api import Browser, Page, Route

from gateway.web.sessions import Lasting
from tests.web.console.conftest import House
from tests.web.console.desk import EXERCISE, Desk, whole_desk

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
MOST_BYTES = 100_000
HEADLINE = "Leave the riverside now"


class Seat(Struct):
    """Somebody at a real browser; `complaints` is whatever the browser found wrong or was asked to fetch from elsewhere."""

    page: Page
    url: str
    complaints: list[str]
    weights: list[int]

    async def go(self, path: str) -> None:
        """Load a page."""
        await self.page.goto(self.url + path)

    async def heading(self) -> str:
        """Return what stands first on the page."""
        return await self.page.locator("h1").inner_text()


@asynccontextmanager
async def seat(browser: Browser, desk: Desk, name: str, **how: Any) -> AsyncIterator[Seat]:
    """Sign somebody in at a browser that may reach nothing but the gateway."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en"} | how)
    page = await context.new_page()
    taken = Seat(page, desk.town.url, [], [])
    page.set_default_timeout(20_000)
    page.on("console", lambda said: taken.complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: taken.complaints.append(str(error)))

    async def gate(route: Route) -> None:
        if urlsplit(route.request.url).netloc != urlsplit(desk.town.url).netloc:
            taken.complaints.append(f"asks for {route.request.url}")
        await route.continue_()

    await context.route("**/*", gate)
    await taken.go(f"/console/enter/{await desk.sessions.link(name)}")
    await page.get_by_role("button", name=re.compile("Sign in|로그인")).click()
    await page.wait_for_url("**/console")
    yield taken
    await context.close()
    assert taken.complaints == []


def test_the_whole_story_by_mouse(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with whole_desk(tmp_path) as desk, seat(house.browser, desk, "kim") as kim, seat(house.browser, desk, "lee") as lee:
            await kim.page.get_by_role("link", name="New alert").click()
            await kim.page.get_by_label("What happened").select_option("flash-flood")
            await kim.page.get_by_role("button", name="Go on").click()
            await kim.page.get_by_label("Namchon-dong", exact=True).check()
            await kim.page.get_by_label("Severity").select_option("severe")
            await kim.page.get_by_role("button", name="Draft the alert").click()
            await kim.page.get_by_label("Headline").nth(1).fill(HEADLINE)
            await kim.page.get_by_role("button", name="Save and submit for approval").click()
            await lee.page.get_by_text("submitted by kim").wait_for()
            await lee.page.locator("section", has_text="Waits for approval").get_by_role("link").first.click()
            await lee.page.get_by_text(HEADLINE).first.wait_for()
            await lee.page.get_by_label("I have read every language").check()
            await type_area(lee.page)
            await lee.page.get_by_role("button", name="Start the exercise message").click()
            await lee.page.get_by_role("cell", name="waits").wait_for()
            assert "live" in await lee.heading()
            await kim.go("/console")
            await kim.page.locator("section", has_text="Live now").get_by_role("link").first.click()
            await kim.page.get_by_role("link", name="It was issued in error").click()
            await kim.page.get_by_label("What was wrong").fill("the gauge was broken")
            await kim.page.get_by_role("button", name="Cancel the alert now").click()
            assert "cancelled" in await kim.heading()
            await lee.page.get_by_role("cell", name="nothing to cancel there").wait_for()

    house.run(story())


async def type_area(page: Page) -> None:
    """Type the name of the area where many people are told."""
    asked = page.get_by_label("Type the name of the area")
    if await asked.count():
        await asked.fill(await page.locator("label:has(input[name=area]) strong").inner_text())


async def tab_to(page: Page, name: str, *, most: int = 90) -> None:
    """Press Tab until what has the focus is called so; whatever has it must be seen to have it."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        said, outline = await page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [(e.labels?.[0]?.innerText || e.innerText || '').trim(), [s.outlineStyle, parseFloat(s.outlineWidth)]] }"
        )
        assert outline[0] != "none", said
        assert outline[1] >= 2, said
        if name in said:
            return
    raise AssertionError(f"no Tab leads to {name!r}")


def test_the_whole_story_by_keyboard_alone(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with whole_desk(tmp_path) as desk, seat(house.browser, desk, "kim") as kim, seat(house.browser, desk, "lee") as lee:
            keys = kim.page.keyboard
            await tab_to(kim.page, "New alert")
            await keys.press("Enter")
            await kim.page.wait_for_url("**/console/new")
            await tab_to(kim.page, "What happened")
            await kim.page.keyboard.type("flash")
            await tab_to(kim.page, "Go on")
            await keys.press("Enter")
            await kim.page.wait_for_url("**hazard=flash-flood")
            await tab_to(kim.page, "Namchon-dong")
            await keys.press("Space")
            await tab_to(kim.page, "Severity")
            await kim.page.keyboard.type("sev")
            await tab_to(kim.page, "Draft the alert")
            await keys.press("Enter")
            await kim.page.wait_for_url("**/alerts/*")
            await tab_to(kim.page, "Save and submit for approval")
            await keys.press("Enter")
            await kim.page.get_by_text("somebody else approves it").wait_for()
            await lee.page.locator("section", has_text="Waits for approval").get_by_role("link").first.wait_for()
            await tab_to(lee.page, "evacuate")
            await lee.page.keyboard.press("Enter")
            await lee.page.wait_for_url("**/alerts/*")
            await tab_to(lee.page, "I have read every language")
            await lee.page.keyboard.press("Space")
            await type_area(lee.page)
            await tab_to(lee.page, "Start the exercise message")
            await lee.page.keyboard.press("Enter")
            await lee.page.get_by_role("cell", name="waits").wait_for()
            assert "live" in await lee.heading()

    house.run(story())


def test_the_story_without_scripts(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            whole_desk(tmp_path) as desk,
            seat(house.browser, desk, "kim", java_script_enabled=False) as kim,
            seat(house.browser, desk, "lee", java_script_enabled=False) as lee,
        ):
            alert = await desk.drafted()
            await kim.go(alert)
            await kim.page.get_by_role("button", name="Save and submit for approval").click()
            await lee.go("/console")
            await lee.page.locator("section", has_text="Waits for approval").get_by_role("link").first.click()
            await lee.page.get_by_label("I have read every language").check()
            await lee.page.get_by_role("button", name="Start the exercise message").click()
            assert "live" in await lee.heading()
            await kim.go(alert)
            await kim.page.get_by_label("The danger is over, because").fill("the water is back")
            await kim.page.get_by_role("button", name="Draft the all clear").click()
            assert "draft" in await kim.heading()

    house.run(story())


async def everywhere(desk: Desk) -> list[str]:
    """Return the address of every kind of page, with something on it."""
    live, waits, draft = await desk.drafted("a"), await desk.drafted("b"), await desk.drafted("c")
    async with desk.visitor("kim") as kim, desk.visitor("lee") as lee:
        for alert in (live, waits):
            await kim.post(f"{alert}/submit", [*(await kim.get(alert)).form("/submit"), ("confirm", "1")])
        page = await lee.get(live)
        await lee.send(page, f"{live}/approve", read="yes", area="한내 둔치")
    await desk.town.ask("POST", "/v1/incidents/control-room", "control-room", b'{"hazard": "flash-flood"}')
    places = [
        "/console",
        "/console/incidents",
        "/console/incidents/operator/a",
        "/console/new",
        "/console/new?hazard=flash-flood",
    ]
    places += ["/console/refused", "/console/refused/1", "/console/sign-in", f"/console/enter/{await desk.sessions.link('lee')}"]
    return [*places, live, waits, draft, f"{live}/cancel", "/console/alerts/none"]


@pytest.mark.parametrize("locale", ["en", "ko"])
def test_every_page_keeps_to_the_rules_and_fits_a_small_screen(house: House, tmp_path: Path, locale: str) -> None:
    async def story() -> None:
        async with whole_desk(tmp_path) as desk, seat(house.browser, desk, "park", locale=locale) as park:
            for place in await everywhere(desk):
                park.weights.clear()
                await park.go(place)
                found = await Axe().run(park.page, options=RULES)
                assert found.violations_count == 0, (place, found.generate_report())
                await park.page.set_viewport_size({"width": 320, "height": 640})
                for way in ("ltr", "rtl"):
                    wide = await park.page.evaluate(WIDE, way)
                    assert wide <= 320, (place, way, wide)
                small = await park.page.evaluate(SMALL)
                assert small == [], (place, small)
                await park.page.set_viewport_size({"width": 1280, "height": 900})
            assert [said for said in park.complaints if "404" not in said] == []
            park.complaints.clear()

    house.run(story())


WIDE = "(way) => { document.documentElement.dir = way; return document.documentElement.scrollWidth; }"
SMALL = """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, summary, nav a, .button")]
  .filter((e) => e.checkVisibility() && !e.closest("label"))
  .filter((e) => Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height) < 24)
  .map((e) => e.outerHTML.slice(0, 80))"""


def test_a_page_is_light_and_fast(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with whole_desk(tmp_path) as desk, seat(house.browser, desk, "park") as park:
            places = await everywhere(desk)
            times: list[float] = []
            for place in [place for place in places if "enter" not in place and not place.endswith("none")]:
                for _ in range(3):
                    await park.go(place)
                    weight, took = await park.page.evaluate(WEIGHT)
                    times.append(took)
                    assert weight < MOST_BYTES, (place, weight)
            times.sort()
            print(f"pages: median {times[len(times) // 2]:.0f} ms, p95 {times[int(len(times) * 0.95)]:.0f} ms")  # noqa: T201

    house.run(story())


WEIGHT = """() => { const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return [all.reduce((sum, one) => sum + one.decodedBodySize, 0), all[0].domContentLoadedEventEnd] }"""


def test_what_is_old_says_so(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with whole_desk(tmp_path) as desk, seat(house.browser, desk, "kim") as kim:
            note = kim.page.locator("#lists-old")
            assert not await note.is_visible()
            await desk.drafted()
            await kim.page.locator("section", has_text="Drafts").get_by_role("link").first.wait_for()
            assert not await note.is_visible()
            await desk.town.journal.close()
            await note.wait_for(state="visible")

    house.run(story())


def test_who_does_nothing_is_warned_and_may_stay(house: House, tmp_path: Path) -> None:
    pages = replace(EXERCISE, lasting=Lasting(idle=timedelta(seconds=2)))

    async def story() -> None:
        async with whole_desk(tmp_path, pages) as desk, seat(house.browser, desk, "kim") as kim:
            note = kim.page.locator("#idle")
            await note.wait_for(state="visible")
            await kim.page.get_by_role("button", name="I am here").click()
            await note.wait_for(state="hidden")
            assert await kim.page.get_by_role("link", name="New alert").is_visible(), "signed out all the same"
            await note.wait_for(state="visible")

    house.run(story())


def test_focus_and_state_are_seen_in_forced_colours(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with whole_desk(tmp_path) as desk, seat(house.browser, desk, "kim", forced_colors="active") as kim:
            await kim.go(await desk.drafted())
            await tab_to(kim.page, "Save the draft")
            borders = await kim.page.evaluate(
                "() => [...document.querySelectorAll('button')].map((e) => getComputedStyle(e).borderTopStyle)"
            )
            assert set(borders) == {"solid"}

    house.run(story())
