"""Sorting what a request brings: every item is placed or refused with its reason; pure, so a lost race is sorted again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
import structlog
from msgspec import Struct

from gateway.access import Grant, may_report
from gateway.alert import IncidentKey
from gateway.city import City
from gateway.delivery.pager import page
from gateway.drafting import spoken
from gateway.engine.memory import NEW, Known, Name, States
from gateway.engine.plan import Intake, Plan
from gateway.fault import BadInput, Conflict, Fault, Refused
from gateway.hazard import hazard
from gateway.incident import Incident, Reading, Status
from gateway.journal.records import Arrival, Head, ItemAnswer, Placed, Todo, TodoKind, Watched
from gateway.playbook import Playbook
from gateway.policy.admit import admit, admit_reading
from gateway.policy.decide import public
from gateway.policy.order import Placement, place
from gateway.policy.watch import State, watch
from gateway.source import Item, Raw, Refusal, redacted
from gateway.words import check_facts

SENSOR_FAULT = "sensor-fault"
LATE = "reading-late"

log = structlog.get_logger()


class Sorted(Struct, kw_only=True):
    """Items by what they turned out to be; `index` is the item's place in the request, -1 for the watch's own findings.

    A reading stands with the reason why it was only stored.
    """

    found: list[tuple[int, Incident]]
    read: list[tuple[int, Reading, str]]
    refused: list[tuple[int, Refusal]]
    states: dict[str, State | None]


class Rules(Struct, frozen=True, kw_only=True):
    """What items are held against: the city's plan, the sender's grant, and the world of incidents that name none."""

    plan: Plan
    grant: Grant
    default: Status | None
    now: datetime


def read(raw: Raw, intake: Intake) -> tuple[Raw, Sequence[Item]]:
    """Return a request as it may be kept, and what that says; where redacting breaks, nothing is kept and nothing is read."""
    try:
        kept = redacted(raw, intake.source)
    except Exception as error:  # noqa: BLE001 - a vendor's code may fail in any way
        log.error("redaction.broke", source=raw.source, error=type(error).__name__)  # noqa: TRY400 - its words may hold the secret
        message, hint = (
            "the adapter could not redact this, so nothing of it was kept",
            "mend the adapter, then have it sent again",
        )
        return msgspec.structs.replace(raw, body=b""), [Refusal(code="redaction-broke", message=message, hint=hint)]
    return kept, parse(kept, intake)


def parse(raw: Raw, intake: Intake) -> Sequence[Item]:
    """Let the adapter read the bytes, item by item; what it cannot read any further is one refused item more."""
    items: list[Item] = []
    try:
        for item in intake.source.parse(raw, intake.settings):
            items.append(item)  # noqa: PERF402 - what was read before a break is kept
    except Fault as fault:
        items.append(_refusal(fault))
    except Exception as error:
        log.exception("adapter.broke", source=raw.source)
        message, hint = f"the adapter broke: {type(error).__name__}", "mend the adapter, then replay the item"
        items.append(Refusal(code="adapter-broke", message=message, hint=hint))
    return items


def sort(items: Iterable[Item], states: States, rules: Rules) -> Sorted:
    """Check every item against the city and run readings through their watches."""
    result = _nothing(states)
    for index, item in enumerate(items):
        try:
            _sort_one(index, item, result, rules)
        except Fault as fault:
            result.refused.append((index, _refusal(fault)))
        except Exception as error:
            log.exception("item.broke", source=rules.grant.source, index=index)
            message, hint = f"something broke here: {type(error).__name__}", "raise it by hand; it was logged"
            result.refused.append((index, Refusal(code="item-broke", message=message, hint=hint)))
    return result


def tick(states: States, playbooks: Iterable[Playbook], plan: Plan, now: datetime) -> Sorted:
    """Let time pass for watches: silence, stubbornness and lasting levels are news too."""
    result = _nothing(states)
    for playbook in playbooks:
        state, incidents = watch(None, result.states.get(playbook.id), playbook, now)
        result.states[playbook.id] = state
        result.found.extend((-1, _of_the_world(incident, plan)) for incident in incidents)
    return result


def anything(result: Sorted, states: States) -> bool:
    """Tell whether there is anything to record."""
    return bool(result.found) or any(_watched(result.states, states))


def still_refused(result: Sorted) -> Conflict:
    """Return how a person is told that all of it is refused as before."""
    no = result.refused[0][1]
    return Conflict("still-refused", f"{no.code}: {no.message}", path=no.path, hint=no.hint)


class ByHand(Struct, frozen=True):
    """What a person reports, checked; nothing of it is known yet."""

    sorted: Sorted
    report: Incident

    def head(self, now: datetime) -> Head:
        """Return what would be known of it if nothing was before."""
        key = IncidentKey(self.report.source, self.report.id, 1)
        return Head(key=key, revision=0, open=True, report=self.report, arrived=now)


def by_hand(incident: Incident, plan: Plan, now: datetime) -> ByHand:
    """Check what a person reports; raises the fault instead of keeping it, for the person is there to mend it."""
    rules = Rules(plan=plan, grant=Grant(source=incident.source), default=plan.status, now=now)
    result, report = _nothing({}), _checked(incident, rules)
    result.found.append((0, report))
    return ByHand(result, report)


class Carrier(Struct, frozen=True, kw_only=True):
    """How a request came: its bytes and receipt key, or nothing but the name of who acts.

    With `drafts` a draft is owed for what is new; who drafts by hand does it at once.
    """

    actor: str
    drafts: bool = True
    raw: Raw | None = None
    key: str | None = None


def arrival(result: Sorted, known: dict[Name, Known], states: States, carrier: Carrier, now: datetime) -> Arrival:
    """Place every report against what is known, which is brought up to what will be known then, and say what is owed."""
    placed = list(_placed(result.found, known, now))
    refused = sorted(result.refused, key=lambda pair: pair[0])
    return Arrival(
        at=now,
        raw=carrier.raw,
        key=carrier.key,
        actor=carrier.actor,
        reports=tuple(report for _, report, _ in placed),
        watches=tuple(_watched(result.states, states)),
        refusals=tuple(refused),
        answers=tuple(sorted(_answers(placed, result), key=lambda answer: answer.index)),
        todos=tuple({(todo.kind, todo.subject): todo for todo in _owed(placed, refused, carrier)}.values()),
    )


def _nothing(states: States) -> Sorted:
    return Sorted(found=[], read=[], refused=[], states={key: _remembered(key, state) for key, (_, state) in states.items()})


def _remembered(key: str, state: bytes) -> State | None:
    """A state of another release that cannot be read begins anew, rather than deafen the whole source."""
    try:
        return msgspec.json.decode(state, type=State)
    except msgspec.MsgspecError as error:
        log.error("watch.forgotten", watch=key, error=str(error))  # noqa: TRY400 - what happened is plain
        return None


def _sort_one(index: int, item: Item, result: Sorted, rules: Rules) -> None:
    match item:
        case Refusal():
            result.refused.append((index, item))
        case Incident():
            result.found.append((index, _checked(item, rules)))
        case Reading():
            result.read.append((index, item, _read(admit_reading(item, rules.now), result, rules)))


def _read(reading: Reading, result: Sorted, rules: Rules) -> str:
    """Run a reading through every watch of its sensor, or through none; return why it was only stored."""
    may_report(rules.grant, reading)
    if rules.default is None and rules.plan.status is Status.ACTUAL:
        hint = "set default_status for this source"
        raise Refused("status-missing", "a reading has no world of its own", path="/source", hint=hint)
    of_sensor = [p for p in rules.plan.watching(reading.source) if p.watch and reading.sensor in p.watch.sensors]
    if not of_sensor:
        message, hint = f"no playbook watches sensor {reading.sensor!r}", "name it in a playbook"
        raise BadInput("sensor-unknown", message, path="/sensor", hint=hint)
    watching = [p for p in of_sensor if p.watch and p.watch.property == reading.property] or of_sensor[:1]
    try:
        read = {p.id: watch(reading, result.states.get(p.id), p, rules.now) for p in watching}
    except BadInput as fault:
        if fault.code != LATE:
            raise
        return fault.message
    result.states.update({id: state for id, (state, _) in read.items()})
    result.found.extend((-1, _of_the_world(one, rules.plan)) for _, incidents in read.values() for one in incidents)
    return ""


def _of_the_world(incident: Incident, plan: Plan) -> Incident:
    """A watch's own report is of the world of the source it watches."""
    return msgspec.structs.replace(incident, status=plan.intakes[incident.source].default_status or plan.status)


