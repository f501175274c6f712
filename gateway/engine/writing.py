"""From what is known to a draft that a person can read."""

from datetime import timedelta

import msgspec
import structlog

from gateway import drafting
from gateway.access import Actor, Role, require
from gateway.alert import Act, Deed, Kind, Version
from gateway.delivery.pager import page
from gateway.drafting import Brief
from gateway.engine import intake, release
from gateway.engine.changes import Changes, apply
from gateway.engine.intake import Carrier
from gateway.engine.release import Order
from gateway.engine.room import Room
from gateway.engine.standing import busy, draft_of, goes_on, in_hands, live, news, next_number, same_world
from gateway.fault import Conflict, Fault, Unavailable
from gateway.incident import Incident
from gateway.journal.contract import Stale
from gateway.journal.records import (
    AlertRecord,
    Arrival,
    Draft,
    Head,
    Task,
    Todo,
    TodoKind,
)
from gateway.playbook import Playbook
from gateway.policy.decide import Decision, Wait, decide, level_for

TRIES = 3
LEASE_S = 30.0
MOST_AT_ONCE = 16
RETRY_S = 0.2
IN_HANDS_S = 5.0
log = structlog.get_logger()


class Writing(Room):
    """How versions come to be: by the playbook's word, or by a person's."""

    async def draft_due(self) -> int:
        """Draft what is owed and return how much that was; what cannot be drafted becomes an operator's finding.

        What the record went away from is taken anew as soon as it answers again; raises Unavailable when it does not answer at
        all. For one caller at a time.
        """
        tasks = await self.journal.take(TodoKind.DRAFT, MOST_AT_ONCE, LEASE_S, in_hands=())
        if sum([await self._unless_away(task) for task in tasks]) == MOST_AT_ONCE:
            self.drafts.set()
        return len(tasks)

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

    async def raise_by_hand(self, id: int, incident: Incident, actor: Actor) -> AlertRecord:
        """Make an alert of what a person reads in a quarantined item."""
        await self._unsettled(id)
        record = await self.create(incident, actor)
        await self.journal.settle_quarantine(id, "raised", actor.name, self.now())
        return record

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

    async def _unless_away(self, task: Task) -> bool:
        try:
            await self._draft(task)
        except Unavailable as fault:
            log.warning("draft.left", subject=task.subject, code=fault.code)
            return False
        return True

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

    async def _redraft(self, task: Task) -> None:
        source, _, id = task.subject.partition("/")
        head = (await self.journal.heads([(source, id)]))[source, id]
        record = await self._going(head)
        current = record.newest_issued.version if record and record.newest_issued else None
        decision = self._decide(head, current)
        if isinstance(decision, Wait):
            await self.journal.finish(task, retry_in=_soon(decision.until - self.now()))
        elif decision is None:
            await self.journal.finish(task)
        elif record and in_hands(record):
            # What somebody has in hands may be put away, or taken off by a cancel or its time: then this is still due
            await self.journal.finish(task, retry_in=IN_HANDS_S)
        else:
            alert = record.id if record else await self._new_id()
            await self._record_draft(task, self._version(decision, head, record, alert), head, record)

    async def _record_draft(self, task: Task, version: Version, head: Head, record: AlertRecord | None) -> None:
        if record and record.open and not news(record.open.version, version, self.now()):
            await self.journal.finish(task)
            return
        if (owed := await self._alone(task, version, head)) is None:
            return
        act = Act(number=version.number, deed=Deed.DRAFTED, actor="gateway", at=self.now())
        expected = record.revision if record else 0
        await self.journal.draft(Draft(version=version, expected=expected, acts=(act,), at=self.now(), task=task, todos=owed))

    async def _alone(self, task: Task, version: Version, head: Head) -> tuple[Todo, ...] | None:
        """Issue what the city authorised in advance, and return None; else what is owed along with the draft that it becomes."""
        if head.alert is not None or not drafting.pre_authorised(version, self.plan.playbooks[version.playbook]):
            return ()
        robot, now = f"playbook:{version.playbook}", self.now()
        deeds = ((Deed.DRAFTED, "gateway"), (Deed.SUBMITTED, robot), (Deed.APPROVED, robot))
        *made, approved = (Act(number=version.number, deed=deed, actor=actor, at=now) for deed, actor in deeds)
        nothing_yet = AlertRecord(id=version.alert, revision=0, created_at=now, versions=(), acts=())
        told = page("pre-authorised", f"{robot} issued {version.alert} by itself", f"pre-authorised:{version.alert}")
        try:
            beside = await self._no_twin(version)
            frozen = msgspec.structs.replace(release.freeze(version, nothing_yet, self.plan, now, made), beside=beside)
            await self._issue(frozen, Order(at=now, acts=(approved,), expected=0, task=task, todos=(told,)), fresh=True)
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

    async def _reported(self, incident: Incident, actor: Actor) -> Head:
        """Record what a person reports, once it is certain that it can be drafted."""
        key = (incident.source, incident.id)
        for attempt in range(TRIES):
            found = intake.by_hand(incident, self.plan, self.now())
            await self._nothing_else(key)
            self._version(self._to_tell(found.report), found.head(self.now()), None, "")
            try:
                receipt = await self._commit(found.sorted, {}, Carrier(actor=actor.name, drafts=False), anew=attempt > 0)
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

    def _to_tell(self, report: Incident) -> Decision:
        playbook = self.plan.playbook_for(report.hazard, report.source, report.id)
        decision = decide(report, None, playbook, self.now(), stopped=None)
        if not isinstance(decision, Decision):
            hint = "an incident that is over or not for the public has no alert"
            raise Conflict("nothing-to-tell", "the playbook has nothing to tell the public about this", hint=hint)
        return decision

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


def _soon(story: timedelta) -> float:
    """Return in how many real seconds to look again: a part of the wait, for the story may run faster than life."""
    return min(max(story.total_seconds() / 20, 0.2), 60.0)
