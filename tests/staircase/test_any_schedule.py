"""Whatever happens in whatever order: nothing overtakes, and what was approved is what is told.

Every schedule is lived by a whole gateway on a real record, and held step by step to the lane table and to what was done.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from gateway.journal.sqlite import SqliteJournal
from tests.staircase.far_side import Answer
from tests.staircase.lane_table import CHAIN, LATEST, TABLE, UNMET, Rows
from tests.staircase.node import clocks
from tests.staircase.world import EDITS, Step, World

LANES = Path(__file__).parents[2] / "docs/decisions/lanes.md"
SEED = int(os.environ.get("BONGSU_SEED", "20260714"))
SEEDS = (SEED, SEED + 1, SEED + 2)
EXAMPLES = int(os.environ.get("BONGSU_EXAMPLES", "40"))
HOUR = 3600.0

TELL: Step = ("tell", 0, "words")
DRAFT: Step = ("draft",)
SUBMIT: Step = ("submit", 0, "kim")
APPROVE: Step = ("approve", 0, "lee", "right")
CANCEL: Step = ("cancel", 0, "kim", "the gauge was hit by a log")
WELL: Step = ("carry", Answer.ACCEPTED, Answer.ACCEPTED)
BUSY: Step = ("carry", Answer.BUSY, Answer.BUSY)
LOST: Step = ("carry", Answer.LOST_AFTER, Answer.LOST_BEFORE)
NO: Step = ("carry", Answer.REFUSED, Answer.REFUSED)
HELD: Step = ("carry", Answer.HELD, Answer.HELD)
CRASH: Step = ("crash",)
QUAKE: Step = ("quake",)
ALONE: Step = ("approve", 0, "kim", "glass")
EXPIRE: Step = ("expire",)
HALF_A_SECOND: Step = ("wait", 0.5)
TWO_MINUTES: Step = ("wait", 130.0)
FOUR_HOURS: Step = ("wait", 4 * HOUR)
A_DAY: Step = ("wait", 25 * HOUR)


def landed(answer: Answer) -> tuple[Step, Step]:
    return ("land", "broadcaster", answer), ("land", "city-app", answer)


def report(level: str) -> Step:
    return "report", level


FLEW, LANDED, VANISHED = landed(Answer.BUSY), landed(Answer.ACCEPTED), landed(Answer.LOST_AFTER)

ROWS: Mapping[str, Sequence[Step]] = {
    "a newer version is issued, an older one waits": [TELL, BUSY, TELL, TELL, WELL],
    "a newer version is issued, an older one is in flight": [TELL, HELD, TELL, WELL, *LANDED, WELL],
    "... and it comes back unsettled": [TELL, HELD, TELL, *FLEW, WELL],
    "the head is refused for good": [TELL, NO, TELL, WELL, CANCEL, WELL],
    "the head waits for its next try": [TELL, BUSY, HALF_A_SECOND, WELL, HALF_A_SECOND, BUSY, TELL, WELL],
    "Cancel issued, one in flight": [TELL, HELD, CANCEL, WELL, *FLEW, TELL, HELD, CANCEL, *VANISHED, WELL],
    "Cancel issued, not reached": [TELL, BUSY, TELL, CANCEL, WELL],
    "Cancel issued, reached": [TELL, LOST, BUSY, TELL, CANCEL, BUSY, ("wait", 1.0), WELL, TELL, WELL, TELL, CANCEL, WELL, WELL],
    "Cancel issued, the lane gets none": [TELL, HELD, CANCEL, A_DAY, WELL, *FLEW, WELL],
    "past its deadline and still waiting": [TELL, BUSY, FOUR_HOURS, WELL, TELL, LOST, FOUR_HOURS, WELL],
    "the version expires, a CLEAR is held": [TELL, WELL, FOUR_HOURS, EXPIRE, WELL, TELL, FOUR_HOURS, EXPIRE, WELL],
    "a newer version is issued, a CLEAR is held": [TELL, WELL, TELL, WELL, FOUR_HOURS, EXPIRE, WELL],
}

WATCHED = [report("watch"), DRAFT, SUBMIT, APPROVE, WELL]
HASTY = [("approve", 0, "kim", "right"), ("approve", 0, "lee", "hash"), ("approve", 0, "lee", "version")]
NO_APP, EVERYBODY = ("tell", 0, "no app"), ("tell", 0, "everybody")

# What must go well besides, however seldom chance comes upon it.
STORIES: Mapping[str, Sequence[Step]] = {
    "dies in the middle of a try": [TELL, HELD, CRASH, TELL, HELD, CRASH, CANCEL, WELL, WELL],
    "dies before the first byte": [TELL, ("crash_before_sending",), CANCEL, WELL],
    "drops a target and takes it back": [TELL, WELL, NO_APP, BUSY, EVERYBODY, WELL, CANCEL, WELL, WELL],
    "drops a target for longer than the alert lasts": [TELL, WELL, NO_APP, BUSY, FOUR_HOURS, WELL],
    "is approved by the right person, once": [
        ("create", "kim"),
        *HASTY,
        SUBMIT,
        *HASTY,
        ("edit", 0, "lee", "words"),
        ("approve_twice", 0),
    ],
    "is approved alone, and everybody is told": [("create", "kim"), ALONE, SUBMIT, ("approve", 0, "kim", "right"), ALONE, WELL],
    "goes out by itself, once": [QUAKE, QUAKE, CRASH, DRAFT, WELL, QUAKE, DRAFT, SUBMIT, ALONE, CANCEL, WELL],
    "goes out by itself again after it was over": [QUAKE, DRAFT, WELL, CANCEL, QUAKE, DRAFT, FOUR_HOURS, EXPIRE, QUAKE, DRAFT],
    "is submitted while it is edited": [("create", "kim"), ("submit_while_edited", 0), SUBMIT, APPROVE],
    "is not approved by whoever edited it": [
        ("create", "kim"),
        ("edit", 0, "lee", "words"),
        SUBMIT,
        APPROVE,
        ("approve", 0, "mia", "right"),
    ],
    "ends with a draft open": [TELL, WELL, ("update", 0, "kim"), FOUR_HOURS, EXPIRE, WELL],
    "ends on the second": [TELL, WELL, ("wait", 3 * HOUR), EXPIRE, WELL],
    "is cancelled for a reason, by somebody": [TELL, ("cancel", 0, "kim", ""), ("cancel", 0, "vic", "no"), CANCEL, CANCEL],
    "leaves a person's draft alone": [
        report("watch"),
        DRAFT,
        ("edit", 0, "lee", "words"),
        report("danger"),
        DRAFT,
        SUBMIT,
        DRAFT,
    ],
    "is not told what is late": [*WATCHED, report("danger"), report("old"), report("same"), report("again"), TWO_MINUTES, DRAFT],
    "stops what does not get worse": [
        report("danger"),
        DRAFT,
        SUBMIT,
        APPROVE,
        CANCEL,
        report("watch"),
        DRAFT,
        report("danger"),
        DRAFT,
    ],
    "tells of what comes again": [*WATCHED, CANCEL, report("over"), report("watch"), DRAFT, SUBMIT, APPROVE],
    "stops what gets worse": [*WATCHED, CANCEL, report("danger"), DRAFT],
    "ends what gets worse meanwhile": [*WATCHED, ("end", 0, "kim"), SUBMIT, report("danger"), TWO_MINUTES, DRAFT, DRAFT, APPROVE],
    "approves what gets worse meanwhile": [report("watch"), DRAFT, SUBMIT, report("danger"), DRAFT, APPROVE, WELL],
    "raises by hand while a machine drafts": [("create", "kim", "meanwhile"), DRAFT, ("create", "lee", "meanwhile"), DRAFT],
}


def hyphened(name: str) -> str:
    """Return a name that a command line takes as one word."""
    return name.replace(" ", "-")


def step(name: str, *given: object) -> st.SearchStrategy[Step]:
    """Return the steps of one name: a list stands for any of its members."""
    return st.tuples(st.just(name), *(st.sampled_from(one) if isinstance(one, list) else st.just(one) for one in given))


which = [0, 0, 0, 0, 1, 2]
people = ["kim", "lee", "lee", "mia", "vic"]
answers = [*Answer, Answer.HELD, Answer.HELD, Answer.BUSY, Answer.ACCEPTED]

carries = step("carry", answers, answers)
tells = step("tell", which, ["words", "words", "no app", "no centre", "everybody", "end"])
lands = step("land", ["broadcaster", "city-app"], [answer for answer in Answer if answer is not Answer.HELD])
cancels = step("cancel", which, ["kim", "kim", "mia", "vic"], ["it was a log", "it was a log", ""])
waits = step("wait", [0.5, 1.0, 4.0, 30.0, 130.0, HOUR, 3 * HOUR, 25 * HOUR])
sources = st.one_of(
    step("report", ["watch", "danger", "danger", "same", "old", "over", "again"]),
    step("measure", [1.0, 2.8, 4.4]),
    step("quake"),
)
machines = st.one_of(
    step("draft"), step("draft"), step("expire"), step("tick"), step("beat"), step("crash"), step("crash_before_sending")
)
makers = st.one_of(
    step("create", people, ["", "meanwhile"]),
    step("edit", which, people, list(EDITS)),
    step("update", which, people),
    step("end", which, people),
    step("reject", which, people),
)
deciders = st.one_of(
    step("submit", which, people, ["now", "now", "before"]),
    step("submit_while_edited", which),
    step("approve", which, people, ["right", "right", "hash", "version", "glass"]),
    step("approve_twice", which),
)
steps = st.one_of(carries, carries, carries, tells, tells, tells, lands, cancels, waits, sources, machines, makers, deciders)
schedules = st.lists(steps, min_size=15, max_size=40)


def live(schedule: Sequence[Step], met: Rows) -> int:
    """Live a schedule in a record of one's own, and return how many of its steps were judged."""

    async def alone(path: Path) -> int:
        return await World(lambda _: SqliteJournal.open(path, real=lambda: clocks.real), met).live(schedule)

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(alone(Path(folder) / "bongsu.db"))


@pytest.mark.parametrize("row", TABLE, ids=hyphened)
def test_every_row_of_the_lane_table(row: str) -> None:
    met = Rows()
    live(ROWS[row], met)
    assert {history for history in (LATEST, CHAIN) if met[row, history]} == {LATEST, CHAIN} - UNMET.get(row, set())


def test_the_rows_are_those_that_were_decided() -> None:
    lines = re.findall(r"^\| (.+?) \|", LANES.read_text(encoding="utf-8"), re.MULTILINE)
    assert list(TABLE) == list(ROWS) == lines[1:]


@pytest.mark.parametrize("story", STORIES, ids=hyphened)
def test_a_story(story: str) -> None:
    assert live(STORIES[story], Rows()) == len(STORIES[story])


@pytest.mark.parametrize("number", SEEDS)
def test_any_schedule(number: int) -> None:
    lived = 0

    @seed(number)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck))
    @given(schedule=schedules)
    def lives(schedule: list[Step]) -> None:
        nonlocal lived
        live(schedule, Rows())
        lived += 1

    lives()
    assert lived >= EXAMPLES
