"""What every test may lean on: programs and a small disk that only the system provides, a copy of the tree to break."""

import gc
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.journal.postgres.server import Server
from tests.stores import STORES, Opener, running_server
from tools.patched_tree import PatchedTree

hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("BONGSU_HYPOTHESIS", "fixed"))

# Whoever runs the tests in the background of a shell has their children deaf to Ctrl-C, which some tests press
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REQUIRED = os.environ.get("BONGSU_REQUIRE_PEERS") == "1"
MISSING = re.compile(r"[\w.+-]+ is not installed: apt install [\w.+-]+")


@pytest.fixture
def patched_tree(tmp_path: Path) -> PatchedTree:
    """A copy of the tree to patch and to test in, gone with the test."""
    return PatchedTree(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 6 MB, half of it taken by a file that can be deleted."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount the small disk that this test fills")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "bongsu-test", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"this machine lets root mount nothing: {mounted.stderr.decode()}")
    (disk / "ballast").write_bytes(bytes(3 << 20))
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server, with an empty record to copy."""
    with running_server() as running:
        yield running


@pytest.fixture
def opener(request: pytest.FixtureRequest) -> Opener:
    """How to open the record: in a file, or in whatever `on_every_store` names."""
    return STORES[getattr(request, "param", "sqlite")](request)


@pytest.fixture(scope="session")
def peer() -> Callable[..., Path]:
    """Find a program of the system, or skip loudly: `peer("mosquitto")`, `peer("pg_ctl", package="postgresql")`."""

    def find(program: str, package: str = "") -> Path:
        if found := shutil.which(program):
            return Path(found)
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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Answer `--numprocesses auto`: one more than there are cores, for many tests wait; none for tests named one by one."""
    if all("::" in named for named in config.args):
        return 0
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was collected here: it stays until the end, and is much."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the missing programs once more, where they are seen: whichever process ran into it, its report says so."""
    reports = [report for kind in ("skipped", "failed", "error") for report in terminalreporter.stats.get(kind, ())]
    missing = {line for report in reports for line in MISSING.findall(str(report.longrepr))}
    if missing:
        terminalreporter.section("not everything was tested", sep="!", red=True, bold=True)
        for line in sorted(missing):
            terminalreporter.line(line)
