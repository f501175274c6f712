"""A control room that sends one document of `schemas/incident.schema.json` at a time."""

from collections.abc import Iterable, Mapping

from gateway.doors import json
from gateway.source import Item, Raw, each, read_incident


def parse(raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
    """Read one incident; raises BadInput("json-...") for what is no JSON."""
    del settings
    return each([json.load(raw.body)], read_incident)
