"""The writer: shared commits, separate fates, and nobody waits longer than two seconds."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import apsw
import msgspec
import pytest

from gateway.fault import Unavailable
from gateway.journal.contract import Stale
from gateway.journal.records import Arrival, Todo, TodoKind, Watched
from gateway.journal.sqlite import SqliteJournal
from tests.journal.samples import T0


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    yield journal
    await journal.close()


def watch(key: str, expected: int = 0) -> Arrival:
    return Arrival(at=T0, watches=(Watched(key=key, expected=expected, state=b"s"),))


class Gate:
    """Work that holds the writer until it is opened, so that others queue behind it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, cx: apsw.Connection) -> None:
        """Write, say so, and wait."""
        cx.execute("INSERT INTO serial (scope, last) VALUES ('gate', 1)")
        self.reached.set()
        self.opened.wait(10)


async def held(journal: SqliteJournal) -> tuple[Gate, "asyncio.Task[None]"]:
    gate = Gate()
    task = asyncio.create_task(journal.writer.run(gate))
    await asyncio.to_thread(gate.reached.wait, 5)
    return gate, task


async def commits(journal: SqliteJournal) -> list[int]:
    """Count the commits from now on."""
    count = [0]

    def committed() -> bool:
        count[0] += 1
        return False

    await journal.writer.run(lambda cx: cx.set_commit_hook(committed))
    count[0] = 0
    return count


async def spoil(journal: SqliteJournal, statements: str) -> None:
    """Do to the batch's transaction what no verb would."""

    def work(cx: apsw.Connection) -> None:
        cx.execute(statements)

    await journal.writer.run(work)


async def test_whoever_is_queued_shares_one_commit(journal: SqliteJournal) -> None:
    count = await commits(journal)
    gate, holding = await held(journal)
    calls = [asyncio.create_task(journal.allocate("serial")) for _ in range(100)]
    await asyncio.sleep(0.05)
    gate.opened.set()

    assert await asyncio.gather(*calls) == list(range(1, 101))
    await holding
    assert count[0] == 2


async def test_a_verb_is_committed_and_answered_before_a_flood_that_was_there_first(journal: SqliteJournal) -> None:
    gate, holding = await held(journal)
    began, verb_done = list[bool](), threading.Event()

    def flood(_: apsw.Connection, brought: Sequence[int]) -> list[int]:
        began.append(verb_done.wait(5))
        return list(brought)

    flooding = [asyncio.create_task(journal.writer.share(flood, number)) for number in range(50)]
    await asyncio.sleep(0.05)
    verb = asyncio.create_task(journal.allocate("serial"))
    verb.add_done_callback(lambda _: verb_done.set())
    await asyncio.sleep(0.05)
    gate.opened.set()
    await holding
    assert (await verb, await asyncio.gather(*flooding)) == (1, list(range(50)))
    assert began == [True]


async def test_one_bad_verb_does_not_undo_its_neighbours(journal: SqliteJournal) -> None:
    gate, holding = await held(journal)
    verbs = [journal.accept(watch("a")), journal.accept(watch("b", expected=7)), journal.accept(watch("c"))]
    calls = [asyncio.create_task(verb) for verb in verbs]
    broken = asyncio.create_task(spoil(journal, "UPDATE watch SET state = x'00'; SELECT 1 / x"))
    await asyncio.sleep(0.05)
    gate.opened.set()

    results = await asyncio.gather(*calls, broken, return_exceptions=True)
    await holding
    assert [type(result).__name__ for result in results] == ["Receipt", "Stale", "Receipt", "SQLError"]
    assert await journal.watches(["a", "b", "c"]) == {"a": (1, b"s"), "c": (1, b"s")}
    assert isinstance(results[1], Stale)


async def test_who_breaks_a_group_is_found_and_the_others_are_served(journal: SqliteJournal) -> None:
    gate, holding = await held(journal)
    naive = msgspec.structs.replace(watch("b"), at=T0.replace(tzinfo=None), todos=(Todo(kind=TodoKind.PAGE, subject="b"),))
    calls = [asyncio.create_task(journal.accept(arrival)) for arrival in (watch("a"), naive, watch("c"))]
    await asyncio.sleep(0.05)
    gate.opened.set()

    results = await asyncio.gather(*calls, return_exceptions=True)
    await holding
    assert [type(result).__name__ for result in results] == ["Receipt", "ValueError", "Receipt"]
    assert await journal.watches(["a", "b", "c"]) == {"a": (1, b"s"), "c": (1, b"s")}


