# ruff: noqa: ASYNC240 - small files of the test's own
"""Files that are deleted under a running gateway: nothing acknowledged is lost, and no second one works on the same record."""

import fcntl
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import apsw
import pytest

from gateway.fault import Unavailable
from gateway.journal.sqlite import SqliteJournal
from gateway.journal.sqlite.opening import hold


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(path)
    await journal.allocate("before")
    yield journal
    await journal.close()


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


async def refusal(journal: SqliteJournal) -> Unavailable:
    with pytest.raises(Unavailable) as refused:
        await journal.allocate("never")
    return refused.value


async def left_by_a_kill(path: Path, folder: Path) -> dict[object, object]:
    """Return what a start finds in the files that have a name now, as it would after `kill -9`."""
    folder.mkdir()
    for suffix in ("", "-wal"):
        if beside(path, suffix).exists():
            shutil.copy(beside(path, suffix), folder)
    journal = await SqliteJournal.open(folder / path.name)
    rows = await journal.reader.run(lambda cx: cx.execute("SELECT scope, last FROM serial").fetchall())
    await journal.close()
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("lost", [("-wal",), ("-shm",), ("-wal", "-shm")])
async def test_a_log_that_is_deleted_is_saved_and_nothing_more_is_acknowledged(
    journal: SqliteJournal, path: Path, tmp_path: Path, lost: Sequence[str]
) -> None:
    for suffix in lost:
        beside(path, suffix).unlink()
    refused = await refusal(journal)

    assert (refused.code, "start the gateway again" in refused.hint) == ("store-log-gone", True)
    assert (await refusal(journal)).code == "store-log-gone"
    assert await left_by_a_kill(path, tmp_path / "killed") == {"before": 1}
    await journal.close()
    again = await SqliteJournal.open(path)
    assert [await again.allocate(scope) for scope in ("before", "never")] == [2, 1]
    await again.close()


async def test_a_log_that_cannot_be_saved_yet_is_saved_at_the_next_try(
    journal: SqliteJournal, path: Path, tmp_path: Path
) -> None:
    journal.writer._cx.set_busy_timeout(50)
    other = apsw.Connection(str(path))
    other.execute("BEGIN")
    other.execute("SELECT * FROM serial").fetchall()
    await journal.allocate("after that")
    beside(path, "-wal").unlink()

    assert "do not kill it" in (await refusal(journal)).hint
    other.close()
    assert "start the gateway again" in (await refusal(journal)).hint
    assert await left_by_a_kill(path, tmp_path / "killed") == {"before": 1, "after that": 1}


async def test_a_log_of_somebody_else_is_left_alone(journal: SqliteJournal, path: Path) -> None:
    wal = beside(path, "-wal")
    wal.rename(beside(path, ".kept"))
    wal.write_bytes(b"of somebody else")
    before = path.read_bytes()

    assert "stop whatever else" in (await refusal(journal)).hint
    await journal.close()
    assert (path.read_bytes(), wal.read_bytes()) == (before, b"of somebody else")


async def test_a_log_that_is_put_back_is_written_on(journal: SqliteJournal, path: Path) -> None:
    beside(path, "-wal").rename(beside(path, ".away"))
    assert (await refusal(journal)).code == "store-log-gone"
    beside(path, ".away").rename(beside(path, "-wal"))
    assert await journal.allocate("before") == 2


async def test_the_log_may_be_moved_into_the_file_and_read_and_copied_while_it_is_watched(
    journal: SqliteJournal, path: Path, tmp_path: Path
) -> None:
    shared = await SqliteJournal.open(path, shared=True)
    await shared.allocate("shared")
    await shared.check()
    await shared.close()
    command = apsw.Connection(str(path))
    command.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    command.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    command.execute("VACUUM")
    command.close()
    assert [await journal.allocate(scope) for scope in ("before", "shared")] == [2, 2]


async def test_a_lock_that_is_deleted_is_made_anew_and_keeps_others_out(journal: SqliteJournal, path: Path) -> None:
    path.with_suffix(".lock").unlink()
    await journal.allocate("before")
    with pytest.raises(Unavailable) as refused:
        await SqliteJournal.open(path)
    assert refused.value.code == "store-in-use"

    await journal.close()
    await (await SqliteJournal.open(path)).close()


async def test_who_lost_its_lock_to_another_writes_nothing_while_that_one_runs(journal: SqliteJournal, path: Path) -> None:
    path.with_suffix(".lock").unlink()
    with hold(path):
        assert (await refusal(journal)).code == "store-in-use"
    assert await journal.allocate("before") == 2


def test_a_lock_that_is_deleted_while_it_is_taken_is_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, taken, real = path.with_suffix(".lock"), list[int](), fcntl.flock

    def flock(file: int, how: int) -> None:
        real(file, how)
        taken.append(1)
        if len(taken) == 1:
            lock.unlink()

    monkeypatch.setattr(fcntl, "flock", flock)
    with hold(path), pytest.raises(Unavailable) as refused:
        hold(path)
    assert refused.value.code == "store-in-use"
    assert len(taken) == 2
