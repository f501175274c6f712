"""What vendors sent and we could not take: seen by a person, read again after a mend, or raised by hand."""

import base64

from aiohttp import web

from gateway.access import Actor, Role
from gateway.doors import json
from gateway.fault import Fault, Missing
from gateway.incident import Incident
from gateway.journal.records import Quarantined
from gateway.source import read_incident
from gateway.web.console.calls import choices
from gateway.web.console.forms import call
from gateway.web.console.front import ROOT, Front, go
from gateway.web.console.given import Filled, Given, filled
from gateway.web.console.guess import outline
from gateway.web.errors import status

ALL = f"{ROOT}/refused"
ONE = f"{ALL}/{{id}}"


class Refused:
    """`/console/refused`."""

    def __init__(self, front: Front) -> None:
        """Show the quarantine."""
        self._front = front

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [
            web.get(ALL, self.list),
            web.get(ONE, self.show),
            web.post(f"{ONE}/replay", self.replay),
            web.post(f"{ONE}/raise", self.raise_by_hand),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """List what waits for a person."""
        actor = await self._front.actor(request, Role.OPERATOR)
        return self._front.pages.page(request, "refused.html", actor, items=await self._front.journal.quarantine())

    async def show(self, request: web.Request) -> web.Response:
        """Show one item with its bytes, and a form that holds what can be read of them."""
        actor = await self._front.actor(request, Role.OPERATOR)
        item = await self._item(request)
        chosen = [("hazard", request.query["hazard"])] if "hazard" in request.query else []
        return self._shown(request, actor, item, Given([*chosen, *outline(item).fields]))

    async def replay(self, request: web.Request) -> web.Response:
        """Read the item again."""
        actor = await self._front.actor(request, Role.OPERATOR)
        await filled(request)
        item = await self._item(request)
        try:
            await self._front.gateway.replay(item.id, actor)
        except Fault as fault:
            await self._front.noted(request, fault)
            return self._shown(request, actor, await self._item(request), outline(item), fault)
        return go(ALL)

    async def raise_by_hand(self, request: web.Request) -> web.Response:
        """Draft an alert from what a person reads in the item."""
        actor = await self._front.actor(request, Role.OPERATOR)
        form = await filled(request)
        item = await self._item(request)
        try:
            record = await self._front.gateway.raise_by_hand(item.id, self._read(form, item), actor)
        except Fault as fault:
            await self._front.noted(request, fault)
            return self._shown(request, actor, await self._item(request), form.given(), fault)
        return go(f"{ROOT}/alerts/{record.id}")

    def _read(self, form: Filled, item: Quarantined) -> Incident:
        """Return what the form says: its fields, or the whole incident where somebody wrote one."""
        if written := form.secret("incident").strip():
            return read_incident(json.load(written.encode()))
        gateway = self._front.gateway
        return read_incident(call(form, f"item-{item.id}", gateway.now(), gateway.plan.desk.city))

    async def _item(self, request: web.Request) -> Quarantined:
        return await self._front.journal.quarantined(_id(request))

    def _shown(
        self, request: web.Request, actor: Actor, item: Quarantined, given: Given, fault: Fault | None = None
    ) -> web.Response:
        known = choices(self._front.gateway.plan, given) | {"given": given, "fault": fault, "item": item, "body": _body(item)}
        return self._front.pages.page(request, "refused-item.html", actor, status=status(fault) if fault else 200, **known)


def _id(request: web.Request) -> int:
    given = request.match_info["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 18):
        raise Missing("quarantine-missing", "there is no such item", hint="look at the list of refused messages")
    return int(given)


def _body(item: Quarantined) -> str:
    try:
        return item.raw.body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(item.raw.body).decode()
