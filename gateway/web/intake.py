"""The way in for sources: bytes are stored before they are acknowledged, and every item gets its own answer."""

from aiohttp import web

from gateway.access import Grant
from gateway.engine import Gateway
from gateway.fault import BadInput, Missing, Unavailable
from gateway.journal.contract import Journal
from gateway.journal.records import Receipt
from gateway.source import Raw
from gateway.web.auth import Door, Gate
from gateway.web.body import bytes_of
from gateway.web.errors import Undeliverable, answer

KEPT_HEADERS = ("content-type", "date", "idempotency-key", "user-agent", "webhook-id", "webhook-timestamp", "x-request-id")
LONGEST_HEADER = 255
MOST_AT_ONCE = 32


class Intake:
    """`POST /v1/incidents/{source}` and the receipts it gave."""

    def __init__(self, gateway: Gateway, journal: Journal, gate: Gate) -> None:
        """Hand proven bytes to the gateway."""
        self._gateway = gateway
        self._journal = journal
        self._gate = gate
        self._inside = 0

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.post("/v1/incidents/{source}", self.receive), web.get("/v1/receipts/{id}", self.receipt)]

    async def receive(self, request: web.Request) -> web.Response:
        """Take a source's bytes; 202 when any item was accepted, else 422 (403 out of scope), each with the receipt."""
        return _told(await self._receive(request))

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
        if door.media_types and request.content_type not in door.media_types:
            hint = f"send {' or '.join(sorted(door.media_types))}"
            raise Undeliverable(415, "media-type", f"{source} does not send {request.content_type}", hint=hint)
        return await self._recorded(self._raw(request, source, body), key, door.grant)

    async def _recorded(self, raw: Raw, key: str | None, grant: Grant) -> Receipt:
        if self._inside >= MOST_AT_ONCE:
            raise Unavailable("busy", "too many requests at once; nothing was accepted", hint="send it again")
        self._inside += 1
        try:
            return await self._gateway.receive(raw, key, grant)
        finally:
            self._inside -= 1

    async def _proven(self, request: web.Request, source: str, door: Door) -> tuple[str | None, bytes]:
        """Return the receipt key and the body; of a signed request only what was signed is used."""
        if door.secrets:
            body = await bytes_of(request)
            return _key(self._gate.with_signature(request, source, body)), body
        await self._gate.with_key(request, source)
        return _key(request.headers.get("Idempotency-Key") or request.headers.get("webhook-id")), await bytes_of(request)

    def _raw(self, request: web.Request, source: str, body: bytes) -> Raw:
        kept = {name: request.headers[name][:LONGEST_HEADER] for name in KEPT_HEADERS if name in request.headers}
        return Raw(source=source, media_type=request.content_type, body=body, received_at=self._gateway.now(), headers=kept)


def _key(text: str | None) -> str | None:
    if text is not None and not (text.isascii() and text.isprintable() and 0 < len(text) <= LONGEST_HEADER):
        hint = f"1 to {LONGEST_HEADER} printable ASCII characters"
        raise BadInput("idempotency-key-invalid", "the receipt key cannot be kept", hint=hint)
    return text


def _told(receipt: Receipt) -> web.Response:
    location = {"Location": f"/v1/receipts/{receipt.id}"}
    if any(item.accepted for item in receipt.items):
        return answer(receipt, status=202, headers=location)
    beyond = all(item.code.startswith("scope-") for item in receipt.items) and bool(receipt.items)
    return answer(receipt, status=403 if beyond else 422, headers=location)
