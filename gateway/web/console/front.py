"""What every page of the console is made with, and what happens when a page cannot be shown."""

from urllib.parse import quote

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import Struct

from gateway.access import Actor, Role, require
from gateway.engine import Gateway
from gateway.fault import INTERNAL, Fault, Refused
from gateway.journal.contract import Journal
from gateway.web.auth import WHO, Gate
from gateway.web.console.given import kept
from gateway.web.console.pages import Pages
from gateway.web.console.tongue import tongue
from gateway.web.drawing import Drawing, Drawings
from gateway.web.errors import Unauthorised, status
from gateway.web.sessions import COOKIE, Sessions, SignedOut, is_from_here

ROOT = "/console"
SIGN_IN = f"{ROOT}/sign-in"
WRITTEN = ("/edit", "/submit", "/new", "/raise", "/reject", "/end")
"""How the addresses end that take what somebody has been writing; nothing goes out to anybody by them."""

log = structlog.get_logger()


class Front(Struct, frozen=True):
    """The gateway, its record, who is signed in, and how pages and maps look."""

    gateway: Gateway
    journal: Journal
    sessions: Sessions
    pages: Pages
    gate: Gate
    drawings: Drawings

    async def actor(self, request: web.Request, *roles: Role, present: bool = True) -> Actor:
        """Return who is signed in; raises SignedOut, and Refused without one of the roles. Events show nobody `present`."""
        actor = await self.sessions.actor(request, present=present)
        request[WHO] = actor.name
        require(actor, *(roles or (Role.VIEWER,)))
        return actor

    def drawing(self, request: web.Request) -> Drawing:
        """Return what draws the city for a page's reader."""
        return self.drawings.naming(tongue(request).language)

    async def noted(self, request: web.Request, fault: Fault) -> None:
        """Note in the record who was turned away."""
        if isinstance(fault, Unauthorised | Refused):
            await self.gate.note(request, fault)

    @web.middleware
    async def in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Show what goes wrong with a page as a page that says what to do; nothing of our insides stands on it."""
        if not request.path.startswith(ROOT):
            return await handler(request)
        try:
            return await handler(request)
        except SignedOut as fault:
            return await self._asked_again(request, fault)
        except Fault as fault:
            await self.noted(request, fault)
            return self._told(request, fault, status(fault), _back(request))
        except web.HTTPException as error:
            if error.status < 400:
                raise
            told = Fault(f"http-{error.status}", error.reason)
            return self._told(request, told, error.status, ROOT)
        except Exception:
            log.exception("console.internal", method=request.method, path=request.path)
            told = Fault(INTERNAL, "something went wrong here; it was logged", hint="go back and look what was done")
            return self._told(request, told, 500, ROOT)

    async def _asked_again(self, request: web.Request, fault: SignedOut) -> web.Response:
        """Ask to sign in, and lose nothing that was being written on a page of ours when the shift ran out."""
        if request.method in ("GET", "HEAD") or not request.path.endswith(WRITTEN) or not is_from_here(request):
            why = f"&why={fault.code}" if COOKIE in request.cookies else ""
            return go(f"{SIGN_IN}?next={quote(_back(request), safe='')}{why}")
        written = kept(await request.post())
        known = {"onward": request.path, "fault": fault, "kept": written.fields}
        return self.pages.page(request, "sign-in.html", None, status=401, **known)

    def _told(self, request: web.Request, fault: Fault, code: int, back: str) -> web.Response:
        return self.pages.page(request, "fault.html", None, status=code, fault=fault, back=back)


def go(where: str) -> web.Response:
    """Send the browser on after something was done, so that loading again repeats nothing."""
    return web.Response(status=303, headers={"Location": where, "Cache-Control": "no-store"})


def local(where: str) -> str:
    """Return a place of the console itself, whatever was asked for."""
    return where if where == ROOT or where.startswith(f"{ROOT}/") else ROOT


def _back(request: web.Request) -> str:
    """Where a person was: the page itself, or the one whose form was sent."""
    if request.method in ("GET", "HEAD"):
        return str(request.rel_url)
    return local(request.path.rpartition("/")[0])
