"""The courier: claims what is due, carries it, and writes down what became of it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from gateway.channel import Channel, Out, Outcome, Verdict
from gateway.channels import carries
from gateway.delivery.backoff import backoff
from gateway.delivery.pager import page
from gateway.fault import BadInput, Unavailable
from gateway.journal.contract import Journal
from gateway.journal.records import Arrival, Claimed

log = structlog.get_logger()


class Courier:
    """Carries deliveries of many lanes at once; the journal keeps the order within each lane."""

    def __init__(  # noqa: PLR0913 - the limits are the operator's, by name
        self,
        journal: Journal,
        channels: Mapping[str, Channel],
        out: Out,
        now: Callable[[], datetime],
        *,
        slots: int = 256,
        slots_per_channel: int = 64,
        lease_s: float = 30.0,
        send_s: float = 10.0,
        poll_s: float = 1.0,
        luck: Callable[[], float] = random.random,
    ) -> None:
        """Take everything by hand; raises BadInput("lease-too-short") where a try could outlive its lease."""
        if send_s * 2 > lease_s:
            raise BadInput("lease-too-short", "a try could outlive its lease", hint="let the lease be twice the send deadline")
        self._journal, self._channels, self._out, self._now = journal, channels, out, now
        self._slots, self._slots_per_channel = slots, slots_per_channel
        self._lease_s, self._send_s, self._poll_s, self._luck = lease_s, send_s, poll_s, luck
        self._in_flight: Counter[str] = Counter()
        self._claiming = asyncio.Lock()
        self._woken = asyncio.Event()

    def hint(self) -> None:
        """Look for work now instead of at the next poll."""
        self._woken.set()

    async def round(self) -> int:
        """Claim one batch, carry it, settle it; returns how many deliveries that were."""
        batch = await self._claim()
        await asyncio.gather(*(self._carry(claimed) for claimed in batch))
        return len(batch)

    async def run(self, stop: asyncio.Event) -> None:
        """Carry until told to stop, then let what is in flight arrive and be settled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._wake_at(stop))
            while not stop.is_set():
                self._woken.clear()
                for claimed in await self._claim():
                    tasks.create_task(self._carry(claimed))
                await self._pause(stop)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.hint()

    async def _pause(self, stop: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(0 if stop.is_set() else self._poll_s):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> Sequence[Claimed]:
        """Claim no more than there are free slots, so that no lease runs while its delivery queues here."""
        async with self._claiming:
            free = {name: self._slots_per_channel - self._in_flight[name] for name in self._channels}
            most = min(self._slots - self._in_flight.total(), sum(free.values()))
            if most <= 0:
                return ()
            try:
                batch = await self._journal.claim(free, most, self._lease_s, self._now())
            except Unavailable as fault:
                log.warning("claim-failed", code=fault.code)
                return ()
            self._in_flight.update(claimed.payload.channel for claimed in batch)
            return batch

    async def _carry(self, claimed: Claimed) -> None:
        patience = asyncio.get_running_loop().time() + self._lease_s
        try:
            outcome = await self._try(claimed)
            await self._settle(claimed, outcome, patience)
        finally:
            self._in_flight[claimed.payload.channel] -= 1
            self.hint()

    async def _try(self, claimed: Claimed) -> Outcome:
        try:
            if reason := self._objection(claimed):
                return await self._refuse(claimed, reason)
            async with asyncio.timeout(self._send_s):
                return await self._channels[claimed.payload.channel].send(claimed.payload, claimed.key, self._out)
        except Unavailable as fault:
            return Outcome(verdict=Verdict.UNREACHABLE, note=f"our own record did not answer: {fault.code}")
        except Exception as error:  # noqa: BLE001 - whatever a channel throws, its bytes may have left
            # No traceback: the values it prints may hold a secret.
            log.error("channel-broke", delivery=claimed.key, error=type(error).__name__)  # noqa: TRY400
            return Outcome(verdict=Verdict.AMBIGUOUS, note=f"the channel broke off: {type(error).__name__}")

    def _objection(self, claimed: Claimed) -> str:
        """Say why these bytes must not go at all: not those that were issued, or not this channel's world."""
        if claimed.payload.sha256 != claimed.sha256:
            return "bytes-changed"
        channel = self._channels[claimed.payload.channel]
        return "" if carries(channel, claimed.status) else "wrong-world"

    async def _refuse(self, claimed: Claimed, reason: str) -> Outcome:
        log.error("delivery-stopped", reason=reason, channel=claimed.payload.channel, delivery=claimed.key)
        message = f"{claimed.payload.channel}/{claimed.payload.target} was not told: {reason}"
        todo = page(f"delivery-{reason}", message, f"delivery/{claimed.key}")
        await self._journal.accept(Arrival(at=self._now(), actor="courier", todos=(todo,)))
        return Outcome(verdict=Verdict.REFUSED, note=reason)

    async def _settle(self, claimed: Claimed, outcome: Outcome, patience: float) -> None:
        """Write the outcome down, again and again until the lease is over; then the journal counts the try as ambiguous."""
        wait = self._wait(claimed, outcome)
        while asyncio.get_running_loop().time() < patience:
            try:
                state = await self._journal.settle(claimed, outcome, retry_in=wait, at=self._now())
            except Unavailable as fault:
                log.warning("settle-failed", delivery=claimed.key, code=fault.code)
                await asyncio.sleep(self._poll_s)
            else:
                log.info(
                    "tried", delivery=claimed.key, attempt=claimed.attempt, verdict=outcome.verdict, state=state or "overtaken"
                )
                return
        log.error("settle-given-up", delivery=claimed.key, verdict=outcome.verdict)

    def _wait(self, claimed: Claimed, outcome: Outcome) -> float:
        ours = backoff(claimed.attempt, self._luck())
        left = max((claimed.deadline - self._now()).total_seconds(), 0.0)
        return ours if outcome.retry_after is None else max(ours, min(outcome.retry_after, left))
