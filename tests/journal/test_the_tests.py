"""The tests that carry the most weight turn red when what they guard is broken, each in a copy of the tree."""

import pytest

from tools.patched_tree import PatchedTree

LANES = "gateway/journal/sqlite/lanes.py"
WRITER = "gateway/journal/sqlite/writer.py"


@pytest.mark.parametrize(
    ("old", "new", "test"),
    [
        ("        _hurry(cx, lane, real)\n", "", "test_a_cancel_zeroes_the_backoff_of_its_chain_and_keeps_it_under_a_second"),
        ("min(retry_in, CHAIN_RETRY_S)", "retry_in", "test_a_cancel_zeroes_the_backoff_of_its_chain_and_keeps_it_under_a_second"),
        ("id < ? AND doubt = 1", "id < ? AND doubt = 2", "test_an_ambiguous_head_is_not_repeated_once_a_cancel_waits"),
        ('"id <= ?"', '"id = ?"', "test_neither_goes_when_the_cancel_comes_before_any_attempt"),
    ],
)
def test_a_broken_lane_rule_is_seen(patched_tree: PatchedTree, old: str, new: str, test: str) -> None:
    patched_tree.patch(LANES, old, new)

    verdict = patched_tree.pytest("tests/journal/test_lanes.py", "-k", test)

    assert any(test in failed for failed in verdict.failed), verdict.output


def test_an_answer_before_the_commit_is_seen(patched_tree: PatchedTree) -> None:
    patched_tree.patch(WRITER, 'self._cx.execute("BEGIN IMMEDIATE")', 'self._cx.execute("BEGIN" * (not self._cx.in_transaction))')
    patched_tree.patch(WRITER, 'self._cx.execute("COMMIT")', 'self._cx.execute("COMMIT" * (self._cx.total_changes() % 7 == 0))')

    verdict = patched_tree.pytest("tests/journal/sqlite/test_kill.py")

    assert any("test_nothing_acknowledged_is_lost" in failed for failed in verdict.failed), verdict.output
