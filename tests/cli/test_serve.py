import json
import signal
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from tests.cli.conftest import Program, change


def read(url: str) -> object:
    """Return what a running gateway answers."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own
        return json.load(answer)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_gateway_serves_until_it_is_told_to_stop(city: Path, sign: signal.Signals, program: Program) -> None:
    process = program("serve", "--city", city, "--port", 0, "--json")
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert (told["mode"], told["city"]) == ("EXERCISE", "hanbat")
    assert read(told["url"] + "/health/ready") == {"status": "ready", "silent": {}}

    process.send_signal(sign)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, b"")
    assert b"Traceback" not in err


def test_people_are_told_the_mode_in_capitals_and_the_url(city: Path, program: Program) -> None:
    process = program("serve", "--city", city, "--port", 0)
    assert process.stdout is not None
    mode, name, url = process.stdout.readline().decode().split()
    assert (mode, name) == ("EXERCISE", "한밭시")
    assert read(url + "/health/live") == {"status": "live"}
    process.terminate()
    process.communicate(timeout=30)


def ended(program: Program, city: Path, *more: object) -> tuple[int, str]:
    """Return how a gateway that cannot start ends."""
    process = program("serve", "--city", city, *more)
    out, err = process.communicate(timeout=30)
    assert out == b""
    assert b"Traceback" not in err
    return process.returncode, err.decode()


def test_a_wrong_city_is_told_whole_and_not_started(city: Path, program: Program) -> None:
    change(city / "city.toml", 'timezone = "Asia/Seoul"', 'timezone = "Asia/Soul"')
    change(city / "city.toml", '"ko", "en", ', '"ko", "english", ')
    code, told = ended(program, city)
    assert code == 3
    rules = [(line.split(": ")[0].startswith(f"{city / 'city.toml'}:"), line.split(": ")[2]) for line in told.splitlines()]
    assert rules == [(True, "schema-pattern")] or sorted(rules) == [(True, "language-unknown"), (True, "timezone-unknown")]
    assert not (city / "bongsu.db").exists()


def test_a_secret_that_is_not_there_stops_it(city: Path, program: Program) -> None:
    (city / "secrets" / "duty").unlink()
    code, told = ended(program, city)
    assert code == 3
    assert "secret-missing" in told
    assert "chmod 600" in told


def test_an_address_that_is_taken_is_told(city: Path, program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, told = ended(program, city, "--port", taken.getsockname()[1])
    assert code == 1
    assert "address-unusable" in told


def test_one_record_has_one_gateway(city: Path, program: Program) -> None:
    first = program("serve", "--city", city, "--port", 0)
    assert first.stdout is not None
    first.stdout.readline()
    code, told = ended(program, city, "--port", 0)
    assert code == 1
    assert "store-in-use" in told
    first.terminate()
    first.communicate(timeout=30)


def test_nothing_is_left_when_it_stops_while_it_starts(city: Path, program: Program) -> None:
    process = program("serve", "--city", city, "--port", 0)
    until = time.monotonic() + 30
    while not (city / "bongsu.lock").exists() and time.monotonic() < until:
        time.sleep(0.001)
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert (process.returncode, b"Traceback" in err) == (0, False)
