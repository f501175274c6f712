"""A record moves: from a file into a database, into a backup, and back; and is never where it must not be."""

import signal
from pathlib import Path

import apsw
import pytest

from tests.cli.conftest import Bongsu, Program, add, change, lines, rows
from tests.journal.postgres.server import Server


@pytest.fixture
def url(server: Server, tmp_path: Path) -> str:
    """A database with nothing in it."""
    name = "d" + "".join(char for char in tmp_path.name.lower() if char.isalnum())[-40:]
    server.sql(f"CREATE DATABASE {name}")
    return server.dsn(name)


def test_a_record_moves_into_a_database_and_the_city_goes_on_there(bongsu: Bongsu, city: Path, url: str) -> None:
    assert add(bongsu, city, "kim") == 0
    moved = bongsu("store", "migrate", "--city", city, "--to", url, "--json")
    assert moved.exit_code == 0, moved.stderr
    *topics, last = lines(moved)
    assert {one["topic"]: one["rows"] for one in topics if one["rows"]} == {"person": 1, "audit": 1, "publication": 1}
    assert (last["result"], last["rows"]) == ("moved", 3)

    change(city / "city.toml", '[store]\npath = "bongsu.db"', last["settings"])
    assert [one["name"] for one in lines(bongsu("user", "list", "--city", city, "--json"))] == ["kim"]
    assert bongsu("audit", "verify", "--city", city).exit_code == 0
    again = bongsu("store", "migrate", "--city", city, "--to", url)
    assert (again.exit_code, "store-moved" in again.stderr) == (4, True)


def test_people_read_what_was_moved_and_what_to_write_into_city_toml(bongsu: Bongsu, city: Path, url: str) -> None:
    add(bongsu, city, "kim")
    moved = bongsu("store", "migrate", "--city", city, "--to", url, "--secret-env", "BONGSU_DB", env={"BONGSU_DB": "unused"})
    assert moved.exit_code == 0, moved.stderr
    *table, store, address, secret = moved.stdout.splitlines()
    assert (store, address, secret) == ("[store]", f'url = "{url}"', 'secret_env = "BONGSU_DB"')
    [person] = [line.split() for line in table if line.startswith("person")]
    assert (person[1], len(person[2])) == ("1", 64)


def test_a_full_database_is_refused_and_stays_as_it_is(bongsu: Bongsu, city: Path, url: str) -> None:
    add(bongsu, city, "kim")
    words = ("store", "migrate", "--city", city, "--to", url)
    assert bongsu(*words).exit_code == 0
    again = bongsu(*words)
    assert (again.exit_code, "store-not-empty" in again.stderr) == (4, True)


def test_a_record_in_use_is_not_moved(bongsu: Bongsu, city: Path, url: str, program: Program) -> None:
    running = program("serve", "--city", city, "--port", 0)
    assert running.stdout is not None
    running.stdout.readline()
    refused = bongsu("store", "migrate", "--city", city, "--to", url)
    assert (refused.exit_code, "store-in-use" in refused.stderr) == (1, True)
    assert "stop the other gateway" in refused.stderr


def test_a_backup_is_made_while_the_gateway_runs_and_restored_elsewhere(
    bongsu: Bongsu, city: Path, tmp_path: Path, program: Program
) -> None:
    add(bongsu, city, "kim")
    running = program("serve", "--city", city, "--port", 0)
    assert running.stdout is not None
    running.stdout.readline()
    [made] = lines(bongsu("store", "backup", "--city", city, tmp_path / "a.db", "--json"))
    assert made["bytes"] == (tmp_path / "a.db").stat().st_size
    again = bongsu("store", "backup", "--city", city, tmp_path / "a.db")
    assert (again.exit_code, "file-exists" in again.stderr) == (4, True)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)

    refused = bongsu("store", "restore", "--city", city, tmp_path / "a.db")
    assert (refused.exit_code, "store-not-empty" in refused.stderr) == (4, True)
    (city / "bongsu.db").rename(tmp_path / "lost.db")
    assert lines(bongsu("store", "restore", "--city", city, tmp_path / "a.db", "--json"))[0]["unknown"] == 0
    assert rows(city, "SELECT name FROM person") == [("kim",)]
    assert bongsu("audit", "verify", "--city", city).exit_code == 0


def test_a_database_is_backed_up_into_a_file_and_restored_into_another(
    bongsu: Bongsu, city: Path, url: str, server: Server, tmp_path: Path
) -> None:
    add(bongsu, city, "kim")
    change(city / "city.toml", 'path = "bongsu.db"', f'url = "{url}"')
    (city / "bongsu.db").unlink()
    add(bongsu, city, "lee")
    assert bongsu("store", "backup", "--city", city, tmp_path / "a.db").exit_code == 0
    cx = apsw.Connection(str(tmp_path / "a.db"))
    assert cx.execute("SELECT group_concat(name) FROM person").get == "lee"
    cx.close()

    server.sql("CREATE DATABASE another")
    change(city / "city.toml", f'url = "{url}"', f'url = "{server.dsn("another")}"')
    assert bongsu("store", "restore", "--city", city, tmp_path / "a.db").exit_code == 0
    assert [one["name"] for one in lines(bongsu("user", "list", "--city", city, "--json"))] == ["lee"]
    again = bongsu("store", "restore", "--city", city, tmp_path / "a.db")
    assert (again.exit_code, "store-not-empty" in again.stderr) == (4, True)


@pytest.mark.parametrize(
    ("address", "rule", "remedy"),
    [
        ("postgresql://bongsu@db.example/bongsu", "url-plain", "--plain"),
        ("postgresql://bongsu@db-a.example,localhost/bongsu?sslmode=require", "url-plain", "sslmode=verify-full"),
        ("postgresql:///bongsu?host=/run/pg,10.0.0.9", "url-plain", "sslmode=verify-full"),
        ("postgresql://bongsu:hunter2@db.example/bongsu?sslmode=verify-full", "secret-in-url", "secret_file"),
        ("postgresql:///bongsu?password=hunter2", "secret-in-url", "secret_env"),
        ("mysql://bongsu@db.example/bongsu", "store-url", "postgresql://user@host/database"),
    ],
)
def test_an_address_that_serve_would_refuse_is_refused_before_anything_is_sent_there(
    bongsu: Bongsu, city: Path, address: str, rule: str, remedy: str
) -> None:
    add(bongsu, city, "kim")
    refused = bongsu("store", "migrate", "--city", city, "--to", address)
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert refused.stderr.startswith(f"error: {rule}: ")
    assert remedy in refused.stderr
    assert "hunter2" not in refused.stderr


def test_what_was_allowed_knowingly_is_written_into_city_toml(bongsu: Bongsu, city: Path, url: str) -> None:
    add(bongsu, city, "kim")
    moved = bongsu("store", "migrate", "--city", city, "--to", url, "--plain")
    assert moved.exit_code == 0, moved.stderr
    assert moved.stdout.splitlines()[-3:] == ["[store]", f'url = "{url}"', "plain = true"]
