"""Coming and going: by name and password, or by a link that works once."""

import time
from collections.abc import Sequence

from aiohttp import web

from gateway import access
from gateway.access import Bucket
from gateway.fault import Fault, Refused
from gateway.web.console.front import ROOT, SIGN_IN, Front, go, local
from gateway.web.console.given import filled
from gateway.web.errors import TooMany, status
from gateway.web.sessions import COOKIE, SignedOut, token_of

TRIES_PER_MINUTE = 6.0
TRIES_AT_ONCE = 10.0
MOST_NAMES = 1000
KEPT = "kept."
WHY = {one.code: one for one in (SignedOut(), SignedOut("session-idle", "nobody has done anything here for a while"))}

Fields = Sequence[tuple[str, str]]


class SignIn:
    """`/console/sign-in`, `/console/enter` and `/console/sign-out`."""

    def __init__(self, front: Front) -> None:
        """Open and close sessions."""
        self._front = front
        self._tries: dict[str, Bucket] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [
            web.get(SIGN_IN, self.ask),
            web.post(SIGN_IN, self.enter),
            web.get(f"{ROOT}/enter/{{link}}", self.linked),
            web.post(f"{ROOT}/enter/{{link}}", self.by_link),
            web.post(f"{ROOT}/sign-out", self.leave),
            web.get(f"{ROOT}/stay", self.stay),
        ]

    async def ask(self, request: web.Request) -> web.Response:
        """Show the form, and why somebody who was signed in has to do it again."""
        why = WHY.get(request.query.get("why", ""))
        page = self._asked(request, local(request.query.get("next", ROOT)), why)
        page.set_status(200)
        return page

    async def stay(self, request: web.Request) -> web.Response:
        """Know that somebody is there, writing or reading."""
        await self._front.actor(request)
        return web.Response(status=204, headers={"Cache-Control": "no-store"})

    async def enter(self, request: web.Request) -> web.Response:
        """Let in who knows name and password."""
        form = await filled(request)
        name, password, onward = form.text("name"), form.secret("password"), local(form.text("next"))
        written = [(field.removeprefix(KEPT), value) for field, value in form.given().fields if field.startswith(KEPT)]
        try:
            self._count(name)
            token = await self._front.sessions.with_password(name, password)
        except Fault as fault:
            await self._front.noted(request, fault)
            return self._asked(request, onward, fault, written)
        return self._on(request, onward, token, written) if written else self._in(onward, token)

    async def linked(self, request: web.Request) -> web.Response:
        """Show the button that spends the link, for programs that look ahead at links press no buttons."""
        return self._front.pages.page(request, "enter.html", None)

    async def by_link(self, request: web.Request) -> web.Response:
        """Let in who holds a link that nobody has used."""
        await filled(request)
        return self._in(ROOT, await self._front.sessions.with_link(request.match_info["link"]))

    async def leave(self, request: web.Request) -> web.Response:
        """End the session; the button of a page that is signed out already does no harm."""
        try:
            await filled(request)
            await self._front.sessions.close(request)
        except Refused:
            return go(SIGN_IN)
        answer = go(SIGN_IN)
        answer.del_cookie(COOKIE, path="/")
        return answer

    def _asked(self, request: web.Request, onward: str, fault: Fault | None = None, written: Fields = ()) -> web.Response:
        code = status(fault) if fault else 200
        return self._front.pages.page(request, "sign-in.html", None, status=code, onward=onward, fault=fault, kept=written)

    def _on(self, request: web.Request, onward: str, token: str, written: Fields) -> web.Response:
        """Show a button that sends again what was written when the shift ran out; nothing is sent by signing in alone."""
        pages = self._front.pages
        answer = pages.page(request, "go-on.html", None, onward=onward, kept=written, token=token_of(token))
        self._front.sessions.hand(answer, token)
        return answer

    def _in(self, onward: str, token: str) -> web.Response:
        answer = go(onward)
        self._front.sessions.hand(answer, token)
        return answer

    def _count(self, name: str) -> None:
        if len(self._tries) > MOST_NAMES:
            self._tries.clear()
        known = self._tries.get(name)
        self._tries[name], wait = access.take(known, time.monotonic(), per_minute=TRIES_PER_MINUTE, burst=TRIES_AT_ONCE)
        if wait:
            raise TooMany("too many tries for this name", wait)
