"""The test of the tests: whoever takes one guard out of the gateway, in a copy of the tree, turns the tests of its rule red."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.staircase.test_any_schedule import hyphened
from tools.patched_tree import PatchedTree

SCHEDULES = "tests/staircase/test_any_schedule.py"
TWO_NODES = "tests/staircase/test_two_nodes.py"
NODES_LANES = "gateway/journal/postgres/lanes.py"
ACCESS, ALERT, CHANNEL = "gateway/access.py", "gateway/alert.py", "gateway/channel.py"
DECIDING, ROOM, STANDING = "gateway/engine/deciding.py", "gateway/engine/room.py", "gateway/engine/standing.py"
WRITING = "gateway/engine/writing.py"
RELEASE, RENDERING = "gateway/engine/release.py", "gateway/drafting/rendering.py"
ORDER, DECIDE, COURIER = "gateway/policy/order.py", "gateway/policy/decide.py", "gateway/delivery/courier.py"
LANES, CLAIMS, ISSUING = (f"gateway/journal/sqlite/{name}.py" for name in ("lanes", "deliveries", "issuing"))
GOES_ON = "test_that_it_goes_on_is_drafted_though_somebody_had_a_version_in_hands_when_it_was_due"
FIRST_FAULT = ("--hypothesis-profile", "first-fault")
ANY = f"{SCHEDULES}::test_any_schedule[20260714]"
DRAFTS, PUBLICATIONS = (f"gateway/journal/sqlite/{name}.py" for name in ("alerts", "publications"))
TIMES, TRIED = "gateway/journal/sql/times.py", "gateway/journal/sql/tried.py"


class Cut(NamedTuple):
    """Lines that are taken out of a file, and what stands there instead."""

    file: str
    old: str
    new: str = ""


# What more than one guard is cut from.
ONE_IN_FLIGHT = (
    "gateway/journal/sqlite/migrations/0001_first.sql",
    "UNIQUE INDEX delivery_lane_in_flight",
    "INDEX delivery_in_flight",
)
OLDEST_FIRST = (CLAIMS, " AND o.state = 'waiting' AND o.id < d.id)", " AND o.state = 'lost')")
HEADS_ONLY = (
    "gateway/journal/sqlite/migrations/0004_heads.sql",
    "head INTEGER NOT NULL DEFAULT 0;",
    "head INTEGER NOT NULL DEFAULT 1;",
)
VOIDED = 'Act(number=number, deed=Deed.VOIDED, actor="gateway", at=at, reason="expired"))'


class Guard(NamedTuple):
    """What makes a rule hold, and the test that must notice when it is gone."""

    test: str
    cuts: tuple[Cut, ...]


def guard(test: str, *cuts: tuple[str, str, str]) -> Guard:
    return Guard(test, tuple(Cut(*cut) for cut in cuts))


def row(name: str) -> str:
    return f"{SCHEDULES}::test_every_row_of_the_lane_table[{hyphened(name)}]"


def story(name: str) -> str:
    return f"{SCHEDULES}::test_a_story[{hyphened(name)}]"


NOTHING_OVERTAKES = {
    "the newer supersedes what waits": guard(
        row("a newer version is issued, an older one waits"),
        (LANES, " AND (state = 'held' OR (state = 'waiting' AND history = 'latest'))", " AND state = 'held'"),
    ),
    "the newer supersedes what waits, for every node": guard(
        TWO_NODES + row("a newer version is issued, an older one waits").removeprefix(SCHEDULES),
        (NODES_LANES, " AND (state = 'held' OR (state = 'waiting' AND history = 'latest'))", " AND state = 'held'"),
    ),
    "the newer supersedes what comes back": guard(
        row("... and it comes back unsettled"), (LANES, "    if number == row.number:\n", "    if number:\n")
    ),
    "one of a lane is in flight": guard(
        row("a newer version is issued, an older one is in flight"),
        (CLAIMS, " AND o.state = 'sending')", " AND o.state = 'lost')"),
        HEADS_ONLY,
        ONE_IN_FLIGHT,
    ),
    "the record, too, keeps one in flight": guard(
        row("a newer version is issued, an older one is in flight"),
        (CLAIMS, " AND o.state = 'sending')", " AND o.state = 'lost')"),
        HEADS_ONLY,
    ),
    "a chain goes in order": guard(
        row("a newer version is issued, an older one waits"),
        *((CLAIMS, "ORDER BY priority, due, id", "ORDER BY id DESC"), OLDEST_FIRST, HEADS_ONLY, ONE_IN_FLIGHT),
    ),
    "a cancel follows what may have reached": guard(
        row("Cancel issued, not reached"), (LANES, "    if _reached(cx, back):\n", "    if True:\n")
    ),
    "a cancel does not wait": guard(story("drops a target and takes it back"), (LANES, "        _hurry(cx, lane, real)\n", "")),
    "what may have reached is not repeated": guard(
        row("Cancel issued, reached"), (LANES, "id < ? AND doubt = 1", "id < ? AND doubt = 2")
    ),
    "a lost try may have reached": guard(
        story("dies in the middle of a try"), (TRIED, "Outcome(verdict=Verdict.AMBIGUOUS", "Outcome(verdict=Verdict.UNREACHABLE")
    ),
    "nothing goes after its deadline": guard(row("past its deadline and still waiting"), (CLAIMS, "    _expire(cx, now)\n", "")),
    "a take-back outlives the alert": guard(
        story("drops a target for longer than the alert lasts"),
        (RELEASE, "max(version.expires, sent + AFTERLIFE) if lasting", "version.expires if lasting"),
    ),
    "who was told is told again": guard(
        story("drops a target and takes it back"), (RELEASE, "withdrawn=tuple(", "withdrawn=() and tuple(")
    ),
    "what expires is cleared": guard(
        row("the version expires, a CLEAR is held"), (ISSUING, "    _release(cx, alert, number, real, at)\n", "")
    ),
    "an open draft ends with its alert": guard(
        story("ends with a draft open"), (ISSUING, VOIDED, "act) if cx is None else None")
    ),
    "a publication is later than the last": guard(
        story("stops what gets worse"), (TIMES, "max(before + _SECOND, ", "max(before, ")
    ),
    "a publication is later than expiries": guard(
        story("ends on the second"), (PUBLICATIONS, "now, _past_expiry(cx, now))", "now, None)")
    ),
    "what is over leaves the feeds": guard(
        story("ends on the second"), (CHANNEL, "(Kind.ALERT, Kind.UPDATE) and at < self.expires", "(Kind.ALERT, Kind.UPDATE)")
    ),
}

APPROVE_WHAT_YOU_SAW = {
    "the hash is that of what waits": guard(
        story("is approved by the right person, once"),
        (DECIDING, "        if waiting.hash != hash:\n", "        if not hash:\n"),
        (ISSUING, "hash != issue.hash or ", ""),
    ),
    "the record, too, compares the hash": guard(
        "tests/journal/test_issuing.py::test_what_was_not_frozen_is_not_issued", (ISSUING, "hash != issue.hash or ", "")
    ),
    "the hash covers every payload": guard(story("ends on the second"), (ALERT, "[version, sorted(parts)]", "[version]")),
    "the hash covers the whole version": guard(
        story("ends on the second"), (ALERT, "[version, sorted(parts)]", "[sorted(parts)]")
    ),
    "the hash covers the bytes": guard(story("ends on the second"), (RELEASE, "p.media_type, p.sha256)", 'p.media_type, "")')),
    "what is frozen is not edited": guard(
        story("is approved by the right person, once"),
        (STANDING, "    if record.open.state is not VersionState.OPEN:\n", "    if record.open.state is VersionState.VOID:\n"),
        (DRAFTS, "    must_be(cx, version.alert, version.number, VersionState.OPEN)\n    _write", "    _write"),
        (DRAFTS, "        \" WHERE state = 'open'\",\n", '        " WHERE true",\n'),
    ),
    "what was read has not moved on": guard(
        story("is submitted while it is edited"), (DRAFTS, "WHERE id = ? AND revision = ?", "WHERE id = ? AND revision >= ?")
    ),
    "a second person approves": guard(
        ANY, (DECIDING, "        may_approve(actor, number, record.acts, break_glass=break_glass)\n", "")
    ),
    "who approves alone gives a reason, and everybody is told": guard(
        story("is approved alone, and everybody is told"),
        (DECIDING, "),) if break_glass else ()", "),)[:0]"),
    ),
    "what goes out by itself is not told twice": guard(
        story("goes out by itself, once"),
        (WRITING, "            beside = await self._no_twin(version)\n", "            beside = None\n"),
    ),
    "what goes out by itself is told to the duty officer": guard(
        story("goes out by itself, once"), (WRITING, "task=task, todos=(told,)), fresh=True)", "task=task), fresh=True)")
    ),
    "an editor made it, too": guard(
        story("is not approved by whoever edited it"),
        (ACCESS, "frozenset({Deed.DRAFTED, Deed.EDITED, Deed.SUBMITTED})", "frozenset({Deed.DRAFTED, Deed.SUBMITTED})"),
    ),
    "a cancel has a reason": guard(
        story("is cancelled for a reason, by somebody"), (ACCESS, "    if not reason.strip():\n", "    if reason is None:\n")
    ),
    "a version is issued once": guard(
        "tests/journal/test_issuing.py::test_a_version_is_issued_exactly_once",
        (ISSUING, "    alerts.must_be(cx, issue.alert, issue.number, VersionState.FROZEN)\n", ""),
    ),
    "a machine issues only what it still holds": guard(
        "tests/journal/test_issuing.py::test_issue_finishes_its_task_or_is_stale",
        (ISSUING, "        work.close_or_stale(cx, issue.task)\n", "        work.close(cx, issue.task)\n"),
    ),
    "an incident has one alert that begins by itself": guard(
        "tests/journal/test_issuing.py::test_no_alert_begins_at_its_issue_where_the_incident_has_one",
        (ISSUING, "        alerts.alone_about(cx, submit.version, first=True)\n", "        pass\n"),
    ),
    "only sent is stamped": guard(
        row("the head is refused for good"),
        (
            RENDERING,
            "body=stamped(payload.body, sent))",
            'body=stamped(payload.body, sent).replace(b"Exercise", b"Actual "))',
        ),
    ),
    "other bytes do not leave": guard(
        "tests/delivery/test_courier.py::test_bytes_that_are_not_those_issued_never_leave",
        (COURIER, "claimed.payload.sha256 != claimed.sha256", "not claimed.sha256"),
    ),
    "a machine leaves a person's draft alone": guard(
        story("leaves a person's draft alone"),
        (STANDING, "    return touched or record.open.state is VersionState.FROZEN", "    return False"),
    ),
    "an alert that goes on is looked at again": guard(
        f"tests/engine/test_newer.py::{GOES_ON}", (ROOM, "(*order.todos, *_to_come(frozen.version))", "order.todos")
    ),
    "what got worse is told after an end": guard(
        story("ends what gets worse meanwhile"),
        (WRITING, "self.journal.finish(task, retry_in=IN_HANDS_S)", "self.journal.finish(task)"),
    ),
    "late reports change nothing": guard(
        story("is not told what is late"), (ORDER, "    if late := _late(report, head.report):\n", '    if late := "":\n')
    ),
    "what was stopped stays stopped": guard(
        story("stops what does not get worse"),
        (DECIDE, "    if stopped is not None and not _above", '    if stopped == "" and not _above'),
    ),
}

GUARDS = NOTHING_OVERTAKES | APPROVE_WHAT_YOU_SAW


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> PatchedTree:
    """One copy for all; every test mends what it broke."""
    return PatchedTree(tmp_path_factory.mktemp("guards"))


@pytest.fixture
def tree(copy: PatchedTree) -> Iterator[PatchedTree]:
    """The copy as it should be."""
    whole = {cut.file: (copy.root / cut.file).read_text(encoding="utf-8") for guard in GUARDS.values() for cut in guard.cuts}
    yield copy
    for file, text in whole.items():
        copy.write(file, text)


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_that_is_gone_is_missed(tree: PatchedTree, name: str) -> None:
    for cut in GUARDS[name].cuts:
        try:
            tree.patch(*cut)
        except ValueError as lost:
            pytest.fail(f"the guard {name!r} stands elsewhere by now; say here where: {lost}")

    test = GUARDS[name].test
    verdict = tree.pytest(test, "--timeout", "60", *(FIRST_FAULT if test.startswith(SCHEDULES) else ()))

    assert any(failed.startswith(test) for failed in verdict.failed), f"nobody missed the guard {name!r}:\n{verdict.output}"


def test_a_copy_with_all_its_guards_is_green(tree: PatchedTree) -> None:
    verdict = tree.pytest(*sorted({guard.test for guard in GUARDS.values()}), "--timeout", "60")

    assert (verdict.code, verdict.failed) == (0, frozenset()), verdict.output


def test_every_guard_stands_where_it_is_looked_for() -> None:
    root = Path(__file__).parents[2]
    cuts = [(name, cut) for name, guard in GUARDS.items() for cut in guard.cuts]
    lost = [(name, cut.file, cut.old) for name, cut in cuts if (root / cut.file).read_text(encoding="utf-8").count(cut.old) != 1]
    assert lost == [], "say here where these stand by now"
