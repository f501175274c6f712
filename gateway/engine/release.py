"""From a draft to frozen bytes, and from frozen bytes to an issue; pure, so that what was approved is what can be sent."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from gateway.alert import Act, Kind, Reference, Target, Version, approval_hash, whole
from gateway.channel import Part, Payload
from gateway.drafting import AFTERLIFE, DOCUMENT, render, stamp
from gateway.engine.plan import Plan
from gateway.fault import Conflict, Faults, Gravity, Refused
from gateway.formats import cap
from gateway.incident import Scope, Severity, Status, Urgency
from gateway.journal.records import AlertRecord, Consignment, Issue, Submit, Todo, VersionState

SHELF_LIFE = timedelta(hours=24)


def freeze(version: Version, record: AlertRecord, plan: Plan, now: datetime, acts: Sequence[Act]) -> Submit:
    """Fix identifiers, references and bytes; raises Refused or Faults when this must not go out."""
    _fit_to_tell(version, plan, now)
    earlier = [issued.version for issued in record.versions if issued.state is VersionState.ISSUED]
    final = msgspec.structs.replace(
        version,
        identifier=f"{version.alert}.{version.number}",
        effective=whole(now),
        references=tuple(_references(record)),
        withdrawn=_withdrawn(version, earlier),
    )
    payloads, feeds = render(final, plan.channels.values(), plan.feeds)
    _sound(feeds)
    hash = approval_hash(final, _parts((*payloads, *feeds)))
    signed = tuple(msgspec.structs.replace(act, hash=hash) for act in acts)
    return Submit(version=final, hash=hash, payloads=payloads, feeds=feeds, acts=signed)


class Order(Struct, frozen=True, kw_only=True):
    """The word to issue: when, whose acts, on which revision, and what else is owed."""

    at: datetime
    acts: tuple[Act, ...]
    expected: int
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
        todos=order.todos,
    )


def for_everybody(version: Version, plan: Plan) -> bool:
    """Tell whether the public may read a version: public scope, and this deployment's world (a live one shows no drill)."""
    return version.scope is Scope.PUBLIC and (version.status is Status.ACTUAL) is (plan.status is Status.ACTUAL)


def carried(version: Version, plan: Plan) -> None:
    """Check the worlds again; raises Refused("world") rather than let a drill near a live channel."""
    if version.status is Status.ACTUAL and plan.status is not Status.ACTUAL:
        raise Refused("world", "an exercise deployment issues nothing actual", hint="use the live gateway")
    for target in (*version.targets, *version.withdrawn):
        if version.status not in plan.channels[target.channel].abilities.accepts:
            raise Refused("world", f"channel {target.channel!r} does not carry {version.status} messages")


def _fit_to_tell(version: Version, plan: Plan, now: datetime) -> None:
    carried(version, plan)
    if version.expires <= now:
        raise Conflict("expires-past", "the alert would be over before it is sent", hint="set a later end")
    if not version.targets:
        raise Conflict("targets-missing", "no channel would carry this alert", hint="choose at least one target")
    if grave := [finding for finding in version.findings if finding.severity is Gravity.ERROR]:
        raise Faults(grave)


def _sound(feeds: Iterable[Payload]) -> None:
    document = next(feed.body for feed in feeds if feed.channel == DOCUMENT)
    if grave := [finding for finding in cap.check(document) if finding.severity is Gravity.ERROR]:
        raise Faults(grave)


def _references(record: AlertRecord) -> Iterator[Reference]:
    for told in record.versions:
        if told.state is VersionState.ISSUED and told.issued_at is not None:
            sent = cap.sent_text(told.issued_at)
            yield Reference(sender=told.version.sender, identifier=told.version.identifier, sent=sent)


def _withdrawn(version: Version, earlier: Iterable[Version]) -> tuple[Target, ...]:
    told = {target for before in earlier for target in (*before.targets, *before.withdrawn)}
    return tuple(sorted(told - set(version.targets)))


def _parts(payloads: Iterable[Payload]) -> Iterator[tuple[str, str, str, str, str]]:
    return ((p.channel, p.target, p.part.value, p.media_type, p.sha256) for p in payloads)


def _consignment(payload: Payload, version: Version, plan: Plan, sent: datetime) -> Consignment:
    lasting = version.kind in (Kind.END, Kind.CANCEL) or Target(payload.channel, payload.target) in version.withdrawn
    deadline = max(version.expires, sent + AFTERLIFE) if lasting else version.expires
    return Consignment(
        payload=stamp(payload, sent),
        history=plan.channels[payload.channel].abilities.history,
        priority=_priority(version),
        deadline=version.expires + SHELF_LIFE if payload.part is Part.CLEAR else deadline,
    )


def _priority(version: Version) -> int:
    if version.kind is Kind.CANCEL:
        return 0
    if version.severity is Severity.EXTREME or version.urgency is Urgency.IMMEDIATE:
        return 1
    return 2 if version.severity is Severity.SEVERE else 3
