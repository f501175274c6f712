"""The stage of a demonstration: a gateway, the city around it and far sides that log every raw arrival, all on loopback."""

import asyncio
import base64
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
from msgspec import Struct

from gateway.access import Role, key_hash, new_key
from gateway.demo.clock import StoryClock
from gateway.demo.hearing import FarSide, far_sides
from gateway.demo.people import Person, River
from gateway.demo.town import settle
from gateway.demo.vendors import Crowd, Dispatch, Line, Metro, Quake, Weather
from gateway.journal.records import Key
from gateway.journal.records import Person as Someone
from gateway.service import Service

DAWN = datetime.fromisoformat("2026-07-14T18:00:00+09:00")
PATIENCE_S = 30.0
WEATHER = "weather-service"

Tell = Callable[[str, Mapping[str, object]], None]
"""How the story is told: the name of an event, and what there is to know of it."""


class Stage(Struct, frozen=True, kw_only=True):
    """Everything a scenario plays with; Kim and Lee may both submit and approve."""

    service: Service
    clock: StoryClock
    receivers: Mapping[str, FarSide]
    kim: Person
    lee: Person
    river: River
    crowd: Crowd
    metro: Metro
    dispatch: Dispatch
    quake: Quake
    weather: Weather
    secret: str
    tell: Tell

    async def lasts(self, span: timedelta) -> None:
        """Let story time pass."""
        await asyncio.sleep(span.total_seconds() / self.clock.speed)

    async def until(self, what: str, found: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something to become true; raises TimeoutError naming it."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await found():  # noqa: ASYNC110 - what is waited for happens in another process's eyes: over HTTP
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise TimeoutError(f"{what} did not happen within {PATIENCE_S:.0f} s") from None


@asynccontextmanager
async def stage(  # noqa: PLR0913 - what a stage may have of one's own, each by its name
    *, speed: float, seed: int, tell: Tell, receivers: Mapping[str, FarSide] | None = None, store: str = "", port: int = 0
) -> AsyncIterator[Stage]:
    """Build everything in a temporary folder, and leave nothing behind.

    `receivers` by name may be one's own, not yet started; the record is the database `store`, or a file in that folder;
    the gateway listens at `port`, or at any free one.
    """
    clock = StoryClock(DAWN, speed)
    receivers = receivers or far_sides()
    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="bongsu-demo-")))
        for receiver in receivers.values():
            await opened.enter_async_context(receiver)
        secret = "whsec_" + base64.b64encode(random.Random(seed).randbytes(32)).decode()  # noqa: S311 - a demonstration's
        settle(folder, {name: receiver.url for name, receiver in receivers.items()}, secret, store=store, port=port)
        service = await opened.enter_async_context(Service.open(folder, now=clock))
        session = await opened.enter_async_context(aiohttp.ClientSession())
        yield Stage(
            service=service,
            clock=clock,
            receivers=receivers,
            kim=await _hired(service, session, "kim"),
            lee=await _hired(service, session, "lee"),
            river=River(session, service.url, secret, clock),
            crowd=Crowd(Line(session, service.url, "crowd-counter", secret, clock)),
            metro=Metro(Line(session, service.url, "metro-control", await _admitted(service, "metro-control"), clock)),
            dispatch=Dispatch(Line(session, service.url, "dispatch-119", secret, clock)),
            quake=Quake(Line(session, service.url, "earthquake-feed", await _admitted(service, "earthquake-feed"), clock)),
            weather=Weather(Line(session, service.url, WEATHER, await _admitted(service, WEATHER), clock, path="/v1/cap")),
            secret=secret,
            tell=tell,
        )


async def _hired(service: Service, session: aiohttp.ClientSession, name: str) -> Person:
    """Make somebody an operator and approver with a key of their own; nobody has a password here."""
    key, now = new_key(), service.gateway.now()
    await service.journal.save_person(
        Someone(name=name, roles=frozenset({Role.OPERATOR, Role.APPROVER}), password=""), "demo", now
    )
    await service.journal.save_key(Key(id=f"demo-{name}", hash=key_hash(key), person=name), "demo", now)
    return Person(session, service.url, name, key)


async def _admitted(service: Service, source: str) -> str:
    """Return a fresh bearer key of a source."""
    key = new_key()
    await service.journal.save_key(Key(id=f"demo-{source}", hash=key_hash(key), source=source), "demo", service.gateway.now())
    return key
