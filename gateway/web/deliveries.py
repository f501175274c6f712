"""What became of each message on its way to each target."""

from aiohttp import web

from gateway.access import Role
from gateway.fault import BadInput
from gateway.journal.contract import Journal
from gateway.journal.records import DeliveryState
from gateway.web import views
from gateway.web.auth import Gate
from gateway.web.errors import answer


class Deliveries:
    """`/v1/deliveries`."""

    def __init__(self, journal: Journal, gate: Gate) -> None:
        """Read the record."""
        self._journal = journal
        self._gate = gate

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get("/v1/deliveries", self.list)]

    async def list(self, request: web.Request) -> web.Response:
        """Return deliveries with their attempts, of one `alert` or of all, newest alert first; only those in a `state` named."""
        await self._gate.actor(request, Role.VIEWER)
        found = await self._journal.deliveries(request.query.get("alert"), _states(request.query.get("state")))
        return answer({"deliveries": [views.delivery(one) for one in found]})


def _states(given: str | None) -> frozenset[DeliveryState]:
    try:
        return frozenset(map(DeliveryState, given.split(","))) if given is not None else frozenset()
    except ValueError:
        hint = f"name some of {', '.join(DeliveryState)}, parted by commas"
        raise BadInput("parameter-state", f"{given!r} names no states of a delivery", hint=hint) from None
