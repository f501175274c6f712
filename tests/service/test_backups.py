"""Backups by themselves: when one is due, how many stay, and that one that fails is seen and paged once."""

import os
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from gateway import config
from gateway.config import Backups, Database, Settings
from gateway.fault import Fault
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import TodoKind
from gateway.journal.sqlite import SqliteJournal
from gateway.service.backups import AGAIN, Archivist, known
from tests.journal.postgres.server import Server
from tests.journal.samples import T0

HANBAT = Path(__file__).parents[2] / "gateway" / "demo" / "hanbat"
HOUR = timedelta(hours=1)


@pytest.fixture
def city(tmp_path: Path) -> Settings:
    backups = Backups(folder=tmp_path / "backups", every_h=6, kept=2)
    return msgspec.structs.replace(config.read(HANBAT), store=tmp_path / "bongsu.db", backups=backups)


async def test_a_backup_is_made_when_the_newest_is_old_and_old_ones_go(city: Settings, tmp_path: Path) -> None:
    journal = await SqliteJournal.open(city.store)
    archivist, other = Archivist(city, journal, "a"), Archivist(city, journal, "b")
    for hours in (0, 1, 5.9, 6, 11, 12):
        await archivist.look(T0 + hours * HOUR)
        await other.look(T0 + hours * HOUR)
    await journal.close()

    assert [file.name for file in known(tmp_path / "backups")] == ["bongsu-20260714T152000Z.db", "bongsu-20260714T212000Z.db"]


async def test_each_gateway_of_a_database_makes_backups_of_its_own(city: Settings, server: Server, tmp_path: Path) -> None:
    dsn = await server.fresh(tmp_path)
    folders = {name: tmp_path / name for name in "ab"}
    journals = {name: await PostgresJournal.open(dsn, node=name) for name in "ab"}
    for name, folder in folders.items():
        settings = msgspec.structs.replace(city, database=Database(url=dsn), backups=Backups(folder=folder, every_h=6, kept=2))
        archivist = Archivist(settings, journals[name], name)
        for hours in (0, 1, 6, 12):
            await journals[name].note("service", "kim", f"{name} {hours}", {}, T0)
            await archivist.look(T0 + hours * HOUR)

    told = ["a 0", "a 1", "a 6", "a 12", "b 0", "b 1", "b 6", "b 12"]
    for folder, seen in ((folders["a"], told[:4]), (folders["b"], told)):
        made = known(folder)
        assert [file.name for file in made] == ["bongsu-20260714T152000Z.db", "bongsu-20260714T212000Z.db"]
        kept = await SqliteJournal.open(made[-1])
        assert [entry.act for entry in await kept.audit("service")] == seen
        await kept.close()
    for journal in journals.values():
        await journal.close()


async def test_a_strangers_file_is_neither_counted_nor_deleted(city: Settings, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    mine = [tmp_path / "backups" / name for name in ("bongsu-before-upgrade-Z.db", "notes.txt")]
    for file in mine:
        file.write_text("mine")
    journal = await SqliteJournal.open(city.store)
    archivist = Archivist(city, journal, "a")
    for number in range(4):
        await archivist.look(T0 + number * 6 * HOUR)
    await journal.close()

    assert [file.read_text() for file in mine] == ["mine", "mine"]
    assert len(known(tmp_path / "backups")) == 2


async def test_a_backup_that_fails_is_a_trouble_until_it_is_mended_and_paged_once(city: Settings, tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("a file stands where the folder should be")
    journal = await SqliteJournal.open(city.store)
    archivist = Archivist(city, journal, "a")
    for at in (T0, T0 + AGAIN / 2, T0 + AGAIN, T0 + 3 * AGAIN):
        with pytest.raises(Fault) as failed:
            await archivist.look(at)
        assert failed.value.code == "folder-unwritable"
    [page] = await journal.take(TodoKind.PAGE, 9, 30)
    assert b"backup-failed" in page.body
    (tmp_path / "backups").unlink()
    await archivist.look(T0 + 5 * AGAIN)
    await archivist.look(T0 + 5 * AGAIN)
    await journal.close()

    assert len(known(tmp_path / "backups")) == 1


async def test_a_backup_from_the_future_ends_no_others_and_is_told_once(city: Settings, tmp_path: Path) -> None:
    journal = await SqliteJournal.open(city.store)
    archivist, year = Archivist(city, journal, "a"), 365 * 24 * HOUR
    for at in (T0, T0 + year):
        await archivist.look(at)
    for hours in (6, 7, 12, 18):
        with pytest.raises(Fault) as told:
            await archivist.look(T0 + hours * HOUR)
        assert (told.value.code, "20270714T092000Z" in told.value.message) == ("backup-ahead", True)
    [page] = await journal.take(TodoKind.PAGE, 9, 30)
    assert b"bongsu-20270714T092000Z.db" in page.body
    ahead = tmp_path / "backups" / "bongsu-20270714T092000Z.db"
    kept = ["bongsu-20260714T212000Z.db", "bongsu-20260715T032000Z.db"]
    assert [file.name for file in known(tmp_path / "backups")] == [*kept, ahead.name]
    ahead.unlink()
    await archivist.look(T0 + 19 * HOUR)
    await journal.close()


async def test_a_clock_that_went_back_deletes_nothing(city: Settings, tmp_path: Path) -> None:
    journal = await SqliteJournal.open(city.store)
    archivist = Archivist(city, journal, "a")
    for hours in (0, 6):
        await archivist.look(T0 + hours * HOUR)
    for hours in (-90, -80, -70):
        with pytest.raises(Fault):
            await archivist.look(T0 + hours * HOUR)
    await journal.close()

    days = [file.name[7:18] for file in known(tmp_path / "backups")]
    assert days == ["20260711T01", "20260711T11", "20260714T09", "20260714T15"]


async def test_a_clock_that_is_a_little_behind_another_makes_no_backup_for_that(city: Settings, tmp_path: Path) -> None:
    journal = await SqliteJournal.open(city.store)
    await Archivist(city, journal, "a").look(T0)
    await Archivist(city, journal, "b").look(T0 - timedelta(seconds=5))
    await journal.close()

    assert len(known(tmp_path / "backups")) == 1


async def test_a_failure_while_the_clock_was_ahead_is_not_waited_out(city: Settings, tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("a file stands where the folder should be")
    journal = await SqliteJournal.open(city.store)
    archivist = Archivist(city, journal, "a")
    with pytest.raises(Fault):
        await archivist.look(T0 + 365 * 24 * HOUR)
    (tmp_path / "backups").unlink()
    await archivist.look(T0)
    await journal.close()

    assert len(known(tmp_path / "backups")) == 1


async def test_what_a_killed_backup_left_goes_before_the_next_is_made(city: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    left = [folder / f".bongsu-20260714T000000Z.db.{rest}" for rest in ("part", "0123abcd.part", "0123abcd.part-journal")]
    mine = [folder / ".notes.db.part", folder / ".bongsu-20260714T001000Z.db.89ab4567.part"]
    for file in (*left, *mine):
        file.write_text("left")
    for file in (*left, mine[0]):
        os.utime(file, (0, 0))
    journal = await SqliteJournal.open(city.store)
    await Archivist(city, journal, "a").look(T0)
    await journal.close()

    assert sorted(folder.iterdir()) == sorted([*mine, *known(folder)])
