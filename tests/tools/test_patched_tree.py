"""The copy runs its own code, breaks only what it was told to, and tells a failure from a breakdown."""

import pytest

from tools.patched_tree import PatchedTree

WHO = """
from pathlib import Path

import gateway


def test_who():
    assert Path(gateway.__file__).parents[1] == Path(__file__).parents[1]


def test_sum():
    assert 1 + 1 == 2
"""


def test_the_code_under_test_is_the_copys_own(patched_tree: PatchedTree) -> None:
    patched_tree.write("tests/test_who.py", WHO)

    verdict = patched_tree.pytest("tests/test_who.py")

    assert verdict.code == 0, verdict.output
    assert "2 passed" in verdict.output


def test_a_patched_line_turns_its_test_red_and_no_other(patched_tree: PatchedTree) -> None:
    patched_tree.write("tests/test_who.py", WHO)

    patched_tree.patch("tests/test_who.py", "1 + 1 == 2", "1 + 1 == 3")

    assert patched_tree.pytest("tests/test_who.py").failed == {"tests/test_who.py::test_sum"}


def test_a_file_that_does_not_import_is_not_a_failed_test(patched_tree: PatchedTree) -> None:
    patched_tree.write("tests/test_who.py", "import no_such_thing\n" + WHO)

    verdict = patched_tree.pytest("tests/test_who.py")

    assert verdict.code != 0
    assert verdict.failed == frozenset()


@pytest.mark.parametrize(("old", "times"), [("no such line", 0), ("assert", 2)])
def test_text_that_does_not_stand_there_exactly_once_is_refused(patched_tree: PatchedTree, old: str, times: int) -> None:
    patched_tree.write("tests/test_who.py", WHO)

    with pytest.raises(ValueError, match=f"{times} times, not once"):
        patched_tree.patch("tests/test_who.py", old, "")
