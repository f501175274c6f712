"""The stream of publications: nothing is missed, nobody waits for a slow reader, and it ends when the gateway does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jsonschema
import pytest
from msgspec.structs import replace

from gateway.alert import Kind
from gateway.channel import Publication, Published
from gateway.fault import Unavailable
from gateway.formats import app
from gateway.publishing import View
from gateway.web import events
from tests import samples
from tests.feeds.test_app import valid
from tests.web.town import Town

AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
VERSION = samples.version(alert="a-1", identifier="a-1.1", onset=AT, effective=AT, expires=AT + HOUR)

Event = dict[str, Any]


class Stream:
    """A reader of Server-Sent Events that knows nothing of ours."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._lines = answer.content

    async def next(self) -> Event:
        """Return the next event that is no comment; an empty one at the end of the stream."""
        found: Event = {}
        while line := (await self._lines.readline()).decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name and not line.startswith(":"):
                found[name] = json.loads(value) if name == "data" else value
            elif found:
                return found
        return {}


@asynccontextmanager
async def listening(town: Town, **headers: str) -> AsyncIterator[Stream]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with town.session.get(f"{town.url}/events", headers=sent) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        yield Stream(answer)


async def test_a_reader_hears_where_things_stand_then_what_changes(town: Town) -> None:
    async with listening(town) as stream:
        first = await stream.next()
        alert = await town.issue(await town.draft())
        second = await stream.next()
        town.clock.pass_(minutes=1)
        assert (await town.ask("POST", f"/v1/alerts/{alert['id']}/cancel", "lee", {"reason": "wrong river"})).status == 200
        third = await stream.next()
    assert first["data"]["alerts"] == []
    told = [(one["alert"], one["version"], one["kind"]) for event in (second, third) for one in event["data"]["alerts"]]
    assert told == [(alert["id"], 1, "alert"), (alert["id"], 2, "cancel")]
    for event in (second, third):
        valid(event["data"]["alerts"][0])
    revisions = [int(event["id"].partition(".")[0]) for event in (first, second, third)]
    assert revisions == sorted(set(revisions)) == [event["data"]["revision"] for event in (first, second, third)]


async def test_who_comes_back_hears_what_it_missed(town: Town) -> None:
    async with listening(town) as stream:
        left = (await stream.next())["id"]
    alert = await town.issue(await town.draft())
    async with listening(town, Last_Event_ID=left) as stream:
        event = await stream.next()
    assert [one["alert"] for one in event["data"]["alerts"]] == [alert["id"]]
    assert event["id"] != left


