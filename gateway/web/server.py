"""The HTTP server: its routes, its limits, and the deadlines that no connection outlives."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler
from msgspec import Struct

from gateway.engine import Gateway
from gateway.publishing import Feeds
from gateway.web.alerts import Alerts
from gateway.web.auth import Door, Gate
from gateway.web.cap import Cap
from gateway.web.console import Console, Town
from gateway.web.console.live import CLOSING
from gateway.web.deliveries import Deliveries
from gateway.web.errors import RETRY_AFTER_S, one_shape
from gateway.web.events import Events
from gateway.web.health import Health
from gateway.web.intake import Intake
from gateway.web.openapi import Description
from gateway.web.public import Public, open_to_all
from gateway.web.public_pages import PublicPages
from gateway.web.public_pages import Town as PublicTown
from gateway.web.quarantine import Quarantine
from gateway.web.sessions import Sessions


class Limits(Struct, frozen=True, kw_only=True):
    """What a connection may take: seconds until its first header is whole, seconds idle between requests, bytes, numbers."""

    header_s: float = 10.0
    idle_s: float = 75.0
    shutdown_s: float = 10.0
    most_bytes: int = 1_048_576
    most_connections: int = 4096


LIMITS = Limits()
SETTLING_S = 0.01
SERVICE_UNAVAILABLE = 503


class Deadlines:
    """Closes connections that dawdle before a request; aiohttp has no such limit of its own."""

    def __init__(self, limits: Limits) -> None:
        """Keep these limits."""
        self.limits = limits
        self._timers: dict[object, asyncio.TimerHandle] = {}

    def watched(self, server: web.Server) -> Callable[[], asyncio.Protocol]:
        """Return a factory of connections whose first header must be whole in time; who hangs up counts no more."""
        lost = server.connection_lost

        def connection_lost(handler: RequestHandler, exc: BaseException | None = None) -> None:
            self._disarm(handler)
            lost(handler, exc)

        server.connection_lost = connection_lost  # type: ignore[method-assign] # nothing else tells us of it

        def connection() -> asyncio.Protocol:
            protocol = server()
            self._arm(protocol, self.limits.header_s if len(self._timers) < self.limits.most_connections else 0.0)
            return protocol

        return connection

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Stop the clock while a request is answered, and start it again for the next one."""
        protocol = request.protocol
        self._disarm(protocol)
        try:
            return await handler(request)
        finally:
            if protocol.transport is not None:
                self._arm(protocol, self.limits.idle_s)

    def _arm(self, protocol: RequestHandler, seconds: float) -> None:
        self._disarm(protocol)
        self._timers[protocol] = asyncio.get_running_loop().call_later(seconds, self._close, protocol)

    def _disarm(self, protocol: object) -> None:
        if (timer := self._timers.pop(protocol, None)) is not None:
            timer.cancel()

    def _close(self, protocol: RequestHandler) -> None:
        self._timers.pop(protocol, None)
        if protocol.transport is not None:
            protocol.transport.abort()


DEADLINES = web.AppKey("deadlines", Deadlines)
STOPPING = web.AppKey("stopping", asyncio.Event)


def app(
    gateway: Gateway, feeds: Feeds, doors: Mapping[str, Door], limits: Limits = LIMITS, *, town: Town | None = None
) -> web.Application:
    """Return the whole API of a gateway; `doors` are the sources that may send, by name, `town` of whom its pages speak."""
    journal, deadlines = gateway.journal, Deadlines(limits)
    sessions = Sessions(journal, secure=town.secure, lasting=town.lasting) if town is not None else None
    gate = Gate(journal, doors, gateway.now, sessions=sessions)
    built = web.Application(middlewares=[deadlines.middleware, one_shape, gate.noting], client_max_size=limits.most_bytes)
    built[DEADLINES] = deadlines
    built[STOPPING] = stopping = asyncio.Event()
    events = Events(feeds)
    rooms = (
        Intake(gateway, journal, gate),
        Cap(gateway, journal, gate),
        Alerts(gateway, journal, gate),
        Deliveries(journal, gate),
        Quarantine(gateway, journal, gate),
        Public(feeds),
        events,
        Health(gateway, stopping),
        Description(),
    )
    if town is not None and sessions is not None:
        _with_pages(built, Console(gateway, gate, sessions, town))
        built.add_routes(PublicPages(feeds, public_town(town), gateway.plan.desk.city).routes())
    for room in rooms:
        built.add_routes(room.routes())
    built.cleanup_ctx.append(events.follow)
    built.on_shutdown.append(events.close)
    built.on_response_prepare.append(_plainly)
    built.on_response_prepare.append(open_to_all)
    return built


def _with_pages(built: web.Application, console: Console) -> None:
    built[CLOSING] = asyncio.Event()
    built.middlewares.append(console.front.in_words)
    built.add_routes(console.routes())
    built.on_shutdown.append(_close)


def public_town(town: Town) -> PublicTown:
    """Return what the public's pages say of a deployment."""
    return PublicTown(names=town.names, live=town.live, timezone=town.timezone, languages=town.languages)


async def _close(built: web.Application) -> None:
    built[CLOSING].set()


async def _plainly(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "bongsu"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.status == SERVICE_UNAVAILABLE:
        response.headers.setdefault("Retry-After", f"{RETRY_AFTER_S:.0f}")
    if request.app[STOPPING].is_set():
        response.headers["Connection"] = "close"
        response.force_close()


class Listening:
    """A server that listens; `port` is the one it got."""

    def __init__(self, runner: web.AppRunner, sockets: list[socket.socket]) -> None:
        """Hold on to what must be closed."""
        self._runner = runner
        self._sockets = sockets
        self.port = int(sockets[0].getsockname()[1])

    async def drain(self, seconds: float) -> None:
        """Say that we are stopping, keep no connection beyond its next answer, and serve on until whoever asks has heard it."""
        self._runner.app[STOPPING].set()
        await asyncio.sleep(seconds)

    async def stop(self) -> None:
        """Take no new connections, let requests in flight finish, then close everything."""
        self._runner.app[STOPPING].set()
        loop = asyncio.get_running_loop()
        while self._sockets:
            loop.remove_reader(self._sockets[-1])
            self._sockets.pop().close()
        # Whoever was let in a moment ago is still becoming a connection
        await asyncio.sleep(SETTLING_S)
        await self._runner.cleanup()


async def listen(built: web.Application, host: str, port: int) -> Listening:
    """Serve an application made by `app`; port 0 takes a free one; raises OSError where nothing can listen."""
    deadlines = built[DEADLINES]
    limits = deadlines.limits
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with ExitStack() as undo:
        sockets = [undo.enter_context(_bound(one[0], str(one[4][0]), port)) for one in found]
        runner = web.AppRunner(built, access_log=None, keepalive_timeout=limits.idle_s, shutdown_timeout=limits.shutdown_s)
        await runner.setup()
        factory = deadlines.watched(cast("web.Server", runner.server))
        for one in sockets:
            # The server is never closed, its socket is: Python 3.13.0 stumbles over connections that outlive their server
            await loop.create_server(factory, sock=one)
        undo.pop_all()
    return Listening(runner, sockets)


def _bound(family: int, address: str, port: int) -> socket.socket:
    return socket.create_server((address, port), family=family)