async def test_when_the_transaction_is_lost_everybody_in_it_is_told_and_nothing_happened(journal: SqliteJournal) -> None:
    gate, holding = await held(journal)
    calls = [asyncio.create_task(journal.allocate("before"))]
    lost = asyncio.create_task(spoil(journal, "ROLLBACK"))
    await asyncio.sleep(0)
    calls.append(asyncio.create_task(journal.allocate("after")))
    await asyncio.sleep(0.05)
    gate.opened.set()

    results = await asyncio.gather(*calls, lost, return_exceptions=True)
    await holding
    assert [getattr(result, "code", "") for result in results] == ["store-unavailable"] * 3
    assert [await journal.allocate(scope) for scope in ("before", "after")] == [1, 1]


async def test_a_caller_who_is_not_served_in_time_is_told_so_and_the_verb_never_runs(journal: SqliteJournal) -> None:
    gate, holding = await held(journal)
    started = time.monotonic()

    with pytest.raises(Unavailable) as told:
        await journal.accept(watch("late"))
    assert told.value.code == "store-unavailable"
    assert time.monotonic() - started < 2
    with pytest.raises(Unavailable):
        await holding
    gate.opened.set()
    await journal.accept(watch("next"))
    assert await journal.watches(["late", "next"]) == {"next": (1, b"s")}
    assert await journal.allocate("gate") == 1, "the work whose caller was told no must not be there"


async def test_a_caller_whose_commit_stalls_is_told_that_nobody_knows(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalling, flushing, flushed = (threading.Event() for _ in range(3))

    def commit() -> bool:
        if stalling.is_set():
            flushing.set()
            flushed.wait(5)
        return False

    await journal.writer.run(lambda cx: cx.set_commit_hook(commit))
    stalling.set()
    monkeypatch.setattr("gateway.journal.sqlite.desk.PATIENCE_S", 0.3)
    committing = asyncio.create_task(journal.accept(watch("committing")))
    await asyncio.to_thread(flushing.wait, 5)
    queued = asyncio.create_task(journal.accept(watch("queued")))
    told = await asyncio.gather(committing, queued, return_exceptions=True)
    flushed.set()

    assert [getattr(fault, "code", "") for fault in told] == ["store-answer-late", "store-unavailable"]
    await journal.allocate("whatever is committed next, so that the one before is over")
    assert await journal.watches(["committing", "queued"]) == {"committing": (1, b"s")}


async def test_what_is_undone_for_one_who_left_is_not_being_committed_any_more(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Semaphore(0), threading.Semaphore(0)

    def slow(cx: apsw.Connection) -> None:
        cx.execute("INSERT INTO serial (scope, last) VALUES ('slow', 1)")
        began.release()
        go_on.acquire(timeout=5)

    gate, holding = await held(journal)
    monkeypatch.setattr("gateway.journal.sqlite.desk.PATIENCE_S", 0.5)
    told, leaves = asyncio.create_task(journal.writer.run(slow)), asyncio.create_task(journal.allocate("leaves"))
    await asyncio.sleep(0.05)
    gate.opened.set()
    await asyncio.to_thread(began.acquire, timeout=5)
    leaves.cancel()
    await asyncio.sleep(0)
    go_on.release()
    await asyncio.to_thread(began.acquire, timeout=5)

    with pytest.raises(Unavailable) as refused:
        await told
    assert refused.value.code == "store-unavailable"
    go_on.release()
    await holding
    assert [await journal.allocate(scope) for scope in ("slow", "gate")] == [1, 2]


async def test_a_cancelled_caller_takes_nobody_along(journal: SqliteJournal) -> None:
    gate, holding = await held(journal)
    gone, stays = (asyncio.create_task(journal.accept(watch(key))) for key in ("gone", "stays"))
    await asyncio.sleep(0.05)
    gone.cancel()
    await asyncio.sleep(0)
    gate.opened.set()

    await asyncio.gather(holding, stays)
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await journal.watches(["gone", "stays"]) == {"stays": (1, b"s")}


async def test_closing_serves_what_is_queued_and_then_nobody(tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    calls = [asyncio.create_task(journal.allocate("serial")) for _ in range(10)]
    await asyncio.sleep(0)
    await journal.close()
    await journal.close()

    assert await asyncio.gather(*calls) == list(range(1, 11))
    with pytest.raises(Unavailable) as told:
        await journal.check()
    assert told.value.code == "store-closed"


async def test_reads_go_on_while_the_writer_is_held(journal: SqliteJournal) -> None:
    await journal.accept(watch("a"))
    gate, holding = await held(journal)

    assert await journal.watches(["a"]) == {"a": (1, b"s")}
    gate.opened.set()
    await holding


async def test_the_reader_cannot_write(journal: SqliteJournal) -> None:
    with pytest.raises(Unavailable) as told:
        await journal.reader.run(lambda cx: cx.execute("DELETE FROM serial"))
    assert told.value.code == "store-read-only"
