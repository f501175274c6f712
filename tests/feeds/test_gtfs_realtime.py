"""The feed: a pure function of one publication, holding what is live by then and nothing of another world."""

from datetime import UTC, datetime, timedelta

import pytest
from google.transit import gtfs_realtime_pb2 as proto
from msgspec import structs

from gateway import feeds
from gateway.alert import Kind, Selector, Text, Transit
from gateway.channel import Feed, Publication, Published
from gateway.feeds import FeedSettings, gtfs_realtime
from gateway.incident import Scope, Status
from tests import samples

AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
TEXT = Text(
    language="ko", sender_name="", event="", headline="[훈련] 침수", description="물", instruction="", short="", reviewed=True
)
VERSION = samples.version(
    alert="a-1",
    texts=(TEXT,),
    onset=AT,
    effective=AT,
    expires=AT + timedelta(hours=3),
    transit=Transit(cause="WEATHER", effect="DETOUR", selectors=(Selector(route="102"),)),
)


def feed(mode: Status = Status.EXERCISE) -> Feed:
    """Return the feed of a city in that world."""
    settings = FeedSettings(title={"ko": "한밭"}, sender="alerts@hanbat.example.com", mode=mode, language="ko")
    return gtfs_realtime.feed(settings)


def row(alert: str, kind: Kind = Kind.ALERT, expires: timedelta = timedelta(hours=3)) -> Published:
    """Return one published alert with its frozen entity."""
    body = feed().render(structs.replace(VERSION, alert=alert))
    assert body is not None
    return Published(alert=alert, number=1, kind=kind, issued_at=AT, expires=AT + expires, body=body)


def shown(*rows: Published, at: datetime = AT) -> proto.FeedMessage:
    """Return what a reader sees of these rows."""
    body = feed().join(Publication(4, at), rows, "https://alerts.example.com")
    message: proto.FeedMessage = proto.FeedMessage.FromString(body)
    return message


def test_it_is_found_by_being_there_and_says_where_it_stands() -> None:
    assert gtfs_realtime.feed in feeds.find()
    assert (feed().name, feed().path) == ("gtfs-realtime", "/feeds/gtfs-realtime/alerts.pb")
    assert feed().media_type == "application/x-protobuf"
    assert feed().keeps == timedelta(0)


def test_its_only_time_is_the_publications() -> None:
    header = shown(row("a-1"), at=AT + timedelta(seconds=7, microseconds=999_999)).header

    assert header.gtfs_realtime_version == "2.0"
    assert header.HasField("incrementality")
    assert header.incrementality == proto.FeedHeader.FULL_DATASET
    assert header.timestamp == 1_784_020_807


def test_alerts_come_in_the_order_of_the_rows() -> None:
    assert [entity.id for entity in shown(row("a-1"), row("a-2"), row("b-1")).entity] == ["a-1", "a-2", "b-1"]


@pytest.mark.parametrize(
    ("kind", "expires", "ids"),
    [
        (Kind.ALERT, 3600, ["a-2"]),
        (Kind.UPDATE, 3600, ["a-2"]),
        (Kind.UPDATE, 1, ["a-2"]),
        (Kind.UPDATE, 0, []),
        (Kind.ALERT, -1, []),
        (Kind.CANCEL, 3600, []),
        (Kind.END, 3600, []),
    ],
)
def test_what_is_over_is_absent(kind: Kind, expires: int, ids: list[str]) -> None:
    feed = shown(row("a-2", kind, timedelta(seconds=expires)))

    assert [entity.id for entity in feed.entity] == ids
    assert not any(entity.is_deleted for entity in feed.entity)


@pytest.mark.parametrize(
    ("mode", "status", "rendered"),
    [
        (Status.ACTUAL, Status.ACTUAL, True),
        (Status.ACTUAL, Status.EXERCISE, False),
        (Status.ACTUAL, Status.TEST, False),
        (Status.EXERCISE, Status.ACTUAL, False),
        (Status.EXERCISE, Status.EXERCISE, True),
        (Status.EXERCISE, Status.TEST, True),
    ],
)
def test_no_drill_reaches_a_live_feed_and_nothing_actual_a_drills(mode: Status, status: Status, *, rendered: bool) -> None:
    assert (feed(mode).render(structs.replace(VERSION, status=status)) is not None) is rendered


def test_an_exercise_is_marked_in_its_text() -> None:
    (entity,) = shown(row("a-1")).entity

    assert entity.alert.header_text.translation[0].text == "[훈련] 침수"


def test_what_concerns_no_riders_has_no_row() -> None:
    assert feed().render(structs.replace(VERSION, transit=None)) is None
    assert feed().render(structs.replace(VERSION, scope=Scope.RESTRICTED)) is None


def test_an_empty_feed_is_still_a_feed() -> None:
    assert not shown().entity
    assert shown().IsInitialized()
