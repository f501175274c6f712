"""The reader: callers are told in order and a few at a time, each what came of his own read."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import apsw
import pytest

from gateway.fault import Unavailable
from gateway.journal.sqlite import SqliteJournal
from gateway.journal.sqlite.desk import TOLD_TOGETHER
from tests.journal.samples import T0

MANY = 3 * TOLD_TOGETHER
SLOW_S = 0.005


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    yield journal
    await journal.close()


class Seen:
    """Reads and answers in the order in which they happened; `known` is how many were read at each answer."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.told: list[int] = []
        self.known: list[int] = []

    def reading(self, number: int) -> Callable[[apsw.Connection], int]:
        """Return a slow read that answers its own number."""

        def work(cx: apsw.Connection) -> int:
            time.sleep(SLOW_S)
            self.read.append(number)
            cx.execute("SELECT 1").fetchall()
            return number

        return work

    async def ask(self, journal: SqliteJournal, number: int) -> int:
        """Read, and note when the answer came."""
        answer = await journal.reader.run(self.reading(number))
        self.told.append(number)
        self.known.append(len(self.read))
        return answer


async def test_callers_are_told_in_order_and_a_few_at_a_time(journal: SqliteJournal) -> None:
    """The first read may be alone in its batch; whoever queued behind it shares a wake of the loop, and nobody waits for all."""
    seen = Seen()
    answers = await asyncio.gather(*(seen.ask(journal, number) for number in range(MANY)))

    assert answers == seen.read == seen.told == list(range(MANY))
    assert len(set(seen.known)) <= MANY // 2
    assert seen.known[0] <= 2 * TOLD_TOGETHER


async def test_a_read_that_fails_is_its_callers_alone(journal: SqliteJournal) -> None:
    def broken(cx: apsw.Connection) -> int:
        cx.execute("SELECT nothing FROM nowhere")
        raise AssertionError

    def refused(_: apsw.Connection) -> int:
        raise Unavailable("test", "no", hint="none")

    def forbidden(cx: apsw.Connection) -> int:
        cx.execute("INSERT INTO serial (scope, last) VALUES ('reader', 1)")
        raise AssertionError

    reads = [journal.reader.run(work) for work in (Seen().reading(1), broken, refused, forbidden, Seen().reading(2))]
    results = await asyncio.gather(*reads, return_exceptions=True)

    said = [getattr(one, "code", type(one).__name__ if isinstance(one, Exception) else one) for one in results]
    assert said == [1, "SQLError", "test", "store-read-only", 2]


async def test_each_read_sees_what_was_committed_before_it_was_asked_for(journal: SqliteJournal) -> None:
    for number in range(1, 20):
        await journal.note("gateway", "kim", f"act-{number}", {}, T0)
        chains = await asyncio.gather(*(journal.audit("gateway") for _ in range(TOLD_TOGETHER)))
        assert {len(chain) for chain in chains} == {number}
