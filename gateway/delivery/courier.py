"""The courier: claims what is due, carries it, and writes down what became of it."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from gateway.alert import Target
from gateway.channel import Channel, Out, Outcome, Verdict
from gateway.channels import carries
from gateway.delivery.backoff import backoff
from gateway.delivery.circuit import LONGEST_REST_S, OPENS_AFTER, PAGED_AFTER_S, Circuits
from gateway.delivery.hands import Hands
from gateway.delivery.pager import page
from gateway.delivery.settling import Settling
from gateway.delivery.slots import Slots
from gateway.elapsed import elapsed
from gateway.fault import BadInput, Unavailable
from gateway.journal.contract import Journal
from gateway.journal.records import Arrival, Claimed, Priority, Settlement, Todo

log = structlog.get_logger()

OBJECTIONS = frozenset({"bytes-changed", "wrong-world"})


class Errand(NamedTuple):
    """A delivery to try: claimed no earlier than `since`, and whether it finds out if its target answers again."""

    claimed: Claimed
    target: Target
    since: float
    probe: bool


class Courier:
    """Carries deliveries of many lanes at once; the journal keeps the order within each lane.

    A target that does not answer is left alone but for one probe at a time, see Circuit; a share of all slots is kept for what is
    urgent, and one for targets that do answer, see Slots.
    """

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
        opens_after: int = OPENS_AFTER,
        luck: Callable[[], float] = random.random,
        real: Callable[[], float] = elapsed,
    ) -> None:
        """Take everything by hand; raises BadInput("lease-too-short") where a try could outlive its lease.

        `now` is the story's clock, `real` one in seconds that never goes back.
        """
        if send_s * 2 > lease_s:
            raise BadInput("lease-too-short", "a try could outlive its lease", hint="let the lease be twice the send deadline")
        self._journal, self._channels, self._out, self._now, self._real = journal, channels, out, now, real
        self._lease_s, self._send_s, self._poll_s, self._luck = lease_s, send_s, poll_s, luck
        self._slots = Slots(channels, slots, slots_per_channel)
        self._circuits = Circuits(opens_after)
        self._hands = Hands(journal, now)
        self._settling = Settling(journal, now)
        self._claiming = asyncio.Lock()
        self._woken = asyncio.Event()
        self._stopping = False
        self.trouble = ""
        """Why the record could not be asked for what is due, "" when it could."""

    def hint(self) -> None:
        """Look for work now instead of at the next poll."""
        self._woken.set()

    def silent(self) -> Mapping[str, float]:
        """Return the targets, as channel/target, that do not answer, and for how many seconds they have not."""
        return {_name(target): seconds for target, seconds in self._circuits.silent(self._real()).items()}

    async def round(self) -> int:
        """Claim one batch, carry it, settle it; returns how many deliveries that were."""
        batch = await self._claim()
        await asyncio.gather(*(self._carry(errand) for errand in batch))
        await self._page_silence()
        return len(batch)

    async def run(self, stop: asyncio.Event) -> None:
        """Carry until told to stop, then let what is in flight arrive and be settled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._wake_at(stop))
            while not stop.is_set():
                self._woken.clear()
                for errand in await self._claim():
                    tasks.create_task(self._carry(errand))
                await self._page_silence()
                await self._pause(stop)
            async with self._claiming:
                await self._put_back()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping = True
        self.hint()

    async def _pause(self, stop: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(0 if stop.is_set() else self._circuits.next_probe_in(self._real(), self._poll_s)):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> Sequence[Errand]:
        """Claim no more than there are free slots, so that no lease runs while its delivery queues here."""
        async with self._claiming:
            await self._put_back()
            try:
                errands, self.trouble = await self._errands(), ""
            except Unavailable as fault:
                self.trouble = fault.code
                log.warning("claim-failed", code=fault.code)
                return ()
            return errands

    async def _errands(self) -> Sequence[Errand]:
        since = self._real()
        room = self._slots.room(self._circuits.free(since), self._circuits.unheard())
        if room.most.urgent <= 0:
            return ()
        return [self._errand(claimed, since) for claimed in await self._hands.claim(room, self._lease_s)]

    async def _put_back(self) -> None:
        """Put back what was claimed and never came here; where that fails its lease runs out, and nothing else waits for it."""
        try:
            await self._hands.put_back()
        except Unavailable as fault:
            log.warning("put-back-failed", code=fault.code)

    def _errand(self, claimed: Claimed, since: float) -> Errand:
        self._slots.take(claimed)
        target = Target(claimed.payload.channel, claimed.payload.target)
        return Errand(claimed, target, since, self._circuits[target].goes(since))

    async def _carry(self, errand: Errand) -> None:
        patience = asyncio.get_running_loop().time() + self._lease_s
        try:
            await self._settle(errand.claimed, await self._try(errand), patience)
        finally:
            self._circuits[errand.target].comes_back(probe=errand.probe)
            self._slots.give_back(errand.claimed)
            self.hint()

    async def _try(self, errand: Errand) -> Outcome:
        claimed = errand.claimed
        if reason := self._objection(claimed):
            log.error("delivery-stopped", reason=reason, channel=claimed.payload.channel, delivery=claimed.key)
            return Outcome(verdict=Verdict.REFUSED, note=reason)
        if reason := self._too_late(errand):
            log.warning("not-sent", reason=reason, delivery=claimed.key)
            return Outcome(verdict=Verdict.UNREACHABLE, note=f"not sent: {reason}")
        outcome = await self._send(claimed, errand.since + self._send_s - self._real())
        self._learn(errand, outcome)
        return outcome

    async def _send(self, claimed: Claimed, seconds: float) -> Outcome:
        try:
            async with asyncio.timeout(seconds):
                return await self._channels[claimed.payload.channel].send(claimed.payload, claimed.key, self._out)
        except Exception as error:  # noqa: BLE001 - whatever a channel throws, its bytes may have left
            # No traceback: the values it prints may hold a secret.
            log.error("channel-broke", delivery=claimed.key, error=type(error).__name__)  # noqa: TRY400
            return Outcome(verdict=Verdict.AMBIGUOUS, note=f"the channel broke off: {type(error).__name__}")

    def _learn(self, errand: Errand, outcome: Outcome) -> None:
        """Let the target's circuit know, and say once when it opens and once when it closes."""
        circuit, now, target = self._circuits[errand.target], self._real(), _name(errand.target)
        if not outcome.heard:
            if circuit.missed(now, probe=errand.probe):
                log.warning("target-silent", target=target, note=outcome.note)
        elif (silent_s := circuit.answered(now, self._rest(errand.claimed, outcome))) is not None:
            log.info("target-answers", target=target, silent_s=round(silent_s))

    def _too_late(self, errand: Errand) -> str:
        """Say why a claim must not be acted on any more: this process stops, or stood still, or the time is over."""
        if self._stopping:
            return "this process stops"
        if self._real() - errand.since > self._send_s:
            return "this process stood still"
        return "its time is over" if self._now() >= errand.claimed.deadline else ""

    def _objection(self, claimed: Claimed) -> str:
        """Say why these bytes must not go at all: not those that were issued, or not this channel's world."""
        if claimed.payload.sha256 != claimed.sha256:
            return "bytes-changed"
        channel = self._channels[claimed.payload.channel]
        return "" if carries(channel, claimed.status) else "wrong-world"

    async def _settle(self, claimed: Claimed, outcome: Outcome, patience: float) -> None:
        """Write the outcome down, again and again until the lease is over; then the journal counts the try as ambiguous."""
        wait, told = self._wait(claimed, outcome), _page(claimed, outcome)
        while asyncio.get_running_loop().time() < patience:
            try:
                one = Settlement(claimed=claimed, outcome=outcome, retry_in=wait, page=told)
                state = await self._settling.settle(one)
            except Unavailable as fault:
                log.warning("settle-failed", delivery=claimed.key, code=fault.code)
                await asyncio.sleep(self._poll_s)
            else:
                self._hands.let_go(claimed)
                log.info(
                    "tried", delivery=claimed.key, attempt=claimed.attempt, verdict=outcome.verdict, state=state or "overtaken"
                )
                return
        log.error("settle-given-up", delivery=claimed.key, verdict=outcome.verdict)

    async def _page_silence(self) -> None:
        """Page a person once for each target that has been silent for long."""
        for target in self._circuits.unpaged(self._real()):
            try:
                waiting = (await self._journal.backlog()).get(target, 0)
                message = f"{_name(target)} has not answered for {PAGED_AFTER_S:g} s; {waiting} messages wait for it"
                todo = page("target-silent", message, f"target/{_name(target)}")
                await self._journal.accept(Arrival(at=self._now(), actor="courier", todos=(todo,)))
            except Unavailable as fault:
                log.warning("page-failed", target=_name(target), code=fault.code)
                return
            self._circuits[target].paged = True

    def _wait(self, claimed: Claimed, outcome: Outcome) -> float:
        """Return our own wait, or the longer one the target asked for; what is urgent has its target's circuit to wait for."""
        ours, rest = backoff(claimed.attempt, self._luck()), self._rest(claimed, outcome)
        return ours if rest is None or claimed.priority <= Priority.URGENT else max(ours, rest)

    def _rest(self, claimed: Claimed, outcome: Outcome) -> float | None:
        """Return for how long the target wants to be left alone, which is never beyond the deadline."""
        if outcome.retry_after is None:
            return None
        return min(outcome.retry_after, LONGEST_REST_S, max((claimed.deadline - self._now()).total_seconds(), 0.0))


def _page(claimed: Claimed, outcome: Outcome) -> Todo | None:
    """Return the page that a permanent no owes."""
    if outcome.verdict is not Verdict.REFUSED:
        return None
    code = f"delivery-{outcome.note}" if outcome.note in OBJECTIONS else "delivery-refused"
    what = f"{claimed.payload.channel}/{claimed.payload.target} was not told of {claimed.alert}.{claimed.number}: {outcome.note}"
    return page(code, what, f"delivery/{claimed.key}")


def _name(target: Target) -> str:
    return f"{target.channel}/{target.target}"
