"""Backups are whole or not there; what comes back from one sends nothing by itself and gives no number out twice."""

from datetime import datetime
from pathlib import Path

import apsw
import msgspec
import pytest

from gateway import config
from gateway.alert import Kind
from gateway.channel import Verdict
from gateway.config import Settings
from gateway.fault import Conflict, Fault, Missing, Unavailable
from gateway.journal.audit import verify
from gateway.journal.copy import file
from gateway.journal.records import Arrival, Todo, TodoKind
from gateway.journal.sqlite import SqliteJournal
from gateway.service import keeping
from tests.journal.samples import HOUR, T0, claim, placed, raw, settle, states, tell, version

HANBAT = Path(__file__).parents[2] / "gateway" / "demo" / "hanbat"
LATER = T0 + HOUR / 2


@pytest.fixture
def city(tmp_path: Path) -> Settings:
    return msgspec.structs.replace(config.read(HANBAT), store=tmp_path / "bongsu.db")


async def lived(journal: SqliteJournal) -> None:
    """One message arrived, one is on its way, one waits, one is held back; a draft and a page are owed."""
    await tell(journal, version(), ["sms/all", "cap/a", "cap/b"], clears=True)
    first, *_ = await claim(journal, "cap", most=1)
    await settle(journal, first, Verdict.ACCEPTED)
    await claim(journal, "cap", most=1)
    owed = Todo(kind=TodoKind.DRAFT, subject="gauge/gapcheon")
    await journal.accept(Arrival(at=T0, raw=raw(), reports=(placed(),), todos=(owed,)))
    assert await journal.allocate("alert") == 1


async def backed_up(city: Settings, to: Path) -> None:
    journal = await SqliteJournal.open(city.store)
    await lived(journal)
    await keeping.backup(city, to)
    await journal.close()


async def restored(city: Settings, backup: Path) -> tuple[int, Settings]:
    elsewhere = msgspec.structs.replace(city, store=city.store.parent / "another" / "bongsu.db")
    return await keeping.restore(elsewhere, backup, LATER, "local:kim"), elsewhere


