"""From a draft to frozen bytes, and from frozen bytes to an issue; pure, so that what was approved is what can be sent."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from gateway.alert import Act, Deed, Kind, Reference, Target, Version, approval_hash, whole
from gateway.channel import Part, Payload
from gateway.drafting import AFTERLIFE, DOCUMENT, render, stamp
from gateway.engine.plan import Plan
from gateway.fault import Conflict, Faults, Finding, Gravity, Refused
from gateway.formats import cap
from gateway.incident import Scope, Severity, Status, Urgency
from gateway.journal.records import AlertRecord, Consignment, Issue, Priority, Submit, Task, Todo, VersionRecord, VersionState

SHELF_LIFE = timedelta(hours=24)


def freeze(version: Version, record: AlertRecord, plan: Plan, now: datetime, acts: Sequence[Act]) -> Submit:
    """Fix identifiers, references and bytes; raises Refused, Conflict or Faults when this must not go out."""
    _fit_to_tell(version, plan, now)
    ready = final(version, record, plan, now)
    payloads, feeds = render(ready, plan.channels.values(), plan.feeds)
    _sound(feeds)
    hash = approval_hash(ready, _parts((*payloads, *feeds)))
    signed = tuple(msgspec.structs.replace(act, hash=hash) for act in acts)
    return Submit(version=ready, hash=hash, payloads=payloads, feeds=feeds, acts=signed)


def final(version: Version, record: AlertRecord, plan: Plan, now: datetime) -> Version:
    """Return a version as it would go out now: its identifier, what it follows, and from whom it is taken back."""
    told = {target for before in _issued(record) for target in (*before.version.targets, *before.version.withdrawn)}
    dropped = sorted(told - set(version.targets))
    return msgspec.structs.replace(
        version,
        identifier=f"{version.alert}.{version.number}",
        effective=whole(now),
        references=tuple(_references(record)),
        withdrawn=tuple(target for target in dropped if reachable(target, version, plan)),
        findings=(*version.findings, *(_gone(target) for target in dropped if not reachable(target, version, plan))),
    )


def reachable(target: Target, version: Version, plan: Plan) -> bool:
    """Tell whether a target is still configured and carries this version's world."""
    channel = plan.channels.get(target.channel)
    return channel is not None and target.target in channel.targets and version.status in channel.abilities.accepts


def within_reach(version: Version, plan: Plan) -> Version:
    """Return a version without the targets that can be told no more, which are named among its findings."""
    gone = tuple(target for target in version.targets if not reachable(target, version, plan))
    kept = tuple(target for target in version.targets if target not in gone)
    return msgspec.structs.replace(version, targets=kept, findings=(*version.findings, *map(_gone, gone)))


class Order(Struct, frozen=True, kw_only=True):
    """The word to issue: when, whose acts, on which revision, which work is done by it, and what else is owed."""

    at: datetime
    acts: tuple[Act, ...]
    expected: int
    task: Task | None = None
    todos: tuple[Todo, ...] = ()


def consign(frozen: Submit, order: Order, plan: Plan) -> Issue:
    """Stamp the frozen bytes and say where each goes, how urgently and until when."""
    version, sent = frozen.version, whole(order.at)
    feeds = tuple(stamp(feed, sent) for feed in frozen.feeds)
    over = version.kind in (Kind.END, Kind.CANCEL)
    return Issue(
        alert=version.alert,
        number=version.number,
        hash=frozen.hash,
        expected=order.expected,
        at=sent,
        acts=order.acts,
        consignments=tuple(_consignment(payload, version, plan, sent) for payload in frozen.payloads),
        feeds=tuple(feed for feed in feeds if feed.channel != DOCUMENT),
        document=next(feed.body for feed in feeds if feed.channel == DOCUMENT) if for_everybody(version, plan) else None,
        stopped=version.level if over else None,
        task=order.task,
        todos=order.todos,
    )


def for_everybody(version: Version, plan: Plan) -> bool:
    """Tell whether the public may read a version: public scope, and this deployment's world (a live one shows no drill)."""
    return version.scope is Scope.PUBLIC and (version.status is Status.ACTUAL) is (plan.status is Status.ACTUAL)


def carried(version: Version, plan: Plan) -> None:
    """Check the worlds again: raises Refused("world") rather than let a drill near a live channel, Conflict("target-gone")."""
    if version.status is Status.ACTUAL and plan.status is not Status.ACTUAL:
        raise Refused("world", "an exercise deployment issues nothing actual", hint="use the live gateway")
    for target in (*version.targets, *version.withdrawn):
        channel = plan.channels.get(target.channel)
        if channel is None or target.target not in channel.targets:
            raise Conflict("target-gone", _gone(target).message, path="/targets", hint="name the targets anew in a draft")
        if version.status not in channel.abilities.accepts:
            message, hint = f"channel {target.channel!r} does not carry {version.status} messages", "leave its targets out"
            raise Refused("world", message, path="/targets", hint=hint)


def _fit_to_tell(version: Version, plan: Plan, now: datetime) -> None:
    carried(version, plan)
    if version.expires <= now:
        raise Conflict("expires-past", "the alert would be over before it is sent", path="/expires", hint="set a later end")
    if not version.targets and version.kind is not Kind.CANCEL:
        hint = "choose at least one target"
        raise Conflict("targets-missing", "no channel would carry this alert", path="/targets", hint=hint)
    if grave := [finding for finding in version.findings if finding.severity is Gravity.ERROR]:
        raise Faults(grave)


def _sound(feeds: Iterable[Payload]) -> None:
    document = next(feed.body for feed in feeds if feed.channel == DOCUMENT)
    if grave := [finding for finding in cap.check(document) if finding.severity is Gravity.ERROR]:
        raise Faults(grave)


def _references(record: AlertRecord) -> Iterator[Reference]:
    """The act of issuing keeps the time as it was written into `sent`, its offset included."""
    sent = {act.number: cap.sent_text(act.at) for act in record.acts if act.deed is Deed.ISSUED}
    for told in _issued(record):
        number, version = told.version.number, told.version
        yield Reference(sender=version.sender, identifier=version.identifier, sent=sent[number])


def _issued(record: AlertRecord) -> Iterator[VersionRecord]:
    return (one for one in record.versions if one.state is VersionState.ISSUED)


def _gone(target: Target) -> Finding:
    message = f"{target.channel}/{target.target} was told before and cannot be told any more"
    return Finding(rule="target-gone", message=message, severity=Gravity.WARNING, path="/targets")


def _parts(payloads: Iterable[Payload]) -> Iterator[tuple[str, str, str, str, str]]:
    return ((p.channel, p.target, p.part.value, p.media_type, p.sha256) for p in payloads)


def _consignment(payload: Payload, version: Version, plan: Plan, sent: datetime) -> Consignment:
    withdrawn = Target(payload.channel, payload.target) in version.withdrawn
    lasting = withdrawn or version.kind in (Kind.END, Kind.CANCEL)
    deadline = max(version.expires, sent + AFTERLIFE) if lasting else version.expires
    return Consignment(
        payload=stamp(payload, sent),
        history=plan.channels[payload.channel].abilities.history,
        priority=Priority.CANCEL if withdrawn else _priority(version),
        deadline=version.expires + SHELF_LIFE if payload.part is Part.CLEAR else deadline,
    )


def _priority(version: Version) -> Priority:
    if version.kind is Kind.CANCEL:
        return Priority.CANCEL
    if version.severity is Severity.EXTREME or version.urgency is Urgency.IMMEDIATE:
        return Priority.URGENT
    return Priority.SEVERE if version.severity is Severity.SEVERE else Priority.OTHER
