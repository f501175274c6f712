"""A whole record moves between stores, and its story goes on where it stopped."""

import hashlib
import shutil
import socket
from pathlib import Path

import apsw
import asyncpg
import pytest

from gateway.alert import IncidentKey, Kind
from gateway.channel import Verdict
from gateway.fault import Conflict, Fault, Unavailable
from gateway.journal.audit import verify
from gateway.journal.contract import Journal
from gateway.journal.copy import file, postgres, topics
from gateway.journal.copy.moving import Tally, move, tallies
from gateway.journal.copy.topics import FLAGS, TIMES, TOPICS
from gateway.journal.postgres import PostgresJournal, migrate
from gateway.journal.records import Arrival, Key, Person, Todo, TodoKind, Watched
from gateway.journal.sqlite import SqliteJournal
from gateway.source import Refusal
from tests.journal.postgres.server import Server
from tests.journal.samples import (
    SECOND,
    T0,
    claim,
    foreign,
    incident,
    placed,
    raw,
    reference,
    revision,
    settle,
    states,
    tell,
    version,
)

NUL = "the far side said \0 and \x7f, é"
DERIVED = {"migration", "probe", "chain", "given", "audit_place"}


async def lived(journal: Journal) -> None:
    """Leave something in every topic: several episodes, attempts of every kind, odd words, a lease, a seal."""
    about = IncidentKey("gauge", "gapcheon", 1)
    refused = (1, Refusal(code="unknown", message="what is this?"))
    watched = Watched(key="G-03", expected=0, state=b"\0\xff")
    await journal.accept(Arrival(at=T0, raw=raw(b"\0{}"), key="k1", reports=(placed(),), refusals=(refused,), watches=(watched,)))
    await journal.accept(Arrival(at=T0, raw=raw(b"[1]"), reports=(placed(incident(sequence=2), expected=1, closes=True),)))
    await journal.accept(Arrival(at=T0, raw=raw(b"[2]"), reports=(placed(incident(sequence=3), expected=2, episode=2),)))
    await journal.accept(Arrival(at=T0, reports=(placed(incident(source="tick", sequence=3), applied=False),)))
    await journal.accept(Arrival(at=T0, raw=raw(b"<a/>"), foreign=(foreign("over", 1, reference("rain", 0), kind="Cancel"),)))
    await journal.allocate("alert")
    await tell(journal, version(about=about), ["cap/a", "cap/b", "sms/all"], clears=True)
    first, second, *_ = await claim(journal, "cap", "sms")
    await settle(journal, first, Verdict.ACCEPTED)
    await settle(journal, second, Verdict.AMBIGUOUS)
    await journal.accept(Arrival(at=T0, todos=(Todo(kind=TodoKind.PAGE, subject="x", body=b"\0"),)))
    [task] = await journal.take(TodoKind.PAGE, 1, 30)
    await journal.finish(task, failure=NUL, retry_in=60)
    await journal.save_person(Person(name="김", roles=frozenset({"operator"}), password="x"), "admin", T0)  # noqa: S106
    await journal.save_key(Key(id="k", hash="h", person="김", created_at=T0), "admin", T0)
    await journal.lease("timers", "node", 30)
    await journal.seal(T0)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A file with a record in it."""
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    await lived(journal)
    await journal.close()
    return tmp_path / "journal.db"


@pytest.fixture
async def dsn(server: Server, tmp_path: Path) -> str:
    """An empty record in a database."""
    return await server.fresh(tmp_path)


async def into(path: Path, dsn: str) -> list[Tally]:
    async with file.held(path) as source, postgres.writing(dsn, None) as target:
        return list(await move(source, target))


async def out_of(dsn: str, path: Path) -> list[Tally]:
    async with postgres.reading(dsn, None) as source, file.filled(path) as target:
        return list(await move(source, target))


# Where the bytes of a receipt stand is each file's own affair
RECEIPTS = (
    "SELECT id, source, key, sha256, media_type, headers, actor, received_at, items, coalesce(r.body, b.body)"
    " FROM receipt r LEFT JOIN blob b USING (sha256) ORDER BY 1"
)


async def test_the_record_of_an_earlier_release_is_left_as_it_is_for_whoever_runs_on_it(server: Server, tmp_path: Path) -> None:
    dsn = server.dsn("earlier")
    boss = await asyncpg.connect(server.dsn())
    await boss.execute("CREATE DATABASE earlier")
    earlier = tmp_path / "migrations"
    shutil.copytree(migrate.FOLDER, earlier)
    (newest := max(earlier.glob("*.sql"))).unlink()
    cx = await asyncpg.connect(dsn)
    await migrate.bring_up(cx, earlier)

    with pytest.raises(Unavailable, match="store-older"):
        await out_of(dsn, tmp_path / "back.db")

    assert await cx.fetchval("SELECT max(number) FROM migration") == int(newest.name[:4]) - 1
    await cx.close()
    await boss.execute("DROP DATABASE earlier")
    await boss.close()


async def test_a_record_goes_into_a_database_and_back_and_is_the_same(path: Path, dsn: str, tmp_path: Path) -> None:
    there, back = await into(path, dsn), await out_of(dsn, tmp_path / "back.db")

    assert there == back
    assert [one.topic for one in there if one.rows == 0] == []
    for table in ("attempt", "delivery", "todo", "audit", "version", "issued", "person", "publication"):
        ours, copy = (rows(place, f"SELECT * FROM {table} ORDER BY 1, 2") for place in (path, tmp_path / "back.db"))  # noqa: S608
        assert ours == copy, table
    ours, copy = (rows(place, RECEIPTS) for place in (path, tmp_path / "back.db"))
    assert ours == copy
    newest = "SELECT source, id, episode, revision, open FROM incident WHERE episode = 2"
    assert rows(path, newest) == rows(tmp_path / "back.db", newest) == [("gauge", "gapcheon", 2, 3, 1)]


async def test_a_story_that_began_in_a_file_goes_on_in_a_database(path: Path, dsn: str) -> None:
    before = await SqliteJournal.open(path)
    told, audit, people = await before.alerts(), await before.audit(), await before.people()
    await before.close()
    await into(path, dsn)
    after = await PostgresJournal.open(dsn, node="a", offset=lambda: 60.0)

    assert (await after.alerts(), await after.audit(), await after.people()) == (told, audit, people)
    again = await after.accept(Arrival(at=T0 + SECOND, raw=raw(b"\0{}"), key="k1"))
    same_body = await after.accept(Arrival(at=T0 + SECOND, raw=raw(b"[1]")))
    assert (again.again, same_body.again) == (True, True)
    with pytest.raises(Conflict) as other_bytes:
        await after.accept(Arrival(at=T0 + SECOND, raw=raw(b"other"), key="k1"))
    assert other_bytes.value.code == "receipt-conflict"
    assert await after.allocate("alert") == 2
    head = (await after.heads([("gauge", "gapcheon")]))["gauge", "gapcheon"]
    assert (head.key.episode, head.revision) == (2, 3)
    await after.accept(Arrival(at=T0, raw=raw(b"[3]"), reports=(placed(incident(sequence=4), expected=3, episode=2),)))
    await after.close()


async def test_what_was_issued_in_a_file_is_cancelled_from_a_database(path: Path, dsn: str) -> None:
    await into(path, dsn)
    after = await PostgresJournal.open(dsn, node="a", offset=lambda: 60.0)
    await tell(after, version(number=2, kind=Kind.CANCEL), ["cap/a", "cap/b", "sms/all"], at=T0 + SECOND)
    gone: list[str] = []
    while claimed := await claim(after, "cap", "sms", now=T0 + SECOND):
        gone += [one.key for one in claimed]
        for one in claimed:
            await settle(after, one, Verdict.ACCEPTED, at=T0 + SECOND)

    assert "A1.2.cap.a" in gone
    assert gone.index("A1.2.cap.b") > (gone.index("A1.1.cap.b") if "A1.1.cap.b" in gone else -1)
    assert {key: state for key, state in (await states(after)).items() if key.startswith("A1.2")} == {
        "A1.2.cap.a": "accepted",
        "A1.2.cap.b": "accepted",
        "A1.2.sms.all": "accepted",
    }
    assert verify(await after.audit()) is None
    assert await revision(after, "A1") > 0
    await after.close()


async def test_rows_of_some_megabytes_go_there_and_back(dsn: str, tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    bodies = [bytes([number]) * (number << 20) + b"!" for number in range(1, 9)]
    for body in bodies:
        await journal.accept(Arrival(at=T0, raw=raw(body)))
    await journal.close()

    there, back = await into(tmp_path / "journal.db", dsn), await out_of(dsn, tmp_path / "back.db")
    assert there == back
    cx = await asyncpg.connect(dsn)
    kept = await cx.fetch("SELECT length(body), encode(sha256(body), 'hex') FROM blob ORDER BY 1")
    await cx.close()
    assert [tuple(row) for row in kept] == [(len(body), hashlib.sha256(body).hexdigest()) for body in bodies]
    assert rows(tmp_path / "back.db", "SELECT length(body) FROM blob ORDER BY 1") == [(len(body),) for body in bodies]


async def test_a_host_that_is_silent_does_not_hide_the_one_after_it(path: Path, server: Server, dsn: str) -> None:
    name = dsn.partition("@/")[2].partition("?")[0]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = f"{silent.getsockname()[1]},5432"
        told = await into(path, f"postgresql://postgres@/{name}?host=127.0.0.1,{server.home}&port={ports}")
    assert sum(one.rows for one in told) > len(TOPICS)


async def test_a_database_that_holds_anything_is_refused(path: Path, dsn: str) -> None:
    journal = await PostgresJournal.open(dsn, node="a")
    await journal.save_person(Person(name="kim", roles=frozenset(), password="x"), "admin", T0)  # noqa: S106
    await journal.close()
    with pytest.raises(Conflict) as refused:
        await into(path, dsn)
    assert refused.value.code == "store-not-empty"


async def test_a_database_of_something_else_is_left_alone(path: Path, dsn: str) -> None:
    cx = await asyncpg.connect(dsn)
    await cx.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE theirs (x integer)")
    with pytest.raises(Conflict) as refused:
        await into(path, dsn)
    assert refused.value.code == "store-not-empty"
    assert await cx.fetchval("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 1
    await cx.close()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE delivery SET due = due + 0.5",
        "UPDATE blob SET body = '\\x00' WHERE sha256 = (SELECT min(sha256) FROM blob)",
        "DELETE FROM attempt WHERE position = (SELECT min(position) FROM attempt)",
        "UPDATE chain SET digest = 'x'; ALTER TABLE audit DISABLE TRIGGER audit_is_never_changed; UPDATE audit SET actor = 'x'",
    ],
)
async def test_a_copy_that_is_not_equal_leaves_the_database_empty(
    path: Path, dsn: str, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = postgres.PostgresSide.write

    async def harmed(side: postgres.PostgresSide, topic: topics.Topic, rows: list[topics.Row]) -> None:
        await write(side, topic, rows)
        if topic == topics.AUDIT:
            await side._cx.execute(harm)

    monkeypatch.setattr(postgres.PostgresSide, "write", harmed)
    with pytest.raises(Fault) as refused:
        await into(path, dsn)
    assert refused.value.code == "copy-differs"
    monkeypatch.undo()
    assert await into(path, dsn)


async def test_a_broken_audit_is_found_on_the_way(path: Path, dsn: str) -> None:
    cx = apsw.Connection(str(path))
    cx.execute("DROP TRIGGER audit_is_never_changed; UPDATE audit SET actor = 'mallory' WHERE id = 3")
    cx.close()
    with pytest.raises(Fault) as refused:
        await into(path, dsn)
    assert refused.value.code == "audit-broken"


async def test_every_table_and_column_of_both_schemas_is_moved_or_derived(path: Path, dsn: str) -> None:
    moved = {(topic.name, column) for topic in TOPICS for column in topic.columns}
    cx = await asyncpg.connect(dsn)
    theirs = await cx.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    )
    await cx.close()

    derived = {("incident", name) for name in ("source", "id", "revision")}
    derived |= {("audit", "id"), ("delivery", "holder"), ("todo", "holder"), ("version", "status")}
    found = {(table, column) for table, column, _ in theirs if table not in DERIVED}
    assert found - derived == moved - {("episode", "revision")}
    assert {column for table, column, kind in theirs if kind.startswith("timestamp") and table not in DERIVED} == TIMES
    assert {column for table, column, kind in theirs if kind == "boolean"} == FLAGS
    sqlite = {name for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert sqlite - DERIVED == ({topic.name for topic in TOPICS} - {"episode"}) | {"incident"}


async def test_the_numbers_are_told_by_something_else_too(path: Path, dsn: str) -> None:
    counts = {one.topic: one.rows for one in await into(path, dsn)}
    cx = await asyncpg.connect(dsn)
    assert counts == {topic.name: await cx.fetchval(f"SELECT count(*) FROM {topic.name}") for topic in TOPICS}  # noqa: S608
    await cx.close()
    async with file.held(path) as source:
        assert {one.topic: one.rows for one in await tallies(source)} == counts


def rows(path: Path, question: str) -> list[tuple[object, ...]]:
    """Ask a file itself."""
    cx = apsw.Connection(str(path))
    try:
        return list(cx.execute(question))
    finally:
        cx.close()
