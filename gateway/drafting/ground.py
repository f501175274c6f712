"""Where a version speaks of: places within their budget, the stops and routes there, and what a person drew instead."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from gateway.alert import Transit, Version
from gateway.area import Area
from gateway.city import Chosen, City, Located
from gateway.city.around import around
from gateway.drafting.desk import Desk
from gateway.drafting.reach import reached
from gateway.drafting.wording import named
from gateway.fault import BadInput, Finding, Gravity
from gateway.hazard import Hazard, hazard
from gateway.incident import Incident
from gateway.playbook import Playbook

EDITED = "area-edited"
GROUND = ("/areas", "/transit")


def aimed(incident: Incident, city: City) -> Incident:
    """Return an incident that says where: its own areas, else the surroundings of the stops it names, by what facts call them.

    Raises BadInput("area-missing") where neither says enough, and as `City.transit` does.
    """
    if incident.areas:
        return incident
    city.transit((), incident.transit)
    if not incident.transit or city.network is None:
        raise BadInput("area-missing", "no area is known", path="/areas", hint="draw the area by hand in a new alert")
    ground = msgspec.structs.replace(around(city.network, incident.transit), name=_called(incident.facts, city))
    return msgspec.structs.replace(incident, areas=(ground,))


def _called(facts: Mapping[str, object], city: City) -> Mapping[str, str]:
    """Return the names of the place that facts speak of, of both ends of a line where there is none; {} is for the map to say."""
    place, first, last = (_names(facts.get(fact), city) for fact in ("place", "from_stop", "to_stop"))
    return place or {tag: f"{first[tag]} - {last[tag]}" for tag in first if tag in last}


def _names(fact: object, city: City) -> Mapping[str, str]:
    if isinstance(fact, str):
        return city.places.get(fact, {})
    return {str(tag): str(name) for tag, name in fact.items()} if isinstance(fact, Mapping) else {}


def locate(areas: Sequence[Area], playbook: Playbook, city: City) -> tuple[Located, ...]:
    """Return areas as places that keep to the playbook's budget; raises as `City.locate` does."""
    return tuple(
        city.locate(
            area,
            line_buffer_m=playbook.line_buffer_m,
            growth_m=playbook.growth_m,
            growth_share=playbook.growth_share,
            path=f"/areas/{number}",
        )
        for number, area in enumerate(areas)
    )


def found(located: Iterable[Located]) -> Iterator[Finding]:
    """Yield what a person should know about how these places came to be."""
    return (finding for one in located for finding in one.findings)


def transit(what: Hazard, playbook: Playbook, touched: Chosen) -> Transit | None:
    """Return what an alert means for public transport, or None where it touches none."""
    if not touched.selectors:
        return None
    effect = playbook.effect or what.effect
    return Transit(cause=what.cause, effect=effect, selectors=touched.selectors, closed=touched.closed)


def relocated(version: Version, areas: Sequence[Area], desk: Desk, playbook: Playbook) -> Version:
    """Return the version aimed at other areas, with the stops and routes that lie there and those an operator closed."""
    located, touched = locate(areas, playbook, desk.city), desk.city.transit(areas, ())
    closed = version.transit.closed if version.transit else ()
    touched = msgspec.structs.replace(touched, selectors=tuple(dict.fromkeys((*touched.selectors, *closed))), closed=closed)
    message = "the area was changed: read the place names in every text"
    edited = Finding(rule=EDITED, message=message, severity=Gravity.WARNING)
    others = (found for found in version.findings if found.rule != EDITED and not found.path.startswith(GROUND))
    placed = msgspec.structs.replace(
        version,
        places=named((one.place for one in located), desk),
        transit=transit(hazard(version.hazard), playbook, touched),
        findings=(edited, *found(located), *touched.findings, *others),
    )
    return reached(placed, desk.city)


def drawn_by_hand(version: Version) -> bool:
    """Tell whether a person drew the area of a version."""
    return any(finding.rule == EDITED for finding in version.findings)


def as_drawn(version: Version, before: Version | None) -> Version:
    """Return a version on the ground a person drew before: only a person decides whether the source knows better."""
    if before is None or not drawn_by_hand(before):
        return version
    kept = Finding(rule=EDITED, message="the area is the one that was drawn by hand before", severity=Gravity.WARNING)
    others = (finding for finding in version.findings if not finding.path.startswith(GROUND))
    findings = (kept, *others)
    return msgspec.structs.replace(version, places=before.places, transit=before.transit, findings=findings)
