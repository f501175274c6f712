"""The Atom index of CAP documents, read by feedparser and by the standard library."""

from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway import feeds
from gateway.alert import Kind, Place, Text, Version
from gateway.area import Role
from gateway.channel import Feed, Publication, Published
from gateway.fault import BadInput
from gateway.feeds import FeedSettings, cap_atom
from gateway.incident import Scope, Status
from tests import samples
from tests.samples import TRIANGLE

A = "{http://www.w3.org/2005/Atom}"
C = "{urn:oasis:names:tc:emergency:cap:1.2}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
KST = timezone(timedelta(hours=9))
NOW = datetime(2026, 7, 14, 18, 30, 0, 250_000, tzinfo=KST)
BASE = "https://alerts.hanbat.example/drill"
SETTINGS = FeedSettings(
    title={"ko": "한밭시 재난경보", "en": "Hanbat alerts"}, sender="alerts@hanbat.example", mode=Status.EXERCISE, language="ko"
)


@pytest.fixture
def drill() -> Feed:
    return cap_atom.feed(SETTINGS)


@pytest.fixture
def version() -> Version:
    place = Place(role=Role.DANGER, name={"ko": "갑천 둔치", "en": "Gapcheon riverside"}, polygons=(TRIANGLE,))
    texts = tuple(
        Text(
            language=language,
            sender_name=sender,
            event=event,
            headline=f"{mark} {event}",
            description="long",
            instruction="go",
            short=f"{mark} {event}, {where}",
        )
        for language, sender, event, mark, where in (
            ("en", "Hanbat City", "Flash flood", "[EXERCISE]", "leave"),
            ("ko", "한밭시", "하천 급류", "[훈련]", "대피"),
        )
    )
    return samples.version(
        alert="hanbat-7", number=2, places=(place, place), texts=texts, onset=NOW, effective=NOW, identifier="hanbat-7.2"
    )


def row(
    body: bytes | None, *, alert: str = "hanbat-7", kind: Kind = Kind.ALERT, age: float = 0.5, left: float = 2.0
) -> Published:
    """Return an issued version `age` hours old that expires in `left` hours."""
    assert body is not None
    issued_at, expires = NOW - timedelta(hours=age), NOW + timedelta(hours=left)
    return Published(alert=alert, number=2, kind=kind, issued_at=issued_at, expires=expires, body=body)


def entries(document: bytes) -> list[ET.Element]:
    """Return the entries as the standard library sees them."""
    return ET.fromstring(document).findall(f"{A}entry")  # noqa: S314 - our own document


def test_the_feed_is_found_by_being_there() -> None:
    made = {maker(SETTINGS).name: maker(SETTINGS) for maker in feeds.find()}
    assert (made["cap.atom"].path, made["cap.atom"].media_type) == ("/feeds/cap.atom", "application/atom+xml")
    assert made["cap.atom"].keeps == timedelta(hours=48)


def test_a_reader_sees_the_alert_and_where_its_document_is(drill: Feed, version: Version) -> None:
    document = drill.join(Publication(41, NOW), [row(drill.render(version))], BASE)
    seen = feedparser.parse(document)
    assert not seen.bozo
    assert (seen.version, seen.encoding) == ("atom10", "utf-8")
    assert seen.feed.title == "[훈련 EXERCISE] 한밭시 재난경보"
    assert seen.feed.updated == "2026-07-14T18:30:00+09:00"
    assert seen.feed.author == "alerts@hanbat.example"
    assert seen.feed.id.startswith("urn:uuid:")
    assert seen.feed.links == [{"rel": "self", "type": "application/atom+xml", "href": f"{BASE}/feeds/cap.atom"}]
    (entry,) = seen.entries
    assert (entry.title, entry.summary) == ("[훈련] 하천 급류", "[훈련] 하천 급류, 대피")
    assert entry.updated == "2026-07-14T18:00:00+09:00"
    assert entry.id.startswith("urn:uuid:")
    assert entry.id != seen.feed.id
    assert entry.links == [{"rel": "alternate", "type": "application/cap+xml", "href": f"{BASE}/feeds/cap/hanbat-7.2.xml"}]
    (element,) = entries(document)
    assert (element.get(LANG), element.findtext(f"{C}event"), element.findtext(f"{C}areaDesc")) == (
        "ko",
        "하천 급류",
        "갑천 둔치",
    )
    assert element.findtext(f"{C}expires") == "2026-07-14T20:30:00+09:00"


@pytest.mark.parametrize(
    ("kind", "age", "left", "shown"),
    [
        (Kind.ALERT, 0.5, 2, True),
        (Kind.ALERT, 60, 2, True),
        (Kind.UPDATE, 0.5, 2, True),
        (Kind.ALERT, 3, 0, False),
        (Kind.UPDATE, 3, -1, False),
        (Kind.CANCEL, 0.5, 24, True),
        (Kind.CANCEL, 47.9, -24, True),
        (Kind.CANCEL, 48, 24, False),
        (Kind.END, 47.9, -24, True),
        (Kind.END, 48, 24, False),
    ],
)
def test_live_alerts_stay_and_what_is_over_stays_two_days(  # noqa: PLR0913 - the columns of the table
    drill: Feed, version: Version, kind: Kind, age: float, left: float, *, shown: bool
) -> None:
    document = drill.join(Publication(1, NOW), [row(drill.render(version), kind=kind, age=age, left=left)], BASE)
    assert len(entries(document)) == shown


