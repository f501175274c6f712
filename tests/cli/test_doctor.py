import tomllib
from collections import namedtuple
from pathlib import Path

import apsw
import pytest
from packaging.requirements import Requirement

from gateway.cli import checks
from tests.cli.conftest import ROOT, Bongsu, add, change, lines

INSTALLATION = ["python", "libraries", "sqlite", "schemas", "translations", "adapters", "clock"]
CITY = ["city", "mode", "time zone", "secrets", "store", "disk"]


def states(city: Path) -> dict[str, tuple[str, str]]:
    """Return of each check of a city its state and what was found."""
    return {one.check: (one.state.value, one.found) for one in checks.city(city)}


def test_a_sound_installation_is_all_green(bongsu: Bongsu) -> None:
    told = bongsu("doctor", "--json")
    assert [(one["check"], one["state"]) for one in lines(told)] == [(name, "ok") for name in INSTALLATION]
    assert told.exit_code == 0


def test_a_sound_city_is_green_before_and_after_its_record_is_made(bongsu: Bongsu, city: Path) -> None:
    before = states(city)
    assert list(before) == CITY
    assert {name for name, (state, _) in before.items() if state != "ok"} == {"store"}
    assert before["store"][0] == "warning"
    assert not (city / "bongsu.db").exists()
    add(bongsu, city, "kim")
    assert {state for state, _ in states(city).values()} == {"ok"}


def test_people_read_one_line_a_check_with_the_mode_in_capitals(bongsu: Bongsu, city: Path) -> None:
    told = bongsu("doctor", "--city", city).stdout.splitlines()
    assert [line.split()[1] for line in told][:6] == INSTALLATION[:6]
    assert next(line for line in told if " mode " in line).endswith("  EXERCISE")


def test_a_live_city_is_told_as_live(city: Path) -> None:
    change(city / "city.toml", 'mode = "exercise"', 'mode = "live"')
    change(city / "city.toml", 'base_url = "http://127.0.0.1:8080"', 'base_url = "https://alerts.hanbat.example"')
    assert states(city)["mode"] == ("ok", "LIVE")


def test_every_library_is_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(checks.LIBRARIES) == {Requirement(line).name for line in project["dependencies"]}


def test_a_fault_of_the_city_is_red_with_its_line(bongsu: Bongsu, city: Path) -> None:
    change(city / "city.toml", 'timezone = "Asia/Seoul"', 'timezone = "Asia/Soul"')
    told = bongsu("doctor", "--city", city, "--json")
    (red,) = [one for one in lines(told) if one["state"] == "failed"]
    assert (told.exit_code, red["check"]) == (1, "city")
    assert red["found"].startswith(f"{city / 'city.toml'}:")


def test_a_secret_that_others_may_read_is_red_and_never_told(city: Path) -> None:
    file = city / "secrets" / "duty"
    file.chmod(0o644)
    state, found = states(city)["secrets"]
    assert state == "failed"
    assert str(file) in found
    assert file.read_text() not in found


def test_a_record_that_is_none_is_red(city: Path) -> None:
    (city / "bongsu.db").write_bytes(b"no record at all, but long enough to be looked into" * 100)
    assert states(city)["store"][0] == "failed"


def test_a_record_from_the_future_shows_a_clock_that_went_back(bongsu: Bongsu, city: Path) -> None:
    add(bongsu, city, "kim")
    store = apsw.Connection(str(city / "bongsu.db"))
    store.execute("UPDATE publication SET at = '2099-01-01T00:00:00.000000Z'")
    store.close()
    assert states(city)["store"][0] == "failed"


@pytest.mark.parametrize(("free_mib", "state"), [(50, "failed"), (500, "warning"), (50_000, "ok")])
def test_a_disk_that_fills_up_is_noticed(city: Path, monkeypatch: pytest.MonkeyPatch, free_mib: int, state: str) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(0, 0, free_mib * 2**20))
    assert states(city)["disk"][0] == state


def test_an_unsafe_sqlite_is_red(bongsu: Bongsu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apsw.sqlite_lib_version", lambda: "3.51.2")
    told = bongsu("doctor", "--json")
    assert told.exit_code == 1
    assert {one["check"] for one in lines(told) if one["state"] == "failed"} == {"sqlite"}
