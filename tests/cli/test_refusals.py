"""A record that must not be used stops the gateway at its start: one line, its remedy, the right code; the doctor agrees."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from tests.cli.conftest import Bongsu, add, change, lines
from tests.journal.postgres.server import Server

Harm = Callable[[Path], None]


def newer(city: Path) -> None:
    run(city, "INSERT INTO migration (number, name, sha256) VALUES (9999, 'later', 'x')")


def another(city: Path) -> None:
    run(city, "UPDATE migration SET sha256 = 'x'")


def no_store(city: Path) -> None:
    (city / "bongsu.db").write_bytes(b"these are not the bytes of a record" * 100)


def damaged(city: Path) -> None:
    body = bytearray((city / "bongsu.db").read_bytes())
    body[8192:12288] = os.urandom(4096)
    (city / "bongsu.db").write_bytes(body)


def read_only(city: Path) -> None:
    (city / "bongsu.db").chmod(0o444)


def run(city: Path, statement: str) -> None:
    cx = apsw.Connection(str(city / "bongsu.db"))
    cx.execute(statement)
    cx.close()


def refused(bongsu: Bongsu, city: Path) -> tuple[int, str]:
    """Hold what serve and doctor say against each other; return how serve ended, and why."""
    serve = bongsu("serve", "--city", city, "--port", 0)
    assert serve.stdout == ""
    [told] = serve.stderr.splitlines()
    error, rule, _ = told.split(": ", 2)
    _, _, remedy = told.partition(" - ")
    assert error == "error"
    assert remedy
    doctor = bongsu("doctor", "--city", city, "--json")
    [store] = [check for check in lines(doctor) if check["check"] == "store"]
    assert (doctor.exit_code, store["state"], store["hint"]) == (1, "failed", remedy)
    return serve.exit_code, rule


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (newer, "store-newer"),
        (another, "store-migration-changed"),
        (no_store, "store-corrupt"),
        (damaged, "store-corrupt"),
        (read_only, "store-read-only"),
    ],
)
def test_a_file_that_must_not_be_used(bongsu: Bongsu, city: Path, harm: Harm, rule: str) -> None:
    add(bongsu, city, "kim")
    harm(city)
    assert refused(bongsu, city) == (1, rule)


def test_a_folder_that_is_not_there_is_told_with_its_remedy(bongsu: Bongsu, city: Path) -> None:
    change(city / "city.toml", 'path = "bongsu.db"', 'path = "nowhere/bongsu.db"')
    serve = bongsu("serve", "--city", city, "--port", 0)
    assert (serve.exit_code, "check that its folder exists" in serve.stderr) == (1, True)


def test_a_library_that_can_lose_commits(bongsu: Bongsu, city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(bongsu, city, "kim")
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
    assert refused(bongsu, city) == (1, "store-sqlite-unsafe")


def test_a_database_that_is_away(bongsu: Bongsu, city: Path, tmp_path: Path) -> None:
    change(city / "city.toml", 'path = "bongsu.db"', f'url = "postgresql://bongsu@/bongsu?host={tmp_path}"')
    assert refused(bongsu, city) == (6, "store-unavailable")


@pytest.mark.parametrize(
    ("setting", "rule"),
    [("default_transaction_read_only = on", "store-read-only"), ("synchronous_commit = off", "store-server-unsafe")],
)
def test_a_database_that_must_not_be_used(  # noqa: PLR0913, PLR0917 - fixtures
    bongsu: Bongsu, city: Path, server: Server, tmp_path: Path, setting: str, rule: str
) -> None:
    dsn = asyncio.run(server.fresh(tmp_path))
    name = dsn.partition("@/")[2].partition("?")[0]
    server.sql(f"ALTER DATABASE {name} SET {setting}")
    change(city / "city.toml", 'path = "bongsu.db"', f'url = "{dsn}"')
    assert refused(bongsu, city) == (1, rule)


def test_a_database_that_does_not_exist(bongsu: Bongsu, city: Path, server: Server) -> None:
    change(city / "city.toml", 'path = "bongsu.db"', f'url = "{server.dsn("nowhere")}"')
    assert refused(bongsu, city) == (1, "store-missing")
