"""Whether the process lives, and whether it can take an incident."""

import asyncio

from aiohttp import web

from gateway.engine import Gateway
from gateway.fault import Unavailable
from gateway.web.errors import answer

CHECK_S = 2.0


class Health:
    """`/health/...`."""

    def __init__(self, gateway: Gateway) -> None:
        """Ask this gateway, and its record."""
        self._journal, self._troubles = gateway.journal, gateway.troubles

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get("/health/live", self.live), web.get("/health/ready", self.ready)]

    async def live(self, _: web.Request) -> web.Response:
        """Answer, which is all that is asked."""
        return answer({"status": "live"})

    async def ready(self, _: web.Request) -> web.Response:
        """Answer 200 when the record commits within 2 s and all of the gateway's own work goes on, else 503.

        Far sides that do not answer are named, and make nothing unready.
        """
        try:
            async with asyncio.timeout(CHECK_S):
                await self._journal.check()
        except TimeoutError:
            raise Unavailable("store-slow", f"the record did not commit within {CHECK_S:g} s") from None
        if broken := self._troubles.now():
            told = "; ".join(f"{what}: {why}" for what, why in broken.items())
            raise Unavailable("work-broken", f"something of the gateway is broken: {told}", hint="see its log")
        return answer({"status": "ready", "silent": {target: round(s) for target, s in self._troubles.silent().items()}})
