"""Every public page there is, each a pure function of what is published and of a language: all nodes write the same bytes."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct, structs

from gateway.alert import Place
from gateway.city import City
from gateway.fault import BadInput
from gateway.feeds.cap_atom import document_path
from gateway.formats.gtfs import Network
from gateway.formats.svg import Label, Sight, draw
from gateway.publishing import View
from gateway.web.drawing import Drawing
from gateway.web.public_pages import riders
from gateway.web.public_pages.told import Told, alerts, places
from gateway.web.public_pages.tongue import direction, words
from gateway.words import languages, times
from gateway.words.names import place_name

HERE = Path(__file__).parent
STATIC = "/static/"
SINGLE = ("now", "past", "network", "data")
ABOVE = 0.0007
"""How far above a shelter its number stands, in degrees of latitude."""
NAMED = ("alerts", "lines", "stops")
NOTHING = Network(agencies={}, stops={}, routes={}, trips={}, patterns=(), courses=())


class Address(Struct, frozen=True):
    """One page: its kind, of what it speaks ("" for kinds of one page), and its language."""

    kind: str
    id: str
    language: str

    @property
    def path(self) -> str:
        """Where it stands; its languages stand side by side."""
        return "/".join(("", *filter(None, (self.kind, quote(self.id, safe=""), self.language))))


class Town(Struct, frozen=True, kw_only=True):
    """Of whom the pages speak: its names by language, its world, its time zone, its languages (the default first)."""

    names: Mapping[str, str]
    live: bool
    timezone: str
    languages: tuple[str, ...]


class Site:
    """The public pages of one city."""

    def __init__(self, town: Town, city: City) -> None:
        """Write for this city's people."""
        self.town = town
        self._city = city
        self._network = city.network or NOTHING
        self._drawings = {language: Drawing(city, language) for language in town.languages}
        self._zone = ZoneInfo(town.timezone)

    def stands(self, view: View, address: Address) -> bool:
        """Tell whether there is such a page."""
        if address.language not in self.town.languages:
            return False
        if address.kind == "alerts":
            return any(row.alert == address.id for row in view.feeds.get("app", ()))
        if address.kind == "lines":
            return address.id in self._network.routes
        if address.kind == "stops":
            return riders.has_page(self._network, address.id)
        return address.kind in SINGLE and not address.id

    def addresses(self, view: View) -> Iterator[Address]:
        """Yield every page, those of single alerts first, so that nothing is linked before it stands."""
        ids = [("alerts", row.alert) for row in view.feeds.get("app", ())]
        ids += [("lines", route) for route in self._network.routes]
        ids += [("stops", stop) for stop in self._network.stops if riders.has_page(self._network, stop)]
        for kind, id in (*ids, *((kind, "") for kind in SINGLE)):
            yield from (Address(kind, id, language) for language in self.town.languages)

    def page(self, view: View, address: Address) -> bytes:
        """Return the bytes of a page that stands."""
        told = list(alerts(view, address.language, self.town.languages[0]))
        return self._written(f"{address.kind}.html", address, {"at": view.publication.at, **self._known(told, address)})

    def _known(self, told: list[Told], address: Address) -> dict[str, object]:
        """Return what the page's template asks for beside what all of them know."""
        match address.kind:
            case "alerts":
                return self._alert(next(one for one in told if one.entry.alert == address.id), address)
            case "lines":
                return self._ridden(told, riders.on_line(self._network, address.id), address)
            case "stops":
                return self._ridden(told, riders.at_stop(self._network, address.id), address)
        return {"told": [one for one in told if one.live is (address.kind == "now")]}

    def missing(self, language: str) -> bytes:
        """Return the page that says there is none."""
        return self._written("missing.html", Address("now", "", language), {})

    def away(self, address: Address) -> bytes:
        """Return the page that says that nobody knows at the moment."""
        return self._written("away.html", address, {})

    def _alert(self, told: Told, address: Address) -> dict[str, object]:
        transit = told.entry.transit
        hits = riders.hits(self._network, transit, None) if transit else ()
        return {
            "one": told,
            "map": self._map(told, address.language),
            "hits": hits,
            "document": document_path(told.entry.identifier),
        }

    def _ridden(self, told: list[Told], scope: riders.Scope, address: Address) -> dict[str, object]:
        found = [
            (one, hits)
            for one in told
            if one.live and one.entry.transit and (hits := riders.hits(self._network, one.entry.transit, scope))
        ]
        stops = sorted(id for id in scope.stops if riders.has_page(self._network, id) and id != address.id)
        return {"found": found, "stops": stops, "routes": sorted(scope.routes - {address.id})}

    def _map(self, told: Told, language: str) -> str:
        drawn: tuple[Place, ...] = places(told.entry)
        if not drawn:
            return ""
        shelters = [Label(self._name(one.name, language), one.position) for one in told.entry.shelters]
        numbers = (Label(str(number), (x, y + ABOVE)) for number, (x, y) in enumerate((one.at for one in shelters), start=1))
        title = words(language)["map"]
        city = self._drawings[language].backdrop
        named = structs.replace(city, labels=(*city.labels, *numbers))
        return draw(named, Sight(places=drawn, stops=shelters), title=title)

    def _name(self, names: Mapping[str, str], language: str) -> str:
        try:
            return place_name(names, language, self.town.languages[0])
        except BadInput:
            return next(iter(names.values()), "")

    def _written(self, name: str, address: Address, known: dict[str, object]) -> bytes:
        language = address.language
        page = self._templates.get_template(name).render(
            known
            | {
                "say": words(language),
                "language": language,
                "here": address,
                "town": self.town,
                "words": words,
                "network": self._network,
                "clock": lambda at: times.dated(at.astimezone(self._zone), language),
                "named": lambda names: self._name(names, language),
                "to": lambda kind, of="": Address(kind, of, language).path,
                "in_language": lambda tag: Address(address.kind, address.id, tag).path,
                "has_page": partial(riders.has_page, self._network),
            }
        )
        return page.encode()

    @cached_property
    def _templates(self) -> Environment:
        made = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters |= {"drawn": Markup, "direction": direction, "tongue": _tongue}
        made.globals["style"] = (
            f"{STATIC}public.css?{hashlib.sha256((HERE / 'static' / 'public.css').read_bytes()).hexdigest()[:12]}"
        )
        return made


def _tongue(language: str) -> str:
    """Return what a language calls itself."""
    return languages.locale(language).get_display_name() or language
