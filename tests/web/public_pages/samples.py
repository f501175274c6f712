"""Hanbat on a day with a flood, something issued in error, an all clear, and one alert that ran out."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from gateway.alert import Kind, Refuge, Selector, Transit
from gateway.channel import Publication, Published
from gateway.city import City
from gateway.demo import hanbat
from gateway.formats import app
from gateway.publishing import View
from gateway.web.public_pages import Site, Town
from tests import samples

AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
LANGUAGES = ("ko", "en", "zh-Hans", "ja", "vi", "th")
SHELTER = Refuge(id="s", name={"ko": "한내초", "en": "Hannae School"}, position=(127.365, 36.366), metres=420, capacity=600)
SELECTORS = (Selector(stop="S08"), Selector(route="101"))
VERSION = replace(
    samples.version(onset=AT, effective=AT, expires=AT + timedelta(hours=3)),
    transit=Transit(cause="WEATHER", effect="DETOUR", selectors=SELECTORS, closed=SELECTORS[:1]),
    shelters=(SHELTER,),
)


def row(alert: str, kind: Kind = Kind.ALERT, **changes: object) -> Published:
    """Return one published alert."""
    version = replace(VERSION, alert=alert, identifier=f"{alert}.1", kind=kind, **changes)
    return Published(alert=alert, number=1, kind=kind, issued_at=AT, expires=version.expires, body=app.write(version))


VIEW = View(
    publication=Publication(4, AT + timedelta(minutes=5)),
    feeds={
        "app": (
            row("flood"),
            row("wrong", Kind.CANCEL, reason="wrong <river>"),
            row("over", Kind.END),
            row("ran-out", expires=AT + timedelta(minutes=1)),
        )
    },
)


@cache
def city() -> City:
    """Return Hanbat, read once."""
    return City.load(Path(hanbat.__file__).parent)


def site(*languages: str, live: bool = False) -> Site:
    """Return the pages of Hanbat."""
    names = {"ko": "한밭시", "en": "Hanbat"}
    return Site(Town(names=names, live=live, timezone="Asia/Seoul", languages=languages or LANGUAGES), city())
