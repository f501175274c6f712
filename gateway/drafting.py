"""A decision becomes a self-contained version: places, transit, texts in every language, and the bytes of every way out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from gateway.alert import IncidentKey, Kind, Place, Target, Transit, Version, whole
from gateway.area import Area, shape, square_metres
from gateway.channel import Channel, Feed, Payload
from gateway.city import Chosen, City, Located
from gateway.city.around import around
from gateway.fault import BadInput, Finding, Gravity
from gateway.formats import cap
from gateway.hazard import Hazard, SlotType, hazard
from gateway.incident import Incident, Scope, Status, Urgency
from gateway.playbook import Level, Playbook
from gateway.words import Ask, Words

DOCUMENT = "cap.document"
PLACES = frozenset({SlotType.PLACE, SlotType.PLACE_LIST, SlotType.STATION})
AFTERLIFE = timedelta(hours=24)
EDITED = "area-edited"
GROUND = ("/areas", "/transit")


class Desk(Struct, frozen=True, kw_only=True):
    """What every draft in this city is made with."""

    city: City
    words: Words
    status: Status
    sender: str
    sender_name: Mapping[str, str]
    contact: str
    web: str
    languages: tuple[str, ...]
    timezone: str
    channels: Mapping[str, Channel]
    reviewed_only: bool


class Brief(Struct, frozen=True, kw_only=True):
    """What is to be told (ALERT or UPDATE) and the facts it rests on; `number` is the version's, `before` what people know."""

    kind: Kind
    level: Level
    incident: Incident
    key: IncidentKey | None
    sequence: int
    playbook: Playbook
    alert: str
    number: int
    now: datetime
    before: Version | None = None


def draft(brief: Brief, desk: Desk) -> Version:
    """Return a version ready to be read by an operator; raises BadInput where no honest draft can be made."""
    what, incident = hazard(brief.incident.hazard), aimed(brief.incident, desk.city)
    located = _located(incident.areas, brief.playbook, desk.city)
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
        event_codes=event_codes(what),
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
        transit=transit(what, brief.playbook, touched),
        findings=(*_derived(brief.incident), *_found(located), *touched.findings, *silent),
        facts={**brief.playbook.facts, **incident.facts},
        contact=desk.contact,
        web=desk.web,
    )
    return _written(_as_drawn(version, brief.before), desk, desk.languages)


def aimed(incident: Incident, city: City) -> Incident:
    """Return an incident that says where: its own areas, else the surroundings of the stops it names.

    Raises BadInput("area-missing") where neither says enough, and as `City.transit` does.
    """
    if incident.areas:
        return incident
    city.transit((), incident.transit)
    if not incident.transit or city.network is None:
        raise BadInput("area-missing", "no area is known", path="/areas", hint="draw the area by hand in a new alert")
    return msgspec.structs.replace(incident, areas=(around(city.network, incident.transit),))


def drawn_by_hand(version: Version) -> bool:
    """Tell whether a person drew the area of a version."""
    return any(finding.rule == EDITED for finding in version.findings)


def _as_drawn(version: Version, before: Version | None) -> Version:
    """What a person drew stays; only a person decides whether the source knows better."""
    if before is None or not drawn_by_hand(before):
        return version
    kept = Finding(rule=EDITED, message="the area is the one that was drawn by hand before", severity=Gravity.WARNING)
    others = (finding for finding in version.findings if not finding.path.startswith(GROUND))
    findings = (kept, *others)
    return msgspec.structs.replace(version, places=before.places, transit=before.transit, findings=findings)


class Over(Struct, frozen=True, kw_only=True):
    """What takes an alert back: the all clear (END) or the false alarm (CANCEL), as version `number`."""

    kind: Kind
    number: int
    reason: str
    now: datetime


def closing(over: Over, current: Version, desk: Desk) -> Version:
    """Return the last version of an alert: the same places, targets and languages, and at least a day to arrive.

    What was told must be possible to take back: facts that can no longer be told (a place lost its name) are left out.
    """
    last = msgspec.structs.replace(
        current,
        number=over.number,
        kind=over.kind,
        identifier="",
        references=(),
        withdrawn=(),
        findings=(),
        effective=whole(over.now),
        expires=max(current.expires, whole(over.now) + AFTERLIFE),
        reason=over.reason,
    )
    if over.kind is Kind.END:
        last = msgspec.structs.replace(last, urgency=Urgency.PAST, responses=("AllClear",))
    told = tuple(dict.fromkeys((desk.languages[0], *(text.language for text in current.texts))))
    try:
        return _written(last, desk, told)
    except BadInput:
        return _written(msgspec.structs.replace(last, facts={}), desk, told)


def _written(version: Version, desk: Desk, languages: tuple[str, ...]) -> Version:
    told = desk.words.compose(
        Ask(
            hazard=hazard(version.hazard),
            form=version.kind,
            status=version.status,
            level=version.level,
            responses=version.responses,
            facts=spoken(version.hazard, version.facts, desk.city),
            place=_names(version.places),
            onset=version.onset,
            until=version.expires,
            timezone=desk.timezone,
            sender_name=desk.sender_name,
            languages=languages,
            reviewed_only=desk.reviewed_only,
        )
    )
    return msgspec.structs.replace(
        version,
        texts=told.texts,
        left_out=tuple(sorted({*told.left_out, *desk.languages} - {text.language for text in told.texts})),
        findings=(*version.findings, *told.findings),
    )


