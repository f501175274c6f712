"""The folder that a gateway keeps for any web server: written when something is told, by one of those who share it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.demo.town import FIRST, settle
from gateway.fault import Fault
from gateway.journal.contract import Journal
from gateway.journal.sqlite import SqliteJournal
from gateway.publishing import Feeds
from gateway.service import Service
from gateway.service.pages import LEASE_S, PublicFolder
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


def node(journal: Journal, folder: Path, name: str) -> PublicFolder:
    """Return one node's hand on a folder."""
    return PublicFolder(folder, Feeds(journal, (), "http://127.0.0.1", lambda: T0), site("ko"), journal, name)


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
