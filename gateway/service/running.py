"""Starting and stopping: what runs beside the requests, and how it ends without losing anything."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from gateway.config import Settings
from gateway.delivery import Courier, Pager
from gateway.engine import Gateway
from gateway.fault import Fault
from gateway.journal.contract import Journal
from gateway.journal.sqlite import SqliteJournal
from gateway.out import HttpOut, Peers
from gateway.publishing import Feeds
from gateway.service.planning import Setup, set_up
from gateway.web import Listening, app, listen

HEARTBEAT_S = 30.0
TICK_S = 1.0
TIMERS_LEASE_S = 10.0

log = structlog.get_logger()

Clock = Callable[[], datetime]
Work = Callable[[], Awaitable[object]]


class Service:
    """A running gateway; `url` is where it listens."""

    def __init__(self, setup: Setup, journal: Journal, out: HttpOut, now: Clock) -> None:
        """Put the parts together; nothing runs yet. Use `Service.open`."""
        self.settings: Settings = setup.settings
        self.journal = journal
        self.gateway = Gateway(setup.plan, journal, now)
        self.feeds = Feeds(journal, setup.plan.feeds, setup.settings.base_url, now)
        self.courier = Courier(journal, setup.plan.channels, out, now)
        self.pager = Pager(journal, out, setup.settings.duty.url, setup.duty, now)
        self.web = app(self.gateway, self.feeds, setup.doors)
        self.url = ""
        self._now = now
        self._stop = asyncio.Event()
        self._name = f"{socket.gethostname()}:{os.getpid()}"

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, *, now: Clock | None = None, host: str | None = None, port: int | None = None
    ) -> AsyncIterator["Service"]:
        """Run the gateway of a city's folder until the block ends; then requests and deliveries in flight are finished.

        Raises Faults with everything that is wrong with the folder, Unavailable for a store that must not be used.
        """
        setup = await asyncio.to_thread(set_up, folder, now or wall_clock)
        clock = now or in_zone(setup.settings.timezone)
        async with AsyncExitStack() as opened:
            journal = await SqliteJournal.open(setup.settings.store)
            opened.push_async_callback(journal.close)
            await journal.recover()
            out = await opened.enter_async_context(HttpOut(Peers(setup.peers)))
            service = cls(setup, journal, out, clock)
            await opened.enter_async_context(service._working())
            server = setup.settings.server
            listening = await listen(service.web, host or server.host, server.port if port is None else port)
            opened.push_async_callback(listening.stop)
            service.url = _url(host or server.host, listening)
            yield service

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.courier.run(self._stop))
            tasks.create_task(self.pager.run(self._stop))
            tasks.create_task(self._drafting())
            tasks.create_task(self._sending())
            tasks.create_task(self._timing())
            try:
                yield
            finally:
                self._stop.set()
                self.gateway.drafts.set()
                self.gateway.sends.set()

    async def _drafting(self) -> None:
        while not self._stop.is_set():
            await _pause(self.gateway.drafts, TICK_S)
            self.gateway.drafts.clear()
            await self._tried("drafting", self.gateway.draft_due)
            self._hint()

    async def _sending(self) -> None:
        while not self._stop.is_set():
            await _pause(self.gateway.sends, TICK_S)
            self.gateway.sends.clear()
            self._hint()

    async def _timing(self) -> None:
        while not self._stop.is_set():
            await _pause(self._stop, TICK_S)
            await self._tried("timers", self._tick)

    async def _tick(self) -> None:
        if await self.journal.lease("timers", self._name, TIMERS_LEASE_S) is None:
            return
        await self.gateway.expire_due()
        await self.gateway.tick()
        await self.journal.heartbeat(self._now(), HEARTBEAT_S)
        self._hint()

    def _hint(self) -> None:
        self.courier.hint()
        self.pager.hint()

    async def _tried(self, what: str, work: Work) -> None:
        try:
            await work()
        except Fault as fault:
            log.warning("work.failed", what=what, code=fault.code, message=fault.message)
        except Exception:
            log.exception("work.broke", what=what)


def wall_clock() -> datetime:
    """Return the time of this machine."""
    return datetime.now().astimezone()


def in_zone(timezone: str) -> Clock:
    """Return this machine's clock, in the city's time zone."""
    zone = ZoneInfo(timezone)
    return lambda: datetime.now(zone)


async def _pause(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _url(host: str, listening: Listening) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.port}"
