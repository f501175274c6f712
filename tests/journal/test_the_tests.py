"""The tests that carry the most weight turn red when what they guard is broken, each in a copy of the tree."""

import pytest

from tools.patched_tree import PatchedTree

LANES = "gateway/journal/sqlite/lanes.py"
WRITER = "gateway/journal/sqlite/writer.py"
ONLY_THE_PRIMARY = "test_a_report_that_only_the_primary_has_is_not_acknowledged_when_it_is_sent_again"


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

    verdict = patched_tree.pytest("tests/journal/test_lanes.py", "-k", f"{test} and sqlite")

    assert any(test in failed for failed in verdict.failed), verdict.output


@pytest.mark.parametrize(
    ("file", "old", "new", "test"),
    [
        ("deliveries.py", "FOR UPDATE OF d SKIP LOCKED", "", "test_nodes.py::test_no_delivery_is_claimed_twice"),
        (
            "deliveries.py",
            "FOR NO KEY UPDATE SKIP LOCKED",
            "",
            "test_nodes.py::test_a_lease_that_ran_out_is_lost_once_whoever_looks",
        ),
        ("intake.py", " FOR KEY SHARE", "", f"test_fail_over.py::{ONLY_THE_PRIMARY}"),
        (
            "opening.py",
            "in (fsync, commit)",
            "in (fsync,)",
            "test_opening.py::test_a_server_that_answers_before_its_disk_does_is_refused",
        ),
    ],
)
def test_a_guard_of_the_database_that_is_gone_is_seen(
    patched_tree: PatchedTree, file: str, old: str, new: str, test: str
) -> None:
    patched_tree.patch(f"gateway/journal/postgres/{file}", old, new)

    verdict = patched_tree.pytest(f"tests/journal/postgres/{test}")

    assert verdict.failed == {f"tests/journal/postgres/{test}"}, verdict.output


def test_an_answer_before_the_commit_is_seen(patched_tree: PatchedTree) -> None:
    patched_tree.patch(WRITER, 'self._cx.execute("BEGIN IMMEDIATE")', 'self._cx.execute("BEGIN" * (not self._cx.in_transaction))')
    patched_tree.patch(WRITER, 'self._cx.execute("COMMIT")', 'self._cx.execute("COMMIT" * (self._cx.total_changes() % 7 == 0))')

    verdict = patched_tree.pytest("tests/journal/sqlite/test_kill.py")

    assert any("test_nothing_acknowledged_is_lost" in failed for failed in verdict.failed), verdict.output
