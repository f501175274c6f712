"""Items that were refused: read again after a mend, or raised by hand."""

from aiohttp import web

from gateway.access import Role
from gateway.engine import Gateway
from gateway.fault import Conflict, Missing
from gateway.journal.contract import Journal
from gateway.journal.records import Quarantined
from gateway.source import read_incident
from gateway.web import views
from gateway.web.auth import Gate
from gateway.web.body import Empty, body_of, document_of
from gateway.web.errors import answer


class Quarantine:
    """`/v1/quarantine`."""

    def __init__(self, gateway: Gateway, journal: Journal, gate: Gate) -> None:
        """Show what waits for a person and hand the two verbs to the gateway."""
        self._gateway = gateway
        self._journal = journal
        self._gate = gate

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [
            web.get("/v1/quarantine", self.list),
            web.post("/v1/quarantine/{id}/replay", self.replay),
            web.post("/v1/quarantine/{id}/raise", self.raise_by_hand),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Return refused items, oldest first; with `settled=true` also those a person has dealt with."""
        await self._gate.actor(request, Role.OPERATOR)
        found = await self._journal.quarantine(settled=request.query.get("settled") == "true")
        return answer({"items": [views.quarantined(one) for one in found]})

    async def replay(self, request: web.Request) -> web.Response:
        """Read an item again and return its new receipt."""
        actor = await self._gate.actor(request, Role.OPERATOR)
        await body_of(request, "empty", Empty)
        return answer(await self._gateway.replay(_id(request), actor))

    async def raise_by_hand(self, request: web.Request) -> web.Response:
        """Draft an alert from the incident a person reads in the item."""
        actor = await self._gate.actor(request, Role.OPERATOR)
        incident = read_incident(await document_of(request))
        waiting = await self._waiting(request)
        record = await self._gateway.raise_by_hand(waiting.id, incident, actor)
        return answer(views.alert(record, self._gateway.now()), status=201, headers={"Location": f"/v1/alerts/{record.id}"})

    async def _waiting(self, request: web.Request) -> Quarantined:
        """Return the item before anything is drafted for it; raises Missing, Conflict when it was dealt with before."""
        item = await self._journal.quarantined(_id(request))
        if item.settled:
            raise Conflict("quarantine-settled", f"item {item.id} was {item.settled} before", hint="look at the alerts")
        return item


def _id(request: web.Request) -> int:
    given = request.match_info["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 18):
        raise Missing("quarantine-missing", "there is no such item")
    return int(given)
