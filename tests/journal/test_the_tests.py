"""The tests that carry the most weight turn red when what they guard is broken, each in a copy of the tree."""

import pytest

from tools.patched_tree import PatchedTree

LANES = "gateway/journal/sqlite/lanes.py"
WRITER = "gateway/journal/sqlite/writer.py"
FORGOTTEN = "test_what_the_old_primary_alone_had_published_is_forgotten[as-much]"
LEFT = "test_who_comes_while_several_nodes_are_about_to_claim_finds_what_they_left"
HELD = "test_an_alert_that_is_held_keeps_no_other_from_going"
SEALED = "test_a_seal_waits_for_what_has_a_place_before_it_and_nobody_waits_for_the_seal"
LINKED = "test_whoever_appends_to_a_chain_waits_for_who_is_at_it"
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
        ("deliveries.py", "= '100ms'", "= '9s'", f"test_passing_over.py::{HELD}"),
        ("intake.py", " FOR KEY SHARE", "", f"test_fail_over.py::{ONLY_THE_PRIMARY}"),
        ("deliveries.py", "_LOOKED_AT = (2, 16)", "_LOOKED_AT = (2,)", f"test_nodes.py::{LEFT}"),
        ("audit.py", "    await _settled(cx)\n    heads = {", "    heads = {", f"test_sealing.py::{SEALED}"),
        ("migrations/0009_append.sql", "FOR UPDATE;\n            IF NOT", ";\n            IF NOT", f"test_sealing.py::{LINKED}"),
        ("publications.py", "at, {_LINE} FROM", "at, 0 FROM", f"test_another_line.py::{FORGOTTEN}"),
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
