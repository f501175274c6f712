"""A version as one e-mail (RFC 5322): every language as text and HTML, our own map inside, CAP and GeoJSON attached."""

from base64 import encodebytes
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime
from html import escape
from typing import cast

import msgspec

from gateway.alert import Kind, Text, Version, digest
from gateway.area import MultiPolygon
from gateway.fault import BadInput
from gateway.formats import cap
from gateway.formats.svg import Backdrop, Label, Sight, draw

MEDIA_TYPE = "message/rfc822"
GEOJSON = "application/geo+json"
BARE = Backdrop(zones=())
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


class _Subject(UniqueUnstructuredHeader):
    """A subject that keeps every space: the library's own folding loses those between two encoded words."""

    def fold(self, *, policy: Policy) -> str:
        written = Header(str(self), "utf-8", header_name="Subject").encode(linesep=policy.linesep)
        return f"Subject: {written}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", cast("type[BaseHeader]", _Subject))
_POLICY = policy.SMTP.clone(max_line_length=78, header_factory=_HEADERS)


def write(version: Version, backdrop: Backdrop = BARE) -> bytes:
    """Return a version as the bytes of a mail whose recipients stand on its envelope alone: same version, same bytes.

    The CAP document attached waits for its `sent` until the mail is stamped. Versions of one alert are one thread. Raises what
    `cap.write` raises, and BadInput("mail-sender") where the city's sender is no address.
    """
    mail = EmailMessage(policy=_POLICY)
    for name, value in _headers(version):
        mail[name] = value
    mail.set_content(_plain(version), cte="base64")
    mail.add_alternative(_html(version), subtype="html", cte="base64")
    picture = cast("list[EmailMessage]", mail.get_payload())[1]
    drawn = _map(version, backdrop)
    picture.add_related(drawn, "image", "svg+xml", cid=f"<{_map_id(version)}>", filename="map.svg", disposition="inline")
    _attach(mail, cap.write(version), f"{version.identifier}.cap.xml", cap.MEDIA_TYPE)
    _attach(mail, _geojson(version), f"{version.identifier}.geojson", GEOJSON)
    return _bytes(mail)


def stamp(body: bytes, sent: datetime) -> bytes:
    """Return the mail with the time that it is sent in the CAP document it carries."""
    [document] = [part for part in message_from_bytes(body, policy=_POLICY).walk() if part.get_content_type() == cap.MEDIA_TYPE]
    waiting = cast("bytes", document.get_payload(decode=True))
    return body.replace(_base64(waiting), _base64(cap.stamp(waiting, sent)))


def _headers(version: Version) -> Iterator[tuple[str, object]]:
    first = version.texts[0]
    local, _, domain = version.sender.partition("@")
    try:
        yield "From", Address(first.sender_name, local, domain)
    except (ValueError, IndexError):
        hint = "let the city's sender be an address such as alerts@city.example"
        raise BadInput("mail-sender", f"{version.sender!r} is no address", path="/sender", hint=hint) from None
    yield "To", "undisclosed-recipients:;"
    yield "Subject", first.headline
    yield "Date", version.effective
    yield "Message-ID", f"<{version.identifier}@{domain}>"
    if before := [f"<{reference.identifier}@{domain}>" for reference in version.references]:
        yield "In-Reply-To", before[-1]
        yield "References", " ".join(before)
    yield "Auto-Submitted", "auto-generated"
    yield "Content-Language", ", ".join(text.language for text in version.texts)
    if version.kind in (Kind.ALERT, Kind.UPDATE):
        yield "Expires", format_datetime(version.expires)


def _plain(version: Version) -> str:
    told = (f"{text.headline}\n\n{text.description}\n\n{text.instruction}\n" for text in version.texts)
    return "\n----\n\n".join(told) + f"\n{version.web}\n{version.contact}\n"


def _html(version: Version) -> str:
    parts = "".join(_article(text) for text in version.texts)
    link = f'<p><a href="{escape(version.web)}">{escape(version.web)}</a> · {escape(version.contact)}</p>'
    image = f'<p><img src="cid:{_map_id(version)}" alt="{escape(_places(version))}" width="640"></p>'
    language = version.texts[0].language
    title = f"<title>{escape(version.texts[0].headline)}</title>"
    head = f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">{title}</head>'
    return f"{head}<body>{parts}{image}{link}</body></html>\n"


def _article(text: Text) -> str:
    way = "rtl" if text.language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
    said = "".join(f"<p>{escape(words)}</p>" for words in (text.description, text.instruction) if words)
    return f'<div lang="{text.language}" dir="{way}"><h2>{escape(text.headline)}</h2>{said}</div>'


def _map(version: Version, backdrop: Backdrop) -> bytes:
    language = version.texts[0].language
    shelters = [Label(one.name.get(language) or next(iter(one.name.values()), one.id), one.position) for one in version.shelters]
    sight = Sight(places=version.places, shelters=shelters)
    return draw(backdrop, sight, title=_places(version)).encode()


def _map_id(version: Version) -> str:
    return f"map.{version.identifier}@bongsu"


def _places(version: Version) -> str:
    language = version.texts[0].language
    return ", ".join(place.name.get(language) or " ".join(place.zones) for place in version.places)


def _geojson(version: Version) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"role": place.role, "name": place.name, "identifier": version.identifier},
            "geometry": MultiPolygon(tuple(polygon.coordinates for polygon in place.polygons)),
        }
        for place in version.places
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features}, order="sorted")


def _attach(mail: EmailMessage, body: bytes, name: str, media_type: str) -> None:
    mail.add_attachment(body, *media_type.split("/"), filename=name)


def _base64(document: bytes) -> bytes:
    """Write a document as it stands in a mail."""
    return encodebytes(document).replace(b"\n", b"\r\n")


def _bytes(mail: EmailMessage) -> bytes:
    """Write a mail with boundaries that depend on nothing but their place in it."""
    parts = [part for part in mail.walk() if part.is_multipart()]
    for number, part in enumerate(parts):
        part.set_boundary(f"=_{digest(mail['Message-ID'].encode())[:24]}.{number}")
    return mail.as_bytes(policy=_POLICY)
