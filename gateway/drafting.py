"""A decision becomes a self-contained version: places, transit, texts in every language, and the bytes of every way out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from gateway.alert import IncidentKey, Kind, Place, Target, Text, Transit, Version, whole
from gateway.area import Area, shape, square_metres
from gateway.channel import Channel, Feed, Payload
from gateway.city import Chosen, City, Located
from gateway.fault import BadInput, Finding, Gravity
from gateway.formats import cap
from gateway.hazard import Hazard, SlotType, hazard
from gateway.incident import Incident, Scope, Status, Urgency
from gateway.playbook import Level, Playbook
from gateway.words import Ask, Words

DOCUMENT = "cap.document"
PLACES = frozenset({SlotType.PLACE, SlotType.PLACE_LIST, SlotType.STATION})
AFTERLIFE = timedelta(hours=24)


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
    """What is to be told (ALERT or UPDATE) and the facts it rests on; `number` is the version's."""

    kind: Kind
    level: Level
    incident: Incident
    key: IncidentKey | None
    sequence: int
    playbook: Playbook
    alert: str
    number: int
    now: datetime


def draft(brief: Brief, desk: Desk) -> Version:
    """Return a version ready to be read by an operator; raises BadInput where no honest draft can be made."""
    what, incident = hazard(brief.incident.hazard), brief.incident
    located = _located(incident.areas, brief.playbook, desk.city)
    touched = desk.city.transit(incident.areas, incident.transit)
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
        targets=_targets(brief, desk),
        sender=desk.sender,
        onset=whole(incident.onset),
        effective=whole(brief.now),
        expires=whole(brief.now) + brief.level.duration,
        incident=brief.key,
        incident_sequence=brief.sequence,
        transit=transit(what, brief.playbook, touched),
        findings=(*(finding for one in located for finding in one.findings), *touched.findings),
        facts=incident.facts,
        contact=desk.contact,
        web=desk.web,
    )
    return _written(version, desk)


class Over(Struct, frozen=True, kw_only=True):
    """What takes an alert back: the all clear (END) or the false alarm (CANCEL), as version `number`."""

    kind: Kind
    number: int
    reason: str
    now: datetime


def closing(over: Over, current: Version, desk: Desk) -> Version:
    """Return the last version of an alert: the same places and targets as people were told, and at least a day to arrive."""
    last = msgspec.structs.replace(
        current,
        number=over.number,
        kind=over.kind,
        findings=(),
        effective=whole(over.now),
        expires=max(current.expires, whole(over.now) + AFTERLIFE),
        reason=over.reason,
    )
    if over.kind is Kind.END:
        last = msgspec.structs.replace(last, urgency=Urgency.PAST, responses=("AllClear",))
    return _written(last, desk)


def _written(version: Version, desk: Desk) -> Version:
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
            languages=desk.languages,
            reviewed_only=desk.reviewed_only,
        )
    )
    return msgspec.structs.replace(
        version, texts=told.texts, left_out=told.left_out, findings=(*version.findings, *told.findings)
    )


def relocated(version: Version, areas: Sequence[Area], desk: Desk, playbook: Playbook) -> Version:
    """Return the version aimed at other areas, with the stops and routes that lie there."""
    located, touched = _located(areas, playbook, desk.city), desk.city.transit(areas, ())
    message = "the area was changed: read the place names in every text"
    edited = Finding(rule="area-edited", message=message, severity=Gravity.WARNING)
    return msgspec.structs.replace(
        version,
        places=tuple(one.place for one in located),
        transit=transit(hazard(version.hazard), playbook, touched),
        findings=(edited, *(finding for one in located for finding in one.findings), *touched.findings),
    )


def reworded(version: Version, texts: Mapping[str, Mapping[str, str]]) -> Version:
    """Return the version with an operator's wording of some languages; raises BadInput("language-unknown")."""
    known = {text.language for text in version.texts}
    for language in texts:
        if language not in known:
            raise BadInput("language-unknown", f"this alert has no text in {language!r}", path=f"/texts/{language}")
    return msgspec.structs.replace(version, texts=tuple(_reworded(text, texts.get(text.language, {})) for text in version.texts))


def _reworded(text: Text, words: Mapping[str, str]) -> Text:
    return msgspec.structs.replace(text, **words, reviewed=False) if words else text


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
    if allowed is None or key is None or version.kind is not Kind.ALERT or key.source != allowed.source or key.episode > 1:
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
    if not areas:
        raise BadInput("area-missing", "no area is known", path="/areas", hint="draw the area by hand in a new alert")
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


def _targets(brief: Brief, desk: Desk) -> tuple[Target, ...]:
    status = brief.incident.status or desk.status
    named = (Target(*name.split("/", 1)) for name in brief.level.targets)
    return tuple(target for target in named if status in desk.channels[target.channel].abilities.accepts)


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
    languages = {language: None for place in places for language in place.name}
    return {language: ", ".join(dict.fromkeys(p.name[language] for p in places if language in p.name)) for language in languages}
