"""What a source has said since a version was drafted; shown beside it, never applied to what a person has touched."""

from collections.abc import Iterator

import msgspec

from gateway.alert import Kind, Version
from gateway.drafting import aimed
from gateway.engine.plan import Plan
from gateway.fault import Fault, Finding, Gravity
from gateway.journal.records import AlertRecord, Head, VersionRecord
from gateway.policy.change import Due, changes
from gateway.policy.decide import level_for

RULE = "newer-facts"


def seen(record: AlertRecord, opened: VersionRecord, head: Head, plan: Plan) -> AlertRecord:
    """Return an alert with one finding more on its open version where the newest report says something else by now."""
    version = opened.version
    said = "; ".join(_said(version, head, plan)) if head.revision != version.incident_sequence else ""
    if not said:
        return record
    message = f"since this was drafted, {head.key.source} says: {said}"
    hint = "reject it for a draft of the newest facts, or go on with what you know"
    found = Finding(rule=RULE, message=message, severity=Gravity.WARNING, hint=hint)
    shown = msgspec.structs.replace(opened, version=msgspec.structs.replace(version, findings=(*version.findings, found)))
    return msgspec.structs.replace(record, versions=tuple(shown if one is opened else one for one in record.versions))


def _said(version: Version, head: Head, plan: Plan) -> Iterator[str]:
    if head.report.ended:
        if version.kind is not Kind.END:
            yield f"it is over ({head.report.ended.reason})"
        return
    if version.incident != head.key:
        yield "it ended and has begun again"
    if version.kind is not Kind.END:
        try:
            yield from _changed(version, head, plan)
        except Fault as fault:
            yield fault.message


def _changed(version: Version, head: Head, plan: Plan) -> Iterator[str]:
    report, city = head.report, plan.desk.city
    playbook = plan.playbook_for(report.hazard, head.key.source, head.key.id)
    due = Due(
        incident=aimed(report, city),
        level=level_for(report, playbook),
        playbook=playbook,
        selectors=city.selectors(report.areas, report.transit),
        now=version.effective,
    )
    yield from changes(version, due)
    told, known = dict(version.facts), {**playbook.facts, **report.facts}
    yield from (f"{name}: {known.get(name)}" for name in sorted({*told, *known}) if told.get(name) != known.get(name))
