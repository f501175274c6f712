import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.stores import closed_to_others

ROOT = Path(__file__).parents[2]
FIGURES = {"what", "callers", "tries", "p50_ms", "p99_ms", "floor_p50_ms", "floor_p99_ms", "ratio"}
RATES = {"per_second", "floor_per_second", "share"}


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder that a server may enter, which runs as somebody else where the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="bongsu-bench-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def run(benchmark: str, folder: Path, *words: str) -> str:
    """Run a benchmark as its own process and return what it prints."""
    command = (sys.executable, "-m", f"benchmarks.{benchmark}", "--folder", str(folder), *words)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(folder.iterdir()) == []
    return done.stdout


def test_accepting_is_measured(disk: Path) -> None:
    told: dict[str, Any] = json.loads(
        run("accept", disk, "--tries", "3", "--rounds", "2", "--callers", "4", "--connections", "3", "--json")
    )

    assert [(row["what"], row["callers"], row["tries"]) for row in told["rows"]] == [
        ("a reading", 1, 3),
        ("a new incident", 1, 3),
        ("readings of one gauge", 4, 32),
        ("incidents reported again", 4, 32),
        ("HTTP, a reading", 1, 3),
        ("HTTP, incidents again", 3, 24),
    ]
    assert all(set(row) == FIGURES | (RATES if row["callers"] > 1 else set()) for row in told["rows"])
    assert all(row[figure] > 0 for row in told["rows"] for figure in row if figure != "what")


def test_approving_is_measured(disk: Path) -> None:
    told: dict[str, Any] = json.loads(run("approve", disk, "--tries", "2", "--json"))

    assert [(row["what"], row["tries"], set(row)) for row in told["rows"]] == [
        ("approve, to both receivers", 2, FIGURES),
        ("HTTP approve, to both", 2, FIGURES),
    ]
    assert 1 <= told["commits_before"] < told["commits_in_all"]


def test_both_stores_are_measured(disk: Path) -> None:
    told: dict[str, Any] = json.loads(run("record", disk, "--tries", "2", "--rounds", "1", "--json"))

    assert [(row["what"], row["callers"]) for row in told["rows"]] == [
        (f"{store}: {what}", callers)
        for store in ("sqlite", "postgres")
        for what, callers in (
            *(("reading only", 1), ("journal.accept", 1), ("receive", 1)),
            *(("journal.accept", 64), ("receive", 64)),
        )
    ]


def test_a_disk_that_flushes_slower_costs_both_sides_its_flushes(disk: Path) -> None:
    words = ("--tries", "3", "--rounds", "1", "--flush-ms", "40", "--json")
    told: dict[str, Any] = json.loads(run("record", disk, *words))

    alone = next(row for row in told["rows"] if row["what"] == "sqlite: journal.accept")
    assert min(alone["p50_ms"], alone["floor_p50_ms"]) > 40


def test_it_is_known_which_folder_another_user_may_not_enter(disk: Path) -> None:
    (disk / "open").mkdir()

    assert closed_to_others(disk / "open") is None
    disk.chmod(0o700)
    assert closed_to_others(disk / "open") == disk


def test_one_alert_more_is_measured(disk: Path) -> None:
    told: dict[str, Any] = json.loads(run("flat", disk, "--active", "1", "--active", "3", "--tries", "1", "--json"))

    assert [row["active"] for row in told["rows"]] == [1, 3]
    assert {step for row in told["rows"] for step in row} == {
        *("active", "accept", "draft", "submit", "approve", "feeds", "listing", "feeds floor"),
    }
    assert all(row[step] > 0 for row in told["rows"] for step in row)


def test_an_alert_in_a_flood_is_measured(disk: Path) -> None:
    told: dict[str, Any] = json.loads(run("flood", disk, "--tries", "1", "--json"))

    assert [row["store"] for row in told["rows"]] == ["sqlite", "postgres"]
    for row in told["rows"]:
        assert row["ratio"] == pytest.approx(row["flood_p50_ms"] / row["idle_p50_ms"], rel=0.05, abs=0.2)
        assert min(row["idle_p50_ms"], row["flood_p50_ms"], row["accepts_per_second"]) > 0


@pytest.mark.parametrize("benchmark", ["accept", "approve"])
def test_people_are_told_in_a_table(benchmark: str, disk: Path) -> None:
    few = {"accept": ("--rounds", "1", "--callers", "2", "--connections", "2")}

    heading, *rows, machine, _ = run(benchmark, disk, "--tries", "1", *few.get(benchmark, ())).splitlines()

    assert heading.split()[:2] == ["what", "callers"]
    assert {len(row.rstrip()) <= len(heading) for row in rows} == {True}
    assert machine.startswith("cores ")


def test_emptying_a_queue_is_measured(disk: Path) -> None:
    told: dict[str, Any] = json.loads(run("drain", disk, "--lanes", "200", "--deep", "2", "--json"))

    assert [row["what"] for row in told["rows"]] == [
        f"{store}: {side}" for store in ("sqlite", "postgres") for side in ("claim and settle", "courier")
    ]
    assert all(row["per_second"] > 0 and row["floor_per_second"] > 0 and row["of_floor"] > 0 for row in told["rows"])
