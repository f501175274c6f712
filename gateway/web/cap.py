"""The way in for other agencies' alerts, and what operators may read of them; nothing here becomes an alert of ours."""

from aiohttp import web

from gateway.access import Actor, Role, may_read, require
from gateway.engine import Gateway
from gateway.fault import BadInput, Missing
from gateway.formats.cap import MEDIA_TYPE
from gateway.journal.contract import Journal
from gateway.journal.records import Heard
from gateway.web import views
from gateway.web.auth import Door, Gate
from gateway.web.body import bytes_of
from gateway.web.errors import answer
from gateway.web.taking import Turnstile, expect, raw_of, receipt_key, shown_key, told

CAP_TYPES = frozenset({MEDIA_TYPE, "application/xml", "text/xml"})
MOST = 200
# A browser that is handed somebody else's XML must not run it as a page of ours
INERT = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store"}


class Cap:
    """`/v1/cap`."""

    def __init__(self, gateway: Gateway, journal: Journal, gate: Gate) -> None:
        """Hand proven bytes to the gateway, and show the record."""
        self._gateway = gateway
        self._journal = journal
        self._gate = gate
        self._turnstile = Turnstile()

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [
            web.post("/v1/cap", self.receive),
            web.get("/v1/cap", self.list),
            web.get("/v1/cap/{id}.xml", self.document),
            web.get("/v1/cap/{id}", self.show),
        ]

    async def receive(self, request: web.Request) -> web.Response:
        """Take one CAP document of another agency; answered as a source's bytes are."""
        key, door, body = await self._proven(request)
        self._gate.count(door.grant)
        expect(request, door)
        with self._turnstile.passed():
            raw = raw_of(request, door.grant.source, body, self._gateway.now())
            return told(await self._gateway.hear(raw, key, door.grant))

    async def list(self, request: web.Request) -> web.Response:
        """Return what other agencies say now, the latest first; with `all=1` everything they ever said."""
        actor = await self._gate.actor(request, Role.VIEWER)
        now = self._gateway.now()
        found = await self._journal.heard(None if _all(request) else now, most=MOST)
        shown = [views.heard(one, now) for one in found if may_read(actor, one.foreign.message.scope)]
        return answer({"alerts": shown})

    async def show(self, request: web.Request) -> web.Response:
        """Return one message with what became of it."""
        return answer(views.heard(await self._one(request), self._gateway.now()))

    async def document(self, request: web.Request) -> web.Response:
        """Return the document as it came, byte for byte."""
        one = await self._one(request)
        named = {"Content-Disposition": f'attachment; filename="{one.foreign.id}.xml"', "ETag": f'"{one.sha256}"'}
        body = await self._journal.heard_bytes(one.foreign.id)
        return web.Response(body=body, content_type=MEDIA_TYPE, headers=INERT | named)

    async def _proven(self, request: web.Request) -> tuple[str | None, Door, bytes]:
        """Return the receipt key, the partner's door and the body; without a bearer key the signature says who it is."""
        if "webhook-signature" in request.headers and "Authorization" not in request.headers:
            body = await bytes_of(request)
            door, id = self._gate.signing_partner(request, body)
            return receipt_key(id), door, body
        door = await self._gate.partner(request)
        return shown_key(request), door, await bytes_of(request)

    async def _one(self, request: web.Request) -> Heard:
        actor = await self._gate.actor(request, Role.VIEWER)
        return await readable(self._journal, request.match_info["id"], actor)


async def readable(journal: Journal, id: str, actor: Actor) -> Heard:
    """Return one message that an actor may read; raises Missing, Refused("role-missing")."""
    try:
        one = await journal.heard_one(id)
    except Missing:
        raise Missing("cap-missing", "there is no such message", hint="see GET /v1/cap?all=1") from None
    if not may_read(actor, one.foreign.message.scope):
        require(actor, Role.OPERATOR, Role.APPROVER)
    return one


def _all(request: web.Request) -> bool:
    given = request.query.get("all", "0")
    if given not in ("0", "1"):
        raise BadInput("parameter-all", f"all is {given[:20]!r}", path="/all", hint="write all=1, or leave it out")
    return given == "1"
