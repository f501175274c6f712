"""The map feed, as shapely and any reader of GeoJSON see it."""

import json
from datetime import UTC, datetime, timedelta

import shapely
from msgspec import structs
from shapely.geometry import shape

from gateway import feeds
from gateway.alert import Place, Version
from gateway.area import Polygon, Role
from gateway.channel import Publication, Published
from gateway.feeds import FeedSettings, geojson
from gateway.incident import Status
from tests import samples

AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
SQUARE = Polygon((((127.0, 36.0), (127.1, 36.0), (127.1, 36.1), (127.0, 36.1), (127.0, 36.0)),))
FAR = Polygon((((128.0, 36.0), (128.1, 36.0), (128.1, 36.1), (128.0, 36.1), (128.0, 36.0)),))
PLACES = (
    Place(role=Role.DANGER, name={"ko": "갑천 둔치", "en": "Gapcheon riverside"}, polygons=(SQUARE, FAR)),
    Place(role=Role.SHELTER, name={"ko": "학교"}, polygons=(SQUARE,)),
)
VERSION = samples.version(alert="a-1", identifier="a-1.1", places=PLACES, onset=AT, expires=AT + timedelta(hours=3))


def feed() -> geojson.AlertAreas:
    """Return the feed of an exercise city."""
    told = FeedSettings(title={"ko": "한밭"}, sender="alerts@hanbat.example.com", mode=Status.EXERCISE, language="ko")
    return geojson.feed(told)


def row(version: Version) -> Published:
    """Return one published alert with its frozen features."""
    body = feed().render(version)
    assert body is not None
    return Published(alert=version.alert, number=1, kind=version.kind, issued_at=AT, expires=version.expires, body=body)


def test_it_is_found_by_being_there_and_says_where_it_stands() -> None:
    assert geojson.feed in feeds.find()
    assert (feed().path, feed().media_type) == ("/feeds/alerts.geojson", "application/geo+json")


def test_each_area_is_a_feature_with_the_ground_that_was_drawn() -> None:
    document = json.loads(feed().join(Publication(4, AT), [row(VERSION)], ""))

    assert (document["type"], document["status"]) == ("FeatureCollection", "exercise")
    danger, shelter = document["features"]
    assert shape(danger["geometry"]).equals(shapely.union_all([shapely.Polygon(one.coordinates[0]) for one in (SQUARE, FAR)]))
    assert shape(shelter["geometry"]).equals(shapely.Polygon(SQUARE.coordinates[0]))
    assert (danger["id"], danger["properties"]["role"], danger["properties"]["name"]["ko"]) == ("a-1.1.0", "danger", "갑천 둔치")
    assert danger["properties"]["expires"] == "2026-07-14T12:20:00+00:00"


def test_an_alert_without_a_place_leaves_the_feed_readable() -> None:
    nowhere = structs.replace(VERSION, alert="a-0", places=())

    document = json.loads(feed().join(Publication(4, AT), [row(nowhere), row(VERSION)], ""))

    assert [feature["properties"]["alert"] for feature in document["features"]] == ["a-1", "a-1"]


def test_what_is_over_is_absent() -> None:
    late = Publication(5, AT + timedelta(hours=3))

    assert json.loads(feed().join(late, [row(VERSION)], ""))["features"] == []
