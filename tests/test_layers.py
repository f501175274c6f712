"""The walls of the house stand, they bind every room and every adapter, and each of them turns red when it is broken."""

import tomllib
from pathlib import Path

import pytest

from tools.patched_tree import PatchedTree, Verdict

ROOT = Path(__file__).parents[1]
ADAPTERS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "adapters").rglob("*.py"))
VENDORS = sorted(path.name for path in (ROOT / "adapters").iterdir() if path.is_dir() and path.name != "__pycache__")
# The checkout that is installed in this environment would be a second portion of the namespace `adapters`.
LINT = (
    f"import sys; sys.path = [place for place in sys.path if place != {str(ROOT)!r}]; "
    "from importlinter.cli import lint_imports_command; lint_imports_command()"
)


def lint(tree: PatchedTree, contract: str) -> Verdict:
    """Run one contract over the copy; the words of the answer stand on one line, for the linter breaks them anywhere."""
    verdict = tree.python("-c", LINT, "--no-logo", "--no-cache", "--contract", contract)
    return Verdict(verdict.code, " ".join(verdict.output.split()))


def test_every_contract_is_kept(patched_tree: PatchedTree) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

    verdict = patched_tree.python("-c", LINT, "--no-logo", "--no-cache")

    assert verdict.code == 0, verdict.output
    assert f"{len(contracts)} kept, 0 broken" in verdict.output


@pytest.mark.parametrize(
    ("contract", "file", "line", "seen"),
    [
        ("layers", "gateway/fault.py", "import gateway.alert", "gateway.fault -> gateway.alert"),
        ("layers", "gateway/area.py", "import gateway.hazard", "gateway.area -> gateway.hazard"),
        ("layers", "gateway/attic.py", "", "attic"),
        ("pure", "gateway/area.py", "import asyncio", "gateway.area -> asyncio"),
        ("pure", "gateway/fault.py", "from socket import socket", "gateway.fault -> socket"),
        ("pure", "gateway/attic.py", "import apsw", "gateway.attic -> apsw"),
        ("one-sqlite", "gateway/journal/contract.py", "import sqlite3", "gateway.journal.contract -> sqlite3"),
        ("one-sqlite", "adapters/acme/adapter.py", "import sqlite3", "adapters.acme.adapter -> sqlite3"),
        ("adapters", "adapters/acme/adapter.py", "import gateway.playbook", "adapters.acme.adapter -> gateway.playbook"),
        ("adapters", "adapters/acme/adapter.py", "from gateway import shipped", "adapters.acme.adapter -> gateway.shipped"),
        ("adapters", "adapters/acme/adapter.py", "from gateway.journal.contract import Head", "-> gateway.journal.contract"),
    ],
)
def test_a_broken_wall_is_seen(patched_tree: PatchedTree, contract: str, file: str, line: str, seen: str) -> None:
    before = ROOT / file
    text = before.read_text(encoding="utf-8") if before.exists() else ""
    patched_tree.write(file, f"{text}\n{line}\n")

    verdict = lint(patched_tree, contract)

    assert verdict.code == 1, verdict.output
    assert "0 kept, 1 broken" in verdict.output
    assert seen in verdict.output


def test_there_are_adapters_and_every_folder_holds_code() -> None:
    assert VENDORS
    assert {name.split("/")[1] for name in ADAPTERS} == set(VENDORS)


def test_the_import_linter_reads_every_adapter(patched_tree: PatchedTree) -> None:
    for file in ADAPTERS:
        patched_tree.append(file, "\nimport gateway.playbook\n")

    verdict = lint(patched_tree, "adapters")

    for file in ADAPTERS:
        assert f"{file.removesuffix('.py').replace('/', '.')} -> gateway.playbook" in verdict.output


def test_mypy_reads_every_adapter(patched_tree: PatchedTree) -> None:
    """What stands in the other rooms does not matter here, so that it costs nothing to read."""
    for path in patched_tree.root.rglob("*.py"):
        path.write_text('_wrong: int = ""\n' if path.is_relative_to(patched_tree.root / "adapters") else "", encoding="utf-8")

    verdict = patched_tree.python("-m", "mypy", "--no-error-summary", "--hide-error-context")

    for file in ADAPTERS:
        assert f"{file}:" in verdict.output, verdict.output
