"""Feeds are a function of the publication and of the expiries passed; read with other people's parsers."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from google.transit import gtfs_realtime_pb2 as proto

from gateway.engine import Changes, Plan
from gateway.fault import Missing, Unavailable
from gateway.journal.records import Snapshot
from gateway.publishing import Feeds, View
from tests.engine.hall import DAWN, ELSEWHERE, KIM, Clock, Hall, area, build, plan_of
from tests.journal.samples import Real
from tests.stores import Opener, on_every_store

pytestmark = on_every_store

ATOM, TRANSIT = "/feeds/cap.atom", "/feeds/gtfs-realtime/alerts.pb"
STOPS = [{"stop": "H05E", "closed": True}]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_of(build(tmp_path_factory.mktemp("city") / "hanbat"), Clock())


@pytest.fixture
async def hall(opener: Opener, plan: Plan, tmp_path: Path) -> AsyncIterator[Hall]:
    journal = await opener(tmp_path, real := Real())
    yield Hall(plan, journal, Clock(), real)
    await journal.close()


class Seen:
    """What a stranger reads of both feeds."""

    def __init__(self, atom: bytes, transit: bytes, etag: str) -> None:
        """Parse them."""
        index = feedparser.parse(atom)
        message = proto.FeedMessage.FromString(transit)
        self.listed = [entry.links[0].href.rpartition("/")[2].removesuffix(".xml") for entry in index.entries]
        self.updated = datetime.fromisoformat(index.feed.updated)
        self.live = [entity.id for entity in message.entity]
        self.timestamp = message.header.timestamp
        self.etag = etag


async def seen(feeds: Feeds) -> Seen:
    atom, transit = await feeds.current(ATOM), await feeds.current(TRANSIT)
    assert atom is not None
    assert transit is not None
    assert (atom.modified, transit.modified) == (transit.modified, atom.modified)
    return Seen(atom.body, transit.body, transit.etag)


async def test_both_feeds_speak_for_the_same_second(hall: Hall) -> None:
    record = await hall.told(transit=STOPS)
    both = await seen(hall.feeds)
    assert (both.listed, both.live) == ([f"{record.id}.1"], [record.id])
    assert both.updated.timestamp() == both.timestamp == DAWN.timestamp()


async def test_every_publication_in_one_second_is_a_second_later(hall: Hall) -> None:
    stamps = [(await seen(hall.feeds)).timestamp]
    record = await hall.told(transit=STOPS)
    stamps.append((await seen(hall.feeds)).timestamp)
    await hall.told(id="call-2", areas=[area(ELSEWHERE)])
    stamps.append((await seen(hall.feeds)).timestamp)
    await hall.gateway.cancel(record.id, "false alarm", KIM)
    stamps.append((await seen(hall.feeds)).timestamp)
    assert stamps == sorted(set(stamps))


async def test_what_has_expired_is_gone_at_its_second_with_nothing_written(hall: Hall) -> None:
    record = await hall.drafted(transit=STOPS)
    ends = DAWN + timedelta(minutes=10)
    record = await hall.issued(await hall.gateway.edit(record.id, record.revision, Changes(expires=ends), KIM))
    revision = (await hall.journal.publication()).revision
    hall.clock.at = ends - timedelta(microseconds=1)
    before = await seen(hall.feeds)
    hall.clock.at = ends
    after = await seen(hall.feeds)
    assert (before.live, before.listed) == ([record.id], [f"{record.id}.1"])
    assert (after.live, after.listed, after.timestamp) == ([], [], int(ends.timestamp()))
    assert before.etag != after.etag
    assert (await hall.journal.publication()).revision == revision
    await hall.gateway.expire_due()
    recorded = await seen(hall.feeds)
    assert (recorded.live, recorded.timestamp) == ([], int(ends.timestamp()) + 1)


async def test_the_expiry_of_a_cancel_is_no_news(hall: Hall) -> None:
    """A feed acts on the end of a warning only; a cancel's own end comes and goes unseen."""
    record = await hall.told(transit=STOPS)
    await hall.gateway.cancel(record.id, "false alarm", KIM)
    before = await seen(hall.feeds)
    hall.clock.passes(hours=25)
    assert (await seen(hall.feeds)).etag == before.etag


async def test_the_index_keeps_cancels_and_ends_for_two_days_and_the_riders_feed_not_at_all(hall: Hall) -> None:
    cancelled, ended = await hall.told(transit=STOPS), await hall.told(id="call-2", areas=[area(ELSEWHERE)], transit=STOPS)
    await hall.gateway.cancel(cancelled.id, "false alarm", KIM)
    await hall.issued(await hall.gateway.end(ended.id, "it is out", KIM))
    closed = [f"{cancelled.id}.2", f"{ended.id}.2"]
    both = await seen(hall.feeds)
    assert (both.listed, both.live) == (closed, [])
    hall.clock.passes(hours=47, minutes=59)
    await hall.journal.heartbeat(hall.clock(), 30.0)
    assert (await seen(hall.feeds)).listed == closed
    hall.clock.passes(minutes=2)
    await hall.journal.heartbeat(hall.clock(), 30.0)
    assert (await seen(hall.feeds)).listed == []


async def test_a_heartbeat_moves_the_time_and_nothing_else(hall: Hall) -> None:
    await hall.told(transit=STOPS)
    before = await seen(hall.feeds)
    hall.clock.passes(seconds=29)
    await hall.journal.heartbeat(hall.clock(), 30.0)
    assert (await seen(hall.feeds)).etag == before.etag
    hall.clock.passes(seconds=1)
    await hall.journal.heartbeat(hall.clock(), 30.0)
    after = await seen(hall.feeds)
    assert (after.live, after.listed, after.timestamp) == (before.live, before.listed, before.timestamp + 30)


