"""A node that was there all along, one that reads now and then, and one that begins now serve the same bytes."""

import json
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
from google.protobuf import json_format
from google.transit import gtfs_realtime_pb2 as proto
from lxml import etree
from msgspec import Struct
from msgspec.structs import replace

from gateway import feeds
from gateway.alert import Deed, Kind, Selector, Transit, Version
from gateway.area import Polygon
from gateway.channel import Payload
from gateway.city import Zone
from gateway.feeds import FeedSettings
from gateway.incident import Status
from gateway.journal.contract import Journal
from gateway.journal.records import Draft, Submit
from gateway.publishing import Feeds, Served
from tests import samples
from tests.journal.samples import HOUR, MINUTE, SECOND, T0, Real, act, issue
from tests.stores import Opener, on_every_store

pytestmark = on_every_store

STEPS = 40
EAST = Zone(code="02", name={"ko": "동"}, shape=shapely.box(127.40, 36.30, 127.50, 36.40))
SETTINGS = FeedSettings(
    title={"ko": "한밭"},
    sender="alerts@hanbat.example",
    mode=Status.EXERCISE,
    language="ko",
    languages=("ko", "en"),
    zones={EAST.code: EAST},
)
IN_THE_EAST = Polygon((tuple((x + 0.1, y) for x, y in samples.TRIANGLE.coordinates[0]),))
ENGLISH_EAST = {"lang": "en", "zone": EAST.code}
ATOM, APP, GEOJSON = "/feeds/cap.atom", "/feeds/app.json", "/feeds/alerts.geojson"
TRANSIT, TWIN = "/feeds/gtfs-realtime/alerts.pb", "/feeds/gtfs-realtime/alerts.json"


class Told(Struct, frozen=True, kw_only=True):
    """The newest version of an alert, and what becomes of it, as somebody remembers who only heard it told."""

    version: Version
    expired: bool = False

    @property
    def warns(self) -> bool:
        """Tell whether it was not closed."""
        return self.version.kind in (Kind.ALERT, Kind.UPDATE)


class Story:
    """A city in which anything happens next."""

    def __init__(self, journal: Journal, seed: int) -> None:
        self.journal, self.dice, self.now = journal, random.Random(seed), T0  # noqa: S311 - a story, no secret
        self.feeds = [maker(SETTINGS) for maker in feeds.find()]
        self.alerts: dict[str, Told] = {}

    def node(self) -> Feeds:
        """Return a node that knows nothing yet, with feeds of its own."""
        fresh = [maker(SETTINGS) for maker in feeds.find()]
        return Feeds(self.journal, fresh, "https://hanbat.example", lambda: self.now)

    async def goes_on(self) -> str:
        """Let something happen, and say what."""
        self.now += self.dice.choice((SECOND, MINUTE, 20 * MINUTE))
        live = sorted(id for id, told in self.alerts.items() if told.warns and told.version.expires > self.now)
        due = sorted(id for id, told in self.alerts.items() if told.warns and not told.expired and id not in live)
        match self.dice.choice(("alert", "alert", "alert", "update", "update", "over", "expire", "beat")):
            case "update" if live:
                await self._tell(self.dice.choice(live), Kind.UPDATE)
                return "update"
            case "over" if live:
                await self._tell(self.dice.choice(live), self.dice.choice((Kind.CANCEL, Kind.END)))
                return "over"
            case "expire" if due:
                await self._expire(due[0])
                return "expire"
            case "alert":
                await self._tell(f"hanbat-{self.dice.randrange(10**6)}", Kind.ALERT)
                return "alert"
        await self.journal.heartbeat(self.now, 1)
        return "beat"

    async def _expire(self, alert: str) -> None:
        told = self.alerts[alert]
        revision = (await self.journal.alert(alert)).revision
        await self.journal.expire(alert, told.version.number, revision, self.now)
        self.alerts[alert] = replace(told, expired=True)

    async def _tell(self, alert: str, kind: Kind) -> None:
        before = self.alerts.get(alert)
        version = self._version(alert, 1 if before is None else before.version.number + 1, kind)
        rendered = [(feed, feed.render(version)) for feed in self.feeds]
        rows = tuple(Payload(channel=feed.name, body=body, media_type="x/y") for feed, body in rendered if body is not None)
        expected = 0 if before is None else (await self.journal.alert(alert)).revision
        drafted = await self.journal.draft(Draft(version=version, expected=expected, acts=(), at=self.now))
        acts = (act(version.number, Deed.SUBMITTED),)
        frozen = Submit(version=version, hash="hash", payloads=(), feeds=rows, acts=acts)
        await self.journal.issue(issue(frozen, await self.journal.submit(frozen, drafted), self.now))
        self.alerts[alert] = Told(version=version)

    def _version(self, alert: str, number: int, kind: Kind) -> Version:
        stop = Selector(stop=f"S{self.dice.randrange(99):02}")
        place = replace(samples.TOLD.places[0], polygons=(self.dice.choice((samples.TRIANGLE, IN_THE_EAST)),))
        return samples.version(
            alert=alert,
            number=number,
            kind=kind,
            identifier=f"{alert}.{number}",
            places=(place,),
            onset=self.now,
            effective=self.now,
            expires=self.now + self.dice.choice((30 * MINUTE, HOUR, timedelta(hours=26))),
            transit=Transit(cause="WEATHER", effect="NO_SERVICE", selectors=(stop,)) if self.dice.random() < 0.7 else None,
        )

    def live(self) -> list[Version]:
        """Return what people are to act on now."""
        told = (self.alerts[id].version for id in sorted(self.alerts) if self.alerts[id].warns)
        return [version for version in told if version.expires > self.now]

    def listed(self) -> list[str]:
        """Return the documents that the index names now."""
        named = {version.alert for version in self.live()} | {id for id, told in self.alerts.items() if not told.warns}
        return [self.alerts[id].version.identifier for id in sorted(named)]


