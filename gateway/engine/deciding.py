"""What people decide, and what time decides for them."""

from collections.abc import Sequence

import structlog
from msgspec.structs import replace

from gateway.access import Actor, Role, may_approve, may_cancel, require
from gateway.alert import Act, Deed, Kind, Version
from gateway.channel import Payload
from gateway.delivery.pager import page
from gateway.drafting import render
from gateway.engine import intake, release
from gateway.engine.newer import seen
from gateway.engine.release import Order
from gateway.engine.room import Room
from gateway.engine.standing import draft_of, live, submitted
from gateway.fault import Conflict, Unavailable
from gateway.journal.contract import Stale
from gateway.journal.records import (
    AlertRecord,
    Arrival,
    Submit,
)

TRIES = 3
log = structlog.get_logger()


class Deciding(Room):
    """How a version is frozen, issued, put away, taken back, or runs out."""

    async def view(self, alert: str) -> AlertRecord:
        """Return an alert as recorded; among the findings of its open version stands what its source has said since."""
        record = await self.journal.alert(alert)
        if record.open is None or (key := record.open.version.incident) is None:
            return record
        head = (await self.journal.heads([(key.source, key.id)]))[key.source, key.id]
        return seen(record, record.open, head, self.plan)

    async def submit(self, alert: str, revision: int, actor: Actor, *, confirm: bool = False) -> AlertRecord:
        """Freeze the open draft with every byte; raises Conflict("duplicate") until confirmed, Faults when it is not sound."""
        require(actor, Role.OPERATOR)
        record = await self.journal.alert(alert)
        version = draft_of(record).version
        beside = None if confirm else await self._no_twin(version)
        frozen = release.freeze(version, record, self.plan, self.now(), [self._act(version, Deed.SUBMITTED, actor)])
        await self.journal.submit(replace(frozen, beside=beside), revision)
        return await self.journal.alert(alert)

    async def approve(self, alert: str, number: int, hash: str, actor: Actor, *, break_glass: str = "") -> AlertRecord:
        """Issue exactly what a second person saw; raises Conflict("hash"), Refused for the wrong person."""
        record = await self.journal.alert(alert)
        waiting = submitted(record, number)
        if waiting.hash != hash:
            raise Conflict("hash", "this is not the text you saw", hint="read the version again and approve its hash")
        break_glass = break_glass.strip()
        may_approve(actor, number, record.acts, break_glass=break_glass)
        payloads, feeds = await self.journal.frozen(alert, number)
        frozen = Submit(version=waiting.version, hash=hash, payloads=tuple(payloads), feeds=tuple(feeds), acts=())
        act = Act(
            number=number,
            deed=Deed.APPROVED,
            actor=actor.name,
            at=self.now(),
            reason=break_glass,
            hash=hash,
            break_glass=bool(break_glass),
        )
        words = f"{actor.name} broke the glass on {alert}: {break_glass}"
        todos = (page("break-glass", words, f"break-glass:{alert}.{number}"),) if break_glass else ()
        await self._issue(frozen, Order(at=act.at, acts=(act,), expected=record.revision, todos=todos))
        return await self.journal.alert(alert)

    async def reject(self, alert: str, number: int, reason: str, actor: Actor) -> AlertRecord:
        """Put an open version away, with the reason; the next draft gets the next number."""
        require(actor, Role.OPERATOR, Role.APPROVER)
        record = await self.journal.alert(alert)
        if record.open is None or record.open.version.number != number:
            raise Conflict("not-open", f"version {number} is not open", hint="read the alert again")
        act = self._act(record.open.version, Deed.REJECTED, actor, reason)
        await self.journal.reject(alert, number, record.revision, act)
        await self._catch_up(record.open.version)
        return await self.journal.alert(alert)

    async def cancel(self, alert: str, reason: str, actor: Actor) -> AlertRecord:
        """Take back what was issued in error: one person, one transaction, and the duty officer is told at once."""
        may_cancel(actor, reason)
        for _ in range(TRIES):
            try:
                return await self._cancel(alert, reason, actor)
            except Stale:
                continue
        raise Unavailable("busy", "the alert kept changing", hint="cancel it again")

    async def preview(self, alert: str) -> Sequence[Payload]:
        """Return the bytes that the open draft would send if it were submitted now, channels' first, then feeds'."""
        record = await self.journal.alert(alert)
        ready = release.final(draft_of(record).version, record, self.plan, self.now())
        payloads, feeds = render(ready, self.plan.channels.values(), self.plan.feeds)
        return [*payloads, *feeds]

    async def preview_cancel(self, alert: str) -> Version:
        """Return the cancel as it would be sent now, for an alert that is live or still a draft."""
        record = await self.journal.alert(alert)
        before = record.open if record.newest_issued is None and record.open else live(record, self.now())
        return release.final(self._closing(Kind.CANCEL, record, before.version, ""), record, self.plan, self.now())

    async def expire_due(self) -> int:
        """Take expired alerts off the air and return how many there were; one that cannot be is tried last the next time."""
        records = await self.journal.due_to_expire(self.now())
        self._put_off &= {record.id for record in records}
        for record in sorted(records, key=lambda record: record.id in self._put_off):
            self._put_off.add(record.id)
            await self._expire(record)
            self._put_off.discard(record.id)
        if records:
            self.sends.set()
        return len(records)

    async def _expire(self, record: AlertRecord) -> None:
        if record.newest_issued is None:
            return
        try:
            await self.journal.expire(record.id, record.newest_issued.version.number, record.revision, self.now())
        except Conflict as fault:
            log.info("expire.overtaken", alert=record.id, code=fault.code)

    async def _catch_up(self, version: Version) -> None:
        """Look at the facts that came while a person had the version in hands."""
        if (key := version.incident) is None:
            return
        head = (await self.journal.heads([(key.source, key.id)]))[key.source, key.id]
        if head.revision != version.incident_sequence:
            await self.journal.accept(Arrival(at=self.now(), todos=(intake.to_draft(key.source, key.id),)))
            self.drafts.set()

    async def _cancel(self, alert: str, reason: str, actor: Actor) -> AlertRecord:
        record = await self.journal.alert(alert)
        version = self._taking_back(record, reason)
        deeds = (Deed.DRAFTED, Deed.SUBMITTED, Deed.APPROVED)
        *made, approved = (self._act(version, deed, actor, reason) for deed in deeds)
        frozen = release.freeze(version, record, self.plan, self.now(), made)
        todo = page("cancelled", f"{actor.name} cancelled {alert}: {reason}", f"cancel:{alert}")
        order = Order(at=approved.at, acts=(approved,), expected=record.revision, todos=(todo,))
        await self._issue(frozen, order, fresh=True)
        return await self.journal.alert(alert)

    def _taking_back(self, record: AlertRecord, reason: str) -> Version:
        return self._closing(Kind.CANCEL, record, live(record, self.now()).version, reason)