async def test_the_time_never_goes_back_even_when_the_clock_does(hall: Hall) -> None:
    record = await hall.drafted(transit=STOPS)
    ends = DAWN + timedelta(minutes=10)
    await hall.issued(await hall.gateway.edit(record.id, record.revision, Changes(expires=ends), KIM))
    stamps, lives = [], []
    for at in (ends + timedelta(seconds=5), ends - timedelta(minutes=5), DAWN - timedelta(hours=1), ends + timedelta(minutes=1)):
        hall.clock.at = at
        now = await seen(hall.feeds)
        stamps.append(now.timestamp)
        lives.append(now.live)
    await hall.gateway.expire_due()
    stamps.append((await seen(hall.feeds)).timestamp)
    assert stamps == sorted(stamps)
    assert stamps[-1] > stamps[0]
    assert lives == [[], [], [], []], "what was dropped does not come back"


async def test_two_nodes_serve_the_same_bytes(hall: Hall, plan: Plan) -> None:
    other = Feeds(hall.journal, plan.feeds, "https://hanbat.example", hall.clock)
    record = await hall.told(transit=STOPS)
    for span in (timedelta(), timedelta(minutes=1), timedelta(hours=5)):
        hall.clock.at = DAWN + span
        for path in hall.feeds.paths:
            here, there = await hall.feeds.current(path), await other.current(path)
            assert here == there
            assert here is not None
    await hall.gateway.expire_due()
    assert (await seen(other)).listed == (await seen(hall.feeds)).listed
    assert (await hall.feeds.document(f"{record.id}.1")) == (await other.document(f"{record.id}.1"))


async def test_what_the_record_answers_late_takes_nobody_back(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody asks while one alert is live, and gets the answer when another has been told."""
    await hall.told(transit=STOPS)
    real, asked, released = hall.journal.snapshot, asyncio.Event(), asyncio.Event()

    async def late() -> Snapshot:
        old = await real()
        asked.set()
        await released.wait()
        return old

    with monkeypatch.context() as slow:
        slow.setattr(hall.journal, "snapshot", late)
        first = asyncio.create_task(hall.feeds.current(TRANSIT))
        await asked.wait()
    await hall.told(id="call-2", areas=[area(ELSEWHERE)], transit=STOPS)
    second = await hall.feeds.current(TRANSIT)
    released.set()
    assert await first == second == await hall.feeds.current(TRANSIT)
    assert (await Feeds(hall.journal, hall.plan.feeds, "https://hanbat.example", hall.clock).current(TRANSIT)) == second


async def test_while_the_record_is_away_the_last_publication_is_served_until_it_is_30_s_old(hall: Hall) -> None:
    record = await hall.told(transit=STOPS)
    before = await seen(hall.feeds)
    stranger = Feeds(hall.journal, hall.plan.feeds, "https://hanbat.example", hall.clock)
    await hall.journal.close()

    with pytest.raises(Unavailable):
        await stranger.current(TRANSIT)
    hall.clock.passes(seconds=30)
    assert ((await seen(hall.feeds)).etag, before.live) == (before.etag, [record.id])
    hall.clock.passes(microseconds=1)
    with pytest.raises(Unavailable):
        await hall.feeds.current(TRANSIT)


async def test_what_could_not_be_made_is_tried_again_by_whoever_asks_next(hall: Hall, tmp_path: Path) -> None:
    """A page is made of a file that is away for a moment, while nothing else is published."""
    view, file, tries = await hall.feeds.view(), tmp_path / "notice.txt", list[str]()

    def page(_: View) -> bytes:
        tries.append(file.name)
        return file.read_bytes()

    with pytest.raises(FileNotFoundError):
        await hall.feeds.made(view, "/notice", "text/plain", page)
    file.write_bytes(b"back")
    made = [await hall.feeds.made(view, "/notice", "text/plain", page) for _ in range(2)]
    assert ([served.body for served in made], len(tries)) == ([b"back", b"back"], 2)


async def test_all_who_ask_while_something_is_being_made_wait_for_the_one_try_and_share_its_failure(hall: Hall) -> None:
    view, tries, go = await hall.feeds.view(), list[View](), threading.Event()

    def page(view: View) -> bytes:
        tries.append(view)
        assert go.wait(30)
        raise OSError("no space left on device")

    waiting = [asyncio.create_task(hall.feeds.made(view, "/notice", "text/plain", page)) for _ in range(20)]
    await asyncio.sleep(0)
    waiting.pop().cancel()
    go.set()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert ([str(one) for one in told], len(tries)) == (["no space left on device"] * 19, 1)


async def test_a_document_is_served_word_for_word_for_ever_and_another_not_at_all(hall: Hall) -> None:
    record = await hall.told()
    served = await hall.feeds.document(f"{record.id}.1")
    assert served.body == hall.far.arrived[0].body
    assert served.modified == datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
    await hall.gateway.cancel(record.id, "false alarm", KIM)
    hall.clock.passes(days=400)
    assert await hall.feeds.document(f"{record.id}.1") == served
    for nothing in ("", f"{record.id}.3", f"{record.id}.2.w", "../journal.db"):
        with pytest.raises(Missing):
            await hall.feeds.document(nothing)


async def test_there_is_no_feed_anywhere_else(hall: Hall) -> None:
    assert {ATOM, TRANSIT} <= set(hall.feeds.paths)
    assert await hall.feeds.current("/feeds/nothing") is None
