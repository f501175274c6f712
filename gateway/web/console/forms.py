"""What people write into forms, as the engine takes it; every wording goes through the text door."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway import area
from gateway.alert import Text, Version
from gateway.area import Area, Role
from gateway.city import City
from gateway.doors import json
from gateway.engine import Changes
from gateway.fault import BadInput
from gateway.hazard import SlotType, hazard
from gateway.source import named
from gateway.web.console.given import Filled
from gateway.words.slots import UNITS

FIELDS = ("event", "headline", "description", "instruction", "short")
CALLER = "operator"
LOCAL = "%Y-%m-%dT%H:%M"


def changes(form: Filled, version: Version, city: City, timezone: str) -> Changes:
    """Return how a form differs from the draft it edits; languages that are not ticked are left out."""
    spoken = set(form.ticked("language"))
    texts = {text.language: _reworded(form, text) for text in version.texts if text.language in spoken}
    targets = form.ticked("target")
    until = form.needed("expires", "say until when")
    same_time = until == version.expires.astimezone(ZoneInfo(timezone)).strftime(LOCAL)
    return Changes(
        texts={tag: words for tag, words in texts.items() if words},
        areas=place(form, city) if form.text("where") not in ("kept", "") else None,
        expires=None if same_time else moment(until, timezone, "expires"),
        targets=None if set(targets) == {f"{one.channel}/{one.target}" for one in version.targets} else targets,
        left_out=tuple(text.language for text in version.texts if text.language not in spoken) or None,
    )


def wording(text: Text) -> Mapping[str, str]:
    """Return every field of a text that a person may change, by its name."""
    return {field: getattr(text, field) for field in FIELDS} | dict(text.classes)


def _reworded(form: Filled, text: Text) -> dict[str, str]:
    said = {field: form.text(f"{text.language}.{field}", most=4000) for field in wording(text)}
    return {field: words for field, words in said.items() if words != wording(text)[field].strip()}


def place(form: Filled, city: City) -> tuple[Area, ...]:
    """Return where: chosen districts, around a place, a circle, or a drawing pasted as GeoJSON; raises BadInput."""
    how = form.needed("where", "choose how the area is given")
    if how == "zones":
        if not (zones := form.ticked("zone")):
            raise BadInput("field-missing", "no district is chosen", path="/zone", hint="tick at least one")
        return (Area(role=Role.DANGER, zones=zones),)
    if how == "near":
        return (_near(form, city),)
    shape = _circle(form) if how == "circle" else _pasted(form)
    said = {tag: words for tag in ("ko", "en") if (words := form.text(f"name.{tag}", most=200))}
    return (named(Area(role=Role.DANGER, name=said, geometry=area.geometry(shape)), "/where"),)


def moment(given: str, timezone: str, name: str) -> datetime:
    """Read a datetime-local input as the city's time; raises BadInput("field-invalid")."""
    try:
        return datetime.fromisoformat(given).replace(tzinfo=ZoneInfo(timezone))
    except ValueError:
        raise BadInput("field-invalid", f"{given[:30]!r} is no time", path=f"/{name}", hint="such as 2026-07-14T21:20") from None


def call(form: Filled, id: str, now: datetime, city: City) -> dict[str, Any]:
    """Return the incident of a telephone call as the incident schema has it; whoever reads it checks it."""
    what = hazard(form.needed("hazard", "choose what happened"))
    return {
        "schema": "1",
        "source": CALLER,
        "id": id,
        "reported": now.isoformat(),
        "hazard": what.id,
        "severity": form.needed("severity", "choose how severe it is"),
        "urgency": form.needed("urgency", "choose how soon it matters"),
        "certainty": form.needed("certainty", "choose how sure you are"),
        "onset": now.isoformat(),
        "expires": (now + _hours(form)).isoformat(),
        "areas": [msgspec.to_builtins(one) for one in place(form, city)],
        "facts": {name: value for name, kind in what.facts.items() if (value := _fact(form, name, kind)) is not None},
        "scope": form.needed("scope", "choose whom it is for"),
    }


def _hours(form: Filled) -> timedelta:
    hours = form.number("hours")
    if not 0 < hours <= 24 * 365:
        raise BadInput("field-invalid", f"{hours:g} hours are no time to last", path="/hours", hint="such as 2 or 0.5")
    return timedelta(hours=hours)


def _near(form: Filled, city: City) -> Area:
    known = {landmark.id: landmark for landmark in city.landmarks}
    chosen = form.needed("near", "choose the place")
    if chosen not in known:
        raise BadInput("field-invalid", f"the map has no {chosen[:40]!r}", path="/near", hint="choose one of the list")
    middle = known[chosen].shape.representative_point()
    circle = {"type": "Point", "coordinates": [middle.x, middle.y], "radius_m": form.number("near_m")}
    return Area(role=Role.DANGER, name=known[chosen].name, geometry=area.geometry(circle))


def _circle(form: Filled) -> dict[str, Any]:
    centre = [form.number("longitude"), form.number("latitude")]
    return {"type": "Point", "coordinates": centre, "radius_m": form.number("radius_m")}


def _pasted(form: Filled) -> dict[str, Any]:
    given = json.load(form.text("geojson", most=200_000).encode())
    while isinstance(given, dict) and given.get("type") in ("Feature", "FeatureCollection"):
        given = given.get("geometry") if given["type"] == "Feature" else next(iter(given.get("features") or ()), None)
    if not isinstance(given, dict):
        raise BadInput("geometry-invalid", "this is no GeoJSON geometry", path="/geojson", hint="paste one Polygon")
    return given


def _fact(form: Filled, name: str, kind: SlotType) -> object:
    given = form.text(f"fact.{name}")
    if not given:
        return None
    if kind in UNITS:
        return {"value": form.number(f"fact.{name}"), "unit": form.needed(f"unit.{name}", "choose a unit")}
    if kind in (SlotType.COUNT, SlotType.NUMBER):
        amount = form.number(f"fact.{name}")
        return int(amount) if amount.is_integer() else amount
    if kind in (SlotType.PLACE, SlotType.STATION):
        english = form.text(f"fact.{name}.en")
        return {"ko": given} | ({"en": english} if english else {})
    return given
