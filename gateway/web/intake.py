"""The way in for sources: bytes are stored before they are acknowledged, and every item gets its own answer."""

from aiohttp import web

from gateway.engine import Gateway
from gateway.fault import Missing
from gateway.journal.contract import Journal
from gateway.journal.records import Receipt
from gateway.web.auth import Door, Gate
from gateway.web.body import bytes_of
from gateway.web.errors import answer
from gateway.web.taking import Turnstile, expect, raw_of, receipt_key, shown_key, told


class Intake:
    """`POST /v1/incidents/{source}` and the receipts it gave."""

    def __init__(self, gateway: Gateway, journal: Journal, gate: Gate) -> None:
        """Hand proven bytes to the gateway."""
        self._gateway = gateway
        self._journal = journal
        self._gate = gate
        self._turnstile = Turnstile()

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.post("/v1/incidents/{source}", self.receive), web.get("/v1/receipts/{id}", self.receipt)]

    async def receive(self, request: web.Request) -> web.Response:
        """Take a source's bytes; 202 when any item was accepted, else 422 (403 out of scope), each with the receipt."""
        return told(await self._receive(request))

    async def receipt(self, request: web.Request) -> web.Response:
        """Return a receipt to the source it was given to, or to a person."""
        holder = await self._gate.holder(request)
        receipt = await self._journal.receipt(request.match_info["id"])
        if isinstance(holder, str) and holder != receipt.source:
            raise Missing("receipt-missing", "there is no such receipt")
        return answer(receipt)

    async def _receive(self, request: web.Request) -> Receipt:
        source = request.match_info["source"]
        door = self._gate.door(source)
        key, body = await self._proven(request, source, door)
        self._gate.count(door.grant)
        expect(request, door)
        with self._turnstile.passed():
            return await self._gateway.receive(raw_of(request, source, body, self._gateway.now()), key, door.grant)

    async def _proven(self, request: web.Request, source: str, door: Door) -> tuple[str | None, bytes]:
        """Return the receipt key and the body; of a signed request only what was signed is used."""
        if door.secrets:
            body = await bytes_of(request)
            return receipt_key(self._gate.with_signature(request, source, body)), body
        await self._gate.with_key(request, source)
        return shown_key(request), await bytes_of(request)
