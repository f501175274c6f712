"""Callers of a record that may go away at any moment: each asks again when told no, and all know what was acknowledged."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

from gateway.fault import Unavailable
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Arrival
from tests.journal.samples import T0, incident, placed, raw

CALLERS = 8
A_WHILE_S = 0.8


class Callers:
    """Vendors that report one incident after the other."""

    def __init__(self, journal: PostgresJournal) -> None:
        """Report to this record."""
        self.acknowledged: dict[str, str] = {}
        self.refusals = 0
        self.slowest = 0.0
        self._journal = journal
        self._stopped = False

    def __str__(self) -> str:
        """Say how it went."""
        return f"{len(self.acknowledged)} in all, {self.refusals} refused, the slowest answer took {self.slowest:.2f} s"

    async def call_during(self, event: Callable[[], Awaitable[None]]) -> int:
        """Call before, during and after an event; return how many were acknowledged when it came."""
        calls = [asyncio.create_task(self._call(caller)) for caller in range(CALLERS)]
        await asyncio.sleep(A_WHILE_S)
        before = len(self.acknowledged)
        await event()
        await asyncio.sleep(A_WHILE_S)
        self._stopped = True
        await asyncio.gather(*calls)
        return before

    async def nothing_lost(self, journal: PostgresJournal) -> None:
        """Assert that every acknowledged report is there, once, under the receipt it was given."""
        for name, receipt in self.acknowledged.items():
            known = await journal.known(raw(name.encode()), name)
            assert known is not None, f"{name} was lost"
            assert known.id == receipt, f"{name} was accepted twice"
        heads = await journal.heads([("gauge", name) for name in self.acknowledged])
        assert [head.revision for head in heads.values()] == [1] * len(self.acknowledged)

    async def _call(self, caller: int) -> None:
        for number in itertools.count():
            if self._stopped:
                return
            await self._report(f"{caller}-{number}")

    async def _report(self, name: str) -> None:
        arrival = Arrival(at=T0, raw=raw(name.encode()), key=name, reports=(placed(incident(name)),))
        while not (self._stopped or name in self.acknowledged):
            began = time.monotonic()
            try:
                self.acknowledged[name] = (await self._journal.accept(arrival)).id
            except Unavailable:
                self.refusals += 1
                await asyncio.sleep(0.05)
            self.slowest = max(self.slowest, time.monotonic() - began)
