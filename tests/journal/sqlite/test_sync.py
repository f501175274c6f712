"""A disk that reports an error while a commit is flushed: nobody is told that it did not happen, for it may come back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.fault import ANSWER_LATE, Unavailable
from gateway.journal.records import Arrival
from gateway.journal.sqlite import SqliteJournal
from tests.journal.samples import T0, incident, placed, raw


class Disk(apsw.VFS):
    """Flushes as the disk below it does, or reports an error instead."""

    def __init__(self) -> None:
        self.below = apsw.vfs_names()[0]
        super().__init__("ailing", self.below, makedefault=True)
        self.ails = False

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's word
        """Open a file of this disk."""
        return File(self, name, flags)


class File(apsw.VFSFile):
    """One file on such a disk."""

    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__(disk.below, name, flags)
        self.disk = disk

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's word
        """Flush it, if the disk can."""
        if self.disk.ails:
            raise apsw.IOError("the device does not answer")
        super().xSync(flags)


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.unregister()


def arrival(name: str) -> Arrival:
    return Arrival(at=T0, raw=raw(name.encode()), key=name, reports=(placed(incident(name)),))


async def test_what_a_failed_flush_may_have_kept_is_called_unknown_and_can_be_asked_for_again(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    journal = await SqliteJournal.open(tmp_path / "here" / "journal.db")
    await journal.accept(arrival("before"))
    disk.ails = True
    with pytest.raises(Unavailable, match=ANSWER_LATE):
        await journal.accept(arrival("unknown"))
    # What a restart would find if the machine died now
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    disk.ails = False
    assert await journal.known(raw(b"unknown"), "unknown") is None, "nobody reads what nobody was promised"
    assert not (await journal.accept(arrival("unknown"))).again
    await journal.close()

    came_back = await SqliteJournal.open(tmp_path / "there" / "journal.db")
    assert (await came_back.accept(arrival("before"))).again
    assert (await came_back.accept(arrival("unknown"))).again
    await came_back.close()
