"""What comes in: bytes of a source, and time itself for the watches."""

import asyncio
from collections.abc import Sequence
from time import monotonic

import structlog

from gateway.access import Actor, Grant, Role, require
from gateway.engine import intake
from gateway.engine.hearing import Hearing
from gateway.engine.intake import Carrier, Rules
from gateway.engine.plan import Intake
from gateway.fault import Conflict, Unavailable
from gateway.incident import Reading
from gateway.journal.contract import Stale
from gateway.journal.records import Quarantined, Receipt
from gateway.source import Item, Raw

PATIENCE_S = 5.0
PAUSE_S = 0.005
log = structlog.get_logger()


class Receiving(Hearing):
    """How reports and readings come to stand in the record."""

    async def receive(self, raw: Raw, key: str | None, grant: Grant) -> Receipt:
        """Record authenticated bytes, as they may be kept, and what they mean; the sender may be answered when this returns.

        Raises Conflict("receipt-conflict") for a reused header key, Unavailable when nothing was accepted.
        """
        await self._turns.mine()
        raw, items = intake.read(raw, self._intake(raw.source))
        if not any(isinstance(item, Reading) for item in items):
            return await self._accept(items, raw, key, grant)
        async with self._watching[raw.source]:
            return await self._accept(items, raw, key, grant)

    async def tick(self) -> None:
        """Let time pass for every watch, so that silence and lasting levels become incidents; one that breaks stops no other."""
        broken: list[Exception] = []
        for source in sorted({p.watch.source for p in self.plan.playbooks.values() if p.watch}):
            try:
                async with self._watching[source]:
                    await self._tick(source)
            except Exception as error:  # noqa: BLE001 - told when the others had their turn
                broken.append(error)
        if broken:
            raise broken[0]

    async def replay(self, id: int, actor: Actor) -> Receipt:
        """Read a quarantined item again, after an adapter or a setting was mended; raises Conflict when it is still refused.

        The last item of a request stands for everything that could not be read after it.
        """
        require(actor, Role.OPERATOR)
        kept = await self._unsettled(id)
        receipt = await (self._heard_again(kept) if kept.raw.source in self.plan.partners else self._read_again(kept))
        await self.journal.settle_quarantine(id, "replayed", actor.name, self.now())
        return receipt

    async def _read_again(self, kept: Quarantined) -> Receipt:
        source = self._intake(kept.raw.source)
        last = kept.index + 1 == len((await self.journal.receipt(kept.receipt)).items)
        items = intake.parse(kept.raw, source)[kept.index : None if last else kept.index + 1]
        async with self._watching[kept.raw.source]:
            grant = source.grant or Grant(source=kept.raw.source)
            return await self._accept(items, kept.raw, f"replay:{kept.id}", grant, must=True)

    def _intake(self, source: str) -> Intake:
        if source not in self.plan.intakes:
            raise Conflict("source-gone", f"the city hears no source {source!r} any more", hint="raise it by hand")
        return self.plan.intakes[source]

    async def _accept(self, items: Sequence[Item], raw: Raw, key: str | None, grant: Grant, *, must: bool = False) -> Receipt:
        """Sort and record; when the record has moved on, read it and sort again, until the sender's patience is over."""
        watches = [playbook.id for playbook in self.plan.watching(raw.source)]
        until = monotonic() + PATIENCE_S
        anew = False
        while True:
            states = await self.memory.watches(watches, anew=anew)
            rules = Rules(plan=self.plan, grant=grant, default=self._intake(raw.source).default_status, now=self.now())
            result = intake.sort(items, states, rules)
            if must and len(result.refused) == len(items):
                raise intake.still_refused(result)
            try:
                return await self._commit(result, states, Carrier(actor=raw.source, raw=raw, key=key), anew=anew)
            except Stale:
                if monotonic() >= until:
                    raise Unavailable("busy", "too many changes at once; nothing was accepted", hint="send it again") from None
                await asyncio.sleep(PAUSE_S if anew else 0.0)
                anew = True

    async def _tick(self, source: str) -> None:
        playbooks = self.plan.watching(source)
        states = await self.memory.watches([playbook.id for playbook in playbooks], anew=True)
        result = intake.tick(states, playbooks, self.plan, self.now())
        if not intake.anything(result, states):
            return
        try:
            await self._commit(result, states, Carrier(actor="gateway"), anew=True)
        except Stale:
            log.info("watch.stale", source=source)
