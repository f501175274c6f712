"""Whether the process lives, and whether it can take an incident."""

import asyncio

from aiohttp import web

from gateway.engine import Gateway
from gateway.fault import Unavailable
from gateway.web.errors import answer

CHECK_S = 2.0
# What must be mended, but keeps nobody from being warned: no load balancer may take a node away for it
LESSER = frozenset({"backups", "public-pages", "seal"})


class Health:
    """`/health/...`."""

    def __init__(self, gateway: Gateway, stopping: asyncio.Event) -> None:
        """Ask this gateway, and its record; `stopping` is set when it will soon be gone."""
        self._journal, self._troubles, self._stopping = gateway.journal, gateway.troubles, stopping

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get("/health/live", self.live), web.get("/health/ready", self.ready)]

    async def live(self, _: web.Request) -> web.Response:
        """Answer, which is all that is asked."""
        return answer({"status": "live"})

    async def ready(self, _: web.Request) -> web.Response:
        """Answer 200 when the record commits within 2 s and all of the gateway's own work goes on, else 503.

        Far sides that do not answer and lesser troubles are named, and make nothing unready.
        """
        if self._stopping.is_set():
            raise Unavailable("stopping", "this gateway is stopping", hint="ask another one")
        try:
            async with asyncio.timeout(CHECK_S):
                await self._journal.check()
        except TimeoutError:
            raise Unavailable("store-slow", f"the record did not commit within {CHECK_S:g} s") from None
        troubles = self._troubles.now()
        if broken := {what: why for what, why in troubles.items() if what not in LESSER}:
            told = "; ".join(f"{what}: {why}" for what, why in broken.items())
            raise Unavailable("work-broken", f"something of the gateway is broken: {told}", hint="see its log")
        silent = {target: round(s) for target, s in self._troubles.silent().items()}
        return answer({"status": "ready", "silent": silent} | ({"troubles": troubles} if troubles else {}))
