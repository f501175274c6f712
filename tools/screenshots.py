"""Remake the README's picture from a running demonstration: the console while a second person reads what a first one submitted.

python tools/screenshots.py [FOLDER]      # needs chromium with fonts for six languages; writes into docs/images
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
DEMO = (sys.executable, "-m", "gateway", "demo", "--no-browser", "--json", "--speed", "30")
CHROMIUM = Path("/usr/bin/chromium")
WIDTH, HEIGHT, SHARP, QUALITY = 1280, 900, 1.5, 75
PATIENCE_MS = 60_000


def take(folder: Path, chromium: Path = CHROMIUM) -> Path:
    """Play the story up to the approval, and return the picture taken of it as WebP; raises playwright's Error, TimeoutError."""
    with demonstration() as at, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        kim, lee = seat(browser, at["kim"]), seat(browser, at["lee"])
        kim.locator("section", has_text="Drafts").get_by_role("link", name="rising fast").click()
        kim.get_by_role("button", name="Save and submit for approval").click()
        lee.locator("section", has_text="Waits for approval").get_by_role("link", name="rising fast").click()
        lee.get_by_role("heading", name="Approve or reject").wait_for()
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "console.webp"
        file.write_bytes(picture(lee))
        browser.close()
    return file


@contextmanager
def demonstration() -> Iterator[Mapping[str, str]]:
    """Run `bongsu demo` until the block ends, and yield the addresses that it prints."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(DEMO, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as demo:
        try:
            yield json.loads(demo.stdout.readline() if demo.stdout else "")
        finally:
            demo.terminate()
            demo.communicate()


def seat(browser: Browser, link: str) -> Page:
    """Sign somebody in by a link that works once."""
    page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="en", reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console")
    return page


def picture(page: Page) -> bytes:
    """Return what the window shows, from its top, as WebP; Playwright itself writes no WebP, the browser does."""
    page.evaluate("() => scrollTo(0, 0)")
    window = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": SHARP}
    how = {"format": "webp", "quality": QUALITY, "clip": window}
    return base64.b64decode(page.context.new_cdp_session(page).send("Page.captureScreenshot", how)["data"])


if __name__ == "__main__":
    print(take(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"))