def relocated(version: Version, areas: Sequence[Area], desk: Desk, playbook: Playbook) -> Version:
    """Return the version aimed at other areas, with the stops and routes that lie there and those an operator closed."""
    located, touched = _located(areas, playbook, desk.city), desk.city.transit(areas, ())
    closed = version.transit.closed if version.transit else ()
    touched = msgspec.structs.replace(touched, selectors=tuple(dict.fromkeys((*touched.selectors, *closed))), closed=closed)
    message = "the area was changed: read the place names in every text"
    edited = Finding(rule=EDITED, message=message, severity=Gravity.WARNING)
    others = (found for found in version.findings if found.rule != EDITED and not found.path.startswith(GROUND))
    return msgspec.structs.replace(
        version,
        places=tuple(one.place for one in located),
        transit=transit(hazard(version.hazard), playbook, touched),
        findings=(edited, *_found(located), *touched.findings, *others),
    )


def render(
    version: Version, channels: Iterable[Channel], feeds: Iterable[Feed]
) -> tuple[tuple[Payload, ...], tuple[Payload, ...]]:
    """Return the exact bytes of every channel, then of every feed and the CAP document that peers and feed share."""
    sent = tuple(payload for channel in channels for payload in channel.render(version))
    document = Payload(channel=DOCUMENT, body=cap.write(version), media_type=cap.MEDIA_TYPE)
    bodies = ((feed, feed.render(version)) for feed in feeds)
    fetched = (Payload(channel=feed.name, body=body, media_type=feed.media_type) for feed, body in bodies if body is not None)
    return sent, (document, *fetched)


def stamp(payload: Payload, sent: datetime) -> Payload:
    """Return the bytes as issued: a CAP document gets its `sent`, anything else stays as approved."""
    if payload.media_type != cap.MEDIA_TYPE:
        return payload
    return msgspec.structs.replace(payload, body=cap.stamp(payload.body, sent))


def pre_authorised(version: Version, playbook: Playbook) -> bool:
    """Tell whether the city declared that this alert may go out by itself: first episode, named source, small enough."""
    allowed, key = playbook.pre_authorised, version.incident
    if allowed is None or key is None or key.source != allowed.source:
        return False
    if version.kind is not Kind.ALERT or version.number > 1 or key.episode > 1:
        return False
    ground = sum(square_metres(shape(polygon)) for place in version.places for polygon in place.polygons)
    return ground <= allowed.most_km2 * 1_000_000


def spoken(name: str, facts: Mapping[str, object], city: City) -> Mapping[str, object]:
    """Return a hazard's facts with every place that has an identifier told by its names; raises BadInput("place-unknown")."""
    slots = hazard(name).facts
    return {fact: _named(value, city) if slots.get(fact) in PLACES else value for fact, value in facts.items()}


def event_codes(what: Hazard) -> tuple[tuple[str, str], ...]:
    """Return the codes a hazard has, with the name of each list."""
    codes = (("OET:v1.2", what.oet), ("SAME", what.same), ("TTAS.KO-07.0046", what.dmb), ("bongsu:hazard", what.local))
    return tuple((name, code) for name, code in codes if code is not None)


def transit(what: Hazard, playbook: Playbook, touched: Chosen) -> Transit | None:
    """Return what an alert means for public transport, or None where it touches none."""
    if not touched.selectors:
        return None
    effect = playbook.effect or what.effect
    return Transit(cause=what.cause, effect=effect, selectors=touched.selectors, closed=touched.closed)


def _located(areas: Sequence[Area], playbook: Playbook, city: City) -> tuple[Located, ...]:
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


def _found(located: Iterable[Located]) -> Iterator[Finding]:
    return (finding for one in located for finding in one.findings)


def _derived(report: Incident) -> tuple[Finding, ...]:
    if report.areas:
        return ()
    message = "the source named stops and no area: this is the ground around them, not to be broadcast to cells unseen"
    hint = "draw the area, or go on with this one"
    return (Finding(rule="area-derived", message=message, severity=Gravity.WARNING, path="/areas", hint=hint),)


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


def _named(value: object, city: City) -> object:
    if isinstance(value, list | tuple):
        return [_named(one, city) for one in value]
    if not isinstance(value, str):
        return value
    if value not in city.places:
        raise BadInput(
            "place-unknown", f"no place is called {value!r}", path="/facts", hint="name it under [places] in city.toml"
        )
    return city.places[value]


def _names(places: Sequence[Place]) -> Mapping[str, str]:
    """Return the places as one list in each language that names all of them: half a list would leave some people out."""
    languages = [language for language in places[0].name if all(language in place.name for place in places)] if places else []
    return {language: ", ".join(dict.fromkeys(place.name[language] for place in places)) for language in languages}
