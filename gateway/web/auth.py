"""Who is at the door: people by their bearer keys, sources by a key or a signature; whoever is turned away is noted."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import Struct

from gateway import access
from gateway.access import Actor, Bucket, Grant, Role
from gateway.fault import Fault, Missing, Refused, Unavailable
from gateway.journal.contract import Journal
from gateway.journal.records import Key
from gateway.web.errors import TooMany, Unauthorised
from gateway.web.sessions import COOKIE, RESERVED, Sessions
from gateway.web.signature import verify

NOTES_PER_MINUTE = 6.0
NOTES_AT_ONCE = 12.0
LONGEST_KEY = 200
WHO = web.RequestKey("who", str)

log = structlog.get_logger()


class Door(Struct, frozen=True, kw_only=True):
    """How one source is let in: with `secrets` it signs (two while one is replaced), without it shows its bearer key."""

    grant: Grant
    secrets: tuple[bytes, ...] = ()
    media_types: frozenset[str] = frozenset()


class Gate:
    """Decides who a request is from; asks the record, keeps only rates in memory."""

    def __init__(
        self,
        journal: Journal,
        doors: Mapping[str, Door],
        now: Callable[[], datetime],
        *,
        sessions: Sessions | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` is the story clock, for signatures; `clock` counts real seconds, for rates; `sessions` are the console's."""
        self._journal = journal
        self._doors = doors
        self._now = now
        self._clock = clock
        self._sessions = sessions
        self._rates: dict[str, Bucket] = {}

    async def actor(self, request: web.Request, *roles: Role) -> Actor:
        """Return the person at work, by their key or as signed in at the console; raises Unauthorised, Refused.

        Refused is who has none of the roles, and what another site's page asks for.
        """
        if self._sessions is not None and _is_at_console(request):
            actor = await self._sessions.actor(request)
        else:
            actor = await self._person(await self._key(request))
        request[WHO] = actor.name
        access.require(actor, *roles)
        return actor

    async def holder(self, request: web.Request) -> Actor | str:
        """Return the person who asks, or the name of the source that does; raises Unauthorised."""
        if _is_at_console(request):
            return await self.actor(request, Role.VIEWER)
        key = await self._key(request)
        if key.source is not None and key.source in self._doors:
            request[WHO] = f"source:{key.source}"
            return key.source
        return await self.actor(request, Role.VIEWER)

    def door(self, source: str) -> Door:
        """Return a source's door; raises Unauthorised, for who has no key learns no names, and for who speaks CAP."""
        door = self._doors.get(source)
        if door is None or door.grant.senders:
            raise _stranger()
        return door

    async def partner(self, request: web.Request) -> Door:
        """Return the door of the agency whose bearer key a request shows; raises Unauthorised."""
        door = self._doors.get((await self._key(request)).source or "")
        if door is None or door.secrets or not door.grant.senders:
            raise _stranger()
        request[WHO] = f"source:{door.grant.source}"
        return door

    def signing_partner(self, request: web.Request, body: bytes) -> tuple[Door, str]:
        """Return the door of the agency that signed these bytes, and its message's id; raises Unauthorised."""
        refused = _stranger()
        for door in (door for door in self._doors.values() if door.secrets and door.grant.senders):
            try:
                return door, self.with_signature(request, door.grant.source, body)
            except Unauthorised as fault:
                refused = fault
        raise refused

    async def with_key(self, request: web.Request, source: str) -> None:
        """Let a source pass that shows its own bearer key; raises Unauthorised."""
        if (await self._key(request)).source != source:
            raise _stranger()
        request[WHO] = f"source:{source}"

    def with_signature(self, request: web.Request, source: str, body: bytes) -> str:
        """Let a source pass that signed these bytes and return its message's id; raises Unauthorised."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        id = verify(self._doors[source].secrets, headers, body, self._now())
        request[WHO] = f"source:{source}"
        return id

    def count(self, grant: Grant) -> None:
        """Count a request of a source whose identity is proven; raises TooMany beyond its rate."""
        wait = self._take(f"source:{grant.source}", grant.rate_per_minute, max(1.0, grant.rate_per_minute / 6))
        if wait:
            raise TooMany(f"{grant.source} may send {grant.rate_per_minute:g} requests a minute", wait)

    @web.middleware
    async def noting(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note in the record who was turned away, but never more often than a flood could fill it."""
        try:
            return await handler(request)
        except (Unauthorised, Refused) as fault:
            await self.note(request, fault)
            raise

    async def _key(self, request: web.Request) -> Key:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(shown) <= LONGEST_KEY or not shown.isascii():
            raise _stranger()
        key = await self._journal.key(access.key_hash(shown.strip()))
        if key is None or key.id.startswith(RESERVED):
            raise _stranger()
        return key

    async def _person(self, key: Key) -> Actor:
        if key.person is None:
            raise _stranger()
        try:
            person = await self._journal.person(key.person)
        except Missing:
            raise _stranger() from None
        if person.disabled:
            raise _stranger()
        return Actor(person.name, person.roles)

    async def note(self, request: web.Request, fault: Fault) -> None:
        """Note in the record who was turned away, but never more often than a flood could fill it."""
        source = request.match_info.get("source", "")
        chain = f"source:{source}" if source in self._doors else "people"
        if self._take(f"notes:{chain}", NOTES_PER_MINUTE, NOTES_AT_ONCE):
            return
        body = {"code": fault.code, "method": request.method, "path": request.path[:200], "from": request.remote or ""}
        try:
            await self._journal.note(chain, request.get(WHO, "unknown"), "turned-away", body, self._now())
        except Unavailable:
            log.warning("web.note-lost", chain=chain, code=fault.code)

    def _take(self, name: str, per_minute: float, burst: float) -> float:
        self._rates[name], wait = access.take(self._rates.get(name), self._clock(), per_minute=per_minute, burst=burst)
        return wait


def _is_at_console(request: web.Request) -> bool:
    return COOKIE in request.cookies and "Authorization" not in request.headers


def _stranger() -> Unauthorised:
    return Unauthorised(
        "credential", "no valid credential for this", hint="send Authorization: Bearer <key>, or sign the request"
    )
