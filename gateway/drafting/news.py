"""An incident becomes an alert or an update: what is told, where, to whom, and what a person should know about it."""

from gateway.alert import Kind, Target, Version, whole
from gateway.area import shape, square_metres
from gateway.drafting import ground, reach, wording
from gateway.drafting.desk import Brief, Desk
from gateway.fault import Finding, Gravity
from gateway.hazard import Hazard, hazard
from gateway.incident import Incident, Scope
from gateway.playbook import Playbook


def draft(brief: Brief, desk: Desk) -> Version:
    """Return a version ready to be read by an operator; raises BadInput where no honest draft can be made."""
    what, incident = hazard(brief.incident.hazard), ground.aimed(brief.incident, desk.city)
    located = ground.locate(incident.areas, brief.playbook, desk.city)
    touched = desk.city.transit(brief.incident.areas, brief.incident.transit)
    targets, silent = _targets(brief, desk)
    version = Version(
        alert=brief.alert,
        number=brief.number,
        kind=brief.kind,
        status=incident.status or desk.status,
        scope=incident.scope or Scope(what.scope),
        hazard=what.id,
        playbook=brief.playbook.id,
        level=brief.level.name,
        category=what.category,
        event_codes=_event_codes(what),
        severity=brief.level.severity,
        urgency=brief.level.urgency,
        certainty=brief.level.certainty,
        responses=brief.level.responses,
        places=tuple(one.place for one in located),
        texts=(),
        targets=targets,
        sender=desk.sender,
        onset=whole(incident.onset),
        effective=whole(brief.now),
        expires=whole(max(brief.now, incident.onset)) + brief.level.duration,
        incident=brief.key,
        incident_sequence=brief.sequence,
        transit=ground.transit(what, brief.playbook, touched),
        findings=(*_derived(brief.incident), *ground.found(located), *touched.findings, *silent),
        facts={**brief.playbook.facts, **incident.facts},
        contact=desk.contact,
        web=desk.web,
    )
    placed = reach.reached(ground.as_drawn(version, brief.before), desk.city)
    return wording.written(placed, desk, desk.languages)


def pre_authorised(version: Version, playbook: Playbook) -> bool:
    """Tell whether the city declared that this alert may go out by itself: first episode, named source, small enough."""
    allowed, key = playbook.pre_authorised, version.incident
    if allowed is None or key is None or key.source != allowed.source:
        return False
    if version.kind is not Kind.ALERT or version.number > 1 or key.episode > 1:
        return False
    covered = sum(square_metres(shape(polygon)) for place in version.places for polygon in place.polygons)
    return covered <= allowed.most_km2 * 1_000_000


def _event_codes(what: Hazard) -> tuple[tuple[str, str], ...]:
    codes = (("OET:v1.2", what.oet), ("SAME", what.same), ("TTAS.KO-07.0046", what.dmb), ("bongsu:hazard", what.local))
    return tuple((name, code) for name, code in codes if code is not None)


def _derived(report: Incident) -> tuple[Finding, ...]:
    if report.areas:
        return ()
    message = "the source named stops and no area: this is the ground around them, not to be broadcast to cells unseen"
    hint = "draw the area, or go on with this one"
    return (Finding(rule=reach.DERIVED, message=message, severity=Gravity.WARNING, path="/areas", hint=hint),)


def _targets(brief: Brief, desk: Desk) -> tuple[tuple[Target, ...], tuple[Finding, ...]]:
    """Return the level's targets that carry this world, and a finding for each that does not."""
    status = brief.incident.status or desk.status
    named = [Target(*name.split("/", 1)) for name in dict.fromkeys(brief.level.targets)]
    carried = tuple(target for target in named if status in desk.channels[target.channel].abilities.accepts)
    silent = (f"{target.channel}/{target.target}" for target in named if target not in carried)
    return carried, tuple(
        Finding(rule="target-world", message=f"{name} carries no {status} messages", severity=Gravity.WARNING, path="/targets")
        for name in silent
    )
