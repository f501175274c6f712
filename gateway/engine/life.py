"""The life of an alert on one page: every verb reads, decides with pure functions, and commits one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from gateway import drafting
from gateway.access import Actor, Grant, Role, may_approve, may_cancel, require
from gateway.alert import Act, Deed, Kind, Stage, Version, stage
from gateway.city import overlaps
from gateway.delivery.pager import page
from gateway.drafting import Brief, Over
from gateway.engine import intake, release
from gateway.engine.changes import Changes, apply
from gateway.engine.intake import Carrier, Rules
from gateway.engine.plan import Plan
from gateway.engine.release import Order
from gateway.fault import Conflict, Fault, Unavailable
from gateway.incident import Incident, Reading
from gateway.journal.contract import Journal, Stale
from gateway.journal.records import (
    AlertRecord,
    Arrival,
    Draft,
    Head,
    Receipt,
    Submit,
    Task,
    Todo,
    TodoKind,
    VersionRecord,
    VersionState,
)
from gateway.playbook import Playbook
from gateway.policy.decide import Decision, Wait, decide, level_for
from gateway.source import Item, Raw

TRIES = 3
LEASE_S = 30.0
DUPLICATE_WINDOW = timedelta(hours=24)

log = structlog.get_logger()


class Gateway:
    """What can happen to an alert. `drafts` and `sends` are set whenever there may be work for those who draft or send."""

    def __init__(self, plan: Plan, journal: Journal, now: Callable[[], datetime]) -> None:
        """Hold on to the plan, the record and the story clock; nothing is kept in memory that the record does not hold."""
        self.plan = plan
        self.journal = journal
        self.now = now
        self.drafts = asyncio.Event()
        self.sends = asyncio.Event()
        self._watching: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    # What comes in

    async def receive(self, raw: Raw, key: str | None, grant: Grant) -> Receipt:
        """Record authenticated bytes and what they mean; the sender may be answered when this returns.

        Raises Conflict("receipt-conflict") for a reused header key, Unavailable when nothing was accepted.
        """
        if (given := await self.journal.known(raw, key)) is not None:
            return given
        items = intake.parse(raw, self.plan.intakes[raw.source])
        if not any(isinstance(item, Reading) for item in items):
            return await self._accept(items, raw, key, grant)
        async with self._watching[raw.source]:
            return await self._accept(items, raw, key, grant)

    async def tick(self) -> None:
        """Let time pass for every watch, so that silence and lasting levels become incidents."""
        for source in {p.watch.source for p in self.plan.playbooks.values() if p.watch}:
            async with self._watching[source]:
                await self._tick(source)

    async def replay(self, id: int, actor: Actor) -> Receipt:
        """Read a quarantined item again, after an adapter or a setting was mended; raises Conflict when it is still refused."""
        require(actor, Role.OPERATOR)
        kept = await self.journal.quarantined(id)
        items = intake.parse(kept.raw, self.plan.intakes[kept.raw.source])[kept.index : kept.index + 1]
        receipt = await self._accept(items, kept.raw, f"replay:{id}:{self.now().isoformat()}", Grant(source=kept.raw.source))
        if not any(item.accepted for item in receipt.items):
            raise Conflict("still-refused", receipt.items[0].message, path=receipt.items[0].path, hint=receipt.items[0].hint)
        await self.journal.settle_quarantine(id, "replayed", actor.name, self.now())
        return receipt

    async def raise_by_hand(self, id: int, incident: Incident, actor: Actor) -> AlertRecord:
        """Make an alert of what a person reads in a quarantined item."""
        if settled := (await self.journal.quarantined(id)).settled:
            raise Conflict("settled", f"item {id} was {settled} before", hint="look at its alert")
        record = await self.create(incident, actor)
        await self.journal.settle_quarantine(id, "raised", actor.name, self.now())
        return record

    async def _accept(self, items: Sequence[Item], raw: Raw, key: str | None, grant: Grant) -> Receipt:
        names = [playbook.id for playbook in self.plan.watching(raw.source)]
        for _ in range(TRIES):
            states = await self.journal.watches(names) if names else {}
            rules = Rules(plan=self.plan, grant=grant, default=self.plan.intakes[raw.source].default_status, now=self.now())
            result = intake.sort(items, states, rules)
            try:
                return await self._commit(result, states, Carrier(actor=raw.source, raw=raw, key=key))
            except Stale:
                continue
        raise Unavailable("busy", "too many changes at once; nothing was accepted", hint="send it again")

    async def _tick(self, source: str) -> None:
        playbooks = self.plan.watching(source)
        states = await self.journal.watches([playbook.id for playbook in playbooks])
        result = intake.tick(states, playbooks, self.now())
        try:
            await self._commit(result, states, Carrier(actor="gateway"))
        except Stale:
            log.info("watch.stale", source=source)

    async def _commit(self, result: intake.Sorted, states: intake.States, carrier: Carrier) -> Receipt:
        known = sorted({(report.source, report.id) for _, report in result.found})
        heads = await self.journal.heads(known) if known else {}
        arrival = intake.arrival(result, heads, states, carrier, self.now())
        receipt = await self.journal.accept(arrival)
        if arrival.todos:
            self.drafts.set()
        return receipt

    # Drafts

    async def draft_due(self) -> int:
        """Draft what is owed and return how much that was; what cannot be drafted becomes an operator's finding."""
        tasks = await self.journal.take(TodoKind.DRAFT, 16, LEASE_S)
        for task in tasks:
            try:
                await self._redraft(task)
            except Stale:
                await self.journal.finish(task, retry_in=0.0)
            except Fault as fault:
                await self._not_drafted(task, fault)
        return len(tasks)

    async def create(self, incident: Incident, actor: Actor) -> AlertRecord:
        """Draft an alert by hand, as from a telephone call; raises Conflict("alert-exists") when the incident has one."""
        require(actor, Role.OPERATOR)
        head = await self._report(incident, actor)
        if head.alert is not None and (await self.journal.alert(head.alert)).open is not None:
            raise Conflict("alert-exists", f"alert {head.alert} is about this incident", hint="edit that one")
        decision = decide(head.report, None, self._playbook(head), self.now(), stopped=None)
        if not isinstance(decision, Decision):
            raise Conflict("nothing-to-tell", "the playbook has nothing to tell the public about this")
        version = await self._version(decision, head, None)
        await self.journal.draft(
            Draft(version=version, expected=0, acts=(self._act(version, Deed.DRAFTED, actor),), at=self.now())
        )
        return await self.journal.alert(version.alert)

    async def update(self, alert: str, actor: Actor) -> AlertRecord:
        """Draft an update from the newest facts; raises Conflict when nothing is live or a version is open."""
        return await self._follow(alert, Kind.UPDATE, "", actor)

    async def end(self, alert: str, reason: str, actor: Actor) -> AlertRecord:
        """Draft the all clear; it takes two people like any other message."""
        return await self._follow(alert, Kind.END, reason, actor)

    async def edit(self, alert: str, revision: int, changes: Changes, actor: Actor) -> AlertRecord:
        """Change the open draft as read at `revision`; raises Stale, Conflict("frozen"), BadInput."""
        require(actor, Role.OPERATOR)
        record = await self.journal.alert(alert)
        version = _draft_of(record).version
        edited = apply(changes, version, self.plan, self.now())
        await self.journal.edit(edited, revision, self._act(version, Deed.EDITED, actor))
        return await self.journal.alert(alert)

    async def _report(self, incident: Incident, actor: Actor) -> Head:
        for _ in range(TRIES):
            try:
                await self._commit(intake.by_hand(incident, self.plan, self.now()), {}, Carrier(actor=actor.name, drafts=False))
            except Stale:
                continue
            return (await self.journal.heads([(incident.source, incident.id)]))[incident.source, incident.id]
        raise Unavailable("busy", "too many changes at once; nothing was accepted", hint="try again")

    async def _redraft(self, task: Task) -> None:
        source, _, id = task.subject.partition("/")
        head = (await self.journal.heads([(source, id)]))[source, id]
        record = await self._going(head)
        current = record.newest_issued.version if record and record.newest_issued else None
        decision = self._decide(head, current)
        if isinstance(decision, Wait):
            await self.journal.finish(task, retry_in=_soon(decision.until - self.now()))
        elif decision is None or (record and _in_hands(record)):
            await self.journal.finish(task)
        else:
            await self._record_draft(task, await self._version(decision, head, record), record)

    async def _record_draft(self, task: Task, version: Version, record: AlertRecord | None) -> None:
        if record and record.open and not _news(record.open.version, version):
            await self.journal.finish(task)
            return
        act = Act(number=version.number, deed=Deed.DRAFTED, actor="gateway", at=self.now())
        expected = record.revision if record else 0
        await self.journal.draft(Draft(version=version, expected=expected, acts=(act,), at=self.now(), task=task))
        await self._issue_alone(version)

    async def _issue_alone(self, version: Version) -> None:
        playbook = self.plan.playbooks[version.playbook]
        if not drafting.pre_authorised(version, playbook):
            return
        record, robot = await self.journal.alert(version.alert), f"playbook:{playbook.id}"
        acts = [Act(number=version.number, deed=deed, actor=robot, at=self.now()) for deed in (Deed.SUBMITTED, Deed.APPROVED)]
        frozen = release.freeze(version, record, self.plan, self.now(), acts[:1])
        await self._issue(frozen, record.revision, acts[1:], fresh=True)

    async def _not_drafted(self, task: Task, fault: Fault) -> None:
        log.warning("draft.failed", subject=task.subject, code=fault.code, message=fault.message)
        words = f"no draft could be made for {task.subject}: {fault.message}"
        await self.journal.accept(Arrival(at=self.now(), todos=(page(fault.code, words, f"draft:{task.subject}"),)))
        await self.journal.finish(task, failure=str(fault))

    async def _follow(self, alert: str, kind: Kind, reason: str, actor: Actor) -> AlertRecord:
        require(actor, Role.OPERATOR)
        record = await self.journal.alert(alert)
        current = self._live(record).version
        if record.open is not None:
            raise Conflict("open-version", f"version {record.open.version.number} is open", hint="edit or reject it first")
        version = await self._following(kind, record, current, reason)
        act = self._act(version, Deed.DRAFTED, actor, reason)
        await self.journal.draft(Draft(version=version, expected=record.revision, acts=(act,), at=self.now()))
        return await self.journal.alert(alert)

    # What people decide

    async def submit(self, alert: str, revision: int, actor: Actor, *, confirm: bool = False) -> AlertRecord:
        """Freeze the open draft with every byte; raises Conflict("duplicate") until confirmed, Faults when it is not sound."""
        require(actor, Role.OPERATOR)
        record = await self.journal.alert(alert)
        version = _draft_of(record).version
        if not confirm:
            await self._no_twin(version)
        frozen = release.freeze(version, record, self.plan, self.now(), [self._act(version, Deed.SUBMITTED, actor)])
        await self.journal.submit(frozen, revision)
        return await self.journal.alert(alert)

    async def approve(self, alert: str, number: int, hash: str, actor: Actor, *, break_glass: str = "") -> AlertRecord:
        """Issue exactly what a second person saw; raises Conflict("hash"), Refused for the wrong person."""
        record = await self.journal.alert(alert)
        waiting = _submitted(record, number)
        if waiting.hash != hash:
            raise Conflict("hash", "this is not the text you saw", hint="read the version again and approve its hash")
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
        todos = [page("break-glass", words, f"break-glass:{alert}.{number}")] if break_glass else []
        await self._issue(frozen, record.revision, [act], todos=todos)
        return await self.journal.alert(alert)

    async def reject(self, alert: str, number: int, reason: str, actor: Actor) -> AlertRecord:
        """Put an open version away, with the reason; the next draft gets the next number."""
        require(actor, Role.OPERATOR, Role.APPROVER)
        record = await self.journal.alert(alert)
        if record.open is None or record.open.version.number != number:
            raise Conflict("not-open", f"version {number} is not open")
        act = self._act(record.open.version, Deed.REJECTED, actor, reason)
        await self.journal.reject(alert, number, record.revision, act)
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

    async def preview_cancel(self, alert: str) -> Version:
        """Return the cancel as it would be sent now, for an alert that is live or still a draft."""
        record = await self.journal.alert(alert)
        before = record.open if record.newest_issued is None and record.open else self._live(record)
        return release.final(self._closing(Kind.CANCEL, record, before.version, ""), record, self.plan, self.now())

    async def _cancel(self, alert: str, reason: str, actor: Actor) -> AlertRecord:
        record = await self.journal.alert(alert)
        version = self._taking_back(record, reason)
        deeds = (Deed.DRAFTED, Deed.SUBMITTED, Deed.APPROVED)
        acts = [self._act(version, deed, actor, reason) for deed in deeds]
        frozen = release.freeze(version, record, self.plan, self.now(), acts[:2])
        todo = page("cancelled", f"{actor.name} cancelled {alert}: {reason}", f"cancel:{alert}")
        await self._issue(frozen, record.revision, acts[2:], todos=[todo], fresh=True)
        return await self.journal.alert(alert)

    def _taking_back(self, record: AlertRecord, reason: str) -> Version:
        return self._closing(Kind.CANCEL, record, self._live(record).version, reason)

    # What time does

    async def expire_due(self) -> int:
        """Take expired alerts off the air and return how many there were."""
        records = await self.journal.due_to_expire(self.now())
        for record in records:
            if record.newest_issued is None:
                continue
            try:
                await self.journal.expire(record.id, record.newest_issued.version.number, record.revision, self.now())
            except Stale:
                log.info("expire.stale", alert=record.id)
        if records:
            self.sends.set()
        return len(records)

    # Shared by the above

    async def _issue(
        self, frozen: Submit, expected: int, acts: Sequence[Act], *, todos: Sequence[Todo] = (), fresh: bool = False
    ) -> None:
        release.carried(frozen.version, self.plan)
        if frozen.version.expires <= (now := self.now()):
            raise Conflict("expires-past", "the alert is over before it is sent", hint="reject it and draft a new one")
        issued = Act(number=frozen.version.number, deed=Deed.ISSUED, actor="gateway", at=now, hash=frozen.hash)
        order = Order(at=now, acts=(*acts, issued), expected=expected, todos=(*todos, *_to_come(frozen.version)))
        await self.journal.issue(release.consign(frozen, order, self.plan), frozen if fresh else None)
        self.sends.set()

    def _closing(self, kind: Kind, record: AlertRecord, current: Version, reason: str) -> Version:
        over = Over(kind=kind, number=_next_number(record), reason=reason, now=self.now())
        return release.within_reach(drafting.closing(over, current, self.plan.desk), self.plan)

    async def _following(self, kind: Kind, record: AlertRecord, current: Version, reason: str) -> Version:
        if kind is Kind.END or current.incident is None:
            return self._closing(Kind.END, record, current, reason)
        name = (current.incident.source, current.incident.id)
        head = (await self.journal.heads([name]))[name]
        playbook = self._playbook(head)
        return await self._version(Decision(kind=kind, level=level_for(head.report, playbook), why=reason), head, record)

    def _decide(self, head: Head, current: Version | None) -> Decision | Wait | None:
        report, playbook = head.report, self._playbook(head)
        touched = self.plan.desk.city.selectors(report.areas, report.transit)
        return decide(report, current, playbook, self.now(), stopped=head.stopped, selectors=touched)

    def _playbook(self, head: Head) -> Playbook:
        return self.plan.playbook_for(head.report.hazard, head.key.source, head.key.id)

    async def _version(self, decision: Decision, head: Head, record: AlertRecord | None) -> Version:
        number = record.open.version.number if record and record.open else _next_number(record)
        if decision.kind is Kind.END and record and record.newest_issued:
            return self._closing(Kind.END, record, record.newest_issued.version, decision.why)
        brief = Brief(
            kind=decision.kind,
            level=decision.level,
            incident=head.report,
            key=head.key,
            sequence=head.revision,
            playbook=self._playbook(head),
            alert=record.id if record else await self._new_id(),
            number=number,
            now=self.now(),
        )
        return drafting.draft(brief, self.plan.desk)

    async def _new_id(self) -> str:
        return f"{self.plan.code}-{self.now().year}-{await self.journal.allocate('alert'):05d}"

    async def _going(self, head: Head) -> AlertRecord | None:
        record = await self.journal.alert(head.alert) if head.alert else None
        over = record and record.newest_issued and record.open is None and self._stage(record) is not Stage.ISSUED
        return None if over else record

    async def _no_twin(self, version: Version) -> None:
        for other in await self.journal.alerts():
            told = other.newest_issued
            if other.id == version.alert or told is None or self._stage(other) is not Stage.ISSUED or told.issued_at is None:
                continue
            recent = self.now() - told.issued_at < DUPLICATE_WINDOW
            if recent and told.version.hazard == version.hazard and overlaps(told.version.places, version.places):
                hint = "update that one, or confirm that this is another"
                raise Conflict("duplicate", f"alert {other.id} tells of the same hazard there", path=other.id, hint=hint)

    def _live(self, record: AlertRecord) -> VersionRecord:
        if record.newest_issued is None or self._stage(record) is not Stage.ISSUED:
            raise Conflict("not-live", f"alert {record.id} is not live", hint="reject an open draft, or draft a new alert")
        return record.newest_issued

    def _stage(self, record: AlertRecord) -> Stage:
        told = record.newest_issued
        if told is None:
            return Stage.DRAFT
        return stage(told.version, record.acts, self.now(), newest_issued=told.version.number)

    def _act(self, version: Version, deed: Deed, actor: Actor, reason: str = "") -> Act:
        return Act(number=version.number, deed=deed, actor=actor.name, at=self.now(), reason=reason)


