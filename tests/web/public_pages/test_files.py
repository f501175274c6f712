"""Pages and feeds as plain files, served by Python's own web server and walked by a link checker that trusts nothing."""

import re
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from msgspec.structs import replace

from gateway.formats import app
from gateway.publishing import Feeds
from gateway.web.public_pages import files
from tests.web.public_pages.samples import site
from tests.web.town import Town

WALKED = ("/", "/now/en/", "/past/ko/", "/data/ko/", "/network/en/", "/stops/S08/", "/lines/101/en/")


class Quiet(SimpleHTTPRequestHandler):
    """A web server that says nothing."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serve a folder as any web server would."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - a server of our own
        assert answer.status == 200, url
        return bytes(answer.read())


def broken(server: str, starts: tuple[str, ...]) -> list[str]:
    """Return every link of some pages that leads nowhere."""
    links = {
        urljoin(server + start, link)
        for start in starts
        for link in re.findall(r'href="([^"#]+)"', fetched(server + start).decode())
    }
    gone = []
    for link in sorted(link for link in links if urlsplit(link).scheme == "http"):
        try:
            fetched(link)
        except urllib.error.HTTPError:
            gone.append(link)
    return gone


def _half_written(folder: Path) -> list[Path]:
    return list(folder.rglob(".*"))


async def test_the_files_are_the_pages_and_feeds_and_what_is_over_goes(town: Town, tmp_path: Path, server: str) -> None:
    feeds = Feeds(town.journal, town.gateway.plan.feeds, "http://127.0.0.1", town.clock)
    alert = await town.issue(await town.draft())
    (tmp_path / "favicon.ico").write_bytes(b"theirs")

    count = await files.write(feeds, await feeds.view(), site("ko", "en"), tmp_path)

    assert count > 900
    assert broken(server, (*WALKED, f"/alerts/{alert['id']}/", f"/alerts/{alert['id']}/en/")) == []
    app = await feeds.current("/feeds/app.json")
    assert app is not None
    assert (tmp_path / "feeds" / "app.json").read_bytes() == app.body
    before = (tmp_path / "stops" / "S01" / "ko" / "index.html").stat()
    town.clock.pass_(hours=60)
    await town.gateway.expire_due()
    town.clock.pass_(hours=1)
    await town.journal.heartbeat(town.clock(), 30)
    await files.write(feeds, await feeds.view(), site("ko", "en"), tmp_path)
    assert not (tmp_path / "alerts").exists() or not list((tmp_path / "alerts").iterdir())
    assert (tmp_path / "favicon.ico").read_bytes() == b"theirs"
    assert (tmp_path / "stops" / "S01" / "ko" / "index.html").stat().st_ino == before.st_ino
    assert not _half_written(tmp_path)
    shutil.rmtree(tmp_path / "now" / "en")
    assert broken(server, ("/past/en/",)) == [f"{server}/now/en"]


async def test_where_nothing_is_new_only_what_tells_the_time_is_written(town: Town, tmp_path: Path) -> None:
    feeds = Feeds(town.journal, town.gateway.plan.feeds, "http://127.0.0.1", town.clock)
    pages = site("ko", "en")
    alert = await town.issue(await town.draft())
    first = await feeds.view()
    await files.write(feeds, first, pages, tmp_path)
    town.clock.pass_(minutes=5)
    await town.journal.heartbeat(town.clock(), 30)
    second = await feeds.view()
    written = await files.write(feeds, second, pages, tmp_path, before=first)
    assert written < 20
    whole = tmp_path / "whole"
    await files.write(feeds, second, pages, whole)
    assert {file for file in _all(whole) if (whole / file).read_bytes() != (tmp_path / file).read_bytes()} == set()
    town.clock.pass_(hours=4)
    await town.gateway.expire_due()
    await town.journal.heartbeat(town.clock(), 30)
    assert await files.write(feeds, await feeds.view(), pages, tmp_path, before=second) > 900
    assert 'class="state expired"' in (tmp_path / "alerts" / alert["id"] / "en" / "index.html").read_text()


async def test_a_version_that_was_lost_and_issued_anew_under_its_number_is_written(town: Town, tmp_path: Path) -> None:
    feeds, pages = Feeds(town.journal, town.gateway.plan.feeds, "http://127.0.0.1", town.clock), site("ko", "en")
    alert = await town.issue(await town.draft())
    lost = await feeds.view()
    await files.write(feeds, lost, pages, tmp_path)
    (row,) = lost.feeds["app"]
    entry = app.frozen(row.body)
    said = {**entry.texts, "en": replace(entry.texts["en"], headline="Another river altogether")}
    anew = replace(row, body=app.encoded(replace(entry, texts=said)))
    publication = replace(lost.publication, line=1)
    await files.write(feeds, replace(lost, publication=publication, feeds={"app": (anew,)}), pages, tmp_path, before=lost)
    assert "Another river altogether" in (tmp_path / "alerts" / alert["id"] / "en" / "index.html").read_text()


async def test_the_news_is_written_before_the_many_pages_that_follow_from_it(town: Town, tmp_path: Path) -> None:
    feeds, pages = Feeds(town.journal, town.gateway.plan.feeds, "http://127.0.0.1", town.clock), site("ko", "en")
    quiet = await feeds.view()
    await files.write(feeds, quiet, pages, tmp_path)
    before = _times(tmp_path)
    alert = await town.issue(await town.draft(transit=[{"stop": "S01", "closed": True}]))

    await files.write(feeds, await feeds.view(), pages, tmp_path, before=quiet)

    written = {file: at for file, at in _times(tmp_path).items() if before.get(file) != at}
    news = [at for file, at in written.items() if file.parts[0] in {"alerts", "now"}]
    rest = [at for file, at in written.items() if file.parts[0] in {"lines", "stops", "network"}]
    assert Path("alerts", alert["id"], "ko", "index.html") in written
    assert max(news) < min(rest)


def _times(folder: Path) -> dict[Path, int]:
    return {file: (folder / file).stat().st_mtime_ns for file in _all(folder)}


def _all(folder: Path) -> set[Path]:
    return {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("path", ["/stops/..%2Fx/ko", "/stops/%2E%2E/ko", "/stops/.x/ko", "/stops/a%00/ko"])
def test_an_id_that_is_no_file_name_is_written_nowhere(path: str) -> None:
    assert files._place(Path("out"), path) is None
