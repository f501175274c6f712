"""The situation: what waits for a decision, what people are told now, and what the gateway cannot do by itself."""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from gateway.access import Role
from gateway.alert import Stage
from gateway.engine.standing import standing
from gateway.journal.records import AlertRecord, VersionState
from gateway.web.console import live
from gateway.web.console.front import ROOT, Front
from gateway.web.drawing import Drawing

MOST_PAST = 10


class Situation:
    """`/console`."""

    def __init__(self, front: Front, drawing: Drawing) -> None:
        """Show the record."""
        self._front = front
        self._drawing = drawing

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get(ROOT, self.show), web.get(f"{ROOT}/events", self.events)]

    async def show(self, request: web.Request) -> web.Response:
        """Show everything on one page."""
        actor = await self._front.actor(request)
        return self._front.pages.page(request, "situation.html", actor, **(await self._known(request)))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send the lists again whenever something in them changes."""
        await self._front.actor(request)

        async def now() -> str:
            actor = await self._front.actor(request)
            return self._front.pages.part(request, "situation-lists.html", actor=actor, **await self._known(request))

        return await live.stream(request, now)

    async def _known(self, request: web.Request) -> dict[str, Any]:
        gateway, now = self._front.gateway, self._front.gateway.now()
        records = await self._front.journal.alerts()
        told = [record for record in records if standing(record, now) is Stage.ISSUED]
        past = [record for record in records if record.open is None and standing(record, now) is not Stage.ISSUED]
        operator = Role.OPERATOR in (await self._front.actor(request)).roles
        return {
            "waiting": list(_open(records, VersionState.FROZEN)),
            "drafts": list(_open(records, VersionState.OPEN)),
            "told": told,
            "past": past[:MOST_PAST],
            "refused": await self._front.journal.quarantine() if operator else (),
            "failures": await self._front.journal.failures(),
            "troubles": gateway.troubles.now(),
            "playbooks": gateway.plan.playbooks,
            "map": self._drawing.of([one.version for record in told if (one := record.newest_issued)]),
        }


def _open(records: Iterable[AlertRecord], state: VersionState) -> Iterable[AlertRecord]:
    return (record for record in records if record.open is not None and record.open.state is state)
