"""What goes on in the city: open incidents, and each one's reports in order, with what was made of them."""

from typing import Any

from aiohttp import web

from gateway.fault import Missing
from gateway.journal.records import Head, Task
from gateway.web.console.front import ROOT, Front

ALL = f"{ROOT}/incidents"
ONE = f"{ALL}/{{source}}/{{id}}"


class Incidents:
    """`/console/incidents`."""

    def __init__(self, front: Front) -> None:
        """Show what was reported."""
        self._front = front

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get(ALL, self.list), web.get(ONE, self.show)]

    async def list(self, request: web.Request) -> web.Response:
        """List open incidents, the one reported last first."""
        actor = await self._front.actor(request)
        return self._front.pages.page(request, "incidents.html", actor, incidents=await self._front.journal.incidents())

    async def show(self, request: web.Request) -> web.Response:
        """Show one incident with everything that was reported of it."""
        actor = await self._front.actor(request)
        key = (request.match_info["source"], request.match_info["id"])
        if (head := (await self._front.journal.heads([key])).get(key)) is None:
            raise Missing("missing", f"no incident of {key[0]} is called {key[1]}", hint="look at the list of incidents")
        _ = self._front.pages.words(request)
        known: dict[str, Any] = {
            "head": head,
            "reports": await self._front.journal.reports(*key),
            "failure": await self._failure(head),
            "map": self._front.drawing(request).areas(head.report.areas, title=_("Map of what was reported")),
        }
        return self._front.pages.page(request, "incident.html", actor, **known)

    async def _failure(self, head: Head) -> Task | None:
        """Return why no draft could be made of it, if that is so."""
        subject = f"{head.key.source}/{head.key.id}"
        return next((task for task in await self._front.journal.failures() if task.subject == subject), None)
