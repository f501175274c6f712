"""`bongsu translate`: one incident as the city's playbook tells it, in one standard; nothing is sent or recorded."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import click
import msgspec
from google.protobuf import json_format
from msgspec import Struct

from gateway.alert import IncidentKey, Kind, Version, whole
from gateway.cli.opening import FOLDER
from gateway.cli.say import as_json, grave, line, progress, spoken
from gateway.cli.times import Time
from gateway.demo import hanbat
from gateway.doors import json as door
from gateway.drafting import Brief, Desk, draft
from gateway.engine import Plan
from gateway.engine.intake import by_hand
from gateway.fault import BadInput, Faults, Finding, Gravity
from gateway.formats import app, cap, gtfs_realtime
from gateway.formats.cell_broadcast import plan as cell_broadcast
from gateway.policy.decide import level_for, public
from gateway.service import plan_of
from gateway.source import read_incident

HANBAT = Path(hanbat.__file__).parent
UNTOUCHED = Finding(
    rule="transit-untouched",
    message="this touches nothing of the network, so the feed is empty",
    severity=Gravity.WARNING,
    path="/transit",
)

UNSERVED = Finding(
    rule="broadcast-nowhere",
    message="no cell is known to serve this area, so it could not be broadcast",
    severity=Gravity.WARNING,
    path="/areas",
)
COUNTRY = "KR"
# What is only translated has no number of its own; its serial number is that of an alert 0.
NUMBERED = "translated-0"


class Said(Struct, frozen=True):
    """A version in one standard: its exact bytes, the same as JSON, and what a person should know about it."""

    body: bytes
    document: object
    findings: tuple[Finding, ...] = ()


@click.command()
@click.argument("incident", metavar="INCIDENT.json", type=click.File("rb"))
@click.option(
    "--to", "standard", required=True, type=click.Choice(["cap", "cell-broadcast", "gtfs-realtime", "app"]), help="The standard."
)
@click.option("--city", "folder", type=FOLDER, default=HANBAT, metavar="DIR", help="The city's folder; Hanbat by default.")
@click.option("--language", metavar="TAG", help="Only this one of the city's languages.")
@click.option("--now", type=Time(), metavar="TIME", help="As if it were this time (RFC 3339).")
@as_json
def translate(  # noqa: PLR0913 - one for each option
    incident: BinaryIO, standard: str, folder: Path, language: str | None, now: datetime | None, *, as_json: bool
) -> None:
    """Say one incident in one standard: its exact bytes on stdout, or JSON.

    The city's playbook decides how it is told; nothing is sent or recorded. - reads the incident from standard input.
    """
    plan = plan_of(folder)
    at = now or datetime.now(ZoneInfo(plan.desk.timezone))
    plan = _asking(plan, standard)
    version = _drafted(incident.read(), plan, language, at)
    said = STANDARDS[standard](version, at)
    for found in (*version.findings, *said.findings):
        progress(spoken(found))
    if as_json:
        line(said.document)
    else:
        click.echo(said.body, nl=False)


def _drafted(raw: bytes, plan: Plan, language: str | None, now: datetime) -> Version:
    """Return the version an operator would be shown, with the identifier of nothing that was ever issued."""
    incident = by_hand(read_incident(door.load(raw)), plan, now).report
    if incident.ended:
        raise BadInput("incident-ended", "what is over needs an alert to end", path="/ended", hint="leave `ended` out")
    if not public(incident):
        raise BadInput("incident-not-public", "this is not for the public", path="/scope", hint="say scope public if it is")
    playbook = plan.playbook_for(incident.hazard, incident.source, incident.id)
    brief = Brief(
        kind=Kind.ALERT,
        level=level_for(incident, playbook),
        incident=incident,
        key=IncidentKey(incident.source, incident.id, 1),
        sequence=1,
        playbook=playbook,
        alert=f"{plan.code}-translated-{incident.source}-{incident.id}",
        number=1,
        now=now,
    )
    version = draft(brief, _speaking(plan.desk, language))
    _sound(version.findings)
    return msgspec.structs.replace(version, identifier=f"{version.alert}.1")


def _asking(plan: Plan, standard: str) -> Plan:
    """Let a broadcast's own texts be written too, whether or not the city broadcasts."""
    if standard != "cell-broadcast":
        return plan
    desk = msgspec.structs.replace(plan.desk, classes=cell_broadcast.plan(COUNTRY).classes)
    return msgspec.structs.replace(plan, desk=desk)


def _speaking(desk: Desk, language: str | None) -> Desk:
    if language is None:
        return desk
    if language not in desk.languages:
        hint = f"its languages are: {', '.join(desk.languages)}"
        raise BadInput("language-unknown", f"the city tells nothing in {language!r}", path="--language", hint=hint)
    return msgspec.structs.replace(desk, languages=(language,))


def _cap(version: Version, now: datetime) -> Said:
    document = cap.stamp(cap.write(version), whole(now))
    findings = cap.check(document)
    _sound(findings)
    return Said(document, {"identifier": version.identifier, "document": document.decode()}, findings)


def _gtfs_realtime(version: Version, now: datetime) -> Said:
    entity = gtfs_realtime.entity(version)
    feed = gtfs_realtime.join(whole(now), [entity] if entity else [])
    document = json_format.MessageToDict(gtfs_realtime.read(feed), preserving_proto_field_name=True)
    return Said(feed, document, () if entity else (UNTOUCHED,))


def _cell_broadcast(version: Version, now: datetime) -> Said:
    del now
    country = cell_broadcast.plan(COUNTRY)
    told = cell_broadcast.message(msgspec.structs.replace(version, alert=NUMBERED), country)
    step = country.levels[cell_broadcast.level(version)]
    shown = [f"{country.country} {told.message_id}: {step.shown}"]
    document = {"messages": [msgspec.to_builtins(told)], "cells": list(version.cells), "shown": shown}
    return Said(msgspec.json.encode(document) + b"\n", document, () if version.cells else (UNSERVED,))


def _app(version: Version, now: datetime) -> Said:
    del now
    entry = app.write(version)
    return Said(entry + b"\n", door.load(entry))


def _sound(findings: tuple[Finding, ...]) -> None:
    if grave(findings):
        raise Faults(findings)


STANDARDS: Mapping[str, Callable[[Version, datetime], Said]] = {
    "cap": _cap,
    "cell-broadcast": _cell_broadcast,
    "gtfs-realtime": _gtfs_realtime,
    "app": _app,
}