async def test_a_backup_is_made_beside_a_running_gateway_and_is_one_whole_file(city: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    await backed_up(city, folder / "a.db")

    assert [file.name for file in folder.iterdir()] == ["a.db"]
    assert (folder / "a.db").stat().st_mode & 0o777 == 0o600
    cx = apsw.Connection(str(folder / "a.db"), flags=apsw.SQLITE_OPEN_READONLY)
    assert cx.execute("PRAGMA integrity_check").get == "ok"
    assert cx.execute("SELECT count(*) FROM delivery").get == 6
    cx.close()


async def test_a_backup_overwrites_nothing_unless_told_to(city: Settings, tmp_path: Path) -> None:
    await backed_up(city, tmp_path / "a.db")
    with pytest.raises(Conflict) as refused:
        await keeping.backup(city, tmp_path / "a.db")
    assert (refused.value.code, "--force" in refused.value.hint) == ("file-exists", True)
    await keeping.backup(city, tmp_path / "a.db", force=True)


@pytest.mark.parametrize("own", ["bongsu.db", "there/../bongsu.db", "bongsu.db-wal", "bongsu.db-shm", "bongsu.lock"])
async def test_no_backup_takes_the_place_of_the_record_or_of_what_belongs_to_it(city: Settings, tmp_path: Path, own: str) -> None:
    (tmp_path / "there").mkdir()
    journal = await SqliteJournal.open(city.store)
    assert await journal.allocate("alert") == 1
    with pytest.raises(Conflict) as refused:
        await keeping.backup(city, tmp_path / own, force=True)
    assert refused.value.code == "file-in-use"
    assert await journal.allocate("alert") == 2
    await journal.close()


async def test_nor_where_the_record_stands_behind_a_link(city: Settings, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    await (await SqliteJournal.open(tmp_path / "disk" / "real.db")).close()
    city.store.symlink_to(tmp_path / "disk" / "real.db")
    for own in (city.store, tmp_path / "disk" / "real.db", tmp_path / "disk" / "real.db-wal"):
        with pytest.raises(Conflict, match="belongs to the record itself"):
            await keeping.backup(city, own, force=True)


async def test_nothing_is_left_of_a_backup_that_is_not_sound(city: Settings, tmp_path: Path) -> None:
    journal = await SqliteJournal.open(city.store)
    await lived(journal)
    await journal.close()
    harm(city.store)

    with pytest.raises(Fault) as broken:
        await keeping.backup(city, tmp_path / "a.db")

    assert broken.value.code == "audit-broken"
    assert left(tmp_path) == []


async def test_what_was_under_way_comes_back_unknown_and_is_never_sent_by_itself(city: Settings, tmp_path: Path) -> None:
    await backed_up(city, tmp_path / "a.db")
    unknown, elsewhere = await restored(city, tmp_path / "a.db")
    journal = await SqliteJournal.open(elsewhere.store)
    await journal.recover()

    assert unknown == 2
    assert sorted((await states(journal)).values()) == ["accepted"] + ["held"] * 3 + ["unknown"] * 2
    assert await claim(journal, "sms", "cap", now=LATER) == []
    pages = {task.subject: task.body for task in await journal.take(TodoKind.PAGE, 9, 30)}
    assert b"2 deliveries of A1 may" in pages["restored/delivery-unknown/A1"]
    assert b"A1 is live again" in pages["restored/restored-live/A1"]
    assert verify(await journal.audit()) is None
    assert (await journal.audit("service"))[-1].actor == "local:kim"
    await journal.close()


async def test_a_cancel_still_follows_what_may_have_gone_out(city: Settings, tmp_path: Path) -> None:
    await backed_up(city, tmp_path / "a.db")
    _, elsewhere = await restored(city, tmp_path / "a.db")
    journal = await SqliteJournal.open(elsewhere.store)
    await tell(journal, version(number=2, kind=Kind.CANCEL), ["sms/all", "cap/a", "cap/b"], at=LATER)

    assert {one.key for one in await claim(journal, "sms", "cap", now=LATER)} == {"A1.2.sms.all", "A1.2.cap.a", "A1.2.cap.b"}
    await journal.close()


@pytest.mark.parametrize("at", [LATER, T0 + 2 * HOUR])
async def test_what_came_back_live_is_cleared_when_it_expires(city: Settings, tmp_path: Path, at: datetime) -> None:
    journal = await SqliteJournal.open(city.store)
    await tell(journal, version(), ["sign/north", "sign/south"], clears=True)
    await settle(journal, (await claim(journal, "sign", most=1))[0], Verdict.ACCEPTED)
    await keeping.backup(city, tmp_path / "a.db")
    await journal.close()
    elsewhere = msgspec.structs.replace(city, store=tmp_path / "another" / "bongsu.db")

    assert await keeping.restore(elsewhere, tmp_path / "a.db", at, "local:kim") == 1
    journal = await SqliteJournal.open(elsewhere.store)
    await journal.recover()
    assert await claim(journal, "sign", now=at) == []
    await journal.expire("A1", 1, (await journal.alert("A1")).revision, at + HOUR)

    cleared = {one.key for one in await claim(journal, "sign", now=at + HOUR)}
    assert cleared == {"A1.1.sign.north.clear", "A1.1.sign.south.clear"}
    await journal.close()


async def test_numbers_and_publications_go_on_far_beyond_the_backup(city: Settings, tmp_path: Path) -> None:
    await backed_up(city, tmp_path / "a.db")
    _, elsewhere = await restored(city, tmp_path / "a.db")
    journal = await SqliteJournal.open(elsewhere.store)

    assert await journal.allocate("alert") == 1002
    assert (await journal.publication()).revision > 1000
    await journal.close()


async def test_an_incident_that_was_not_drafted_yet_waits_for_a_person(city: Settings, tmp_path: Path) -> None:
    await backed_up(city, tmp_path / "a.db")
    _, elsewhere = await restored(city, tmp_path / "a.db")
    journal = await SqliteJournal.open(elsewhere.store)

    assert await journal.take(TodoKind.DRAFT, 9, 30) == []
    [failure] = await journal.failures()
    assert (failure.subject, b"backup" in failure.body) == ("gauge/gapcheon", True)
    await journal.close()


async def test_a_record_is_never_overwritten_by_a_restore(city: Settings, tmp_path: Path) -> None:
    await backed_up(city, tmp_path / "a.db")
    before = city.store.read_bytes()
    with pytest.raises(Conflict) as refused:
        await keeping.restore(city, tmp_path / "a.db", LATER, "kim")
    assert refused.value.code == "store-not-empty"
    assert city.store.read_bytes() == before


@pytest.mark.parametrize("ends", [["-wal", "-shm"], ["-journal"]])
async def test_a_restore_is_refused_beside_the_log_of_a_record_that_was_moved_away(
    city: Settings, tmp_path: Path, ends: list[str]
) -> None:
    await backed_up(city, tmp_path / "a.db")
    for end in ends:
        city.store.with_name(f"bongsu.db{end}").write_bytes(b"of the old record")
    for moved, place in ((False, "there is a record"), (True, "bongsu.db")):
        if moved:
            city.store.rename(tmp_path / "damaged.db")
        with pytest.raises(Conflict) as refused:
            await keeping.restore(city, tmp_path / "a.db", LATER, "kim")
        assert (refused.value.code, place in refused.value.message) == ("store-not-empty", True)
        told = refused.value.message if moved else refused.value.hint
        assert all(f"bongsu.db{end}" in told for end in ends)
        assert "bongsu.db-wal is damaged.db-wal" in refused.value.hint
    for end in ends:
        city.store.with_name(f"bongsu.db{end}").rename(tmp_path / f"damaged.db{end}")
    assert await keeping.restore(city, tmp_path / "a.db", LATER, "kim") == 2


async def test_an_empty_log_that_a_reader_left_keeps_nobody_from_a_restore(city: Settings, tmp_path: Path) -> None:
    await backed_up(city, tmp_path / "a.db")
    await keeping.backup(city, tmp_path / "b.db")
    assert [end for end in file.BESIDE if city.store.with_name(f"bongsu.db{end}").exists()] == ["-wal", "-shm"]
    city.store.unlink()

    await keeping.restore(city, tmp_path / "b.db", LATER, "kim")

    journal = await SqliteJournal.open(city.store)
    assert (await journal.audit("service"))[-1].act == "restored"
    assert verify(await journal.audit()) is None
    await journal.close()


@pytest.mark.parametrize(
    ("crime", "code"),
    [
        ("DROP TRIGGER audit_is_never_changed; UPDATE audit SET actor = 'x' WHERE id = 2", "audit-broken"),
        ("INSERT INTO migration (number, name, sha256) VALUES (9999, 'later', 'x')", "store-newer"),
        ("DROP TABLE migration", "store-foreign"),
    ],
)
async def test_what_is_no_sound_record_is_not_restored(city: Settings, tmp_path: Path, crime: str, code: str) -> None:
    await backed_up(city, tmp_path / "a.db")
    cx = apsw.Connection(str(tmp_path / "a.db"))
    cx.execute(crime)
    cx.close()
    with pytest.raises(Fault) as refused:
        await restored(city, tmp_path / "a.db")
    assert (refused.value.code, bool(refused.value.hint)) == (code, True)
    assert left(tmp_path / "another") == []


async def test_bytes_that_are_no_record_are_not_restored(city: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"these are not the bytes of a record" * 100)
    with pytest.raises(Unavailable) as refused:
        await restored(city, tmp_path / "a.db")
    assert refused.value.code == "store-corrupt"


async def test_there_must_be_something_to_back_up(city: Settings, tmp_path: Path) -> None:
    with pytest.raises(Missing) as missing:
        await keeping.backup(city, tmp_path / "a.db")
    assert missing.value.code == "store-missing"


def left(folder: Path) -> list[Path]:
    """Return what stands there of a backup or a record that was not finished."""
    return [file for file in folder.iterdir() if file.name.startswith((".", "a.db-"))]


def harm(path: Path) -> None:
    cx = apsw.Connection(str(path))
    cx.execute("DROP TRIGGER audit_is_never_changed; UPDATE audit SET actor = 'mallory' WHERE id = 2")
    cx.close()