@pytest.fixture
async def journal(opener: Opener, tmp_path: Path) -> AsyncIterator[Journal]:
    journal = await opener(tmp_path, Real())
    yield journal
    await journal.close()


async def read(node: Feeds) -> dict[str, Served]:
    """Fetch all that a node serves."""
    asked = [(path, None) for path in node.paths]
    parts = [(APP, {name: ENGLISH_EAST[name] for name in names}) for names in (["lang"], ["zone"], ["lang", "zone"])]
    found = {f"{path} {part or ''}".strip(): await node.current(path, part) for path, part in [*asked, *parts]}
    return {name: served for name, served in found.items() if served is not None}


@pytest.mark.parametrize("seed", [1, 20260714])
async def test_every_node_serves_the_same_bytes_and_they_say_what_was_told(
    journal: Journal, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.publishing.READ_AT_ONCE", 3)
    story = Story(journal, seed)
    steady, lazy = story.node(), story.node()
    happened, served = set(), await read(lazy)
    for _ in range(STEPS):
        happened.add(await story.goes_on())
        served = await read(steady)
        assert served == await read(story.node())
        if story.dice.random() < 0.3:
            assert served == await read(lazy)
        says(served, story)
    assert happened == {"alert", "update", "over", "expire", "beat"}
    assert served == await read(lazy)


def says(served: dict[str, Served], story: Story) -> None:
    """Assert, with other people's parsers, that feeds say what is live now, and the index what was closed too."""
    live = story.live()
    assert len({one.modified for one in served.values()}) == 1
    riders = proto.FeedMessage.FromString(served[TRANSIT].body)
    stops = [(version.alert, version.transit.selectors[0].stop) for version in live if version.transit]
    assert [(one.id, one.alert.informed_entity[0].stop_id) for one in riders.entity] == stops
    assert served[TRANSIT].body == riders.SerializeToString(deterministic=True)
    assert served[TWIN].body.decode() == json_format.MessageToJson(riders, ensure_ascii=False, indent=1) + "\n"
    told = [(version.alert, version.number) for version in live]
    assert [(one["alert"], one["version"]) for one in json.loads(served[APP].body)["alerts"]] == told
    assert [(f["properties"]["alert"], f["properties"]["version"]) for f in json.loads(served[GEOJSON].body)["features"]] == told
    east = [version.alert for version in live if version.places[0].polygons == (IN_THE_EAST,)]
    told_east = json.loads(served[f"{APP} {ENGLISH_EAST}"].body)["alerts"]
    assert [(one["alert"], list(one["texts"])) for one in told_east] == [(alert, ["en"]) for alert in east]
    links = etree.fromstring(served[ATOM].body).findall("{*}entry/{*}link")
    assert [link.get("href", "").rpartition("/")[2].removesuffix(".xml") for link in links] == story.listed()
