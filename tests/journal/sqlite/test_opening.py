# ruff: noqa: ASYNC240 - small files of the test's own
"""What a store refuses to be opened as, and how it says so."""

import asyncio
import os
import subprocess
import sys
import time
from operator import methodcaller
from pathlib import Path

import apsw
import pytest

from gateway.fault import Conflict, Unavailable
from gateway.journal.records import Person
from gateway.journal.sqlite import SqliteJournal, migrate
from gateway.journal.sqlite.opening import refuse_unsafe
from tests.journal.samples import T0

ROOT = Path(__file__).parents[3]
HOLD = """
import asyncio, sys
from pathlib import Path
from gateway.journal.sqlite import SqliteJournal
async def main():
    journal = await SqliteJournal.open(Path(sys.argv[1]))
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await journal.close()
asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


async def made(path: Path) -> Path:
    await (await SqliteJournal.open(path)).close()
    return path


async def refusal(path: Path) -> Unavailable:
    started = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        await SqliteJournal.open(path)
    assert time.monotonic() - started < 2
    assert refused.value.hint
    return refused.value


async def test_a_store_is_durable_and_for_its_owner_only(path: Path) -> None:
    journal = await SqliteJournal.open(path)
    pragmas = {
        name: await journal.writer.run(methodcaller("pragma", name))
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    await journal.close()

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 1000}
    assert path.stat().st_mode & 0o777 == 0o600


def refused_library(version: str) -> list[tuple[str, str]]:
    """Return the code and the hint with which a library is refused, nothing where it is accepted."""
    try:
        refuse_unsafe(version)
    except Unavailable as refused:
        return [(refused.code, refused.hint)]
    return []


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.44.5", "3.45.0", "3.50.6", "3.51.2"])
def test_a_sqlite_that_can_lose_commits_is_refused(version: str) -> None:
    ((code, hint),) = refused_library(version)
    assert code == "store-sqlite-unsafe"
    assert "apsw" in hint


@pytest.mark.parametrize("version", ["3.44.6", "3.50.7", "3.51.3", "3.53.0", "3.54.1", "4.0"])
def test_a_mended_sqlite_is_accepted(version: str) -> None:
    assert refused_library(version) == []


def test_the_sqlite_we_run_on_is_mended() -> None:
    assert refused_library(apsw.sqlite_lib_version()) == []


async def test_a_file_that_is_no_store_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"these are not the bytes of a store " * 100)

    assert (await refusal(path)).code == "store-corrupt"
    assert path.read_bytes().startswith(b"these are not")


async def test_a_damaged_store_is_refused(path: Path) -> None:
    await made(path)
    body = bytearray(path.read_bytes())
    body[8192:12288] = os.urandom(4096)
    path.write_bytes(body)

    assert (await refusal(path)).code == "store-corrupt"


async def test_a_read_only_file_is_refused(path: Path) -> None:
    (await made(path)).chmod(0o444)

    assert (await refusal(path)).code == "store-read-only"


async def test_a_folder_that_is_not_there_is_refused(path: Path) -> None:
    assert (await refusal(path.parent / "nowhere" / "journal.db")).code == "store-unavailable"


@pytest.mark.parametrize("rest", [None, b""])
@pytest.mark.parametrize("shared", [False, True])
async def test_a_log_without_its_file_is_refused_and_left_alone(path: Path, rest: bytes | None, *, shared: bool) -> None:
    journal = await SqliteJournal.open(path)
    await journal.allocate("before")
    wal, kept = path.with_name("journal.db-wal"), path.read_bytes()
    log = wal.read_bytes()
    await journal.close()
    path.unlink()
    if rest is not None:
        path.write_bytes(rest)
    wal.write_bytes(log)

    with pytest.raises(Unavailable) as refused:
        await SqliteJournal.open(path, shared=shared)
    assert refused.value.code == "store-file-missing"
    assert wal.read_bytes() == log
    path.write_bytes(kept)
    journal = await SqliteJournal.open(path)
    assert await journal.allocate("before") == 2
    await journal.close()


async def test_an_empty_file_without_a_log_is_a_new_store(path: Path) -> None:
    path.touch()
    path.with_name("journal.db-wal").touch()
    journal = await SqliteJournal.open(path)
    assert await journal.allocate("before") == 1
    await journal.close()


async def test_a_store_from_the_future_is_refused(path: Path) -> None:
    await made(path)
    cx = apsw.Connection(str(path))
    cx.execute("INSERT INTO migration (number, name, sha256) VALUES (9999, 'later', 'x')")
    cx.close()

    refused = await refusal(path)
    assert refused.code == "store-newer"
    assert "9999" in refused.message


async def test_a_migration_that_was_changed_after_it_was_applied_is_refused(path: Path) -> None:
    await made(path)
    cx = apsw.Connection(str(path))
    cx.execute("UPDATE migration SET sha256 = 'another' WHERE number = 1")
    cx.close()

    assert (await refusal(path)).code == "store-migration-changed"


async def test_migrations_are_applied_in_order_once_and_all_or_none(tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    folder.mkdir()
    (folder / "0002_more.sql").write_text("ALTER TABLE thing ADD COLUMN size INTEGER;")
    (folder / "0001_first.sql").write_text("CREATE TABLE thing (name TEXT); INSERT INTO thing VALUES ('a');")
    cx = apsw.Connection(str(tmp_path / "other.db"))
    migrate.apply(cx, migrate.pending(cx, folder))
    assert cx.execute("SELECT name, size FROM thing").fetchall() == [("a", None)]
    assert migrate.pending(cx, folder) == []

    (folder / "0003_good.sql").write_text("CREATE TABLE good (x);")
    (folder / "0004_bad.sql").write_text("CREATE TABLE thing (again TEXT);")
    with pytest.raises(apsw.SQLError):
        migrate.apply(cx, migrate.pending(cx, folder))
    cx.close()
    again = apsw.Connection(str(tmp_path / "other.db"))
    assert not again.table_exists("main", "good")
    assert [step.number for step in migrate.pending(again, folder)] == [3, 4]
    again.close()


async def test_one_process_at_a_time_owns_a_store(path: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLD, str(path)), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    assert await owner.stdout.readline() == b"open\n"

    refused = await refusal(path)
    assert refused.code == "store-in-use"
    assert str(owner.pid) in refused.message
    await beside(path)
    await owner.communicate(b"")
    assert owner.returncode == 0
    journal = await SqliteJournal.open(path)
    assert [person.name for person in await journal.people()] == ["kim"]
    await journal.close()


async def beside(path: Path) -> None:
    """Do what `bongsu user add` does while the gateway runs."""
    shared = await SqliteJournal.open(path, shared=True)
    await shared.save_person(Person(name="kim", roles=frozenset(), password="x"), "admin", T0)  # noqa: S106 - not a real one
    with pytest.raises(Conflict) as refused:
        await shared.recover()
    with pytest.raises(Conflict):
        await shared.put_back([T0], [], T0)
    assert refused.value.code == "store-shared"
    await shared.close()


async def test_a_running_gateway_notices_what_was_saved_beside_it(path: Path) -> None:
    journal = await SqliteJournal.open(path)
    assert await journal.people() == []
    await beside(path)

    assert [person.name for person in await journal.people()] == ["kim"]
    await journal.close()


async def test_a_store_may_be_made_by_a_command_before_the_gateway_first_runs(path: Path) -> None:
    await beside(path)
    journal = await SqliteJournal.open(path)

    assert [person.name for person in await journal.people()] == ["kim"]
    await journal.close()


async def test_an_old_store_is_not_migrated_under_a_running_gateway(path: Path) -> None:
    journal = await SqliteJournal.open(path)
    await journal.writer.run(lambda cx: cx.execute("DELETE FROM migration").get)
    with pytest.raises(Unavailable) as refused:
        await SqliteJournal.open(path, shared=True)

    assert refused.value.code == "store-in-use"
    await journal.close()
