"""What should change in what people are told, now that this is known: something, later, or nothing."""

from datetime import datetime

from msgspec import Struct

from gateway.alert import Kind, Selector, Version
from gateway.fault import BadInput
from gateway.hazard import hazard
from gateway.incident import EndReason, Incident, Scope, Severity
from gateway.playbook import Level, Playbook
from gateway.policy.change import Due, changes, fades
from gateway.policy.news import LEVEL, SENSOR_FAULT


class Decision(Struct, frozen=True, kw_only=True):
    """A draft is due: ALERT, UPDATE or END, at this level, because of `why`."""

    kind: Kind
    level: Level
    why: str


class Wait(Struct, frozen=True):
    """Decide again at `until`: people were told only just now, or what they were told begins to run out then."""

    until: datetime


def decide(  # noqa: PLR0913 - six plain values, each from another place
    incident: Incident,
    current: Version | None,
    playbook: Playbook,
    now: datetime,
    *,
    stopped: str | None,
    selectors: tuple[Selector, ...] | None = None,
) -> Decision | Wait | None:
    """Return what is to be drafted about an incident, when to look again, or nothing; pure.

    `current` is the newest issued version, live or not; `stopped` the level a person cancelled or ended it at; `selectors` are
    what the incident touches of the network now, None where that is not to be compared. Nothing is drafted for what is not
    public. Raises BadInput("level-unknown") where the playbook has no level for it.
    """
    if not public(incident):
        return None
    live = current if current is not None and _live(current, now) else None
    if incident.ended:
        return Decision(kind=Kind.END, level=_told(live, playbook), why=_END[incident.ended.reason]) if live else None
    level = level_for(incident, playbook)
    if live:
        return _update(live, Due(incident=incident, level=level, playbook=playbook, selectors=selectors, now=now))
    if stopped is not None and not _above(level, stopped, playbook):
        return None
    return Decision(kind=Kind.ALERT, level=level, why=f"{incident.hazard} at level {level.name}")


def public(incident: Incident) -> bool:
    """Tell whether an incident may be told to the public: its own scope counts, else its hazard's; a broken sensor never."""
    scope = incident.scope or Scope(hazard(incident.hazard).scope)
    return scope is Scope.PUBLIC and incident.hazard != SENSOR_FAULT


def level_for(incident: Incident, playbook: Playbook) -> Level:
    """Return the playbook's level for an incident; raises BadInput("level-unknown").

    A watch's own report names its level in `extensions.level`, because levels may share a severity; in anybody else's report
    that field means nothing, and the severity decides.
    """
    watch = playbook.watch
    if watch and (incident.source, incident.id) == (watch.source, watch.incident) and LEVEL in incident.extensions:
        return _named(str(incident.extensions[LEVEL]), playbook, "/extensions/level")
    found = playbook.level_of(incident.severity)
    if found is None:
        grave = "an unknown severity" if incident.severity is Severity.UNKNOWN else f"severity {incident.severity!s}"
        message = f"playbook {playbook.id!r} has no level for {grave}"
        raise BadInput("level-unknown", message, path="/severity", hint="add it to `of` of one of the levels")
    return found


_END = {
    EndReason.OVER: "the source says that it is over",
    EndReason.ERROR: "the source says that it was an error: a cancel may be right",
    EndReason.DUPLICATE: "the source says that it reported this twice: look for the other incident",
}


def _live(current: Version, now: datetime) -> bool:
    return current.kind in (Kind.ALERT, Kind.UPDATE) and now < current.expires


def _update(live: Version, due: Due) -> Decision | Wait | None:
    why = ", ".join(changes(live, due))
    if not why:
        return Wait(fades(live, due.level))
    until = live.effective + due.playbook.debounce
    return Wait(until) if due.now < until else Decision(kind=Kind.UPDATE, level=due.level, why=why)


def _named(name: str, playbook: Playbook, path: str = "") -> Level:
    try:
        return playbook.level(name)
    except KeyError:
        message = f"playbook {playbook.id!r} has no level {name!r}"
        raise BadInput("level-unknown", message, path=path, hint="was the playbook edited? decide by hand") from None


def _above(level: Level, stopped: str, playbook: Playbook) -> bool:
    return playbook.higher(level.name, _named(stopped, playbook).name)


def _told(live: Version, playbook: Playbook) -> Level:
    """Return the level people were told, or the lowest where an edited playbook has lost it: an end must not fail for that."""
    return next((level for level in playbook.levels if level.name == live.level), playbook.levels[0])
