"""The life of an alert on one page: every verb reads, decides with pure functions, and commits one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from gateway import drafting
from gateway.access import Actor, Grant, Role, may_approve, may_cancel, require
from gateway.alert import Act, Deed, Kind, Version
from gateway.delivery.pager import page
from gateway.drafting import Brief, Over
from gateway.engine import intake, release
from gateway.engine.changes import Changes, apply
from gateway.engine.intake import Carrier, Rules
from gateway.engine.newer import seen
from gateway.engine.plan import Intake, Plan
from gateway.engine.release import Order
from gateway.engine.standing import busy, draft_of, goes_on, in_hands, live, news, next_number, same_world, submitted, twin
from gateway.engine.troubles import Troubles
from gateway.fault import Conflict, Fault, Unavailable
from gateway.incident import Incident, Reading
from gateway.journal.contract import Journal, Stale
from gateway.journal.records import (
    AlertRecord,
    Arrival,
    Draft,
    Head,
    Quarantined,
    Receipt,
    Submit,
    Task,
    Todo,
    TodoKind,
)
from gateway.playbook import Playbook
from gateway.policy.decide import Decision, Wait, decide, level_for
from gateway.source import Item, Raw

TRIES = 3
LEASE_S = 30.0
RETRY_S = 0.2

log = structlog.get_logger()


class Gateway:
    """What can happen to an alert. `drafts` and `sends` are set whenever there may be work for those who draft or send.

    `troubles` is kept by whoever runs the loops.
    """

    def __init__(self, plan: Plan, journal: Journal, now: Callable[[], datetime]) -> None:
        """Hold on to the plan, the record and the story clock; nothing is kept in memory that the record does not hold."""
        self.plan = plan
        self.journal = journal
        self.now = now
        self.drafts = asyncio.Event()
        self.sends = asyncio.Event()
        self.troubles = Troubles()
        self._drafting = asyncio.Lock()
        self._watching: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    # What comes in

    async def receive(self, raw: Raw, key: str | None, grant: Grant) -> Receipt:
        """Record authenticated bytes and what they mean; the sender may be answered when this returns.

        Raises Conflict("receipt-conflict") for a reused header key, Unavailable when nothing was accepted.
        """
        if (given := await self.journal.known(raw, key)) is not None:
            return given
        items = intake.parse(raw, self._intake(raw.source))
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
        source = self._intake(kept.raw.source)
        last = kept.index + 1 == len((await self.journal.receipt(kept.receipt)).items)
        items = intake.parse(kept.raw, source)[kept.index : None if last else kept.index + 1]
        async with self._watching[kept.raw.source]:
            grant = source.grant or Grant(source=kept.raw.source)
            receipt = await self._accept(items, kept.raw, f"replay:{id}", grant, must=True)
        await self.journal.settle_quarantine(id, "replayed", actor.name, self.now())
        return receipt

    async def raise_by_hand(self, id: int, incident: Incident, actor: Actor) -> AlertRecord:
        """Make an alert of what a person reads in a quarantined item."""
        await self._unsettled(id)
        record = await self.create(incident, actor)
        await self.journal.settle_quarantine(id, "raised", actor.name, self.now())
        return record

    async def _unsettled(self, id: int) -> Quarantined:
        kept = await self.journal.quarantined(id)
        if kept.settled:
            raise Conflict("quarantine-settled", f"item {id} was {kept.settled} before", hint="look at the alerts")
        return kept

    def _intake(self, source: str) -> Intake:
        if source not in self.plan.intakes:
            raise Conflict("source-gone", f"the city hears no source {source!r} any more", hint="raise it by hand")
        return self.plan.intakes[source]

    async def _accept(self, items: Sequence[Item], raw: Raw, key: str | None, grant: Grant, *, must: bool = False) -> Receipt:
        playbooks = self.plan.watching(raw.source)
        for _ in range(TRIES):
            states = await self.journal.watches([playbook.id for playbook in playbooks]) if playbooks else {}
            rules = Rules(plan=self.plan, grant=grant, default=self._intake(raw.source).default_status, now=self.now())
            result = intake.sort(items, states, rules)
            if must and len(result.refused) == len(items):
                raise intake.still_refused(result)
            try:
                return await self._commit(result, states, Carrier(actor=raw.source, raw=raw, key=key))
            except Stale:
                continue
        raise Unavailable("busy", "too many changes at once; nothing was accepted", hint="send it again")

    async def _tick(self, source: str) -> None:
        playbooks = self.plan.watching(source)
        states = await self.journal.watches([playbook.id for playbook in playbooks])
        result = intake.tick(states, playbooks, self.plan, self.now())
        if not intake.anything(result, states):
            return
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
            await self._draft(task)
        return len(tasks)

    async def _draft(self, task: Task) -> None:
        try:
            async with self._drafting:
                await self._redraft(task)
        except (Stale, Unavailable):
            await self.journal.finish(task, retry_in=RETRY_S)
        except Fault as fault:
            await self._not_drafted(task, fault)
        except Exception as error:
            log.exception("draft.broke", subject=task.subject)
            await self._not_drafted(task, Fault("draft-broke", f"{type(error).__name__} here; it was logged"))

    async def create(self, incident: Incident, actor: Actor) -> AlertRecord:
        """Draft an alert by hand, as from a telephone call; nothing is recorded that cannot be drafted.

        Raises Conflict("alert-exists") when an alert about the incident is live or open, Conflict("nothing-to-tell",
        "report-late").
        """
        require(actor, Role.OPERATOR)
        async with self._drafting:
            head = await self._reported(incident, actor)
            version = self._version(self._to_tell(head.report), head, None, await self._new_id())
            act = self._act(version, Deed.DRAFTED, actor)
            await self.journal.draft(Draft(version=version, expected=0, acts=(act,), at=self.now()))
        return await self.journal.alert(version.alert)

    def _to_tell(self, report: Incident) -> Decision:
        playbook = self.plan.playbook_for(report.hazard, report.source, report.id)
        decision = decide(report, None, playbook, self.now(), stopped=None)
        if not isinstance(decision, Decision):
            hint = "an incident that is over or not for the public has no alert"
            raise Conflict("nothing-to-tell", "the playbook has nothing to tell the public about this", hint=hint)
        return decision

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
        version = draft_of(record).version
        edited = apply(changes, version, self.plan, self.now())
        await self.journal.edit(edited, revision, self._act(version, Deed.EDITED, actor))
        return await self.journal.alert(alert)

    async def _reported(self, incident: Incident, actor: Actor) -> Head:
        """Record what a person reports, once it is certain that it can be drafted."""
        key = (incident.source, incident.id)
        for _ in range(TRIES):
            found = intake.by_hand(incident, self.plan, self.now())
            await self._nothing_else(key)
            self._version(self._to_tell(found.report), found.head(self.now()), None, "")
            try:
                receipt = await self._commit(found.sorted, {}, Carrier(actor=actor.name, drafts=False))
            except Stale:
                continue
            if not receipt.items[0].applied:
                hint = "report it with a later time, or under another id"
                raise Conflict("report-late", receipt.items[0].message, path="/reported", hint=hint)
            return (await self.journal.heads([key]))[key]
        raise Unavailable("busy", "too many changes at once; nothing was accepted", hint="try again")

    async def _nothing_else(self, key: tuple[str, str]) -> None:
        head = (await self.journal.heads([key])).get(key)
        if head and head.alert and busy(await self.journal.alert(head.alert), self.now()):
            message = f"alert {head.alert} is about this incident"
            raise Conflict("alert-exists", message, path=head.alert, hint="go on with that one")

    async def _redraft(self, task: Task) -> None:
        source, _, id = task.subject.partition("/")
        head = (await self.journal.heads([(source, id)]))[source, id]
        record = await self._going(head)
        current = record.newest_issued.version if record and record.newest_issued else None
        decision = self._decide(head, current)
        if isinstance(decision, Wait):
            await self.journal.finish(task, retry_in=_soon(decision.until - self.now()))
        elif decision is None or (record and in_hands(record)):
            await self.journal.finish(task)
        else:
            alert = record.id if record else await self._new_id()
            await self._record_draft(task, self._version(decision, head, record, alert), head, record)

    async def _record_draft(self, task: Task, version: Version, head: Head, record: AlertRecord | None) -> None:
        if record and record.open and not news(record.open.version, version, self.now()):
            await self.journal.finish(task)
            return
        if (owed := await self._alone(version, head)) is None:
            await self.journal.finish(task)
            return
        act = Act(number=version.number, deed=Deed.DRAFTED, actor="gateway", at=self.now())
        expected = record.revision if record else 0
        await self.journal.draft(Draft(version=version, expected=expected, acts=(act,), at=self.now(), task=task, todos=owed))

    async def _alone(self, version: Version, head: Head) -> tuple[Todo, ...] | None:
        """Issue what the city authorised in advance, and return None; else what is owed along with the draft that it becomes."""
        if head.alert is not None or not drafting.pre_authorised(version, self.plan.playbooks[version.playbook]):
            return ()
        robot, now = f"playbook:{version.playbook}", self.now()
        deeds = ((Deed.DRAFTED, "gateway"), (Deed.SUBMITTED, robot), (Deed.APPROVED, robot))
        acts = [Act(number=version.number, deed=deed, actor=actor, at=now) for deed, actor in deeds]
        nothing_yet = AlertRecord(id=version.alert, revision=0, created_at=now, versions=(), acts=())
        told = page("pre-authorised", f"{robot} issued {version.alert} by itself", f"pre-authorised:{version.alert}")
        try:
            await self._no_twin(version)
            frozen = release.freeze(version, nothing_yet, self.plan, now, acts[:2])
            await self._issue(frozen, 0, acts[2:], todos=[told], fresh=True)
        except (Stale, Unavailable):
            raise
        except Fault as fault:
            words = f"{version.alert} was to go out by itself and could not: {fault.message}"
            return (page(fault.code, words, f"pre-authorised:{version.alert}"),)
        return None

    async def _not_drafted(self, task: Task, fault: Fault) -> None:
        log.warning("draft.failed", subject=task.subject, code=fault.code, message=fault.message)
        words = f"no draft could be made for {task.subject}: {fault.message}"
        await self.journal.accept(Arrival(at=self.now(), todos=(page(fault.code, words, f"draft:{task.subject}"),)))
        await self.journal.finish(task, failure=str(fault))

    async def _follow(self, alert: str, kind: Kind, reason: str, actor: Actor) -> AlertRecord:
        require(actor, Role.OPERATOR)
        record = await self.journal.alert(alert)
        current = live(record, self.now()).version
        if record.open is not None:
            raise Conflict("open-version", f"version {record.open.version.number} is open", hint="edit or reject it first")
        version = await self._following(kind, record, current, reason)
        act = self._act(version, Deed.DRAFTED, actor, reason)
        await self.journal.draft(Draft(version=version, expected=record.revision, acts=(act,), at=self.now()))
        return await self.journal.alert(alert)

    # What people see and decide

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
        if not confirm:
            await self._no_twin(version)
        frozen = release.freeze(version, record, self.plan, self.now(), [self._act(version, Deed.SUBMITTED, actor)])
        await self.journal.submit(frozen, revision)
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
        todos = [page("break-glass", words, f"break-glass:{alert}.{number}")] if break_glass else []
        await self._issue(frozen, record.revision, [act], todos=todos)
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

    async def _catch_up(self, version: Version) -> None:
        """Look at the facts that came while a person had the version in hands."""
        if (key := version.incident) is None:
            return
        head = (await self.journal.heads([(key.source, key.id)]))[key.source, key.id]
        if head.revision != version.incident_sequence:
            await self.journal.accept(Arrival(at=self.now(), todos=(intake.to_draft(key.source, key.id),)))
            self.drafts.set()

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
        before = record.open if record.newest_issued is None and record.open else live(record, self.now())
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
        return self._closing(Kind.CANCEL, record, live(record, self.now()).version, reason)

    # What time does

    async def expire_due(self) -> int:
        """Take expired alerts off the air and return how many there were."""
        records = await self.journal.due_to_expire(self.now())
        for record in records:
            if record.newest_issued is None:
                continue
            try:
                await self.journal.expire(record.id, record.newest_issued.version.number, record.revision, self.now())
            except Conflict as fault:
                log.info("expire.overtaken", alert=record.id, code=fault.code)
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
        over = Over(kind=kind, number=next_number(record), reason=reason, now=self.now())
        return release.within_reach(drafting.closing(over, current, self.plan.desk), self.plan)

    async def _following(self, kind: Kind, record: AlertRecord, current: Version, reason: str) -> Version:
        if kind is Kind.END:
            return self._closing(Kind.END, record, current, reason)
        if current.incident is None:
            raise Conflict("nothing-to-tell", f"alert {record.id} rests on no incident", hint="end it, and draft a new one")
        name = (current.incident.source, current.incident.id)
        head = (await self.journal.heads([name]))[name]
        decision = Decision(kind=kind, level=level_for(head.report, self._playbook(head)), why=reason)
        return self._version(decision, head, record, record.id)

    def _decide(self, head: Head, current: Version | None) -> Decision | Wait | None:
        playbook = self._playbook(head)
        report, city = head.report, self.plan.desk.city
        touched = city.selectors(report.areas, report.transit)
        return decide(drafting.aimed(report, city), current, playbook, self.now(), stopped=head.stopped, selectors=touched)

    def _playbook(self, head: Head) -> Playbook:
        return self.plan.playbook_for(head.report.hazard, head.key.source, head.key.id)

    def _version(self, decision: Decision, head: Head, record: AlertRecord | None, alert: str) -> Version:
        told = record.newest_issued.version if record and record.newest_issued else None
        if decision.kind is Kind.END and record and told:
            closed = self._closing(Kind.END, record, told, decision.why)
            return closed if record.open is None else msgspec.structs.replace(closed, number=record.open.version.number)
        same_world(head.report.status or self.plan.desk.status, told)
        brief = Brief(
            kind=decision.kind,
            level=decision.level,
            incident=head.report,
            key=head.key,
            sequence=head.revision,
            playbook=self._playbook(head),
            alert=alert,
            number=record.open.version.number if record and record.open else next_number(record),
            now=self.now(),
            before=told,
        )
        return drafting.draft(brief, self.plan.desk)

    async def _new_id(self) -> str:
        return f"{self.plan.code}-{self.now().year}-{await self.journal.allocate('alert'):05d}"

    async def _going(self, head: Head) -> AlertRecord | None:
        record = await self.journal.alert(head.alert) if head.alert else None
        return record if record and goes_on(record, self.now()) else None

    async def _no_twin(self, version: Version) -> None:
        for other in await self.journal.alerts():
            if twin(version, other, self.now()):
                hint = "update that one, or confirm that this is another"
                raise Conflict("duplicate", f"alert {other.id} tells of the same hazard there", path=other.id, hint=hint)

    def _act(self, version: Version, deed: Deed, actor: Actor, reason: str = "") -> Act:
        return Act(number=version.number, deed=deed, actor=actor.name, at=self.now(), reason=reason)


def _to_come(version: Version) -> Iterator[Todo]:
    """An alert that goes on is looked at again before it expires, however silent its source; an end, for what came meanwhile."""
    if version.incident is not None and version.kind is not Kind.CANCEL:
        yield intake.to_draft(version.incident.source, version.incident.id)


def _soon(story: timedelta) -> float:
    """Return in how many real seconds to look again: a part of the wait, for the story may run faster than life."""
    return min(max(story.total_seconds() / 20, 0.2), 60.0)