@pytest.mark.parametrize(
    ("mode", "status", "scope", "shown"),
    [
        (Status.EXERCISE, Status.EXERCISE, Scope.PUBLIC, True),
        (Status.EXERCISE, Status.TEST, Scope.PUBLIC, True),
        (Status.EXERCISE, Status.ACTUAL, Scope.PUBLIC, False),
        (Status.EXERCISE, Status.EXERCISE, Scope.RESTRICTED, False),
        (Status.EXERCISE, Status.EXERCISE, Scope.PRIVATE, False),
        (Status.ACTUAL, Status.ACTUAL, Scope.PUBLIC, True),
        (Status.ACTUAL, Status.ACTUAL, Scope.RESTRICTED, False),
        (Status.ACTUAL, Status.ACTUAL, Scope.PRIVATE, False),
        (Status.ACTUAL, Status.EXERCISE, Scope.PUBLIC, False),
        (Status.ACTUAL, Status.TEST, Scope.PUBLIC, False),
    ],
)
def test_a_feed_shows_its_own_world_and_only_what_is_public(
    version: Version, mode: Status, status: Status, scope: Scope, *, shown: bool
) -> None:
    feed = cap_atom.feed(replace(SETTINGS, mode=mode))
    assert (feed.render(replace(version, status=status, scope=scope)) is not None) == shown


@pytest.mark.parametrize(
    ("mode", "title"),
    [
        (Status.ACTUAL, "한밭시 재난경보"),
        (Status.EXERCISE, "[훈련 EXERCISE] 한밭시 재난경보"),
        (Status.TEST, "[시험 TEST] 한밭시 재난경보"),
    ],
)
def test_an_empty_feed_still_says_which_world_it_is_of(mode: Status, title: str) -> None:
    seen = feedparser.parse(cap_atom.feed(replace(SETTINGS, mode=mode)).join(Publication(1, NOW), [], BASE))
    assert (seen.feed.title, seen.entries, seen.bozo) == (title, [], False)


def test_the_first_text_stands_in_where_the_default_language_is_missing(drill: Feed, version: Version) -> None:
    document = drill.join(Publication(1, NOW), [row(drill.render(replace(version, texts=version.texts[:1])))], BASE)
    (element,) = entries(document)
    assert (element.get(LANG), element.findtext(f"{A}title")) == ("en", "[EXERCISE] Flash flood")
    assert element.findtext(f"{C}areaDesc") == "Gapcheon riverside"


def test_there_is_one_entry_for_each_alert_in_their_order(drill: Feed, version: Version) -> None:
    newer = row(drill.render(replace(version, identifier="b.2")), alert="b")
    older = replace(newer, number=1, body=drill.render(replace(version, identifier="b.1")) or b"")
    first = row(drill.render(replace(version, identifier="a.1")), alert="a", kind=Kind.CANCEL)
    document = drill.join(Publication(1, NOW), [newer, first, older], BASE)
    assert [entry.links[0].href.rpartition("/")[2] for entry in feedparser.parse(document).entries] == ["a.1.xml", "b.2.xml"]
    assert len({entry.id for entry in feedparser.parse(document).entries}) == 2
    assert document == drill.join(Publication(1, NOW), [first, older, newer], BASE)


def test_the_same_message_keeps_its_entry_and_another_sender_has_another(drill: Feed, version: Version) -> None:
    rows = [row(drill.render(version))]
    now = feedparser.parse(drill.join(Publication(1, NOW), rows, BASE))
    later = feedparser.parse(drill.join(Publication(2, NOW + timedelta(minutes=1)), rows, f"{BASE}/"))
    assert (now.entries[0].id, now.feed.id) == (later.entries[0].id, later.feed.id)
    assert now.entries[0].updated == later.entries[0].updated
    assert now.entries[0].links == later.entries[0].links
    elsewhere = feedparser.parse(cap_atom.feed(replace(SETTINGS, sender="x@y.example")).join(Publication(1, NOW), rows, BASE))
    assert elsewhere.entries[0].id != now.entries[0].id


def test_times_of_any_zone_are_written_as_rfc_3339(drill: Feed) -> None:
    seen = feedparser.parse(drill.join(Publication(1, NOW.astimezone(UTC)), [], BASE))
    assert seen.feed.updated == "2026-07-14T09:30:00+00:00"


@pytest.mark.parametrize(
    ("identifier", "path"),
    [
        ("hanbat-7.2", "/feeds/cap/hanbat-7.2.xml"),
        ("urn:oid:2.49.0.1.410", "/feeds/cap/urn%3Aoid%3A2.49.0.1.410.xml"),
        ("../../etc/passwd", "/feeds/cap/..%2F..%2Fetc%2Fpasswd.xml"),
        ("한밭?1", "/feeds/cap/%ED%95%9C%EB%B0%AD%3F1.xml"),
    ],
)
def test_a_document_has_one_path_that_cannot_leave_its_folder(identifier: str, path: str) -> None:
    assert cap_atom.document_path(identifier) == path


@pytest.mark.parametrize("said", ["bell \x07", "half \ud83d", "\ufffe"])
def test_what_xml_cannot_hold_is_refused_before_it_is_frozen(drill: Feed, version: Version, said: str) -> None:
    with pytest.raises(BadInput, match="feed-characters"):
        drill.render(replace(version, texts=(replace(version.texts[1], short=said),)))


SHOWN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(SHOWN | st.sampled_from(["</title><entry>", "]]>", "&amp;", "<![CDATA[x]]>", "훈련 🌊"]))
def test_hostile_words_are_only_ever_words(drill: Feed, version: Version, said: str) -> None:
    text = replace(version.texts[1], headline=said, short=said, event=said)
    place = replace(version.places[0], name={"ko": said})
    body = drill.render(replace(version, texts=(text,), places=(place,)))
    (element,) = entries(drill.join(Publication(1, NOW), [row(body)], BASE))
    words = [element.findtext(name) for name in (f"{A}title", f"{A}summary", f"{C}event", f"{C}areaDesc")]
    assert words == [said] * 4
    assert len(list(element)) == 8
