"""The index of our CAP documents as an Atom feed (RFC 4287): one entry for each alert, linked to its newest document."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import msgspec
from lxml import etree
from msgspec import Struct

from gateway.alert import Kind, Version, whole
from gateway.channel import Publication, Published
from gateway.doors.xml import Element
from gateway.fault import BadInput
from gateway.feeds import FeedSettings
from gateway.feeds.written import Written
from gateway.formats import cap
from gateway.incident import Scope, Status

ATOM = "http://www.w3.org/2005/Atom"
KEEPS = timedelta(hours=48)

_MARK = {Status.ACTUAL: "", Status.EXERCISE: "[훈련 EXERCISE] ", Status.TEST: "[시험 TEST] "}
_NAMES: Any = {None: ATOM, "cap": cap.NAMESPACE}


class Entry(Struct, frozen=True, kw_only=True):
    """What the index says of one version, frozen when it is submitted."""

    identifier: str
    language: str
    title: str
    summary: str
    event: str
    areas: tuple[str, ...]


class CapAtom:
    """The feed at /feeds/cap.atom; it shows its own world only: a drill's feed nothing actual, a live one no drill."""

    name = "cap.atom"
    path = "/feeds/cap.atom"
    media_type = "application/atom+xml"
    keeps = KEEPS

    def __init__(self, settings: FeedSettings) -> None:
        """Take the title, the sender and the world from the city's settings."""
        self.settings = settings
        self._entries = Written(self._written)

    def render(self, version: Version) -> bytes | None:
        """Return the frozen entry of a public version of this world as JSON, None of any other.

        Raises BadInput("feed-characters") for what XML cannot hold, so that a frozen entry never stops the whole feed.
        """
        live = self.settings.mode is Status.ACTUAL
        if version.scope is not Scope.PUBLIC or live is not (version.status is Status.ACTUAL):
            return None
        spoken = {text.language: text for text in version.texts}
        text = spoken.get(self.settings.language, version.texts[0])
        places = (place.name.get(text.language, "") for place in version.places)
        entry = Entry(
            identifier=version.identifier,
            language=text.language,
            title=text.headline,
            summary=text.short,
            event=text.event,
            areas=tuple(dict.fromkeys(name for name in places if name)),
        )
        return _frozen(entry)

    def join(self, publication: Publication, rows: Sequence[Published], base_url: str) -> bytes:
        """Return the whole feed: alerts that are live, and for 48 hours those that were cancelled or have ended."""
        base = base_url.rstrip("/")
        root = self._root()
        _say(root, "id", _urn(self.settings.sender, self.path))
        _say(root, "title", _MARK[self.settings.mode] + self._title())
        _say(root, "updated", _time(publication.at))
        _say(_part(root, "author"), "name", self.settings.sender)
        _link(root, "self", self.media_type, base + self.path)
        entries = self._entries.of(_shown(rows, publication.at), base)
        return b"".join((b"<?xml version='1.0' encoding='UTF-8'?>\n", _open(root), *entries, b"\n</feed>\n"))

    def _root(self) -> Element:
        root = etree.Element(f"{{{ATOM}}}feed", nsmap=_NAMES)
        root.set("{http://www.w3.org/XML/1998/namespace}lang", self.settings.language)
        return root

    def _written(self, row: Published, base: str) -> bytes:
        """Return an entry as it stands in the feed."""
        root = self._root()
        self._entry(root, row, base)
        return _open(root)[len(etree.tostring(self._root())) - len("/") :]

    def _title(self) -> str:
        title = self.settings.title
        return title.get(self.settings.language) or next(iter(title.values()), self.settings.sender)

    def _entry(self, root: Element, row: Published, base: str) -> None:
        said = msgspec.json.decode(row.body, type=Entry)
        entry = _part(root, "entry")
        entry.set("{http://www.w3.org/XML/1998/namespace}lang", said.language)
        _say(entry, "id", _urn(self.settings.sender, said.identifier))
        _say(entry, "title", said.title)
        _say(entry, "updated", _time(row.issued_at))
        _say(entry, "summary", said.summary)
        _link(entry, "alternate", cap.MEDIA_TYPE, base + document_path(said.identifier))
        etree.SubElement(entry, f"{{{cap.NAMESPACE}}}event").text = said.event
        etree.SubElement(entry, f"{{{cap.NAMESPACE}}}expires").text = cap.sent_text(row.expires)
        etree.SubElement(entry, f"{{{cap.NAMESPACE}}}areaDesc").text = "; ".join(said.areas)


def feed(settings: FeedSettings) -> CapAtom:
    """Return this feed as a city has set it."""
    return CapAtom(settings)


def document_path(identifier: str) -> str:
    """Return where the document of that identifier is served, below the base URL."""
    return f"/feeds/cap/{quote(identifier, safe='')}.xml"


def _frozen(entry: Entry) -> bytes:
    try:
        etree.Element("entry").text = "".join((entry.title, entry.summary, entry.event, *entry.areas))
    except ValueError:
        hint = "take out control characters and half characters"
        raise BadInput("feed-characters", "characters that XML cannot hold", hint=hint) from None
    return msgspec.json.encode(entry)


def _shown(rows: Sequence[Published], at: datetime) -> Iterator[Published]:
    newest = {row.alert: row for row in sorted(rows, key=lambda row: (row.alert, row.number))}
    return (row for row in newest.values() if row.live(at) or _just_over(row, at))


def _just_over(row: Published, at: datetime) -> bool:
    return row.kind in (Kind.CANCEL, Kind.END) and at - row.issued_at < KEEPS


def _urn(sender: str, name: str) -> str:
    return uuid5(NAMESPACE_URL, f"{sender},{name}").urn


def _time(at: datetime) -> str:
    return whole(at).isoformat()


def _open(root: Element) -> bytes:
    """Return a feed, indented, up to where its next part would stand."""
    etree.indent(root)
    return bytes(etree.tostring(root, encoding="UTF-8")).removesuffix(b"\n</feed>")


def _part(parent: Element, name: str) -> Element:
    return etree.SubElement(parent, f"{{{ATOM}}}{name}")


def _say(parent: Element, name: str, text: str) -> None:
    _part(parent, name).text = text


def _link(parent: Element, rel: str, media_type: str, href: str) -> None:
    link = _part(parent, "link")
    for name, value in (("rel", rel), ("type", media_type), ("href", href)):
        link.set(name, value)
