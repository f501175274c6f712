"""What every test may lean on: programs that only the system provides, and a copy of the tree to break."""

import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path

import hypothesis
import pytest

from tools.patched_tree import PatchedTree

hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("BONGSU_HYPOTHESIS", "fixed"))

REQUIRED = os.environ.get("BONGSU_REQUIRE_PEERS") == "1"
_MISSING = pytest.StashKey[dict[str, str]]()


@pytest.fixture
def patched_tree(tmp_path: Path) -> PatchedTree:
    """A copy of the tree to patch and to test in, gone with the test."""
    return PatchedTree(tmp_path)


@pytest.fixture(scope="session")
def peer(request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Find a program of the system, or skip loudly: `peer("mosquitto")`, `peer("pg_ctl", package="postgresql")`."""

    def find(program: str, package: str = "") -> Path:
        if found := shutil.which(program):
            return Path(found)
        request.config.stash.setdefault(_MISSING, {})[program] = package or program
        pytest.skip(f"{program} is not installed: apt install {package or program}")

    return find


def _judge(report: pytest.TestReport | pytest.CollectReport) -> None:
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} - and BONGSU_REQUIRE_PEERS=1 lets no test skip"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where every peer is required, a skip is a failure."""
    report = yield
    _judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Where every peer is required, a skipped file is a failure too."""
    report = yield
    _judge(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the missing programs once more, where they are seen."""
    missing = config.stash.get(_MISSING, {})
    if missing:
        terminalreporter.section("not everything was tested", sep="!", red=True, bold=True)
        for program, package in sorted(missing.items()):
            terminalreporter.line(f"{program} is not installed: apt install {package}")