def _draft_of(record: AlertRecord) -> VersionRecord:
    if record.open is None:
        raise Conflict("not-open", f"alert {record.id} has no open version")
    if record.open.state is not VersionState.OPEN:
        raise Conflict("frozen", "the version was submitted and cannot change", hint="reject it and draft the next one")
    return record.open


def _submitted(record: AlertRecord, number: int) -> VersionRecord:
    if record.open is None or record.open.version.number != number:
        raise Conflict("not-open", f"version {number} is not waiting for approval", hint="read the alert again")
    if record.open.state is not VersionState.FROZEN:
        raise Conflict("not-submitted", f"version {number} is still a draft", hint="submit it first")
    return record.open


def _in_hands(record: AlertRecord) -> bool:
    """Tell whether a person has touched the open version; a machine never overwrites that."""
    if record.open is None:
        return False
    number = record.open.version.number
    touched = any(act.number == number and act.actor != "gateway" for act in record.acts)
    return touched or record.open.state is VersionState.FROZEN


def _to_come(version: Version) -> Iterator[Todo]:
    """An alert that goes on is looked at again before it expires, however silent its source; an end, for what came meanwhile."""
    if version.incident is not None and version.kind is not Kind.CANCEL:
        yield intake.to_draft(version.incident.source, version.incident.id)


def _soon(story: timedelta) -> float:
    """Return in how many real seconds to look again: a part of the wait, for the story may run faster than life."""
    return min(max(story.total_seconds() / 20, 0.2), 60.0)


def _next_number(record: AlertRecord | None) -> int:
    return record.versions[-1].version.number + 1 if record and record.versions else 1


def _news(before: Version, after: Version) -> bool:
    said = [(v.kind, v.level, v.places, v.facts, v.transit) for v in (before, after)]
    return said[0] != said[1]
