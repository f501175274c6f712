from email.utils import format_datetime, parsedate_to_datetime

import pytest
from google.transit import gtfs_realtime_pb2
from lxml import etree

from tests.web.town import Town

ATOM, PB = "/feeds/cap.atom", "/feeds/gtfs-realtime/alerts.pb"
ATOM_NS = {"a": "http://www.w3.org/2005/Atom"}
CAP_NS = {"c": "urn:oasis:names:tc:emergency:cap:1.2"}


@pytest.mark.parametrize(("path", "media_type"), [(ATOM, "application/atom+xml"), (PB, "application/x-protobuf")])
async def test_a_feed_is_served_with_what_caches_and_scripts_need(town: Town, path: str, media_type: str) -> None:
    answer = await town.ask("GET", path, Origin="https://app.example")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(media_type)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    assert answer.headers["ETag"].startswith('"')
    assert parsedate_to_datetime(answer.headers["Last-Modified"]).tzinfo is not None
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_issued_alert_is_in_the_feeds_at_once(town: Town) -> None:
    before = await town.ask("GET", ATOM)
    alert = await town.issue(await town.draft())
    after = await town.ask("GET", ATOM)
    assert after.headers["ETag"] != before.headers["ETag"]
    links = etree.fromstring(after.body).findall("a:entry/a:link[@type='application/cap+xml']", ATOM_NS)
    assert len(links) == 1
    document = await town.ask("GET", str(links[0].attrib["href"]).removeprefix("http://127.0.0.1"))
    assert document.status == 200
    identifier = etree.fromstring(document.body).findtext("c:identifier", "", CAP_NS)
    assert identifier == alert["versions"][0]["identifier"]
    assert "immutable" in document.headers["Cache-Control"]
    assert document.headers["Content-Type"].startswith("application/cap+xml")
    assert document.body == (await town.journal.document(identifier))[0]


async def test_the_protobuf_decodes_elsewhere(town: Town) -> None:
    await town.issue(await town.draft())
    feed = gtfs_realtime_pb2.FeedMessage()
    feed.ParseFromString((await town.ask("GET", PB)).body)
    assert feed.header.gtfs_realtime_version == "2.0"
    assert feed.header.timestamp > 0


async def test_who_knows_the_bytes_gets_304(town: Town) -> None:
    fresh = await town.ask("GET", ATOM)
    etag = fresh.headers["ETag"]
    for condition in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = await town.ask("GET", ATOM, If_None_Match=condition)
        assert (answer.status, answer.body) == (304, b""), condition
        assert answer.headers["ETag"] == etag
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "public, max-age=5"
    assert (await town.ask("GET", ATOM, If_None_Match='"other"')).status == 200


async def test_if_modified_since_counts_only_without_if_none_match(town: Town) -> None:
    await town.issue(await town.draft())
    since = (await town.ask("GET", ATOM)).headers["Last-Modified"]
    assert parsedate_to_datetime(since) >= town.clock()
    assert (await town.ask("GET", ATOM, If_Modified_Since=since)).status == 304
    assert (await town.ask("GET", ATOM, If_Modified_Since=since, If_None_Match='"other"')).status == 200
    earlier = format_datetime(parsedate_to_datetime(since).replace(year=2020), usegmt=True)
    assert (await town.ask("GET", ATOM, If_Modified_Since=earlier)).status == 200
    assert (await town.ask("GET", ATOM, If_Modified_Since="whenever")).status == 200


async def test_head_is_get_without_the_bytes(town: Town) -> None:
    got, head = await town.ask("GET", PB), await town.ask("HEAD", PB)
    assert (head.status, head.body) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Last-Modified", "Cache-Control"):
        assert head.headers[name] == got.headers[name]


async def test_a_browser_may_ask_conditionally(town: Town) -> None:
    answer = await town.ask("OPTIONS", ATOM, Origin="https://app.example", Access_Control_Request_Method="GET")
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/",
        "/feeds/other.xml",
        "/feeds/cap/none.xml",
        "/feeds/cap/..%2f..%2fjournal.db.xml",
        "/feeds/cap/%00.xml",
        "/feeds/cap/" + "x" * 4000 + ".xml",
    ],
)
async def test_what_is_not_there_is_404_in_the_one_shape(town: Town, path: str) -> None:
    answer = await town.ask("GET", path)
    assert answer.status == 404
    assert set(answer.json["error"]) >= {"code", "message"}


async def test_nobody_writes_to_a_feed(town: Town) -> None:
    answer = await town.ask("POST", ATOM, "kim", {})
    assert (answer.status, answer.code) == (405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]
