"""The folder that a gateway keeps for any web server: written when something is told, by one of those who share it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from gateway.demo.town import FIRST, settle
from gateway.elapsed import elapsed
from gateway.fault import Fault
from gateway.journal.contract import Journal
from gateway.journal.sqlite import SqliteJournal
from gateway.publishing import Feeds
from gateway.service import Service, pages
from gateway.service.pages import LEASE_S, WHOLE_S, PublicFolder
from tests.engine.hall import SECRET
from tests.journal.samples import T0, Real
from tests.web.public_pages.samples import site

PATIENCE_S = 60.0


@pytest.fixture
def real() -> Real:
    """The record's clock."""
    return Real()


@pytest.fixture
async def journal(tmp_path: Path, real: Real) -> AsyncIterator[Journal]:
    """Open an empty record."""
    journal = await SqliteJournal.open(tmp_path / "bongsu.db", real=real)
    await journal.heartbeat(T0, 30)
    yield journal
    await journal.close()


class Clock:
    """A node's own clock, which stands unless it is moved."""

    def __init__(self) -> None:
        """Begin."""
        self.at = 1000.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.at


class StandsStill(Clock):
    """The clock of a node that stands still for longer than its lease, once it was looked at so often."""

    def __init__(self, after: int) -> None:
        """Begin."""
        super().__init__()
        self._after = after

    def __call__(self) -> float:
        """Return the seconds."""
        self._after -= 1
        return self.at + (LEASE_S if self._after < 0 else 0)


def node(journal: Journal, folder: Path, name: str, real: Callable[[], float] = elapsed) -> PublicFolder:
    """Return one node's hand on a folder."""
    feeds = Feeds(journal, (), "http://127.0.0.1", lambda: T0)
    return PublicFolder(folder, feeds, site("ko"), journal, name, real=real)


def front(folder: Path) -> Path:
    """Return the page that everybody opens first."""
    return folder / "index.html"


async def test_of_those_who_share_a_folder_one_writes_and_another_goes_on(journal: Journal, real: Real, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    (tmp_path / "mounted-elsewhere").symlink_to(folder)
    a, b = node(journal, folder, "a"), node(journal, tmp_path / "mounted-elsewhere", "b")
    await a.look()
    assert "한밭시" in front(folder).read_text()
    front(folder).unlink()
    await b.look()
    await a.look()
    assert not front(folder).exists(), "b has no lease, and a has nothing new"
    real.at += LEASE_S + 1
    await b.look()
    assert front(folder).exists()
    front(folder).unlink()
    await b.leave()
    await a.look()
    assert front(folder).exists()


async def test_folders_of_their_own_are_each_written(journal: Journal, tmp_path: Path) -> None:
    for name in "ab":
        await node(journal, tmp_path / name, name).look()
    assert front(tmp_path / "a").read_bytes() == front(tmp_path / "b").read_bytes()


async def test_a_folder_that_cannot_be_written_is_told_and_tried_again(journal: Journal, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    keeper = node(journal, folder, "a")
    (folder / "now").parent.mkdir()
    (folder / "now").write_text("a file where a folder belongs")
    with pytest.raises(Fault) as told:
        await keeper.look()
    assert told.value.code == "folder-unwritable"
    (folder / "now").unlink()
    await keeper.look()
    assert front(folder).exists()


async def test_a_running_gateway_keeps_the_folder_of_its_settings(tmp_path: Path) -> None:
    city = tmp_path / "hanbat"
    city.mkdir()
    settle(city, {far: f"http://127.0.0.1:{9 + number}/" for number, far in enumerate(FIRST)}, SECRET, reach=FIRST)
    with (city / "city.toml").open("a") as settings:
        settings.write('\n[public]\nfolder = "htdocs"\n')
    async with Service.open(city, port=0):
        async with asyncio.timeout(PATIENCE_S):
            while not front(city / "htdocs").exists():  # noqa: ASYNC110 - a file says nothing when it comes
                await asyncio.sleep(0.05)
    assert (city / "htdocs" / "feeds" / "cap.atom").exists()


async def test_a_folder_that_cannot_be_written_takes_no_gateway_away_from_its_balancer(tmp_path: Path) -> None:
    """Every gateway of the city may share that folder; none of them would be left to warn with."""
    city = tmp_path / "hanbat"
    city.mkdir()
    settle(city, {far: f"http://127.0.0.1:{9 + number}/" for number, far in enumerate(FIRST)}, SECRET, reach=FIRST)
    (city / "htdocs").write_text("a file where a folder belongs")
    with (city / "city.toml").open("a") as settings:
        settings.write('\n[public]\nfolder = "htdocs"\n')
    async with Service.open(city, port=0) as service, aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE_S):
        while not service.gateway.troubles.now():  # noqa: ASYNC110 - trouble says nothing when it comes
            await asyncio.sleep(0.05)
        async with session.get(f"{service.url}/health/ready") as answer:
            assert (answer.status, (await answer.json()).get("troubles")) == (200, {"public-pages": "folder-unwritable"})


async def test_whoever_stood_still_while_it_wrote_writes_no_further(journal: Journal, real: Real, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    frozen = node(journal, folder, "a", StandsStill(after=20))
    with pytest.raises(Fault) as told:
        await frozen.look()
    assert told.value.code == "folder-overtaken"
    assert not front(folder).exists(), "the page of now is not among the first"
    real.at += LEASE_S + 1
    await node(journal, folder, "b").look()
    assert front(folder).exists()


async def test_who_writes_for_long_keeps_the_folder(
    journal: Journal, real: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "public"
    monkeypatch.setattr(pages, "LEASE_S", 0.3)
    monkeypatch.setattr(pages, "PAUSE_S", 0.05)
    writing = asyncio.create_task(node(journal, folder, "a", clock := Clock()).look())
    for _ in range(10):
        await asyncio.sleep(0.15)
        real.at, clock.at = real.at + 0.15, clock.at + 0.15
        assert not writing.done()
        await node(journal, folder, "b").look()
    assert not front(folder).exists(), "b may not write, and a is not so far"
    writing.cancel()


async def test_every_file_is_looked_at_again_after_a_while(journal: Journal, tmp_path: Path) -> None:
    folder, clock = tmp_path / "public", Clock()
    keeper = node(journal, folder, "a", clock)
    await keeper.look()
    page = folder / "past" / "ko" / "index.html"
    page.write_text("somebody wrote over it")
    await journal.heartbeat(T0 + timedelta(seconds=30), 30)
    await keeper.look()
    assert page.read_text() == "somebody wrote over it", "nothing was told since"
    clock.at += WHOLE_S
    await journal.heartbeat(T0 + timedelta(seconds=60), 30)
    await keeper.look()
    assert "한밭시" in page.read_text()
