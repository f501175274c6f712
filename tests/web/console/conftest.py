"""A console on loopback, and one real browser for all tests that look at it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from gateway.journal.contract import Journal
from tests.web.console.desk import Desk, desk

T = TypeVar("T")


@pytest.fixture(name="desk")
async def a_desk(journal: Journal) -> AsyncIterator[Desk]:
    """Open a gateway with its console on an empty record."""
    async with desk(journal) as one:
        yield one


class House:
    """A browser that lives in a thread of its own, with a loop of its own: tests of all kinds leave each other alone."""

    def __init__(self, chromium: Path) -> None:
        """Start the browser."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser")
        self._thread.start()
        self._driver, self.browser = self.run(self._started(chromium))

    def run(self, story: Coroutine[Any, Any, T]) -> T:
        """Play a story beside the browser, to its end."""
        return asyncio.run_coroutine_threadsafe(story, self._loop).result(timeout=180)

    def close(self) -> None:
        """End the browser."""
        self.run(self._ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _started(self, chromium: Path) -> tuple[Playwright, Browser]:
        driver = await async_playwright().start()
        return driver, await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

    async def _ended(self) -> None:
        await self.browser.close()
        await self._driver.stop()


@pytest.fixture(scope="session")
def house(peer: Callable[..., Path]) -> Iterator[House]:
    """One Chromium for the whole session."""
    house = House(peer("chromium"))
    yield house
    house.close()
