"""The same service alerts for who cannot read protobuf: its own JSON mapping of exactly the same message."""

from collections.abc import Sequence
from datetime import timedelta

from google.protobuf import json_format
from google.protobuf.message import Message

from gateway.alert import Version
from gateway.channel import Publication, Published
from gateway.feeds import FeedSettings, gtfs_realtime
from gateway.feeds.gtfs_realtime import ServiceAlerts
from gateway.feeds.written import Written
from gateway.formats import gtfs_realtime as standard


class ServiceAlertsAsJson:
    """The feed at /feeds/gtfs-realtime/alerts.json; it has no bytes of its own, but reads those of its twin by the same name."""

    name = ServiceAlerts.name
    path = "/feeds/gtfs-realtime/alerts.json"
    media_type = "application/json"
    keeps = timedelta(0)

    def __init__(self, settings: FeedSettings) -> None:
        """Stand beside the protobuf feed of this city."""
        self._twin = gtfs_realtime.feed(settings)
        self._entities = Written(_entity)

    def render(self, version: Version) -> bytes | None:  # noqa: ARG002 - its twin freezes it
        """Return None: what is frozen is the protobuf."""
        return None

    def join(self, publication: Publication, rows: Sequence[Published], base_url: str) -> bytes:
        """Return the message that the protobuf feed is at this publication, in the JSON mapping of protobuf."""
        head = _json(standard.read(self._twin.join(publication, (), base_url)))
        entities = self._entities.of((row for row in rows if row.live(publication.at)), base_url)
        if not entities:
            return head + b"\n"
        return b"".join((head.removesuffix(b"\n}"), b',\n "entity": [\n  ', b",\n  ".join(entities), b"\n ]\n}\n"))


def feed(settings: FeedSettings) -> ServiceAlertsAsJson:
    """Return this feed as a city has set it."""
    return ServiceAlertsAsJson(settings)


def _entity(row: Published, _: str) -> bytes:
    """Return an entity as it stands two steps in; no text of JSON holds a line break of its own."""
    [entity] = standard.read(standard.join(row.issued_at, [row.body])).entity
    return _json(entity).replace(b"\n", b"\n  ")


def _json(message: Message) -> bytes:
    text: str = json_format.MessageToJson(message, ensure_ascii=False, indent=1)
    return text.encode()
