"""Other agencies' alerts in a real Chromium: by axe's rules, in two languages, without scripts, on a small screen, by events."""

from pathlib import Path

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.foreign import ENGLISH, KOREAN, document, info
from tests.web.console.conftest import House
from tests.web.console.desk import whole_desk
from tests.web.console.test_agencies import told
from tests.web.console.test_browser import RULES, seat
from tests.web.test_cap import brings


async def faults(page: Page) -> list[str]:
    """Return which of axe's rules a page breaks."""
    found = (await Axe().run(page, options=RULES)).response["violations"]
    return [f"{page.url} {one['id']}: {one['nodes'][0]['html']}" for one in found]


def test_no_page_of_it_breaks_a_rule_of_axe(house: House, tmp_path: Path) -> None:
    async def story() -> list[str]:
        found: list[str] = []
        async with whole_desk(tmp_path) as desk:
            page = await told(desk.town)
            await told(desk.town, document("real", status="Actual", note="", infos=info(ENGLISH, expires="")))
            for locale in ("en", "ko"):
                async with seat(house.browser, desk, "kim", locale=locale) as kim:
                    for path in ("/console", "/console/agencies", page, page.replace("/agencies/", "/new?cap=")):
                        await kim.go(path)
                        found += await faults(kim.page)
        return found

    assert house.run(story()) == []


def test_it_is_read_without_scripts_on_a_small_screen(house: House, tmp_path: Path) -> None:
    async def story() -> tuple[str, int]:
        small = {"width": 320, "height": 640}
        async with whole_desk(tmp_path) as desk:
            await told(desk.town)
            async with seat(house.browser, desk, "kim", locale="ko", viewport=small, java_script_enabled=False) as kim:
                await kim.page.get_by_role("link", name=KOREAN["event"]).click()
                await kim.page.get_by_role("link", name="이것으로 사건 만들기").wait_for()
                said = await kim.page.locator("main").inner_text()
                width = await kim.page.locator("main").bounding_box()
        return said, int(width["width"]) if width else 0

    said, width = house.run(story())
    assert KOREAN["instruction"] in said
    assert ENGLISH["instruction"] in said
    assert width <= 320


def test_it_comes_and_goes_by_itself(house: House, tmp_path: Path) -> None:
    async def story() -> str:
        async with whole_desk(tmp_path) as desk, seat(house.browser, desk, "kim") as kim:
            section = kim.page.locator("section", has_text="Other agencies")
            await section.get_by_text("No other agency warns of anything.").wait_for()
            await brings(desk.town, document())
            await section.get_by_text(ENGLISH["headline"]).wait_for()
            desk.town.clock.pass_(hours=3)
            await section.get_by_text("No other agency warns of anything.").wait_for()
            return await section.inner_text()

    assert ENGLISH["headline"] not in house.run(story())
