"""Loading every kind of page is measured beside the same bytes from a bare server."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.pages import COLUMNS, READY

ROOT = Path(__file__).parents[2]


def test_loading_pages_is_measured(peer: Callable[..., Path]) -> None:
    peer("chromium")
    command = (sys.executable, "-m", "benchmarks.pages", "--tries", "1", "--json")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [row["page"] for row in told["rows"]] == list(READY)
    assert all(set(row) == set(COLUMNS) for row in told["rows"])
    assert all(row[figure] > 0 for row in told["rows"] for figure in COLUMNS if figure != "page")
    assert all(row["KB"] < 100 for row in told["rows"]), [(row["page"], row["KB"]) for row in told["rows"]]
