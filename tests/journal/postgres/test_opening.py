"""What a database refuses to be opened as, and how it says so."""

import asyncio
import time
from pathlib import Path

import asyncpg
import pytest

from gateway.fault import BadInput, Conflict, Unavailable
from gateway.journal.postgres import PostgresJournal, migrate
from gateway.journal.records import Person
from tests.journal.postgres.server import Server
from tests.journal.samples import T0


async def refusal(dsn: str) -> Unavailable:
    started = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        await PostgresJournal.open(dsn)
    assert time.monotonic() - started < 2
    assert refused.value.hint
    return refused.value


async def run(dsn: str, statement: str) -> None:
    cx = await asyncpg.connect(dsn)
    try:
        await cx.execute(statement)
    finally:
        await cx.close()


def name(dsn: str) -> str:
    return dsn.partition("@/")[2].partition("?")[0]


async def test_a_server_that_answers_before_its_disk_does_is_refused(dsn: str) -> None:
    await run(dsn, f"ALTER DATABASE {name(dsn)} SET synchronous_commit = off")

    refused = await refusal(dsn)
    assert refused.code == "store-server-unsafe"
    assert "synchronous_commit = off" in refused.message


async def test_a_server_that_answers_before_its_standby_is_refused(dsn: str) -> None:
    await run(dsn, f"ALTER DATABASE {name(dsn)} SET synchronous_commit = local")
    await (await PostgresJournal.open(dsn)).close()
    await run(dsn, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    try:
        await run(dsn, "SELECT pg_reload_conf()")
        assert "local" in (await refusal(dsn)).message
    finally:
        await run(dsn, "ALTER SYSTEM RESET synchronous_standby_names")
        await run(dsn, "SELECT pg_reload_conf()")


async def test_a_server_that_turns_out_to_be_unsafe_later_is_refused(dsn: str) -> None:
    journal = await PostgresJournal.open(dsn)
    await run(dsn, f"ALTER DATABASE {name(dsn)} SET synchronous_commit = off")
    await run(dsn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bongsu'")

    codes = set()
    for _ in range(10):
        with pytest.raises(Unavailable) as refused:
            await journal.save_person(Person(name="kim", roles=frozenset(), password=""), "setup", T0)
        codes.add(refused.value.code)
    await journal.close()
    assert "store-server-unsafe" in codes


async def test_a_server_that_may_only_be_read_is_refused(dsn: str) -> None:
    await run(dsn, f"ALTER DATABASE {name(dsn)} SET default_transaction_read_only = on")

    assert (await refusal(dsn)).code == "store-read-only"


async def test_a_database_that_is_not_there_is_refused(server: Server) -> None:
    assert (await refusal(server.dsn("nowhere"))).code == "store-missing"


async def test_a_server_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert (await refusal(f"postgresql://postgres@/x?host={tmp_path}")).code == "store-unavailable"


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslkey", "sslcrl"])
async def test_a_file_of_the_url_that_cannot_be_read_is_named_and_not_waited_for(tmp_path: Path, name: str) -> None:
    refused = await refusal(f"postgresql://postgres@/x?host={tmp_path}&sslmode=verify-full&{name}={tmp_path}/none")
    assert refused.code == "store-tls-file"
    assert f"{name} names {tmp_path}/none" in refused.message


@pytest.mark.parametrize("url", ["mysql://x", "postgresql://x:notaport/y"])
async def test_an_url_that_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        await PostgresJournal.open(url)
    assert refused.value.code == "store-url"


async def test_a_store_from_the_future_is_refused(dsn: str) -> None:
    await run(dsn, "INSERT INTO migration (number, name, sha256) VALUES (9999, 'later', 'x')")

    refused = await refusal(dsn)
    assert refused.code == "store-newer"
    assert "9999" in refused.message


async def test_a_migration_that_was_changed_after_it_was_applied_is_refused(dsn: str) -> None:
    await run(dsn, "UPDATE migration SET sha256 = 'another' WHERE number = 1")

    assert (await refusal(dsn)).code == "store-migration-changed"


async def test_two_nodes_that_find_an_empty_database_build_it_once(dsn: str) -> None:
    await run(dsn, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    journals = await asyncio.gather(*(PostgresJournal.open(dsn, node=node) for node in "abc"))
    for journal in journals:
        await journal.check()
        await journal.close()
    cx = await asyncpg.connect(dsn)
    assert await cx.fetchval("SELECT array_agg(number ORDER BY number) FROM migration") == [
        int(file.name[:4]) for file in sorted(migrate.FOLDER.glob("*.sql"))
    ]
    await cx.close()


async def test_migrations_are_applied_in_order_once_and_all_or_none(dsn: str, tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    folder.mkdir()
    (folder / "0002_more.sql").write_text("ALTER TABLE thing ADD COLUMN size integer;")
    (folder / "0001_first.sql").write_text("CREATE TABLE thing (name text); INSERT INTO thing VALUES ('a');")
    cx = await asyncpg.connect(dsn)
    await cx.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await migrate.bring_up(cx, folder)
    await migrate.bring_up(cx, folder)
    assert [tuple(row) for row in await cx.fetch("SELECT name, size FROM thing")] == [("a", None)]

    (folder / "0003_good.sql").write_text("CREATE TABLE good (x integer);")
    (folder / "0004_bad.sql").write_text("CREATE TABLE thing (again text);")
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate.bring_up(cx, folder)
    assert await cx.fetchval("SELECT to_regclass('good')") is None
    assert await cx.fetchval("SELECT max(number) FROM migration") == 2
    await cx.close()


@pytest.mark.parametrize("crime", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_audit_is_never_changed_or_shortened(a: PostgresJournal, dsn: str, crime: str) -> None:
    await a.note("service", "kim", "x", {}, T0)

    with pytest.raises(asyncpg.RaiseError):
        await run(dsn, crime)


async def test_people_are_worked_on_beside_a_running_gateway(a: PostgresJournal, dsn: str) -> None:
    shared = await PostgresJournal.open(dsn, node="a", shared=True)
    await shared.save_person(Person(name="kim", roles=frozenset(), password="x"), "admin", T0)  # noqa: S106 - not a real one
    with pytest.raises(Conflict) as refused:
        await shared.recover()
    await shared.close()

    assert refused.value.code == "store-shared"
    assert [person.name for person in await a.people()] == ["kim"]
