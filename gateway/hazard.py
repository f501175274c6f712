"""The hazards a city knows, and what each is called in every code list we speak."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache

import msgspec
from msgspec import Struct

from gateway import shipped
from gateway.fault import BadInput


class SlotType(StrEnum):
    """What a blank in a phrase may hold; free text is not among them.

    A name is our own, of an event or an office; no fact from outside has that type.
    """

    PLACE = "place"
    PLACE_LIST = "place-list"
    CLOCK = "clock"
    DATE = "date"
    DURATION = "duration"
    DISTANCE = "distance"
    DEPTH = "depth"
    COUNT = "count"
    NUMBER = "number"
    ROUTE = "route"
    STATION = "station"
    PHONE_NUMBER = "phone-number"
    URL = "url"
    NAME = "name"


class Hazard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One hazard; the codes it lacks are None, because unknown is never a guess.

    `category` and `responses` are CAP 1.2 values as CAP spells them, `cause` and `effect` GTFS-realtime enum names,
    `local` is our own event code beside OET-000, `facts` the slots that an incident may fill.
    """

    id: str
    category: tuple[str, ...]
    oet: str
    same: str | None = None
    dmb: str | None = None
    local: str | None = None
    cause: str
    effect: str
    responses: tuple[str, ...]
    facts: Mapping[str, SlotType] = {}
    scope: str = "public"


@cache
def hazards() -> Mapping[str, Hazard]:
    """Return every hazard of `schemas/hazards.toml` by its id."""
    table = tomllib.loads(shipped.read("schemas/hazards.toml").decode())
    return {id: msgspec.convert(row | {"id": id}, Hazard) for id, row in table["hazards"].items()}


def hazard(id: str) -> Hazard:
    """Return one hazard; raises BadInput("hazard-unknown"), for unknown is an error."""
    try:
        return hazards()[id]
    except KeyError:
        raise BadInput("hazard-unknown", f"no hazard is called {id!r}", hint="see schemas/hazards.toml") from None
