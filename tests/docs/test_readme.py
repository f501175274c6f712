"""Every command that the README names does what it is named for, and what it shows is what stands in the tree."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from babel import Locale

from gateway.demo.town import FIRST, settle
from gateway.words.check import stats

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`((?:bongsu|make) [^`]+)`", README) + re.findall(r"^(make \w+)", README, re.MULTILINE)
SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}

SHOWS = {
    "bongsu adapter check river_sensorthings": "river_sensorthings: keeps every promise",
    "bongsu adapter check examples/flood_button": "flood_button: keeps every promise",
    "bongsu translate examples/flood.json --to cell-broadcast": '"pages":["',
    "bongsu public render --city DIR --out FOLDER": "files stand in",
    "bongsu doctor": "hazards",
    "bongsu words stats": "reviewed",
    "bongsu translate examples/flood.json --to cap": "<msgType>Alert</msgType>",
    "bongsu audit verify --city DIR": "",
    "bongsu store backup --city DIR FILE": "",
    "bongsu city check DIR": "",
}
PLAYED_ELSEWHERE = {"bongsu demo", "bongsu demo --headless", "bongsu demo --headless --scenario all"}
PEER = re.compile(r'(?:peer|which)\("([\w-]+)"')
NEED_MORE_WORDS = {"bongsu user add", "bongsu key add", "bongsu words sheet"}


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A city's folder with a record in it."""
    folder = tmp_path / "town"
    folder.mkdir()
    settle(folder, {name: f"http://127.0.0.1:{9 + number}/" for number, name in enumerate(FIRST)}, SECRET, reach=FIRST)
    run("bongsu user add kim --role operator --password-stdin --city DIR", folder, said="correct horse battery staple\n")
    return folder


def run(command: str, folder: Path, *, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of ours at the tree's root; DIR stands for the city's folder, FILE and FOLDER for ones beside it."""
    places = {"DIR": folder, "FILE": folder.with_suffix(".db"), "FOLDER": folder.with_suffix(".site")}
    words = [str(places.get(word, word)) for word in command.split()[1:]]
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


def languages_table() -> str:
    """Return the README's table of languages, as the catalogues are now."""
    rows = ["| | | phrases | translated | reviewed by a native speaker |", "|---|---|---|---|---|"]
    for tag, row in stats(ROOT / "translations").items():
        name = Locale.parse(tag, sep="-").get_language_name("en")
        rows.append(f"| `{tag}` | {name} | {row['phrases']} | {row['translated']} | {row['reviewed']} |")
    return "\n".join(rows)


def test_the_table_of_languages_is_what_is_counted() -> None:
    shown = README.partition("<!-- words stats -->\n")[2].partition("\n<!-- end -->")[0]
    assert shown == languages_table()


def test_the_adapter_that_is_shown_is_the_one_that_keeps_its_promises() -> None:
    shown = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert shown == [(ROOT / "examples" / "flood_button" / "adapter.py").read_text(encoding="utf-8")]


def test_whatever_is_linked_is_there() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(linked) > 10
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_every_program_that_a_test_asks_for_is_listed() -> None:
    files = [file for file in (ROOT / "tests").rglob("*.py") if "test_conftest" not in file.name and file.parent.name != "tests"]
    asked = {name for file in files for name in PEER.findall(file.read_text(encoding="utf-8"))}
    listed = set(re.findall(r"`([^`]+)`", README.partition("| peer |")[2].partition("\n\n")[0]))
    assert "chromium" in asked
    assert asked <= listed
