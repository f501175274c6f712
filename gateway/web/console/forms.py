"""What people write into forms, as the engine takes it; every wording goes through the text door."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from gateway import area
from gateway.area import Area, Role
from gateway.doors import json, text
from gateway.engine import Changes
from gateway.fault import BadInput, Refused
from gateway.hazard import SlotType, hazard
from gateway.source import named
from gateway.web.sessions import form_token
from gateway.words.slots import UNITS

LONGEST_REASON = 500
FIELDS = ("event", "headline", "description", "instruction", "short")
CALLER = "operator"

Form = Mapping[str, Any]


class Filled:
    """A form as it was sent; asking for a field says what is missing."""

    def __init__(self, form: Any) -> None:
        """Hold on to the fields."""
        self._form = form

    def text(self, name: str, *, most: int = LONGEST_REASON) -> str:
        """Return a clean text, "" where it was left blank."""
        return text.clean(str(self._form.get(name, "")), most=most, path=f"/{name}").replace("\r\n", "\n").strip()

    def secret(self, name: str) -> str:
        """Return a password exactly as it was typed."""
        return str(self._form.get(name, ""))

    def needed(self, name: str, hint: str) -> str:
        """Return a clean text; raises BadInput("field-missing")."""
        if not (found := self.text(name)):
            raise BadInput("field-missing", f"{name} is blank", path=f"/{name}", hint=hint)
        return found

    def whole(self, name: str) -> int:
        """Return a whole number that the page itself put there; raises BadInput("field-invalid")."""
        given = str(self._form.get(name, ""))
        if not (given.isascii() and given.isdigit() and len(given) < 18):
            raise BadInput("field-invalid", f"{name} is no number", path=f"/{name}", hint="load the page again")
        return int(given)

    def number(self, name: str) -> float:
        """Return a number; raises BadInput("field-invalid")."""
        given = str(self._form.get(name, "")).strip().replace(",", ".")
        try:
            return float(given)
        except ValueError:
            raise BadInput("field-invalid", f"{given[:20]!r} is no number", path=f"/{name}", hint="such as 36.35") from None

    def ticked(self, name: str) -> tuple[str, ...]:
        """Return the values of all boxes of that name that were ticked."""
        return tuple(str(value) for value in self._form.getall(name, []))

    def given(self) -> Mapping[str, str]:
        """Return every field as it was written, to show it again."""
        return {name: str(value) for name, value in self._form.items()}


async def filled(request: web.Request) -> Filled:
    """Return the form of a request that this session's own page sent; raises Refused("form-stale")."""
    form = await request.post()
    if form.get("token") != form_token(request):
        raise Refused("form-stale", "this form is not from your present session", hint="load the page again; nothing was done")
    return Filled(form)


def changes(form: Filled, languages: tuple[str, ...], timezone: str) -> Changes:
    """Return what an edit of a draft says; languages that are not ticked are left out."""
    spoken = set(form.ticked("language"))
    texts = {tag: {field: form.text(f"{tag}.{field}", most=4000) for field in FIELDS} for tag in languages if tag in spoken}
    return Changes(
        texts={tag: {field: said for field, said in words.items() if said} for tag, words in texts.items()},
        areas=place(form) if form.text("where") != "kept" else None,
        expires=moment(form.needed("expires", "say until when"), timezone, "expires"),
        targets=form.ticked("target"),
        left_out=tuple(tag for tag in languages if tag not in spoken),
    )


def place(form: Filled) -> tuple[Area, ...]:
    """Return where: chosen districts, a circle, or a drawing pasted as GeoJSON; raises BadInput."""
    how = form.needed("where", "choose how the area is given")
    if how == "zones":
        if not (zones := form.ticked("zone")):
            raise BadInput("field-missing", "no district is chosen", path="/zone", hint="tick at least one")
        return (Area(role=Role.DANGER, zones=zones),)
    shape = _circle(form) if how == "circle" else _pasted(form)
    name = {tag: form.text(f"name.{tag}", most=200) for tag in ("ko", "en")}
    said = {tag: words for tag, words in name.items() if words}
    return (named(Area(role=Role.DANGER, name=said, geometry=area.geometry(shape)), "/where"),)


def moment(given: str, timezone: str, name: str) -> datetime:
    """Read a datetime-local input as the city's time; raises BadInput("field-invalid")."""
    try:
        return datetime.fromisoformat(given).replace(tzinfo=ZoneInfo(timezone))
    except ValueError:
        raise BadInput("field-invalid", f"{given[:30]!r} is no time", path=f"/{name}", hint="such as 2026-07-14T21:20") from None


def call(form: Filled, id: str, now: datetime) -> dict[str, Any]:
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
        "expires": (now + timedelta(hours=form.number("hours"))).isoformat(),
        "areas": [msgspec.to_builtins(one) for one in place(form)],
        "facts": {name: value for name, kind in what.facts.items() if (value := _fact(form, name, kind)) is not None},
        "scope": form.needed("scope", "choose whom it is for"),
    }


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
