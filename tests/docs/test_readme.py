"""Every command that the README names does what it is named for."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.demo.town import FIRST, settle

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`((?:bongsu|make) [^`]+)`", README) + re.findall(r"^(make \w+)", README, re.MULTILINE)
SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}

SHOWS = {
    "bongsu adapter check river_sensorthings": "river_sensorthings",
    "bongsu doctor": "hazards",
    "bongsu words stats": "reviewed",
    "bongsu translate examples/flood.json --to cap": "<msgType>Alert</msgType>",
    "bongsu audit verify --city DIR": "",
    "bongsu store backup --city DIR FILE": "",
    "bongsu city check DIR": "",
}
PLAYED_ELSEWHERE = {"bongsu demo", "bongsu demo --headless"}
NEED_MORE_WORDS = {"bongsu user add", "bongsu key add"}


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A city's folder with a record in it."""
    folder = tmp_path / "town"
    folder.mkdir()
    settle(folder, {name: f"http://127.0.0.1:{9 + number}/" for number, name in enumerate(FIRST)}, SECRET, reach=FIRST)
    run("bongsu user add kim --role operator --password-stdin --city DIR", folder, said="correct horse battery staple\n")
    return folder


def run(command: str, folder: Path, *, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of ours at the tree's root; DIR stands for the city's folder, FILE for one beside it."""
    words = command.replace("DIR", str(folder)).replace("FILE", str(folder.with_suffix(".db"))).split()[1:]
    told = [sys.executable, "-m", "gateway", *words]
    return subprocess.run(told, cwd=ROOT, env=ENVIRONMENT, input=said, capture_output=True, text=True, timeout=60, check=False)


def test_nothing_is_named_that_is_not_tried() -> None:
    tried = {*SHOWS, *PLAYED_ELSEWHERE, *NEED_MORE_WORDS, "bongsu serve --city DIR"}
    assert {name for name in NAMED if name.startswith("bongsu")} == tried


@pytest.mark.parametrize("command", SHOWS)
def test_a_command_of_the_readme_shows_what_it_promises(command: str, town: Path) -> None:
    answer = run(command, town)

    assert answer.returncode in (0, 1) if command == "bongsu doctor" else answer.returncode == 0, answer.stderr
    assert SHOWS[command] in answer.stdout


def test_a_gateway_is_served_until_it_is_told_to_stop(town: Path) -> None:
    words = [sys.executable, "-m", "gateway", "serve", "--city", str(town)]
    with subprocess.Popen(
        words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as serving:
        assert serving.stdout is not None
        first = serving.stdout.readline()
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=30)

    assert "EXERCISE" in first
    assert serving.returncode == 0


def test_every_make_word_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {name.split()[1] for name in NAMED if name.startswith("make")} <= targets
