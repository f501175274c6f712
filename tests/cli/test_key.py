import hashlib
import re
from pathlib import Path

import apsw
import pytest

from tests.cli.conftest import Bongsu, add, change, lines, rows


def key(bongsu: Bongsu, city: Path, *whose: str) -> tuple[str, str]:
    """Return what was printed on stdout and on stderr."""
    told = bongsu("key", "add", *whose, "--city", city)
    assert told.exit_code == 0, told.stderr
    return told.stdout.strip(), told.stderr


def test_a_personal_key_is_shown_once_and_kept_as_its_hash(bongsu: Bongsu, city: Path) -> None:
    add(bongsu, city, "kim")
    shown, told = key(bongsu, city, "--person", "kim")
    assert re.fullmatch(r"bongsu_[\w-]{43}", shown)
    assert shown not in told
    assert rows(city, "SELECT hash, person, source FROM key") == [(hashlib.sha256(shown.encode()).hexdigest(), "kim", None)]
    listed = bongsu("key", "list", "--city", city).stdout + bongsu("key", "list", "--json", "--city", city).stdout
    assert shown not in listed
    assert shown.encode() not in (city / "bongsu.db").read_bytes()


def test_a_key_is_listed_by_its_id_and_revoked(bongsu: Bongsu, city: Path) -> None:
    add(bongsu, city, "kim")
    (made,) = lines(bongsu("key", "add", "--person", "kim", "--json", "--city", city))
    assert set(made) == {"id", "person", "created_at", "revoked", "key", "note"}
    (listed,) = lines(bongsu("key", "list", "--json", "--city", city))
    assert listed == {name: made[name] for name in ("id", "person", "created_at", "revoked")}

    (revoked,) = lines(bongsu("key", "revoke", made["id"], "--json", "--city", city))
    assert revoked == listed | {"revoked": True}
    assert bongsu("key", "list", "--city", city).stdout.endswith("  kim  " + listed["created_at"][:10] + "  revoked\n")


def test_a_source_that_signs_is_told_where_its_secret_lives(bongsu: Bongsu, city: Path) -> None:
    shown, told = key(bongsu, city, "--source", "river-telemetry")
    assert str(city / "secrets" / "river-telemetry") in told
    assert "0600" in told
    assert "standard-webhooks" in told
    assert (city / "secrets" / "river-telemetry").read_text() not in shown + told


def test_a_secret_in_the_environment_is_told_by_its_name(bongsu: Bongsu, city: Path) -> None:
    change(city / "city.toml", 'secret_file = "secrets/river-telemetry"', 'secret_env = "RIVER_SECRET"')
    assert "environment variable RIVER_SECRET" in key(bongsu, city, "--source", "river-telemetry")[1]


def test_a_source_that_shows_its_key_is_told_how(bongsu: Bongsu, city: Path) -> None:
    change(city / "city.toml", 'auth = "standard-webhooks"\nsecret_file = "secrets/river-telemetry"', 'auth = "bearer"')
    told = key(bongsu, city, "--source", "river-telemetry")[1]
    assert "Authorization: Bearer" in told
    assert "secret" not in told


@pytest.mark.parametrize("whose", [(), ("--person", "kim", "--source", "river-telemetry")])
def test_a_key_is_somebodys_alone(bongsu: Bongsu, city: Path, whose: tuple[str, ...]) -> None:
    assert bongsu("key", "add", *whose, "--city", city).exit_code == 2


def test_whoever_is_not_known_gets_no_key(bongsu: Bongsu, city: Path) -> None:
    add(bongsu, city, "kim")
    assert bongsu("key", "add", "--person", "lee", "--city", city).exit_code == 1
    assert bongsu("key", "add", "--source", "well", "--city", city).exit_code == 1
    assert bongsu("key", "revoke", "0123", "--city", city).exit_code == 1
    bongsu("user", "disable", "kim", "--city", city)
    assert bongsu("key", "add", "--person", "kim", "--city", city).exit_code == 4
    assert rows(city, "SELECT * FROM key") == []


def test_people_and_keys_are_seen_to_beside_a_running_gateway(bongsu: Bongsu, city: Path) -> None:
    add(bongsu, city, "kim")
    running = apsw.Connection(str(city / "bongsu.db"))
    running.execute("BEGIN; SELECT count(*) FROM person").fetchall()
    key(bongsu, city, "--person", "kim")
    running.execute("COMMIT")
    assert running.execute("SELECT count(*) FROM key").get == 1
    running.close()
