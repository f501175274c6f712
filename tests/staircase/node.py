"""A whole gateway with its courier, on two clocks that are ours to move."""

import asyncio
import base64
import functools
import tempfile
from datetime import datetime
from pathlib import Path

import msgspec

from gateway.delivery import Courier
from gateway.demo.town import FIRST, settle
from gateway.engine import Gateway, Plan
from gateway.engine.plan import Intake
from gateway.incident import Status
from gateway.journal.contract import Journal
from gateway.service import set_up
from tests.staircase.far_side import FarSide
from tests.staircase.quakes import QUAKES
from tests.staircase.reports import FireService

DAWN = datetime.fromisoformat("2026-07-14T18:00:00+09:00")
NEVER = 1_000_000_000
FOREVER_S = 1e6


class Clocks:
    """The story's time and the machine's; both are ours to move."""

    def __init__(self) -> None:
        """Begin at dawn."""
        self.begin()

    def begin(self) -> None:
        """Go back to dawn."""
        self.story, self.real = DAWN, 1000.0

    def now(self) -> datetime:
        """Return the story's time."""
        return self.story


clocks = Clocks()


@functools.cache
def plan() -> Plan:
    """Return Hanbat's plan; beside its river, a fire service and the earthquake feed report whole incidents."""
    with tempfile.TemporaryDirectory() as folder:
        settle(Path(folder), {}, "whsec_" + base64.b64encode(bytes(32)).decode(), reach=FIRST)
        hanbat = set_up(Path(folder), clocks.now).plan
    whole = Intake(source=FireService(), settings={}, default_status=Status.EXERCISE)
    return msgspec.structs.replace(hanbat, intakes={**hanbat.intakes, "fire": whole, QUAKES: whole})


class Node:
    """One gateway with its courier, and what that is carrying."""

    def __init__(self, name: str, journal: Journal, far: FarSide) -> None:
        """Put the parts together."""
        self.name, self.journal = name, journal
        self.gateway = Gateway(plan(), journal, clocks.now)
        self.courier = Courier(
            journal,
            plan().channels,
            far,
            clocks.now,
            send_s=FOREVER_S,
            lease_s=2 * FOREVER_S,
            opens_after=NEVER,
            luck=lambda: 0.0,
        )
        self.rounds: set[asyncio.Task[int]] = set()

    async def die(self) -> None:
        """End in the middle of whatever it does."""
        for task in self.rounds:
            task.cancel()
        await asyncio.gather(*self.rounds, return_exceptions=True)
        await self.journal.close()
