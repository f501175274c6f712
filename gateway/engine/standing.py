"""Where an alert stands, as its record tells, and what that allows next; pure."""

from datetime import datetime, timedelta

from gateway.alert import Kind, Stage, Version, stage
from gateway.city import overlaps
from gateway.fault import BadInput, Conflict
from gateway.incident import Status
from gateway.journal.records import AlertRecord, VersionRecord, VersionState

TWINS = timedelta(hours=24)

_OVER = {
    Stage.DRAFT: ("nobody was told of it yet", "reject the open draft"),
    Stage.CANCELLED: ("it was cancelled already", "draft a new alert if there is danger after all"),
    Stage.ENDED: ("the all clear was given already", "draft a new alert if the danger is back"),
    Stage.EXPIRED: ("it has run out by itself", "draft a new alert if the danger goes on"),
}


def standing(record: AlertRecord, now: datetime) -> Stage:
    """Return where an alert stands, which is where its newest issued version does; DRAFT where nobody was told yet."""
    told = record.newest_issued
    return stage(told.version, record.acts, now, newest_issued=told.version.number) if told else Stage.DRAFT


def live(record: AlertRecord, now: datetime) -> VersionRecord:
    """Return what people act on; raises Conflict("not-live") with what became of it."""
    at = standing(record, now)
    if record.newest_issued is None or at is not Stage.ISSUED:
        why, hint = _OVER[at]
        raise Conflict("not-live", f"alert {record.id} is not live: {why}", hint=hint)
    return record.newest_issued


def goes_on(record: AlertRecord, now: datetime) -> bool:
    """Tell whether newer facts of its incident belong to this alert, and not to a new one."""
    return standing(record, now) in (Stage.DRAFT, Stage.ISSUED)


def busy(record: AlertRecord, now: datetime) -> bool:
    """Tell whether an alert is live or waits for a person."""
    return record.open is not None or standing(record, now) is Stage.ISSUED


def draft_of(record: AlertRecord) -> VersionRecord:
    """Return the version that may still change; raises Conflict("not-open", "frozen")."""
    if record.open is None:
        raise Conflict("not-open", f"alert {record.id} has no open version", hint="draft an update, or a new alert")
    if record.open.state is not VersionState.OPEN:
        raise Conflict("frozen", "the version was submitted and cannot change", hint="reject it and draft the next one")
    return record.open


def submitted(record: AlertRecord, number: int) -> VersionRecord:
    """Return the version that waits for approval; raises Conflict("not-open", "not-submitted")."""
    if record.open is None or record.open.version.number != number:
        raise Conflict("not-open", f"version {number} is not waiting for approval", hint="read the alert again")
    if record.open.state is not VersionState.FROZEN:
        raise Conflict("not-submitted", f"version {number} is still a draft", hint="submit it first")
    return record.open


def in_hands(record: AlertRecord) -> bool:
    """Tell whether a person has touched the open version; a machine never overwrites that."""
    if record.open is None:
        return False
    number = record.open.version.number
    touched = any(act.number == number and act.actor != "gateway" for act in record.acts)
    return touched or record.open.state is VersionState.FROZEN


def next_number(record: AlertRecord | None) -> int:
    """Return the number of the version after all there were, those given up by a restore included (docs/decisions/restore.md)."""
    if record is None:
        return 1
    return 1 + max([0, *(one.version.number for one in record.versions), *(act.number for act in record.acts)])


def news(open_version: Version, fresh: Version, now: datetime) -> bool:
    """Tell whether a draft made anew says something else, or is needed because the open one has run out on the desk."""
    said = [(v.kind, v.level, v.places, v.facts, v.transit) for v in (open_version, fresh)]
    return said[0] != said[1] or open_version.expires <= now


def twin(version: Version, other: AlertRecord, now: datetime) -> bool:
    """Tell whether another alert tells, or is about to tell, the same people of the same hazard as this one."""
    if other.id == version.alert or version.kind not in (Kind.ALERT, Kind.UPDATE):
        return False
    told = other.newest_issued if standing(other, now) is Stage.ISSUED else None
    if told is None and other.open is not None and other.open.state is VersionState.FROZEN:
        told = other.open
    if told is None or now - (told.issued_at or told.version.effective) >= TWINS:
        return False
    same = (told.version.hazard, told.version.status) == (version.hazard, version.status)
    return same and overlaps(told.version.places, version.places)


def same_world(status: Status, told: Version | None) -> None:
    """Refuse facts of another world than people were told of; raises BadInput("status-changed")."""
    if told is not None and told.status is not status:
        message = f"alert {told.alert} was told as {told.status}, and its source now says {status}"
        raise BadInput("status-changed", message, path="/status", hint="let the source report it under another id")