async def test_who_comes_first_misses_nothing_while_another_is_still_let_in(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two come at once to a node that nobody listens to; to the second the record answers late, and has something newer."""
    publication, asked, late = town.journal.publication, asyncio.Event(), asyncio.Event()

    async def answering_the_first_late() -> Publication:
        if not asked.is_set():
            asked.set()
            await late.wait()
        return await publication()

    monkeypatch.setattr(events, "LOOK_S", 1.0)
    monkeypatch.setattr(town.journal, "publication", answering_the_first_late)
    async with AsyncExitStack() as stack:
        second = asyncio.ensure_future(stack.enter_async_context(listening(town)))
        await asked.wait()
        first = await stack.enter_async_context(listening(town))
        assert (await first.next())["data"]["alerts"] == []
        alert = await town.issue(await town.draft())
        late.set()
        assert (await (await second).next())["data"]["alerts"] == []
        event = await asyncio.wait_for(first.next(), 5)
    assert [one["alert"] for one in event["data"]["alerts"]] == [alert["id"]]


async def test_what_breaks_sends_everybody_away_and_the_next_hears_what_was_missed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.journal.heartbeat(town.clock(), 30)
    async with listening(town) as stream:
        left = (await stream.next())["id"]
        with monkeypatch.context() as broken:
            broken.setattr(events, "_news", None)
            alert = await town.issue(await town.draft())
            assert await asyncio.wait_for(stream.next(), 5) == {}
    async with listening(town, Last_Event_ID=left) as stream:
        assert [one["alert"] for one in (await stream.next())["data"]["alerts"]] == [alert["id"]]
        town.clock.pass_(seconds=31)
        await town.journal.heartbeat(town.clock(), 30)
        assert (await asyncio.wait_for(stream.next(), 5))["data"]["alerts"] == []


async def test_who_listens_hears_that_nobody_knows_as_soon_as_the_feeds_say_so(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> Publication:
        raise Unavailable("store-unavailable", "the record is away")

    await town.journal.heartbeat(town.clock(), 30)
    async with listening(town) as stream:
        first = await stream.next()
        with monkeypatch.context() as gone:
            gone.setattr(town.journal, "publication", away)
            town.clock.pass_(seconds=31)
            event = await asyncio.wait_for(stream.next(), 5)
            assert (event["event"], event["data"]["code"], "id" in event) == ("away", "record-away", False)
            assert [(await town.ask("GET", path)).status for path in ("/feeds/app.json", "/events")] == [503, 503]
        await town.journal.heartbeat(town.clock(), 30)
        event = await asyncio.wait_for(stream.next(), 5)
    assert "event" not in event
    assert event["data"]["revision"] == first["data"]["revision"] + 1


async def test_what_expires_is_told_at_its_second_though_nothing_was_written(town: Town) -> None:
    alert = await town.issue(await town.draft())
    async with listening(town) as stream:
        first = await stream.next()
        town.clock.pass_(hours=4)
        event = await stream.next()
    (over,) = event["data"]["alerts"]
    assert (over["alert"], over["kind"], over["texts"]) == (alert["id"], "expired", {})
    valid(over)
    assert event["data"]["revision"] == first["data"]["revision"]
    assert event["id"] != first["id"]


@pytest.mark.parametrize("last", ["999999.1784020800", "0.1", "x", "1", "1.x", "-1.5", "1.²", "9" * 50, "1.2.3.4", "1..2"])
async def test_an_id_that_we_cannot_continue_from_resets(town: Town, last: str) -> None:
    async with listening(town, **{"Last-Event-ID": last.encode().decode("latin-1")}) as stream:
        event = await stream.next()
    assert event["event"] == "reset"
    assert event["data"]["feed"] == "/feeds/app.json"
    assert {"id", "data"} <= event.keys()


def test_who_was_told_on_a_line_that_may_have_lost_something_reads_the_feed_anew() -> None:
    told, taken_over = Publication(1005, AT), Publication(1006, AT + HOUR, line=1)
    later = replace(taken_over, revision=1007)
    answers = [
        events._first(View(publication=now, feeds={}), events.event_id(last))
        for last, now in ((told, taken_over), (taken_over, told), (taken_over, later), (told, replace(told, revision=1006)))
    ]
    assert [b"event: reset" in answer for answer in answers] == [True, True, False, False]


async def test_the_stream_ends_when_the_gateway_stops(town: Town) -> None:
    async with listening(town) as stream:
        await stream.next()
        stopping = asyncio.ensure_future(town.listening.stop())
        assert await asyncio.wait_for(stream.next(), 5) == {}
        await asyncio.wait_for(stopping, 5)


async def test_a_slow_reader_is_cut_off_and_no_other_waits(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK_S", 0.01)
    monkeypatch.setattr(events, "MOST_WAITING", 2)
    monkeypatch.setattr(
        events, "_news", lambda _, after: b"id: %d\ndata: {}\n: %b\n\n" % (after.publication.revision, b"x" * 400_000)
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", town.port, limit=1024)
    writer.write(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    async with listening(town) as stream:
        await stream.next()
        heard = []
        for _ in range(40):
            town.clock.pass_(seconds=31)
            await town.journal.heartbeat(town.clock(), 30)
            heard.append(await stream.next())
    assert len({event["id"] for event in heard}) == 40
    got = b""
    with suppress(ConnectionError):
        while some := await asyncio.wait_for(reader.read(65536), 10):
            got += some
    writer.close()
    assert f"id: {heard[-1]['id']}".encode() not in got


async def test_only_so_many_listen(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_READERS", 1)
    async with listening(town) as stream:
        await stream.next()
        assert (await town.ask("GET", "/events")).code == "busy"


def row(number: int = 1, kind: Kind = Kind.ALERT, alert: str = "a-1", *, hazard: str = VERSION.hazard) -> Published:
    version = replace(VERSION, alert=alert, number=number, kind=kind, hazard=hazard)
    return Published(alert=alert, number=number, kind=kind, issued_at=AT, expires=version.expires, body=app.write(version))


def view(*rows: Published, at: datetime = AT) -> View:
    return View(publication=Publication(4, at), feeds={"app": rows})


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (view(), view(row()), [("a-1", "alert")]),
        (view(row()), view(row()), []),
        (view(row()), view(row(2, Kind.UPDATE)), [("a-1", "update")]),
        (view(row()), view(row(2, Kind.END)), [("a-1", "end")]),
        (view(row()), view(row(hazard="structure-fire")), [("a-1", "alert")]),
        (view(row()), view(row(), at=AT + HOUR), [("a-1", "expired")]),
        (view(row(), at=AT + HOUR), view(row(), at=AT + 2 * HOUR), []),
        (view(row(), row(alert="a-2")), view(row(alert="a-2")), [("a-1", "cancel")]),
        (view(row(), at=AT + HOUR), view(at=AT + 49 * HOUR), []),
    ],
)
def test_what_changed_between_two_publications(before: View, after: View, told: list[tuple[str, str]]) -> None:
    entries = [json.loads(entry) for entry in events.changed(before, after)]
    assert [(entry["alert"], entry["kind"]) for entry in entries] == told
    for entry in entries:
        valid(entry)


def test_a_broken_entry_would_be_seen() -> None:
    with pytest.raises(jsonschema.ValidationError):
        valid(json.loads(next(events.changed(view(), view(row())))) | {"kind": "other"})
