"""An alert as a page tells it to one reader: frozen words in one language, and what became of it."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from gateway.alert import Place
from gateway.area import MultiPolygon, Polygon
from gateway.channel import Published
from gateway.formats import app
from gateway.formats.app import Area, Entry, Form, Words
from gateway.publishing import View
from gateway.words import languages


class Told(Struct, frozen=True, kw_only=True):
    """One alert for one reader; `spoken` is the language of `text`, which may not be the reader's."""

    entry: Entry
    issued_at: datetime
    form: Form
    spoken: str
    text: Words

    @property
    def live(self) -> bool:
        """Whether people are to act on it."""
        return self.form in (Form.ALERT, Form.UPDATE)

    @property
    def over(self) -> datetime:
        """When it was taken back, ended or ran out, if it is over."""
        return self.entry.expires if self.form is Form.EXPIRED else self.issued_at


def alerts(view: View, language: str, default: str) -> Iterator[Told]:
    """Yield every alert that is live or was until 48 hours ago, the newest first."""
    rows = sorted(view.feeds.get("app", ()), key=lambda row: (row.issued_at, row.alert), reverse=True)
    return (_told(row, view.publication.at, language, default) for row in rows)


def places(entry: Entry) -> tuple[Place, ...]:
    """Return where an alert applies, as maps draw it."""
    return tuple(_place(one) for one in entry.areas)


def _told(row: Published, at: datetime, language: str, default: str) -> Told:
    entry = app.frozen(row.body)
    warned = entry.kind in (Form.ALERT, Form.UPDATE)
    spoken = languages.find(language, entry.texts) or languages.find(default, entry.texts) or next(iter(entry.texts))
    return Told(
        entry=entry,
        issued_at=row.issued_at,
        form=Form.EXPIRED if warned and row.expires <= at else entry.kind,
        spoken=spoken,
        text=entry.texts[spoken],
    )


def _place(one: Area) -> Place:
    return Place(role=one.role, name=one.name, polygons=_polygons(one.geometry), zones=one.zones)


def _polygons(geometry: Polygon | MultiPolygon | None) -> tuple[Polygon, ...]:
    if isinstance(geometry, MultiPolygon):
        return tuple(Polygon(rings) for rings in geometry.coordinates)
    return () if geometry is None else (geometry,)
