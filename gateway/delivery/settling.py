"""Writing outcomes down: whatever comes in while the record is busy goes in one transaction after it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.journal.contract import Journal
from gateway.journal.records import DeliveryState, Settlement

State = DeliveryState | None
Waiting = tuple[Settlement, "asyncio.Future[State]"]


class Settling:
    """Settles one batch after the other; nobody waits for a timer, and nobody is answered before the commit."""

    def __init__(self, journal: Journal, now: Callable[[], datetime]) -> None:
        """Write to this record."""
        self._journal, self._now = journal, now
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def settle(self, one: Settlement) -> State:
        """Return the delivery's new state, None where its fence was overtaken; raises Unavailable."""
        answer: asyncio.Future[State] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if self._writing is None:
            # A task of its own begins when everybody has been heard who came at the same time, and outlives whoever is stopped.
            self._writing = asyncio.create_task(self._write())
        return await answer

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            for (_, answer), said in zip(batch, await self._said([one for one, _ in batch]), strict=True):
                _tell(answer, said)
        self._writing = None

    async def _said(self, batch: Sequence[Settlement]) -> Sequence[State | Exception]:
        try:
            return await self._journal.settle(batch, self._now())
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who wait
            return [error] * len(batch)


def _tell(answer: "asyncio.Future[State]", said: State | Exception) -> None:
    if answer.done():
        return
    if isinstance(said, Exception):
        answer.set_exception(said)
    else:
        answer.set_result(said)
