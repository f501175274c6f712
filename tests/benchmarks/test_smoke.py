import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FIGURES = {"what", "callers", "tries", "p50_ms", "p99_ms", "floor_p50_ms", "floor_p99_ms", "ratio"}
RATES = {"per_second", "floor_per_second", "share"}


def run(benchmark: str, folder: Path, *words: str) -> str:
    """Run a benchmark as its own process and return what it prints."""
    command = (sys.executable, "-m", f"benchmarks.{benchmark}", "--folder", str(folder), *words)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(folder.iterdir()) == []
    return done.stdout


def test_accepting_is_measured(tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(
        run("accept", tmp_path, "--tries", "3", "--rounds", "2", "--callers", "4", "--connections", "3", "--json")
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


def test_approving_is_measured(tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(run("approve", tmp_path, "--tries", "2", "--json"))

    assert [(row["what"], row["tries"], set(row)) for row in told["rows"]] == [
        ("approve, to both receivers", 2, FIGURES),
        ("HTTP approve, to both", 2, FIGURES),
    ]
    assert 1 <= told["commits_before"] < told["commits_in_all"]


def test_both_stores_are_measured(tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(run("record", tmp_path, "--tries", "2", "--rounds", "1", "--json"))

    assert [(row["what"], row["callers"]) for row in told["rows"]] == [
        (f"{store}: {what}", callers)
        for store in ("sqlite", "postgres")
        for what, callers in (
            *(("reading only", 1), ("journal.accept", 1), ("receive", 1)),
            *(("journal.accept", 64), ("receive", 64)),
        )
    ]


def test_one_alert_more_is_measured(tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(run("flat", tmp_path, "--active", "1", "--active", "3", "--tries", "1", "--json"))

    assert [row["active"] for row in told["rows"]] == [1, 3]
    assert {step for row in told["rows"] for step in row} == {
        *("active", "accept", "draft", "submit", "approve", "feeds", "listing", "feeds floor"),
    }
    assert all(row[step] > 0 for row in told["rows"] for step in row)


def test_an_alert_in_a_flood_is_measured(tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(run("flood", tmp_path, "--tries", "1", "--json"))

    assert [row["store"] for row in told["rows"]] == ["sqlite", "postgres"]
    for row in told["rows"]:
        assert row["ratio"] == pytest.approx(row["flood_p50_ms"] / row["idle_p50_ms"], rel=0.05, abs=0.2)
        assert min(row["idle_p50_ms"], row["flood_p50_ms"], row["accepts_per_second"]) > 0


@pytest.mark.parametrize("benchmark", ["accept", "approve"])
def test_people_are_told_in_a_table(benchmark: str, tmp_path: Path) -> None:
    few = {"accept": ("--rounds", "1", "--callers", "2", "--connections", "2")}

    heading, *rows, machine, _ = run(benchmark, tmp_path, "--tries", "1", *few.get(benchmark, ())).splitlines()

    assert heading.split()[:2] == ["what", "callers"]
    assert {len(row.rstrip()) <= len(heading) for row in rows} == {True}
    assert machine.startswith("cores ")


def test_emptying_a_queue_is_measured(tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(run("drain", tmp_path, "--lanes", "200", "--deep", "2", "--json"))

    assert [row["what"] for row in told["rows"]] == [
        f"{store}: {side}" for store in ("sqlite", "postgres") for side in ("claim and settle", "courier")
    ]
    assert all(row["per_second"] > 0 and row["floor_per_second"] > 0 and row["of_floor"] > 0 for row in told["rows"])
