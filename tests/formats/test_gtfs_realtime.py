"""Service alerts, decoded by the reference bindings and judged by a validator that has its own decoder."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as proto
from gtfs_rt_validator.api import Mode, PreparedFeed, Request, prepare_feed, resolve, validate
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from gateway.alert import Kind, Selector, Text, Transit, Version
from gateway.area import Area, Polygon, Role
from gateway.city import City
from gateway.fault import BadInput
from gateway.formats import gtfs_realtime
from gateway.incident import Scope, Severity, TransitPart
from tests import samples

HANBAT = Path(__file__).parents[2] / "gateway/demo/hanbat"
AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
SECOND = 1_784_020_800  # the same instant on POSIX's clock


def text(language: str, headline: str, description: str = "", instruction: str = "") -> Text:
    """Return the alert in one language."""
    return Text(
        language=language,
        sender_name="",
        event="",
        headline=headline,
        description=description or f"{headline}: the water is rising.",
        instruction=instruction,
        short=headline,
    )


TRIP_0600 = proto.TripDescriptor(trip_id="1-0-weekday-0600", schedule_relationship="SCHEDULED")
VERSION = samples.version(
    alert="a-7",
    texts=(text("ko", "[훈련] 한내 침수", "물이 차오릅니다.", "지금 나오세요."), text("en", "[EXERCISE] Hannae floods")),
    onset=AT + timedelta(minutes=10),
    effective=AT,
    expires=AT + timedelta(hours=3),
    transit=Transit(cause="WEATHER", effect="MODIFIED_SERVICE", selectors=(Selector(route="102"), Selector(stop="R05N"))),
)


def with_transit(effect: str, *selectors: Selector, closed: tuple[Selector, ...] = ()) -> Version:
    """Return the alert with that effect on these parts of the network."""
    return structs.replace(VERSION, transit=Transit(cause="WEATHER", effect=effect, selectors=selectors, closed=closed))


def told(version: Version) -> proto.Alert:
    """Return the alert as the reference bindings read it."""
    body = gtfs_realtime.entity(version)
    assert body is not None
    alert: proto.Alert = proto.FeedEntity.FromString(body).alert
    return alert


def spoken(said: proto.TranslatedString) -> list[tuple[str, str]]:
    """Return tags and texts in order."""
    return [(one.language, one.text) for one in said.translation]


def test_an_alert_says_who_is_hit_when_and_why_in_every_language() -> None:
    body = gtfs_realtime.entity(VERSION)
    assert body is not None
    entity = proto.FeedEntity.FromString(body)
    alert = entity.alert

    assert entity.id == "a-7"
    assert not entity.is_deleted
    assert spoken(alert.header_text) == [("ko", "[훈련] 한내 침수"), ("en", "[EXERCISE] Hannae floods")]
    assert spoken(alert.description_text)[0] == ("ko", "물이 차오릅니다.\n지금 나오세요.")
    assert (alert.cause, alert.effect) == (proto.Alert.WEATHER, proto.Alert.MODIFIED_SERVICE)
    assert [(one.route_id, one.stop_id) for one in alert.informed_entity] == [("102", ""), ("", "R05N")]
    assert not alert.url.translation


def test_it_is_shown_from_its_publication_and_hits_from_its_onset_in_whole_seconds() -> None:
    alert = told(VERSION)

    assert [(one.start, one.end) for one in alert.communication_period] == [(SECOND, SECOND + 3 * 3600)]
    assert [(one.start, one.end) for one in alert.impact_period] == [(SECOND + 600, SECOND + 3 * 3600)]
    assert list(alert.active_period) == list(alert.impact_period)


def test_what_began_before_it_was_told_keeps_its_impact_inside_its_communication() -> None:
    alert = told(structs.replace(VERSION, onset=AT - timedelta(hours=1)))

    assert alert.impact_period[0].start == alert.communication_period[0].start == SECOND - 3600


@pytest.mark.parametrize("onset", [timedelta(hours=3), timedelta(hours=4)])
def test_what_is_over_before_it_starts_is_refused(onset: timedelta) -> None:
    with pytest.raises(BadInput, match="gtfs-realtime-period"):
        gtfs_realtime.entity(structs.replace(VERSION, onset=AT + onset))


@pytest.mark.parametrize(
    ("selector", "fields"),
    [
        (Selector(agency="hanbat"), {"agency_id": "hanbat"}),
        (Selector(route="102"), {"route_id": "102"}),
        (Selector(route="102", direction=0), {"route_id": "102", "direction_id": 0}),
        (Selector(route="102", stop="R05N"), {"route_id": "102", "stop_id": "R05N"}),
        (Selector(stop="R05N"), {"stop_id": "R05N"}),
        (Selector(trip="1-0-weekday-0600"), {"trip": TRIP_0600}),
        (
            Selector(trip="1-0-weekday-0600", stop="S04-1"),
            {"trip": TRIP_0600, "stop_id": "S04-1"},
        ),
    ],
)
def test_a_selector_says_what_was_chosen_and_nothing_else(selector: Selector, fields: dict[str, object]) -> None:
    (one,) = told(with_transit("DETOUR", selector)).informed_entity

    assert {field.name: value for field, value in one.ListFields()} == fields


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.EXTREME, proto.Alert.SEVERE),
        (Severity.SEVERE, proto.Alert.SEVERE),
        (Severity.MODERATE, proto.Alert.WARNING),
        (Severity.MINOR, proto.Alert.INFO),
        (Severity.UNKNOWN, proto.Alert.UNKNOWN_SEVERITY),
    ],
)
def test_severity_follows_cap(severity: Severity, level: int) -> None:
    alert = told(structs.replace(VERSION, severity=severity))

    assert alert.HasField("severity_level")
    assert alert.severity_level == level


ROUTE, WAY, STOP = Selector(route="1"), Selector(route="1", direction=0), Selector(stop="S04")
PAIR, TRIP, AGENCY = Selector(route="1", stop="S04-1"), Selector(trip="1-0-weekday-0600"), Selector(agency="hanbat")


@pytest.mark.parametrize(
    ("effect", "selectors", "closed", "published"),
    [
        ("NO_SERVICE", (STOP,), (), "NO_SERVICE"),
        ("NO_SERVICE", (STOP, PAIR, TRIP), (), "NO_SERVICE"),
        ("NO_SERVICE", (ROUTE,), (), "MODIFIED_SERVICE"),
        ("NO_SERVICE", (WAY,), (), "MODIFIED_SERVICE"),
        ("NO_SERVICE", (AGENCY,), (), "MODIFIED_SERVICE"),
        ("NO_SERVICE", (STOP, ROUTE), (), "MODIFIED_SERVICE"),
        ("NO_SERVICE", (STOP, ROUTE), (STOP,), "MODIFIED_SERVICE"),
        ("NO_SERVICE", (ROUTE, WAY), (WAY,), "MODIFIED_SERVICE"),
        ("NO_SERVICE", (STOP, ROUTE), (ROUTE,), "NO_SERVICE"),
        ("NO_SERVICE", (AGENCY,), (AGENCY,), "NO_SERVICE"),
        ("REDUCED_SERVICE", (ROUTE,), (), "REDUCED_SERVICE"),
        ("DETOUR", (AGENCY,), (), "DETOUR"),
    ],
)
def test_no_service_names_exactly_what_is_closed(
    effect: str, selectors: tuple[Selector, ...], closed: tuple[Selector, ...], published: str
) -> None:
    alert = told(with_transit(effect, *selectors, closed=closed))

    assert proto.Alert.Effect.Name(alert.effect) == published
    assert gtfs_realtime.effect(Transit(cause="WEATHER", effect=effect, selectors=selectors, closed=closed)) == published


@pytest.mark.parametrize(("field", "code"), [("cause", "gtfs-realtime-cause"), ("effect", "gtfs-realtime-effect")])
def test_an_unknown_word_is_refused(field: str, code: str) -> None:
    words = {"cause": "WEATHER", "effect": "DETOUR"} | {field: "RAINING_FROGS"}
    transit = Transit(cause=words["cause"], effect=words["effect"], selectors=(Selector(route="102"),))

    with pytest.raises(BadInput) as refusal:
        gtfs_realtime.entity(structs.replace(VERSION, transit=transit))

    assert (refusal.value.code, refusal.value.path) == (code, f"/transit/{field}")


@pytest.mark.parametrize(
    "changes",
    [
        {"transit": None},
        {"transit": Transit(cause="WEATHER", effect="DETOUR", selectors=())},
        {"kind": Kind.END},
        {"kind": Kind.CANCEL},
        {"scope": Scope.RESTRICTED},
        {"scope": Scope.PRIVATE},
    ],
)
def test_where_riders_have_nothing_to_be_told_there_is_no_entity(changes: dict[str, object]) -> None:
    assert gtfs_realtime.entity(structs.replace(VERSION, **changes)) is None


def test_an_update_keeps_the_id_and_replaces() -> None:
    update = gtfs_realtime.entity(structs.replace(VERSION, kind=Kind.UPDATE, number=2))
    assert update is not None

    assert proto.FeedEntity.FromString(update).id == "a-7"


@pytest.mark.parametrize(
    ("languages", "tags"),
    [
        (("ko", "en"), ["ko", "en"]),
        (("ko-KR", "en-US", "zh-Hans"), ["ko", "en", "zh"]),
        (("ko", "zh-Hans", "zh-Hant"), ["ko", "zh-Hans", "zh-Hant"]),
        (("en-AU",), ["en"]),
    ],
)
def test_the_default_language_comes_first_and_tags_are_bare_where_they_can_be(
    languages: tuple[str, ...], tags: list[str]
) -> None:
    version = structs.replace(VERSION, texts=tuple(text(language, f"in {language}") for language in languages))

    assert spoken(told(version).header_text) == [(tag, f"in {was}") for tag, was in zip(tags, languages, strict=True)]


def test_a_page_to_read_more_is_named_once_for_all_languages() -> None:
    alert = told(structs.replace(VERSION, web="https://alerts.example.com/a-7"))

    assert [(one.HasField("language"), one.text) for one in alert.url.translation] == [(False, "https://alerts.example.com/a-7")]


def test_the_same_version_gives_the_same_bytes() -> None:
    assert gtfs_realtime.entity(VERSION) == gtfs_realtime.entity(structs.replace(VERSION))


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.integers(0, 400)), max_size=8), st.integers(1, 2**33))
def test_joined_bytes_are_protobufs_own(alerts: list[tuple[str, int]], second: int) -> None:
    versions = [structs.replace(VERSION, alert=id, texts=(text("ko", "물" * length),)) for id, length in alerts]
    entities = [body for body in map(gtfs_realtime.entity, versions) if body is not None]

    feed = gtfs_realtime.join(datetime.fromtimestamp(second, UTC), entities)

    whole = proto.FeedMessage(
        header=proto.FeedHeader(gtfs_realtime_version="2.0", incrementality="FULL_DATASET", timestamp=second),
        entity=[proto.FeedEntity.FromString(body) for body in entities],
    )
    assert feed == whole.SerializeToString(deterministic=True)
    assert gtfs_realtime.read(feed) == whole


@pytest.mark.parametrize("body", [b"", b"not a feed", gtfs_realtime.join(AT, [])[:-3]])
def test_what_is_no_feed_cannot_be_read(body: bytes) -> None:
    with pytest.raises(BadInput, match="gtfs-realtime-unreadable"):
        gtfs_realtime.read(body)


Judge = Callable[[bytes], set[str]]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """A validator of other people's making; it answers with the rules a feed breaks."""
    folder = tmp_path_factory.mktemp("judged")
    static: PreparedFeed = prepare_feed(HANBAT / "gtfs.zip", mode=Mode.MODERN)

    def broken(feed: bytes) -> set[str]:
        file = folder / "alerts.pb"
        file.write_bytes(feed)
        result = validate(Request(mode=Mode.MODERN, gtfs=static, inputs=resolve(str(file)), at=AT + timedelta(seconds=5)))
        written = result.write(folder)
        assert json.loads(written.system_errors.read_text())["notices"] == []
        return {notice["code"] for notice in json.loads(written.report.read_text())["notices"]}

    return broken


