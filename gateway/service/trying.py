"""A draft of everything the playbooks foresee, tried before the gateway starts: what cannot be told is found on a quiet day."""

from collections.abc import Iterator
from datetime import datetime

from gateway import config, drafting
from gateway.alert import IncidentKey, Kind, Version
from gateway.area import Area, Role
from gateway.doors import toml
from gateway.drafting import Brief, Over
from gateway.engine import Plan
from gateway.fault import BadInput, Finding
from gateway.incident import Incident, Severity, Status
from gateway.playbook import Level, Playbook
from gateway.policy import news
from gateway.policy.sensor import Sensor

Fault = tuple[str, str, tuple[str | int, ...], str]


def faults(plan: Plan, settings: config.Settings, now: datetime) -> Iterator[Finding]:
    """Yield every playbook's file and line where two of them contradict each other or one could not be drafted as it stands."""
    taken: dict[tuple[str, ...], str] = {}
    for playbook in plan.playbooks.values():
        file = settings.folder / "playbooks" / f"{playbook.id}.toml"
        document = toml.load(file.read_bytes(), str(file))
        for fault in (*_twice(playbook, taken), *_worldless(playbook, plan), *_untold(playbook, plan, now)):
            yield document.finding(*fault)


def _twice(playbook: Playbook, taken: dict[tuple[str, ...], str]) -> Iterator[Fault]:
    watch = playbook.watch
    about = (watch.source, watch.incident) if watch else (playbook.hazard,)
    other = taken.setdefault(about, playbook.id)
    if other != playbook.id:
        path = ("watch", "incident") if watch else ("hazard",)
        yield (
            "playbook-twice",
            f"playbook {other!r} is about that already",
            path,
            "let one playbook decide, or watch another place",
        )


def _worldless(playbook: Playbook, plan: Plan) -> Iterator[Fault]:
    live = plan.status is Status.ACTUAL
    if live and playbook.watch and plan.intakes[playbook.watch.source].default_status is None:
        message = f"the readings of {playbook.watch.source!r} have no world of their own"
        yield "status-missing", message, ("watch", "source"), f"set default_status for it in {config.CITY}"


def _untold(playbook: Playbook, plan: Plan, now: datetime) -> Iterator[Fault]:
    for number, level in enumerate(playbook.levels):
        try:
            told = drafting.draft(_brief(playbook, level, plan, now), plan.desk)
            _taken_back(told, plan, now)
        except BadInput as fault:
            place: tuple[str | int, ...] = ("watch",) if playbook.watch else ("levels", number)
            yield fault.code, f"level {level.name!r} cannot be told: {fault.message}", place, fault.hint
            return


def _taken_back(told: Version, plan: Plan, now: datetime) -> None:
    for kind in (Kind.END, Kind.CANCEL):
        drafting.closing(Over(kind=kind, number=2, reason="", now=now), told, plan.desk)


def _brief(playbook: Playbook, level: Level, plan: Plan, now: datetime) -> Brief:
    return Brief(
        kind=Kind.ALERT,
        level=level,
        incident=_incident(playbook, level, plan, now),
        key=IncidentKey("trial", "trial", 1),
        sequence=1,
        playbook=playbook,
        alert="trial",
        number=1,
        now=now,
    )


def _incident(playbook: Playbook, level: Level, plan: Plan, now: datetime) -> Incident:
    if watch := playbook.watch:
        sensors = {name: Sensor(good=level.rise) for name in watch.sensors}
        return news.reached(news.Desk(playbook, watch, sensors, 0, now), level, now)
    return Incident(
        source="trial",
        id="trial",
        hazard=playbook.hazard,
        severity=Severity.UNKNOWN,
        urgency=level.urgency,
        certainty=level.certainty,
        onset=now,
        areas=(Area(role=Role.DANGER, zones=(min(plan.desk.city.zones),)),),
    )
