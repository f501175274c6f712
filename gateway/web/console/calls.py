"""A new alert from a telephone call: first what happened, then where, how grave and for how long."""

import secrets

from aiohttp import web

from gateway.access import Actor, Role
from gateway.fault import Fault
from gateway.hazard import hazard, hazards
from gateway.source import read_incident
from gateway.web.console.forms import Filled, call, filled
from gateway.web.console.front import ROOT, Front, go
from gateway.web.errors import status
from gateway.words.slots import UNITS

NEW = f"{ROOT}/new"


class Calls:
    """`/console/new`."""

    def __init__(self, front: Front) -> None:
        """Hand what was reported to the gateway."""
        self._front = front

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get(NEW, self.ask), web.post(NEW, self.create)]

    async def ask(self, request: web.Request) -> web.Response:
        """Ask what happened, and once that is chosen, for everything else."""
        return self._asked(request, await self._front.actor(request, Role.OPERATOR), request.query.get("hazard", ""))

    async def create(self, request: web.Request) -> web.Response:
        """Draft the alert; what is refused is said on the same page, with what was written still in it."""
        actor = await self._front.actor(request, Role.OPERATOR)
        form = await filled(request)
        try:
            now = self._front.gateway.now()
            id = form.text("id") or f"call-{secrets.token_hex(4)}"
            record = await self._front.gateway.create(read_incident(call(form, id, now)), actor)
        except Fault as fault:
            await self._front.noted(request, fault)
            return self._asked(request, actor, form.text("hazard"), form, fault)
        return go(f"{ROOT}/alerts/{record.id}")

    def _asked(
        self, request: web.Request, actor: Actor, chosen: str, form: Filled | None = None, fault: Fault | None = None
    ) -> web.Response:
        plan = self._front.gateway.plan
        known = {
            "hazards": sorted({playbook.hazard for playbook in plan.playbooks.values()}),
            "chosen": hazard(chosen) if chosen in hazards() else None,
            "units": UNITS,
            "zones": plan.desk.city.zones,
            "given": form.given() if form else {},
            "fault": fault,
            "id": f"call-{secrets.token_hex(4)}",
        }
        return self._front.pages.page(request, "new.html", actor, status=status(fault) if fault else 200, **known)
