"""A new alert from a telephone call: first what happened, then where, how grave and for how long."""

import secrets
from typing import Any

from aiohttp import web

from gateway.access import Actor, Role
from gateway.alert import Deed
from gateway.engine import Plan
from gateway.fault import Conflict, Fault
from gateway.hazard import hazard, hazards
from gateway.source import read_incident
from gateway.web.cap import readable
from gateway.web.console.forms import call
from gateway.web.console.front import ROOT, Front, go
from gateway.web.console.given import Given, filled
from gateway.web.console.proposed import Fields, proposed
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
        actor = await self._front.actor(request, Role.OPERATOR)
        chosen = [("hazard", request.query["hazard"])] if "hazard" in request.query else []
        return self._asked(request, actor, Given([*chosen, *await self._foreign(request, actor)]))

    async def _foreign(self, request: web.Request, actor: Actor) -> Fields:
        """Return what another agency's alert fills in, where the form begins with one."""
        if not (id := request.query.get("cap", "")):
            return ()
        gateway = self._front.gateway
        playbooks = {playbook.hazard for playbook in gateway.plan.playbooks.values()}
        return proposed(await readable(self._front.journal, id, actor), gateway.plan.desk.city, playbooks, gateway.now())

    async def create(self, request: web.Request) -> web.Response:
        """Draft the alert, once; what is refused is said on the same page, with what was written still in it."""
        actor = await self._front.actor(request, Role.OPERATOR)
        form = await filled(request)
        try:
            id = form.text("id") or _id()
            incident = read_incident(call(form, id, self._front.gateway.now(), self._front.gateway.plan.desk.city))
            record = await self._front.gateway.create(incident, actor)
        except Fault as fault:
            if made := await self._made(fault, actor):
                return go(f"{ROOT}/alerts/{made}")
            await self._front.noted(request, fault)
            return self._asked(request, actor, form.given(), fault)
        return go(f"{ROOT}/alerts/{record.id}")

    async def _made(self, fault: Fault, actor: Actor) -> str:
        """Return the alert that an earlier click of the same person on the same button made, else ""."""
        if not (isinstance(fault, Conflict) and fault.code == "alert-exists"):
            return ""
        acts = (await self._front.journal.alert(fault.path)).acts
        return fault.path if acts[0].deed is Deed.DRAFTED and acts[0].actor == actor.name else ""

    def _asked(self, request: web.Request, actor: Actor, given: Given, fault: Fault | None = None) -> web.Response:
        known = choices(self._front.gateway.plan, given) | {"given": given, "fault": fault, "id": _id()}
        return self._front.pages.page(request, "new.html", actor, status=status(fault) if fault else 200, **known)


def choices(plan: Plan, given: Given) -> dict[str, Any]:
    """Return what the form of an incident offers; `chosen` is the hazard it is about, None where that is still to be said."""
    chosen = given.get("hazard")
    return {
        "hazards": sorted({playbook.hazard for playbook in plan.playbooks.values()}),
        "chosen": hazard(chosen) if chosen in hazards() else None,
        "units": UNITS,
        "city": plan.desk.city,
    }


def _id() -> str:
    return f"call-{secrets.token_hex(4)}"
