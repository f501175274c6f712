"""Buttons at underpasses: pressed when water comes in, pressed again when it is gone."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from gateway.doors import json
from gateway.incident import Incident
from gateway.source import Item, Raw, each, known, read_incident, shaped

SEVERITY = {"wet": "moderate", "flooded": "severe", "dry": "minor"}


class Press(Struct, forbid_unknown_fields=True):
    """What the vendor sends."""

    button: str
    state: str
    at: datetime
    place: tuple[float, float]


def parse(raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
    """Read an array of presses; what is not known is refused, that press alone."""
    del settings
    presses = shaped(json.load(raw.body), list[object], code="no-array", hint="send an array of presses")
    return each(presses, lambda one: _read(raw.source, one))


def _read(source: str, one: object) -> Incident:
    press = shaped(one, Press, code="press-invalid", hint="send button, state, at and place")
    at, severity = press.at.isoformat(), known(SEVERITY, press.state, what="state", path="/state")
    told = {"source": source, "id": press.button, "hazard": "flash-flood", "severity": severity, "onset": at}
    where = {"role": "danger", "geometry": {"type": "Point", "coordinates": press.place, "radius_m": 150}}
    over = {"ended": {"reason": "over", "at": at}} if press.state == "dry" else {}
    return read_incident(told | {"urgency": "immediate", "certainty": "observed", "areas": [where]} | over)
