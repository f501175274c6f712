"""The JSON twin of the GTFS-realtime feed says exactly what the protobuf says."""

import json
from datetime import UTC, datetime, timedelta

from google.protobuf import json_format
from google.transit import gtfs_realtime_pb2 as proto
from msgspec.structs import replace

from gateway import feeds
from gateway.alert import Kind, Selector, Transit
from gateway.channel import Publication, Published
from gateway.feeds import FeedSettings, gtfs_realtime, gtfs_realtime_json
from gateway.incident import Status
from tests import samples

AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
SETTINGS = FeedSettings(title={"ko": "한밭"}, sender="alerts@hanbat.example", mode=Status.EXERCISE, language="ko")
STOPS = Transit(cause="WEATHER", effect="NO_SERVICE", selectors=(Selector(stop="S08"), Selector(route="1", direction=0)))
VERSION = replace(samples.version(onset=AT, effective=AT, expires=AT + timedelta(hours=3)), transit=STOPS)


def test_both_are_the_same_message() -> None:
    pb, twin = gtfs_realtime.feed(SETTINGS), gtfs_realtime_json.feed(SETTINGS)
    body = pb.render(VERSION)
    assert body is not None
    rows = [Published(alert="a", number=1, kind=Kind.ALERT, issued_at=AT, expires=VERSION.expires, body=body)]
    publication = Publication(3, AT + timedelta(seconds=30))

    document = twin.join(publication, rows, "https://alerts.example")

    message = json_format.Parse(document, proto.FeedMessage())
    assert message == proto.FeedMessage.FromString(pb.join(publication, rows, "https://alerts.example"))
    (entity,) = json.loads(document)["entity"]
    assert entity["alert"]["informedEntity"] == [{"stopId": "S08"}, {"routeId": "1", "directionId": 0}]
    assert entity["alert"]["headerText"]["translation"][0]["text"] == VERSION.texts[0].headline


def test_it_is_found_and_freezes_nothing_of_its_own() -> None:
    twin = gtfs_realtime_json.feed(SETTINGS)
    assert gtfs_realtime_json.feed in feeds.find()
    assert (twin.path, twin.media_type) == ("/feeds/gtfs-realtime/alerts.json", "application/json")
    assert twin.render(VERSION) is None
