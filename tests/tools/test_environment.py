"""A machine that cannot make the environment is told in one line what to install, and nothing stale is called ready."""

import subprocess
from pathlib import Path

import pytest

from tools.patched_tree import PatchedTree

ROOT = Path(__file__).parents[2]
FINGERPRINT = "from tools.environment import fingerprint; print(fingerprint())"


def setup_with(python: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Ask for an environment made by a Python that answers as the script does."""
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return subprocess.run(("sh", "tools/environment.sh", python), cwd=ROOT, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 1", "no Python 3.11 or newer"),
        ('case "$2" in *ensurepip*) exit 1 ;; esac', "apt install python3-venv"),
    ],
    ids=["an old Python", "no venv"],
)
def test_what_is_lacking_is_told_in_one_line(tmp_path: Path, script: str, told: str) -> None:
    done = setup_with(tmp_path / "python3", script)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("requirements/core.txt", "aiohttp==", "aiohttp==0."),
        ("pyproject.toml", 'bongsu = "gateway.cli:main"', 'bongsu = "gateway.cli:other"'),
        ("tools/environment.py", '"--no-deps", ', ""),
    ],
)
def test_what_it_is_made_from_changes_the_fingerprint(patched_tree: PatchedTree, file: str, old: str, new: str) -> None:
    before = patched_tree.python("-c", FINGERPRINT)
    again = patched_tree.python("-c", FINGERPRINT)
    patched_tree.patch(file, old, new)

    assert before == again
    assert before.code == 0
    assert patched_tree.python("-c", FINGERPRINT).output not in {"", before.output}
