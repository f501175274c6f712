"""A missing peer is shown, and where every peer is required it is a failure."""

import pytest

from tools.patched_tree import PatchedTree

NEEDY = """
import pytest


def test_needy(peer):
    peer("no-such-program", package="no-such-package")


@pytest.mark.skip(reason="told to")
def test_told():
    pass


@pytest.mark.xfail(strict=True)
def test_known():
    raise AssertionError
"""
WHOLE_FILE = """
import pytest

pytest.skip("nothing here", allow_module_level=True)
"""


@pytest.fixture
def needy(patched_tree: PatchedTree) -> PatchedTree:
    """A tree with tests that skip for every reason there is."""
    patched_tree.write("tests/test_needy.py", NEEDY)
    patched_tree.write("tests/test_whole_file.py", WHOLE_FILE)
    return patched_tree


@pytest.mark.parametrize("workers", ["0", "2"])
def test_without_the_program_a_newcomer_sees_a_skip_and_its_package(needy: PatchedTree, workers: str) -> None:
    verdict = needy.pytest("tests/test_needy.py", "tests/test_whole_file.py", "--numprocesses", workers)

    assert verdict.code == 0, verdict.output
    assert "not everything was tested" in verdict.output
    assert "\nno-such-program is not installed: apt install no-such-package\n" in verdict.output


def test_where_peers_are_required_every_skip_fails_and_a_known_failure_does_not(needy: PatchedTree) -> None:
    required = {"BONGSU_REQUIRE_PEERS": "1"}

    verdict = needy.pytest("tests/test_needy.py", env=required)

    assert verdict.failed == {"tests/test_needy.py::test_needy"}
    assert "ERROR tests/test_needy.py::test_told" in verdict.output
    assert "1 failed, 1 xfailed, 1 error" in verdict.output
    assert needy.pytest("tests/test_whole_file.py", env=required).code != 0


def test_a_program_that_is_there_is_found(needy: PatchedTree) -> None:
    needy.patch("tests/test_needy.py", 'peer("no-such-program", package="no-such-package")', 'assert peer("git").name == "git"')

    assert needy.pytest("tests/test_needy.py::test_needy").code == 0


@pytest.mark.parametrize(("named", "workers"), [("tests/test_needy.py", 2), ("tests/test_needy.py::test_known", 0)])
def test_a_test_that_is_named_waits_for_no_workers(needy: PatchedTree, named: str, workers: int) -> None:
    verdict = needy.pytest(named, "--numprocesses", "auto", env={"PYTEST_XDIST_AUTO_NUM_WORKERS": "2"})

    assert verdict.code == 0, verdict.output
    assert ("2 workers [" in verdict.output) == bool(workers), verdict.output
