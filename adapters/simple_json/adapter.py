"""Whoever speaks the gateway's own words: Incidents and Readings as its schemas have them, one or an array of them."""

from collections.abc import Iterable, Mapping

from gateway.doors import json
from gateway.incident import Incident, Reading
from gateway.source import Item, Raw, each, read_incident, read_reading


def parse(raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
    """Read Incidents and Readings, told apart by `sensor`; pure. Raises BadInput("json-...") for what is no JSON.

    `schemas/incident.schema.json` and `schemas/reading.schema.json` say what an item may hold; a bad one is refused alone.
    """
    del settings
    document = json.load(raw.body)
    return each(document if isinstance(document, list) else [document], _item)


def _item(part: object) -> Incident | Reading:
    return read_reading(part) if isinstance(part, dict) and "sensor" in part else read_incident(part)
