"""Who sits at the console: signed in with a password or a one-time link, for one shift, known by every node.

A session is a key in the record, so that all nodes know it, signing out is a revocation, and the audit tells who came when. Only
the hash of the cookie is kept. Shifts run on the wall clock, whatever the story's clock does.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
from aiohttp import web

from gateway.access import Actor, hash_password, key_hash, verify_password
from gateway.fault import Missing, Refused
from gateway.journal.contract import Journal
from gateway.journal.records import Key, Person
from gateway.web.errors import Unauthorised

COOKIE = "bongsu_session"
SHIFT = timedelta(hours=12)
LINK_FOR = timedelta(hours=1)
SESSION, ENTRY = RESERVED = ("session-", "entry-")
"""How the ids of keys begin that live in a browser or a link, and open nothing else."""


@cache
def _nobody() -> str:
    return hash_password("nobody has this password")


class SignedOut(Unauthorised):
    """Nobody is signed in here, or the shift is over."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("signed-out", "nobody is signed in here, or the shift is over", hint="sign in again; nothing was done")


class Sessions:
    """Opens, knows and closes the sessions of people."""

    def __init__(self, journal: Journal, *, secure: bool, wall: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Keep sessions in this record; `secure` where browsers reach us by https only."""
        self._journal = journal
        self._secure = secure
        self._wall = wall

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
        return await self._saved(ENTRY, person.name, by)

    async def with_link(self, token: str) -> str:
        """Open a session by a one-time link, which is spent by that; raises Unauthorised."""
        key = await self._live(token, ENTRY, LINK_FOR)
        if key is None or key.person is None:
            raise _spent()
        # A lease is taken by one alone, whichever nodes are asked at the same time
        if await self._journal.lease(key.id, secrets.token_hex(8), 2 * LINK_FOR.total_seconds()) is None:
            raise _spent()
        await self._journal.save_key(msgspec.structs.replace(key, revoked=True), key.person, self._wall())
        return await self._opened(key.person)

    async def actor(self, request: web.Request) -> Actor:
        """Return who is signed in; raises SignedOut, and Refused("foreign-page") for a change that another site asks for."""
        key = await self._live(request.cookies.get(COOKIE, ""), SESSION, SHIFT)
        person = await self._known(key.person) if key and key.person else None
        if person is None or person.disabled:
            raise SignedOut
        if request.method not in ("GET", "HEAD"):
            _from_here(request)
        return Actor(person.name, person.roles)

    async def close(self, request: web.Request) -> None:
        """Sign out; a session that is over already stays so."""
        key = await self._live(request.cookies.get(COOKIE, ""), SESSION, SHIFT)
        if key is not None and key.person is not None:
            await self._journal.save_key(msgspec.structs.replace(key, revoked=True), key.person, self._wall())

    def hand(self, response: web.StreamResponse, token: str) -> None:
        """Give the browser its session; no script and no other site can use it."""
        age = int(SHIFT.total_seconds())
        response.set_cookie(COOKIE, token, max_age=age, path="/", httponly=True, samesite="Strict", secure=self._secure)

    async def _opened(self, name: str) -> str:
        return await self._saved(SESSION, name)

    async def _saved(self, kind: str, name: str, by: str = "") -> str:
        token = secrets.token_urlsafe(32)
        key = Key(id=kind + secrets.token_hex(8), hash=key_hash(token), person=name, created_at=self._wall())
        await self._journal.save_key(key, by or name, self._wall())
        return token

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
