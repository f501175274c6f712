"""Whoever is waiting shares a transaction; it forms by itself, so that a lone caller waits for nobody."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from gateway.journal.postgres.faults import HELD
from gateway.journal.records import Arrival, Receipt
from gateway.journal.sql.arriving import Answer

MOST_TOGETHER = 64

Waiting = tuple[Arrival, "asyncio.Future[Receipt]"]


class Recording(Protocol):
    """Records a group; whoever has `waited` for what others hold waits for it a moment only."""

    async def __call__(self, arrivals: Sequence[Arrival], *, waited: bool) -> Sequence[Answer]:
        """Return what is answered to each; raises what keeps all of them from being recorded."""
        ...


class Together:
    """Records requests in groups, one group at a time."""

    def __init__(self, record: Recording) -> None:
        """Record groups with `record`, in one transaction each."""
        self._record = record
        self._waiting: list[Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def accept(self, arrival: Arrival) -> Receipt:
        """Record one request, beside whoever waits; raises what became of it, Unavailable for all of a group that failed.

        Where somebody else held what one of the group needs, only who needs it is refused.
        """
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            group = [(arrival, answer) for arrival, answer in self._waiting[:MOST_TOGETHER] if not answer.done()]
            del self._waiting[:MOST_TOGETHER]
            for (_, answer), one in zip(group, await self._recorded([arrival for arrival, _ in group]), strict=True):
                _tell(answer, one)
        self._working = None

    async def _recorded(self, arrivals: Sequence[Arrival], *, waited: bool = False) -> Sequence[Receipt | Exception]:
        try:
            return await self._record(arrivals, waited=waited)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who wait
            if isinstance(error.__cause__, HELD) and len(arrivals) > 1:
                return [answer for one in arrivals for answer in await self._recorded([one], waited=True)]
            return [error] * len(arrivals)


def _tell(answer: "asyncio.Future[Receipt]", one: Receipt | Exception) -> None:
    if answer.done():
        return
    if isinstance(one, Receipt):
        answer.set_result(one)
    else:
        answer.set_exception(one)
