"""The guided card of a demonstration: a page of its own that says what to do next, and shows what everybody was told."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.demo.flood import FIRST
from gateway.demo.guide.shown import proposed, shown
from gateway.demo.guide.steps import PATH, card, title
from gateway.demo.live import CALM_S, SEEN_S, Live, Now
from gateway.demo.stage import stage
from gateway.web.sessions import Sessions

HERE = Path(__file__).parent
LOOK_S = 0.4
PORT = 8080
SEATS = {"kim": "127.0.0.1", "lee": "localhost"}
"""Who sits at which name of this machine, so that one browser can hold both sessions."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
STATIC = {"style.css": "text/css", "script.js": "text/javascript"}


class Guide:
    """Serves the card under a path that nobody can guess, for it lets people in as Kim and as Lee."""

    def __init__(self, live: Live, sessions: Sessions) -> None:
        """Guide through this story."""
        self.live = live
        self.url = ""
        self._gateway = live.stage.service.url
        self._sessions = sessions
        self._path = f"/{secrets.token_urlsafe(16)}"
        self._templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Guide"]:
        """Serve on a free port of loopback until the block ends."""
        app = web.Application()
        routes = {"/": self._page, "/now": self._now, "/events": self._events, "/as/{who}": self._as, "/map/{number}": self._map}
        app.add_routes([web.get(self._path + path, handler, allow_head=False) for path, handler in routes.items()])
        app.add_routes([web.get(f"{self._path}/{name}", _file(name)) for name in STATIC])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}{self._path}/"
            yield self
        finally:
            await runner.cleanup()

    async def link(self, who: str) -> str:
        """Return a link that signs somebody in at the console, once."""
        seat = self._gateway.replace("127.0.0.1", SEATS[who])
        return f"{seat}/console/enter/{await self._sessions.link(who)}"

    async def _page(self, _: web.Request) -> web.Response:
        return self._answer("page.html", now=await self._part())

    async def _now(self, _: web.Request) -> web.Response:
        return web.Response(text=await self._part(), content_type="text/html", headers=HEADERS)

    async def _part(self) -> str:
        now = await self.live.now()
        got = await shown(self.live.stage)
        facts = {
            "now": now,
            "card": card(now),
            "way": PATH,
            "proposed": proposed(now.alert),
            "got": got,
            "gateway": self._gateway,
            "alert": FIRST,
            "path": self._path,
        }
        return self._templates.get_template("now.html").render(facts)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Say "changed" whenever the card is another one."""
        answer = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        before = ""
        while True:
            if (part := await self._part()) != before:
                await answer.write(b"data: changed\n\n")
            before = part
            await asyncio.sleep(LOOK_S)

    async def _as(self, request: web.Request) -> web.Response:
        who = request.match_info["who"]
        if who not in SEATS:
            raise web.HTTPNotFound
        return web.Response(status=303, headers=HEADERS | {"Location": await self.link(who)})

    async def _map(self, request: web.Request) -> web.Response:
        maps = (await shown(self.live.stage)).maps
        number = request.match_info["number"]
        if not number.isdigit() or not 0 < int(number) <= len(maps):
            raise web.HTTPNotFound
        return web.Response(body=maps[int(number) - 1], content_type="image/svg+xml", headers=HEADERS)

    def _answer(self, name: str, **facts: object) -> web.Response:
        text = self._templates.get_template(name).render(facts | {"path": self._path})
        return web.Response(text=text, content_type="text/html", headers=HEADERS)


@asynccontextmanager
async def touring(*, speed: float, seed: int, calm_s: float = CALM_S, seen_s: float = SEEN_S) -> AsyncIterator[Guide]:
    """Run the city, its receivers, its river and this guide until the block ends, in a folder that goes with it."""
    async with AsyncExitStack() as opened:
        played = await opened.enter_async_context(stage(speed=speed, seed=seed, tell=_untold, port=free_port()))
        live = Live(played, calm_s=calm_s, seen_s=seen_s)
        guide = await opened.enter_async_context(Guide(live, Sessions(played.service.journal, secure=False)).listening())
        running = [asyncio.create_task(work()) for work in (live.flow, live.lead)]
        try:
            yield guide
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def follow(live: Live, say: Callable[[Now, str], None]) -> None:
    """Say every step of the story as it comes, for ever."""
    before = None
    while True:
        now = await live.now()
        if now.step is not before:
            say(now, title(now))
        before = now.step
        await asyncio.sleep(LOOK_S)


def free_port(wanted: int = PORT) -> int:
    """Return the port wanted, or a free one where somebody else listens there."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as tried:
                return int(tried.getsockname()[1])
        except OSError:
            continue
    return 0


def _untold(_: str, __: Mapping[str, object]) -> None:
    """The card tells instead."""


def _file(name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    body = (HERE / name).read_bytes()

    async def served(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=STATIC[name], headers=HEADERS)

    return served