def _checked(incident: Incident, rules: Rules) -> Incident:
    what, incident = hazard(incident.hazard), _canonical(incident, rules.plan.desk.city)
    may_report(rules.grant, incident)
    check_facts(what, incident.facts)
    spoken(what.id, incident.facts, rules.plan.desk.city)
    incident = admit(incident, deployment=rules.plan.status, default=rules.default, now=rules.now)
    city, playbook = rules.plan.desk.city, rules.plan.playbook_for(what.id, incident.source, incident.id)
    for number, area in enumerate(incident.areas):
        path = f"/areas/{number}"
        surface = city.surface(area, line_buffer_m=playbook.line_buffer_m, path=path)
        if rules.grant.zones and not city.within(surface.shape, sorted(rules.grant.zones)):
            hint = f"{rules.grant.source} may report from {', '.join(sorted(rules.grant.zones))}"
            raise Refused("scope-area", "the area lies outside this source's grant", path=path, hint=hint)
    city.transit((), incident.transit)
    return incident


def _canonical(incident: Incident, city: City) -> Incident:
    areas = (city.canonical(area, path=f"/areas/{number}") for number, area in enumerate(incident.areas))
    return msgspec.structs.replace(incident, areas=tuple(areas))


def _placed(
    found: Iterable[tuple[int, Incident]], known: dict[Name, Known], now: datetime
) -> Iterator[tuple[int, Placed, Placement]]:
    for index, report in found:
        name = (report.source, report.id)
        head, revision = known.get(name, NEW)
        where = place(report, head, now)
        placed = Placed(
            report=report,
            episode=where.episode,
            expected=revision,
            applied=where.applied,
            closes=where.closes,
            why=where.why,
        )
        yield index, placed, where
        known[name] = (where.head, revision + where.applied)


