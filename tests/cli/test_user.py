import fcntl
import os
import pty
import termios
from pathlib import Path

import argon2
import pytest

from tests.cli.conftest import PASSWORD, Bongsu, Program, add, lines, rows


def test_a_person_is_added_listed_disabled_and_let_in_again(bongsu: Bongsu, city: Path) -> None:
    assert add(bongsu, city, "kim", "--role", "approver") == 0
    expected = {"name": "kim", "roles": ["approver", "operator"], "disabled": False}
    assert lines(bongsu("user", "list", "--json", "--city", city)) == [expected]

    assert lines(bongsu("user", "disable", "kim", "--json", "--city", city)) == [expected | {"disabled": True}]
    assert bongsu("user", "list", "--city", city).stdout == "kim  approver, operator  disabled\n"

    assert add(bongsu, city, "kim") == 4
    assert add(bongsu, city, "kim", "--replace") == 0
    assert bongsu("user", "list", "--city", city).stdout == "kim  operator\n"


def test_the_password_is_kept_as_argon2id_alone(bongsu: Bongsu, city: Path) -> None:
    add(bongsu, city, "kim")
    ((kept,),) = rows(city, "SELECT password FROM person")
    assert str(kept).startswith("$argon2id$")
    assert argon2.PasswordHasher().verify(str(kept), PASSWORD)
    assert PASSWORD.encode() not in (city / "bongsu.db").read_bytes()


def test_the_record_says_who_did_it(bongsu: Bongsu, city: Path) -> None:
    add(bongsu, city, "kim")
    ((actor, act),) = rows(city, "SELECT actor, act FROM audit")
    assert str(actor).startswith("local:")
    assert act == "person-saved"


@pytest.mark.parametrize(("password", "code"), [("short", 3), ("", 3), ("x" * 257, 3)])
def test_there_is_no_weak_password(bongsu: Bongsu, city: Path, password: str, code: int) -> None:
    assert add(bongsu, city, "kim", password=password) == code
    assert bongsu("user", "list", "--city", city).stdout == ""


def heard(terminal: int, words: bytes) -> bytes:
    """Read from a terminal until it says these words."""
    shown = b""
    while words not in shown:
        shown += os.read(terminal, 1000)
    return shown


def test_a_terminal_is_asked_twice_and_shows_nothing(city: Path, program: Program) -> None:
    ours, theirs = pty.openpty()
    process = program(
        *("user", "add", "kim", "--role", "admin", "--city", city),
        stdin=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    shown = heard(ours, b"Password: ")
    os.write(ours, PASSWORD.encode() + b"\n")
    shown += heard(ours, b"Repeat for confirmation: ")
    os.write(ours, PASSWORD.encode() + b"\n")
    assert process.stdout is not None
    assert process.stdout.read() == b"kim  admin\n"
    assert process.wait(timeout=30) == 0
    os.close(ours)
    assert PASSWORD.encode() not in shown


def test_without_a_terminal_the_password_must_be_piped_knowingly(bongsu: Bongsu, city: Path) -> None:
    told = bongsu("user", "add", "kim", "--role", "viewer", "--city", city, given=f"{PASSWORD}\n{PASSWORD}\n")
    assert told.exit_code == 2
    assert "--password-stdin" in told.stderr


@pytest.mark.parametrize("name", ["gateway", "local:kim", "playbook:x", "a b", "-kim", "", "k\u202ek", "x" * 65])
def test_no_person_is_called_like_a_machine(bongsu: Bongsu, city: Path, name: str) -> None:
    told = bongsu("user", "add", "--role", "viewer", "--password-stdin", "--city", city, "--", name, given=f"{PASSWORD}\n")
    assert told.exit_code == 3, told.stderr


def test_a_role_that_is_none_is_wrong_usage(bongsu: Bongsu, city: Path) -> None:
    assert bongsu("user", "add", "kim", "--role", "king", "--password-stdin", "--city", city).exit_code == 2


def test_nobody_to_disable_is_a_failure(bongsu: Bongsu, city: Path) -> None:
    assert "store-missing" in bongsu("user", "disable", "kim", "--city", city).stderr
    add(bongsu, city, "kim")
    told = bongsu("user", "disable", "lee", "--city", city)
    assert (told.exit_code, told.stdout) == (1, "")
    assert "person-unknown" in told.stderr


def test_a_link_signs_somebody_in_once(bongsu: Bongsu, city: Path) -> None:
    add(bongsu, city, "kim")
    link = bongsu("user", "link", "kim", "--city", city).stdout.strip()
    assert link.startswith("http://127.0.0.1:8080/console/enter/")
    (shown,) = lines(bongsu("user", "link", "kim", "--json", "--city", city))
    assert shown["name"] == "kim"
    assert shown["link"] != link
    kept = rows(city, "SELECT id, hash FROM key")
    assert all(str(id).startswith("entry-") for id, _ in kept)
    assert link.rpartition("/")[2] not in str(kept)
    assert [str(actor)[:6] for (actor,) in rows(city, "SELECT actor FROM audit WHERE act = 'key-saved'")] == ["local:"] * 2


def test_there_is_no_link_for_who_is_unknown_or_shut_out(bongsu: Bongsu, city: Path) -> None:
    add(bongsu, city, "kim")
    assert bongsu("user", "link", "lee", "--city", city).exit_code != 0
    bongsu("user", "disable", "kim", "--city", city)
    assert bongsu("user", "link", "kim", "--city", city).exit_code == 4