@pytest.fixture(scope="module")
def city() -> City:
    """The demo's city."""
    return City.load(HANBAT)


def square(west: float, south: float, east: float, north: float) -> Area:
    """Return a dangerous rectangle."""
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return Area(role=Role.DANGER, geometry=Polygon((ring,)))


@pytest.mark.parametrize(
    ("areas", "parts"),
    [
        ([square(127.348, 36.356, 127.352, 36.367)], []),
        ([square(127.2, 36.2, 127.5, 36.5)], []),
        ([], [TransitPart(agency="hanbat")]),
        ([], [TransitPart(route="101", direction=1)]),
        ([], [TransitPart(route="1", from_stop="S03", to_stop="S06", closed=True), TransitPart(stop="K09N")]),
        ([], [TransitPart(route="103", stop="K03N")]),
        ([], [TransitPart(trip="1-0-weekday-0600"), TransitPart(trip="1-1-weekday-0600", stop="S05")]),
    ],
)
@pytest.mark.parametrize("effect", ["NO_SERVICE", "DETOUR"])
def test_feeds_of_the_city_break_no_rule_but_that_of_the_old_period(
    judge: Judge, city: City, areas: list[Area], parts: list[TransitPart], effect: str
) -> None:
    chosen = city.transit(areas, parts)
    first = gtfs_realtime.entity(with_transit(effect, *chosen.selectors, closed=chosen.closed))
    second = gtfs_realtime.entity(structs.replace(VERSION, alert="a-8", onset=AT - timedelta(hours=1)))
    assert first is not None
    assert second is not None

    assert judge(gtfs_realtime.join(AT, [first, second])) == {"S025"}


def test_the_judge_sees_what_is_wrong(judge: Judge) -> None:
    entity = gtfs_realtime.entity(with_transit("DETOUR", Selector(stop="nowhere"), Selector(direction=0)))
    assert entity is not None

    assert judge(gtfs_realtime.join(AT + timedelta(hours=1), [entity])) >= {"S025", "E011", "S030", "E050"}
