"""Whether the process lives, and whether it can take an incident."""

import asyncio

from aiohttp import web

from gateway.fault import Unavailable
from gateway.journal.contract import Journal
from gateway.web.errors import answer

CHECK_S = 2.0


class Health:
    """`/health/...`."""

    def __init__(self, journal: Journal) -> None:
        """Ask this record."""
        self._journal = journal

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get("/health/live", self.live), web.get("/health/ready", self.ready)]

    async def live(self, _: web.Request) -> web.Response:
        """Answer, which is all that is asked."""
        return answer({"status": "live"})

    async def ready(self, _: web.Request) -> web.Response:
        """Answer 200 when the record commits within 2 s, else 503."""
        try:
            async with asyncio.timeout(CHECK_S):
                await self._journal.check()
        except TimeoutError:
            raise Unavailable("store-slow", f"the record did not commit within {CHECK_S:g} s") from None
        return answer({"status": "ready"})
