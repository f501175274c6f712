"""What vendors sent and we could not take: seen by a person, read again after a mend, or raised by hand."""

import base64

import msgspec
from aiohttp import web

from gateway.access import Actor, Role
from gateway.doors import json
from gateway.fault import Fault, Missing
from gateway.journal.records import Quarantined
from gateway.source import read_incident
from gateway.web.console.forms import CALLER, Filled, filled
from gateway.web.console.front import ROOT, Front, go
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
        """Show one item with its bytes."""
        return await self._shown(request, await self._front.actor(request, Role.OPERATOR))

    async def replay(self, request: web.Request) -> web.Response:
        """Read the item again."""
        actor = await self._front.actor(request, Role.OPERATOR)
        form = await filled(request)
        try:
            await self._front.gateway.replay(_id(request), actor)
        except Fault as fault:
            await self._front.noted(request, fault)
            return await self._shown(request, actor, fault, form)
        return go(ALL)

    async def raise_by_hand(self, request: web.Request) -> web.Response:
        """Draft an alert from what a person reads in the item."""
        actor = await self._front.actor(request, Role.OPERATOR)
        form = await filled(request)
        try:
            incident = read_incident(json.load(form.secret("incident").encode()))
            record = await self._front.gateway.raise_by_hand(_id(request), incident, actor)
        except Fault as fault:
            await self._front.noted(request, fault)
            return await self._shown(request, actor, fault, form)
        return go(f"{ROOT}/alerts/{record.id}")

    async def _shown(
        self, request: web.Request, actor: Actor, fault: Fault | None = None, form: Filled | None = None
    ) -> web.Response:
        item = await self._front.journal.quarantined(_id(request))
        known = {
            "item": item,
            "body": _body(item),
            "fault": fault,
            "incident": form.secret("incident") if form else _outline(item),
        }
        return self._front.pages.page(request, "refused-item.html", actor, status=status(fault) if fault else 200, **known)


def _id(request: web.Request) -> int:
    given = request.match_info["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 18):
        raise Missing("quarantine-missing", "there is no such item")
    return int(given)


def _body(item: Quarantined) -> str:
    try:
        return item.raw.body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(item.raw.body).decode()


def _outline(item: Quarantined) -> str:
    """An incident to be filled in by whoever reads the bytes."""
    at = item.raw.received_at.isoformat()
    outline = {
        "source": CALLER,
        "id": f"item-{item.id}",
        "hazard": "",
        "severity": "",
        "urgency": "immediate",
        "certainty": "observed",
        "onset": at,
        "reported": at,
        "areas": [{"role": "danger", "zones": [""]}],
    }
    return msgspec.json.format(msgspec.json.encode(outline)).decode()