def _watched(after: Mapping[str, State | None], before: States) -> Iterator[Watched]:
    for key, state in after.items():
        revision, body = before.get(key, (0, b""))
        encoded = msgspec.json.encode(state)
        if encoded != body:
            yield Watched(key=key, expected=revision, state=encoded)


def _answers(placed: Iterable[tuple[int, Placed, Placement]], result: Sorted) -> Iterator[ItemAnswer]:
    for index, one, _ in placed:
        if index >= 0:
            name = one.report.id
            yield ItemAnswer(index=index, accepted=True, incident=name, episode=one.episode, applied=one.applied, message=one.why)
    for index, reading, why in result.read:
        yield ItemAnswer(index=index, accepted=True, sensor=reading.sensor, applied=not why, message=why)
    for index, no in result.refused:
        yield ItemAnswer(index=index, accepted=False, code=no.code, message=no.message, path=no.path, hint=no.hint)


def _owed(
    placed: Iterable[tuple[int, Placed, Placement]], refused: Iterable[tuple[int, Refusal]], carrier: Carrier
) -> Iterator[Todo]:
    for _, one, where in placed:
        if one.report.hazard == SENSOR_FAULT:
            yield page("sensor-fault", _fault_words(one.report), f"sensor:{one.report.id}")
        elif where.redraft and not public(one.report):
            words = (
                f"{carrier.actor} reports {one.report.hazard} {one.report.id!r}, which is not for the public: nothing is drafted"
            )
            yield page("incident-not-public", words, f"incident:{one.report.source}/{one.report.id}")
        elif where.redraft and carrier.drafts:
            yield to_draft(one.report.source, one.report.id)
    for _, no in refused:
        words = f"{carrier.actor} sent something we refused: {no.message}"
        yield page(no.code, words, f"quarantine:{carrier.actor}:{no.code}")


def to_draft(source: str, id: str) -> Todo:
    """Return the work of deciding what people should be told about an incident."""
    return Todo(kind=TodoKind.DRAFT, subject=f"{source}/{id}")


def _fault_words(report: Incident) -> str:
    word = "works again" if report.ended else "is silent, stuck or out of range"
    return f"sensor {report.id} {word}"


def _refusal(fault: Fault) -> Refusal:
    return Refusal(code=fault.code, message=fault.message, path=fault.path, hint=fault.hint)
