"""What a page costs until a browser has loaded it: the console's and the public's, beside the same bytes from a bare server.

`python -m benchmarks.pages --help`; needs chromium. Nothing here judges the figures.
"""

import asyncio
import json
import logging
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import aiohttp
import click
from aiohttp import web
from msgspec import Struct
from playwright.async_api import BrowserContext, Page, async_playwright

from benchmarks.figures import Side, machine
from gateway.cli import logs
from gateway.demo.flood import FIRST
from gateway.demo.guide import Guide, touring

READY = {"console": "/console", "console: an alert": f"/console/alerts/{FIRST}"}
READY |= {"console: new alert": "/console/new?hazard=flash-flood"}
READY |= {"console: incidents": "/console/incidents", "console: refused": "/console/refused"}
READY |= {"public: now": "/now/en", "public: an alert": f"/alerts/{FIRST}/ko", "public: a line": "/lines/101/en"}
READY |= {"public: a stop": "/stops/S04/th", "public: every stop": "/network/en"}
TIMED = """() => { const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return [all[0].loadEventEnd / 1000, all.reduce((sum, one) => sum + one.decodedBodySize, 0)] }"""
COLUMNS = ("page", "KB", "p50 ms", "p95 ms", "floor p50", "floor p95", "ratio")


class Measured(Struct, frozen=True, kw_only=True):
    """A page's loads, and those of the same bytes from a bare server."""

    page: str
    bytes: int
    ours: Side
    floor: Side

    def told(self) -> Mapping[str, object]:
        """Return the row as JSON, in milliseconds and kilobytes before compression."""
        ms = {"p50 ms": self.ours.ms(0.5), "p95 ms": self.ours.ms(0.95)}
        ms |= {"floor p50": self.floor.ms(0.5), "floor p95": self.floor.ms(0.95)}
        shown = {name: round(value, 1) for name, value in ms.items()}
        ratio = round(self.ours.ms(0.5) / self.floor.ms(0.5), 2)
        return {"page": self.page, "KB": round(self.bytes / 1000, 1), **shown, "ratio": ratio}


async def measure(tries: int, chromium: str) -> list[Measured]:
    """Lead the demonstration's flood until everybody was told, then load each page so often, in turns with the floor."""
    async with touring(speed=60, seed=1, calm_s=0.1, seen_s=3600) as guide, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = await browser.new_context(locale="en", viewport={"width": 1280, "height": 900})
        page = await context.new_page()
        await _told(guide, page)
        url = guide.live.stage.service.url
        async with floor(await copies(url, context)) as bare:
            rows = [await _loads(page, name, (url + path, bare + path), tries) for name, path in READY.items()]
        await browser.close()
    return rows


async def _told(guide: Guide, page: Page) -> None:
    kim, lee, alert = guide.live.stage.kim, guide.live.stage.lee, f"/v1/alerts/{FIRST}"
    while (draft := await kim.get(alert)).status != 200:  # noqa: ASYNC110 - drafted by another task
        await asyncio.sleep(0.1)
    await kim.post(f"{alert}/submit", {"revision": draft.document["revision"]})
    seen = (await lee.get(alert)).document
    await lee.post(f"{alert}/approve", {"version": seen["version"], "hash": seen["hash"]})
    while "furlong" not in (await kim.get("/v1/quarantine")).body.decode():  # noqa: ASYNC110 - a vendor sends it
        await asyncio.sleep(0.1)
    await page.goto(await guide.link("kim"))
    await page.click("form button")


async def _loads(page: Page, name: str, sides: Sequence[str], tries: int) -> Measured:
    seconds: tuple[list[float], list[float]] = [], []
    weight = 0
    for number in range(tries + max(tries // 10, 1)):
        for side, address in enumerate(sides):
            await page.goto(address, wait_until="load")
            took, heavy = await page.evaluate(TIMED)
            weight = max(weight, heavy)
            if number >= max(tries // 10, 1):
                seconds[side].append(took)
    return Measured(page=name, bytes=weight, ours=Side(seconds[0], []), floor=Side(seconds[1], []))


async def copies(url: str, context: BrowserContext) -> Mapping[str, tuple[bytes, str]]:
    """Return what stands at every address that the pages load, with its media type."""
    page, held = await context.new_page(), dict[str, tuple[bytes, str]]()
    cookies = {one["name"]: one["value"] for one in await context.cookies(url)}
    async with aiohttp.ClientSession(cookies=cookies, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        for path in READY.values():
            await page.goto(url + path, wait_until="load")
            loaded = await page.evaluate("() => performance.getEntriesByType('resource').map((one) => one.name)")
            for address in {url + path, *_plain(loaded)}:
                async with session.get(address, cookies=cookies) as answer:
                    held[address.removeprefix(url)] = await answer.read(), answer.headers["Content-Type"]
    await page.close()
    return held


def _plain(loaded: Sequence[str]) -> Iterator[str]:
    """Leave out the streams of events, which no page waits for."""
    return (address for address in loaded if not address.endswith(("/events", "/deliveries")))


@asynccontextmanager
async def floor(held: Mapping[str, tuple[bytes, str]]) -> AsyncIterator[str]:
    """Serve the same bytes from memory, by the least that aiohttp does."""

    async def answer(request: web.Request) -> web.Response:
        body, kind = held.get(str(request.rel_url), (b"", "text/event-stream"))
        kept = "max-age=31536000, immutable" if "/static/" in request.path else "no-store"
        return web.Response(body=body, headers={"Content-Type": kind, "Cache-Control": kept})

    built = web.Application()
    built.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(built, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@click.command()
@click.option("--tries", default=30, show_default=True, help="Loads of each page; the first tenth more is not counted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(tries: int, *, as_json: bool) -> None:
    """Measure how long pages load."""
    logs.to_stderr(as_json=as_json, least=logging.ERROR)
    if (chromium := shutil.which("chromium")) is None:
        raise click.ClickException("chromium is not installed: apt install chromium")
    rows = [row.told() for row in asyncio.run(measure(tries, chromium))]
    if as_json:
        print(json.dumps({"rows": rows, **machine()}))
        return
    for line in (COLUMNS, *([row[column] for column in COLUMNS] for row in rows)):
        print(str(line[0]).ljust(22) + "".join(str(word).rjust(12) for word in line[1:]))
    print("; ".join(f"{name} {value}" for name, value in machine().items()), end="\n\n")


if __name__ == "__main__":
    main()
