"""A part of the app feed: what may concern a zone is never left out, and nobody is left without words."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from msgspec.structs import replace

from gateway.alert import Kind, Place, Version
from gateway.area import Role
from gateway.channel import Narrowing, Publication, Published
from gateway.city import Zone
from gateway.fault import BadInput
from gateway.feeds import FeedSettings, app
from gateway.incident import Status
from tests import samples

AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
WEST = Zone(code="01", name={"ko": "서"}, shape=shapely.box(127.30, 36.30, 127.355, 36.40), aliases=("west",))
EAST = Zone(code="02", name={"ko": "동"}, shape=shapely.box(127.36, 36.30, 127.40, 36.40))
BOTH = Zone(code="0", name={"ko": "구"}, shape=shapely.box(127.30, 36.30, 127.40, 36.40), parts=("01", "02"))
FEED = app.feed(
    FeedSettings(
        title={"ko": "한밭"},
        sender="alerts@hanbat.example",
        mode=Status.EXERCISE,
        language="ko",
        languages=("ko", "en", "zh-Hans"),
        zones={zone.code: zone for zone in (WEST, EAST, BOTH)},
    )
)
VERSION = samples.version(onset=AT, effective=AT, expires=AT + timedelta(hours=3))


def rows(*versions: Version) -> list[Published]:
    found = []
    for number, version in enumerate(versions):
        body = FEED.render(replace(version, alert=f"a-{number}"))
        assert body is not None
        found.append(Published(alert=f"a-{number}", number=1, kind=Kind.ALERT, issued_at=AT, expires=version.expires, body=body))
    return found


def asked(*versions: Version, **query: str) -> list[dict[str, Any]]:
    return list(json.loads(FEED.narrowed(query).join(Publication(4, AT), rows(*versions), ""))["alerts"])


def by_code(*zones: str) -> Version:
    return replace(VERSION, places=(Place(role=Role.DANGER, name={"ko": "곳"}, polygons=(), zones=zones),))


@pytest.mark.parametrize(
    ("zone", "told"),
    [("01", ["a-0", "a-1", "a-3", "a-4"]), ("west", ["a-0", "a-1", "a-3", "a-4"]), ("02", ["a-2", "a-3", "a-4"]),
     ("0", ["a-0", "a-1", "a-2", "a-3", "a-4"])],
)  # fmt: skip
def test_a_zone_gets_all_that_may_concern_it(zone: str, told: list[str]) -> None:
    nowhere, unnamed = replace(VERSION, places=()), by_code()
    entries = asked(VERSION, by_code("01"), by_code("02"), nowhere, unnamed, zone=zone)
    assert [entry["alert"] for entry in entries] == told


@pytest.mark.parametrize(("wish", "heard"), [("en", ["en"]), ("en-GB", ["en"]), ("ko-KR", ["ko"]), ("zh-CN", ["ko"])])
def test_a_language_gets_its_text_or_the_citys_first(wish: str, heard: list[str]) -> None:
    (entry,) = asked(VERSION, lang=wish)
    assert list(entry["texts"]) == heard


@pytest.mark.parametrize(
    ("query", "code"),
    [({"zone": "03"}, "parameter-zone"), ({"zone": ""}, "parameter-zone"), ({"lang": "th"}, "parameter-lang"),
     ({"lang": "zh-Hant"}, "parameter-lang"), ({"lang": ""}, "parameter-lang"), ({"lang": "x" * 200}, "parameter-lang")],
)  # fmt: skip
def test_what_is_unknown_is_refused(query: dict[str, str], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        FEED.narrowed(query)
    assert refused.value.code == code
    assert refused.value.hint


def test_without_a_wish_it_is_the_whole_feed_byte_for_byte() -> None:
    told = rows(VERSION)
    assert FEED.narrowed({"cache": "1"}).join(Publication(4, AT), told, "") == FEED.join(Publication(4, AT), told, "")
    assert FEED.narrowed({"cache": "1"}).path == FEED.path
    assert isinstance(FEED, Narrowing)


def test_a_part_has_one_name_however_it_is_asked_for() -> None:
    names = {FEED.narrowed({"zone": zone, "lang": wish}).path for zone in ("01", "west") for wish in ("en", "en-US")}
    assert names == {"/feeds/app.json?zone=01&lang=en"}
