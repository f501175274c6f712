"""River gauges that speak OGC SensorThings: every Observation becomes one Reading."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.doors import json
from gateway.incident import Quality, Reading
from gateway.source import Item, Raw, each, known, shaped

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
    explained = msgspec.convert(settings, Settings)
    return each(_observations(json.load(raw.body)), lambda part: _reading(part, raw.source, explained))


def _observations(document: object) -> list[object]:
    if isinstance(document, dict) and isinstance(document.get("value"), list):
        document = document["value"]
    return document if isinstance(document, list) else [document]


def _reading(part: object, source: str, settings: Settings) -> Reading:
    seen = _observation(part)
    stream = seen.datastream
    property, unit, factors = known(PROPERTIES, stream.property.name, what="property", path="/Datastream/ObservedProperty/name")
    factor = known(factors, stream.unit.symbol, what="unit", path="/Datastream/unitOfMeasurement/symbol")
    return Reading(
        source=source,
        sensor=known(settings.datastreams, stream.name, what="datastream", path="/Datastream/name"),
        property=property,
        value=float(Decimal(str(seen.result)) * factor),
        unit=unit,
        at=seen.at,
        quality=known(settings.quality, str(seen.quality), what="quality", path="/resultQuality"),
    )


def _observation(part: object) -> Observation:
    hint = "send a SensorThings Observation with its Datastream and ObservedProperty expanded"
    return shaped(part, Observation, code="observation-invalid", hint=hint)
