"""Writing outcomes down: whatever comes in while the record is busy goes in one transaction after it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.fault import Unavailable
from gateway.journal.contract import Journal
from gateway.journal.records import DeliveryState, Settlement

State = DeliveryState | None
Answer = asyncio.Future[State | Unavailable]


class Settling:
    """Settles one batch after the other; nobody waits for a timer, and nobody is answered before the commit."""

    def __init__(self, journal: Journal, now: Callable[[], datetime]) -> None:
        """Write to this record."""
        self._journal, self._now = journal, now
        self._queue: list[tuple[Settlement, Answer]] = []
        self._turn = asyncio.Lock()

    async def settle(self, one: Settlement) -> State:
        """Return the delivery's new state, None where its fence was overtaken; raises Unavailable."""
        answer: Answer = asyncio.get_running_loop().create_future()
        self._queue.append((one, answer))
        async with self._turn:
            if not answer.done():
                await self._write()
        if isinstance(said := answer.result(), Unavailable):
            raise said
        return said

    async def _write(self) -> None:
        batch, self._queue = self._queue, []
        said: Sequence[State | Unavailable]
        try:
            said = await self._journal.settle([one for one, _ in batch], self._now())
        except Unavailable as fault:
            said = [fault] * len(batch)
        except BaseException:
            # Whoever writes for all was stopped: the next in turn writes for those who still wait.
            self._queue = [*batch, *self._queue]
            raise
        for (_, answer), word in zip(batch, said, strict=True):
            answer.set_result(word)
