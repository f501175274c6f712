"""Starting and stopping: what runs beside the requests, and how it ends without losing anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

import structlog

from gateway.config import Mode, Settings
from gateway.delivery import Courier, Pager
from gateway.engine import Gateway
from gateway.fault import Fault
from gateway.journal.contract import Journal
from gateway.out import HttpOut, Peers
from gateway.publishing import Feeds
from gateway.service.backups import Archivist
from gateway.service.pages import PublicFolder
from gateway.service.planning import Setup, set_up
from gateway.service.store import open_store
from gateway.web import Listening, Town, app, listen
from gateway.web.public_pages import Site
from gateway.web.server import public_town
from gateway.web.sessions import Lasting

HEARTBEAT_S = 30.0
TICK_S = 1.0
TIMERS_LEASE_S = 4.0
SEAL_S, SEAL_AGAIN_S = 3600.0, 60.0
SHUTDOWN_S = 10.0
BACKUPS_S = 10.0

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
        self.gateway.troubles.silent = self.courier.silent
        self.pager = Pager(journal, out, setup.settings.duty.url, setup.duty, now)
        self.web = app(self.gateway, self.feeds, setup.doors, town=_town(setup.settings))
        self.url = ""
        self._now = now
        self._stop = asyncio.Event()
        self._stop_until = 0.0
        self._seal_at = monotonic()
        self._name = journal.node
        self._pages = self._public_folder(setup)
        self._archivist = Archivist(setup.settings, journal, self._name)

    def _public_folder(self, setup: Setup) -> PublicFolder | None:
        if setup.settings.public is None:
            return None
        site = Site(public_town(_town(setup.settings)), setup.plan.desk.city)
        return PublicFolder(setup.settings.public, self.feeds, site, self.journal, self._name)

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
            journal = await open_store(setup.settings)
            opened.push_async_callback(journal.close)
            await journal.recover()
            out = await opened.enter_async_context(HttpOut(Peers(setup.peers)))
            service = cls(setup, journal, out, clock)
            await service._tried("heartbeat", service._beat)
            await opened.enter_async_context(service._working())
            server = setup.settings.server
            listening = await listen(service.web, host or server.host, server.port if port is None else port)
            opened.push_async_callback(service._stopped, listening)
            service.url = _url(host or server.host, listening)
            yield service

    async def _stopped(self, listening: Listening) -> None:
        """Be seen to stop, then stop all at once: requests and deliveries in flight finish side by side."""
        await listening.drain(self.settings.server.drain_s)
        self._end()
        await listening.stop()

    def _end(self) -> None:
        if not self._stop.is_set():
            self._stop_until = monotonic() + SHUTDOWN_S
        self._stop.set()
        self.gateway.drafts.set()
        self.gateway.sends.set()

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        loops: dict[str, Work] = {
            "courier": partial(self.courier.run, self._stop),
            "pager": partial(self.pager.run, self._stop),
            "drafting": self._drafting,
            "sending": self._sending,
            "hearing": self._hearing,
            "timers": self._timing,
            "backups": self._archiving,
        }
        if self._pages is not None:
            loops["public-pages"] = partial(self._publishing, self._pages)
        running = [asyncio.create_task(self._kept(what, loop), name=what) for what, loop in loops.items()]
        try:
            yield
        except asyncio.CancelledError:
            for task in running:
                task.cancel()
            raise
        finally:
            self._end()
            _, stuck = await asyncio.wait(running, timeout=max(self._stop_until - monotonic(), 0.0))
            for task in stuck:
                log.warning("loop.cut-off", what=task.get_name())
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _kept(self, what: str, loop: Work) -> None:
        """Run a loop until told to stop; one that breaks is seen in health and begins again."""
        while not self._stop.is_set():
            try:
                await loop()
            except Exception as error:
                self.gateway.troubles.broke(what, _cause(error))
                log.exception("loop.broke", what=what)
                await _pause(self._stop, TICK_S)

    async def _drafting(self) -> None:
        while not self._stop.is_set():
            await _pause(self.gateway.drafts, TICK_S)
            self.gateway.drafts.clear()
            await self._tried("drafts", self.gateway.draft_due)
            self._hint()

    async def _sending(self) -> None:
        while not self._stop.is_set():
            await _pause(self.gateway.sends, TICK_S)
            self.gateway.sends.clear()
            self._hint()

    async def _hearing(self) -> None:
        """What another node says is due is looked for at once."""
        async with asyncio.TaskGroup() as tasks:
            heeding = tasks.create_task(self._heeding())
            await self._stop.wait()
            heeding.cancel()

    async def _heeding(self) -> None:
        while True:
            if await self.journal.changed(TICK_S):
                self.gateway.drafts.set()
                self._hint()

    async def _timing(self) -> None:
        while not self._stop.is_set():
            await _pause(self._stop, TICK_S)
            self._hear_of("claims", self.courier.trouble)
            self._hear_of("pages", self.pager.trouble)
            await self._tried("heartbeat", self._beat)
            await self._tried("timers", self._turn)
        await self._tried("timers", partial(self.journal.lease, "timers", self._name, 0.0))

    def _hear_of(self, what: str, trouble: str) -> None:
        """Let health know of what somebody else could not do, and that it can be done again."""
        if trouble:
            self.gateway.troubles.broke(what, trouble)
        else:
            self.gateway.troubles.works(what)

    async def _archiving(self) -> None:
        while not self._stop.is_set():
            await self._tried("backups", partial(self._archivist.look, self._now()))
            await _pause(self._stop, BACKUPS_S)

    async def _publishing(self, pages: PublicFolder) -> None:
        while not self._stop.is_set():
            await self._tried("public-pages", pages.look)
            await _pause(self._stop, TICK_S)
        await self._tried("public-pages", pages.leave)

    async def _beat(self) -> None:
        """Publish anew what is old; every node looks, and the record lets one do it."""
        now = self._now()
        if (now - (await self.journal.publication()).at).total_seconds() >= HEARTBEAT_S:
            await self.journal.heartbeat(now, HEARTBEAT_S)

    async def _turn(self) -> None:
        if await self.journal.lease("timers", self._name, TIMERS_LEASE_S) is not None:
            await self._tick()

    async def _tick(self) -> None:
        await self._tried("expiries", self.gateway.expire_due)
        await self._tried("watches", self.gateway.tick)
        if monotonic() >= self._seal_at:
            await self._tried("seal", self._seal)
        self._hint()

    async def _seal(self) -> None:
        self._seal_at = monotonic() + SEAL_AGAIN_S
        await self.journal.seal(self._now())
        self._seal_at = monotonic() + SEAL_S

    def _hint(self) -> None:
        self.courier.hint()
        self.pager.hint()

    async def _tried(self, what: str, work: Work) -> None:
        """Do a piece of work; what goes wrong with it is seen in health, and stops no other."""
        try:
            await work()
        except Fault as fault:
            self.gateway.troubles.broke(what, fault.code)
            log.warning("work.failed", what=what, code=fault.code, message=fault.message)
        except Exception as error:
            self.gateway.troubles.broke(what, _cause(error))
            log.exception("work.broke", what=what)
        else:
            self.gateway.troubles.works(what)


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


def _cause(error: Exception) -> str:
    """Name what broke; a group that breaks together speaks with the voice of its first."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__


def _town(settings: Settings) -> Town:
    return Town(
        names=settings.name,
        live=settings.mode is Mode.LIVE,
        timezone=settings.timezone,
        languages=settings.languages,
        secure=settings.base_url.startswith("https://"),
        lasting=Lasting(timedelta(hours=settings.console.session_h), timedelta(minutes=settings.console.idle_min)),
    )


def _url(host: str, listening: Listening) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.port}"
