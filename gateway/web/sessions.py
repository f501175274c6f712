"""Who sits at the console: signed in with a password or a one-time link, for one shift, known by every node.

A session is a key in the record, so that all nodes know it, signing out is a revocation, and the audit tells who came when. Only
the hash of the cookie is kept. Shifts run on the wall clock, whatever the story's clock does. That somebody is there is a lease
in the record, renewed by whatever a person does at any node: who does nothing is signed out.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
from aiohttp import web
from msgspec import Struct

from gateway.access import Actor, hash_password, key_hash, verify_password
from gateway.fault import Missing, Refused
from gateway.journal.contract import Journal
from gateway.journal.records import Key, Person
from gateway.web.errors import Unauthorised

COOKIE = "bongsu_session"
RENEWED_S = 30.0
MOST_KNOWN = 10_000
WATCH = "watch"
LINK_FOR = timedelta(hours=1)
SESSION, ENTRY = RESERVED = ("session-", "entry-")
"""How the ids of keys begin that live in a browser or a link, and open nothing else."""


@cache
def _nobody() -> str:
    return hash_password("nobody has this password")


class SignedOut(Unauthorised):
    """Nobody is signed in here, or the shift is over."""

    def __init__(self, code: str = "signed-out", message: str = "nobody is signed in here, or the shift is over") -> None:
        """Say what to do."""
        super().__init__(code, message, hint="sign in again; nothing was done")


class Lasting(Struct, frozen=True):
    """How long a session lasts at most, and how long without anybody doing anything."""

    shift: timedelta = timedelta(hours=6)
    idle: timedelta = timedelta(minutes=30)


LASTING = Lasting()


class Sessions:
    """Opens, knows and closes the sessions of people."""

    def __init__(
        self,
        journal: Journal,
        *,
        secure: bool,
        lasting: Lasting = LASTING,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        real: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep sessions in this record; `secure` where browsers reach us by https only."""
        self._journal = journal
        self._secure = secure
        self._lasting = lasting
        self._wall = wall
        self._real = real
        self._known_there: dict[tuple[str, bool], float] = {}

    async def with_password(self, name: str, password: str) -> str:
        """Open a session and return its token; raises Unauthorised, in the same words and time whatever was wrong."""
        person = await self._known(name)
        hashed = person.password if person and not person.disabled else _nobody()
        right = await asyncio.to_thread(verify_password, hashed, password)
        if person is None or hashed == _nobody() or not right:
            raise Unauthorised("sign-in", "name or password is wrong", hint="try again, or ask an admin for a new password")
        return await self._opened(person.name)

    async def link(self, name: str, *, by: str = "") -> str:
        """Return the token of a one-time link for a person, good for an hour, as given `by` somebody; raises Missing."""
        person = await self._journal.person(name)
        token = secrets.token_urlsafe(32)
        await self._saved(ENTRY + secrets.token_hex(8), token, person.name, by or person.name)
        return token

    async def with_link(self, token: str) -> str:
        """Open a session by a one-time link, which is spent by that; raises Unauthorised."""
        key = await self._live(token, ENTRY, LINK_FOR)
        if key is None or key.person is None:
            raise _spent()
        # A lease is taken by one alone, whichever nodes are asked at the same time
        if await self._journal.lease(key.id, secrets.token_hex(8), 2 * LINK_FOR.total_seconds()) is None:
            raise _spent()
        await self._revoke(key, key.person)
        return await self._opened(key.person)

    async def actor(self, request: web.Request, *, present: bool = True) -> Actor:
        """Return who is signed in; raises SignedOut, and Refused("foreign-page") for a change that another site asks for.

        A page that only looks again by itself is no sign that anybody is `present`.
        """
        key = await self._live(request.cookies.get(COOKIE, ""), SESSION, self._lasting.shift)
        person = await self._known(key.person) if key and key.person else None
        if key is None or person is None or person.disabled:
            raise SignedOut
        if not await self._attended(key, present=present):
            await self._revoke(key, person.name)
            minutes = round(self._lasting.idle.total_seconds() / 60)
            raise SignedOut("session-idle", f"nobody has done anything here for {minutes} minutes")
        if request.method not in ("GET", "HEAD"):
            _from_here(request)
        return Actor(person.name, person.roles)

    async def close(self, request: web.Request) -> None:
        """Sign out; a session that is over already stays so."""
        key = await self._live(request.cookies.get(COOKIE, ""), SESSION, self._lasting.shift)
        if key is not None and key.person is not None:
            await self._revoke(key, key.person)

    def hand(self, response: web.StreamResponse, token: str) -> None:
        """Give the browser its session; no script and no other site can use it."""
        age = int(self._lasting.shift.total_seconds())
        response.set_cookie(COOKIE, token, max_age=age, path="/", httponly=True, samesite="Strict", secure=self._secure)

    async def _opened(self, name: str) -> str:
        id, token = SESSION + secrets.token_hex(8), secrets.token_urlsafe(32)
        await self._renew(id)
        await self._saved(id, token, name, name)
        return token

    async def _saved(self, id: str, token: str, name: str, by: str) -> None:
        key = Key(id=id, hash=key_hash(token), person=name, created_at=self._wall())
        await self._journal.save_key(key, by, self._wall())

    async def _revoke(self, key: Key, by: str) -> None:
        await self._journal.save_key(msgspec.structs.replace(key, revoked=True), by, self._wall())

    async def _attended(self, key: Key, *, present: bool) -> bool:
        """Tell whether somebody has done something lately, at whichever node; the record is asked now and then only."""
        if self._real() < self._known_there.get((key.id, present), 0.0):
            return True
        # A lease that another could take has run out
        if await self._journal.lease(key.id, WATCH, 0.0) is not None:
            return False
        if present:
            await self._renew(key.id)
        self._note(key.id, present=False)
        return True

    async def _renew(self, id: str) -> None:
        await self._journal.lease(id, id, self._lasting.idle.total_seconds() + RENEWED_S)
        self._note(id, present=True)

    def _note(self, id: str, *, present: bool) -> None:
        if len(self._known_there) > MOST_KNOWN:
            self._known_there.clear()
        self._known_there[id, present] = self._real() + RENEWED_S

    async def _live(self, token: str, kind: str, lasts: timedelta) -> Key | None:
        key = await self._journal.key(key_hash(token)) if token else None
        if key is None or not key.id.startswith(kind) or key.created_at is None:
            return None
        return key if self._wall() - key.created_at < lasts else None

    async def _known(self, name: str) -> Person | None:
        try:
            return await self._journal.person(name)
        except Missing:
            return None


def _spent() -> Unauthorised:
    return Unauthorised("link-spent", "this link was used before or is too old", hint="ask for a new one")


def form_token(request: web.Request) -> str:
    """Return what every form of this session carries, and no other site can know."""
    return token_of(request.cookies.get(COOKIE, ""))


def token_of(session: str) -> str:
    """Return what the forms of a session carry, by its token."""
    return hashlib.sha256(b"form:" + session.encode()).hexdigest()[:32]


def is_from_here(request: web.Request) -> bool:
    """Tell by fetch metadata, else by the Origin, that one of our own pages asks; no proof at all is no proof against it."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is None and origin is not None:
        site = "same-origin" if origin.partition("://")[2] == request.host else "cross-site"
    return site in (None, "same-origin")


def _from_here(request: web.Request) -> None:
    if not is_from_here(request):
        raise Refused("foreign-page", "another site asked for this", hint="do it from the console itself")
