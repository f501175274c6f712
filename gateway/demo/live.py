"""The story that a newcomer leads: the river rises by itself, everything else waits for two people."""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum
from typing import Any

from msgspec import Struct

from gateway.demo.flood import FIRST, GAUGE
from gateway.demo.hearing import PEERS
from gateway.demo.stage import Stage

CALM, HIGH, LOW = 1.2, 4.4, 1.4
CALM_S, SEEN_S, LOOK_S = 10.0, 15.0, 0.3
EVERY = timedelta(seconds=31)
OVER = frozenset({"ended", "cancelled", "expired", "rejected"})


class Step(IntEnum):
    """Where the newcomer is."""

    WAIT = 0
    SUBMIT = 1
    APPROVE = 2
    SEE = 3
    END = 4
    END_APPROVE = 5
    DONE = 6


class Now(Struct, frozen=True, kw_only=True):
    """How things stand; `alert` is the body of /v1/alerts/{id}, or empty, `refused` why a vendor's message was not taken."""

    step: Step
    rises_in_s: int
    metres: float
    alert: Mapping[str, Any]
    refused: str


class Live:
    """The river and its vendor; nothing here approves anything."""

    def __init__(self, stage: Stage, *, calm_s: float = CALM_S, seen_s: float = SEEN_S) -> None:
        """Keep the river calm for so long, and let it fall so long after everybody was told."""
        self.stage = stage
        self._metres, self._refused = CALM, ""
        self._seen_s = seen_s
        self._rises_at = time.monotonic() + calm_s

    async def flow(self) -> None:
        """Report the river's level for ever, as its gauge would."""
        while True:
            await self.stage.river.measures(GAUGE, self._metres)
            await self.stage.lasts(EVERY)

    async def lead(self) -> None:
        """Let another agency warn and the river rise; once people were told, let its vendor talk nonsense and the water fall."""
        await self.stage.weather.warns()
        await asyncio.sleep(max(self._rises_at - time.monotonic(), 0))
        self._metres = HIGH
        while not await self._told():  # noqa: ASYNC110 - people act over HTTP, in another process
            await asyncio.sleep(LOOK_S)
        answer = await self.stage.river.measures(GAUGE, 8.0, unit="furlong")
        items = answer.document["items"]
        self._refused = str(items[0]["message"]) if isinstance(items, list) else ""
        await asyncio.sleep(self._seen_s)
        self._metres = LOW

    async def now(self) -> Now:
        """Return how things stand."""
        answer = await self.stage.kim.get(f"/v1/alerts/{FIRST}")
        alert = answer.document if answer.status == 200 else {}
        return Now(
            step=step(alert),
            rises_in_s=max(round(self._rises_at - time.monotonic()), 0),
            metres=self._metres,
            alert=alert,
            refused=self._refused,
        )

    async def _told(self) -> bool:
        over = step((await self.now()).alert) is Step.DONE
        return over or all(self.stage.receivers[name].arrivals for name in PEERS)


def step(alert: Mapping[str, Any]) -> Step:
    """Return where a newcomer is with an alert, or without any."""
    if not alert:
        return Step.WAIT
    stage, ending = alert["stage"], alert["kind"] == "end"
    if stage in OVER:
        return Step.DONE
    if stage == "draft":
        return Step.END if ending else Step.SUBMIT
    if stage == "submitted":
        return Step.END_APPROVE if ending else Step.APPROVE
    return Step.SEE
