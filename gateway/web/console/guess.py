"""What a refused message says, as far as it can be read without its adapter: a proposal for the form, never more."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from gateway.doors import json
from gateway.fault import BadInput
from gateway.hazard import hazards
from gateway.incident import Certainty, Scope, Severity, Urgency
from gateway.journal.records import Quarantined
from gateway.web.console.given import Given

ENUMS: Mapping[str, type[Severity | Urgency | Certainty | Scope]] = {
    "severity": Severity,
    "urgency": Urgency,
    "certainty": Certainty,
    "scope": Scope,
}


def outline(item: Quarantined) -> Given:
    """Return the fields of the form that a refused item fills in by itself; nothing where its bytes are no JSON."""
    try:
        document = json.load(item.raw.body)
    except BadInput:
        return Given()
    if isinstance(document, Sequence) and not isinstance(document, str):
        document = document[item.index] if item.index < len(document) else None
    return Given(_fields(document)) if isinstance(document, Mapping) else Given()


def _fields(document: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if str(document.get("hazard")) in hazards():
        yield "hazard", str(document["hazard"])
    for name, known in ENUMS.items():
        if str(document.get(name)) in {one.value for one in known} - {"unknown", "past", "private"}:
            yield name, str(document[name])
    areas = document.get("areas")
    if isinstance(areas, Sequence) and areas and isinstance(areas[0], Mapping):
        yield from _place(areas[0])
    facts = document.get("facts")
    for name, value in facts.items() if isinstance(facts, Mapping) else ():
        yield from _fact(str(name), value)


def _place(area: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    names, zones, shape = area.get("name"), area.get("zones"), area.get("geometry")
    if isinstance(shape, Mapping):
        yield "where", "geojson"
        yield "geojson", msgspec.json.encode(shape).decode()
    elif isinstance(zones, Sequence) and not isinstance(zones, str):
        yield "where", "zones"
        yield from (("zone", str(zone)) for zone in zones)
    for tag, name in names.items() if isinstance(names, Mapping) else ():
        yield f"name.{tag}", str(name)


def _fact(name: str, value: object) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield f"fact.{name}", str(value)
    elif "value" in value and "unit" in value:
        yield f"fact.{name}", str(value["value"])
        yield f"unit.{name}", str(value["unit"])
    else:
        yield f"fact.{name}", str(value.get("ko", next(iter(value.values()), "")))
        yield f"fact.{name}.en", str(value.get("en", ""))
