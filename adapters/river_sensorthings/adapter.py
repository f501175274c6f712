"""River gauges that speak OGC SensorThings: every Observation becomes one Reading."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from gateway.doors import json
from gateway.fault import BadInput
from gateway.incident import Quality, Reading
from gateway.source import Item, Raw, each

T = TypeVar("T")
Instant = Annotated[datetime, Meta(tz=True)]

PROPERTIES = {
    "water level": ("water-level", "m", {"m": Decimal(1), "cm": Decimal("0.01"), "mm": Decimal("0.001")}),
    "discharge": ("discharge", "m3/s", {"m3/s": Decimal(1), "L/s": Decimal("0.001")}),
}


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which Datastream is which of the city's sensors, and what the vendor's quality codes mean."""

    datastreams: Mapping[str, str]
    quality: Mapping[str, Quality] = msgspec.field(default_factory=lambda: {quality.value: quality for quality in Quality})


class UnitOfMeasurement(Struct, frozen=True):
    """The unit's symbol in UCUM or as the vendor writes it."""

    symbol: str


class ObservedProperty(Struct, frozen=True):
    """What is measured."""

    name: str


class Datastream(Struct, frozen=True, kw_only=True):
    """The expanded Datastream of an Observation (OGC 18-088 section 8.2.4)."""

    name: str
    unit: UnitOfMeasurement = msgspec.field(name="unitOfMeasurement")
    property: ObservedProperty = msgspec.field(name="ObservedProperty")


class Observation(Struct, frozen=True, kw_only=True):
    """What we need of an Observation (OGC 18-088 section 8.2.7); the instant is the phenomenon's, not the result's."""

    result: float
    at: Instant = msgspec.field(name="phenomenonTime")
    reported: Instant | None = msgspec.field(name="resultTime", default=None)
    quality: str | int = msgspec.field(name="resultQuality")
    datastream: Datastream = msgspec.field(name="Datastream")


def parse(raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
    """Read one Observation, an array of them, or a SensorThings collection (`{"value": [...]}`); pure.

    An unknown datastream, property, unit or quality code refuses that item; raises BadInput("json-...") for what is no JSON.
    """
    known = msgspec.convert(settings, Settings)
    return each(_observations(json.load(raw.body)), lambda part: _reading(part, raw.source, known))


def _observations(document: object) -> list[object]:
    if isinstance(document, dict) and isinstance(document.get("value"), list):
        document = document["value"]
    return document if isinstance(document, list) else [document]


def _reading(part: object, source: str, known: Settings) -> Reading:
    seen = _observation(part)
    stream = seen.datastream
    property, unit, factors = _known(PROPERTIES, stream.property.name, "property", "/Datastream/ObservedProperty/name")
    factor = _known(factors, stream.unit.symbol, "unit", "/Datastream/unitOfMeasurement/symbol")
    return Reading(
        source=source,
        sensor=_known(known.datastreams, stream.name, "datastream", "/Datastream/name"),
        property=property,
        value=float(Decimal(str(seen.result)) * factor),
        unit=unit,
        at=seen.at,
        quality=_known(known.quality, str(seen.quality), "quality", "/resultQuality"),
    )


def _observation(part: object) -> Observation:
    try:
        return msgspec.convert(part, Observation)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        path = where.rstrip("`").replace(".", "/")
        hint = "send a SensorThings Observation with its Datastream and ObservedProperty expanded"
        raise BadInput("observation-invalid", what, path=path, hint=hint) from None


def _known(table: Mapping[str, T], code: str, what: str, path: str) -> T:
    try:
        return table[code]
    except KeyError:
        hint = f"known are: {', '.join(sorted(table))}"
        raise BadInput(f"{what}-unknown", f"no {what} is called {code!r}", path=path, hint=hint) from None
