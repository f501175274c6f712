"""Work owed: one unfinished piece per subject, leased, never swallowed."""

from gateway.journal.contract import Journal
from gateway.journal.records import Arrival, Task, Todo, TodoKind
from tests.journal.samples import T0, Real


async def owe(journal: Journal, body: bytes = b"", subject: str = "gauge/gapcheon", kind: TodoKind = TodoKind.DRAFT) -> None:
    await journal.accept(Arrival(at=T0, todos=(Todo(kind=kind, subject=subject, body=body),)))


async def take(journal: Journal, most: int = 10) -> list[Task]:
    return list(await journal.take(TodoKind.DRAFT, most, 30))


async def test_the_newest_body_of_one_subject_wins(journal: Journal) -> None:
    await owe(journal, b"old")
    await owe(journal, b"new")
    await owe(journal, kind=TodoKind.PAGE)

    [task] = await take(journal)
    assert (task.subject, task.body, task.since, task.fence) == ("gauge/gapcheon", b"new", T0, 1)


async def test_the_oldest_work_is_taken_first_and_only_once(journal: Journal) -> None:
    for subject in "abc":
        await owe(journal, subject=subject)

    assert [task.subject for task in await take(journal, 2)] == ["a", "b"]
    assert [task.subject for task in await take(journal)] == ["c"]
    assert await take(journal) == []


async def test_what_was_put_back_goes_behind_what_is_new(journal: Journal, real: Real) -> None:
    for subject in "ab":
        await owe(journal, subject=subject)
    for task in await take(journal):
        await journal.finish(task, retry_in=5)
    real.at += 6
    await owe(journal, subject="new")

    assert [task.subject for task in await take(journal, 1)] == ["new"]
    assert [task.subject for task in await take(journal)] == ["a", "b"]


async def test_what_was_leased_to_this_process_and_is_not_in_its_hands_is_leased_anew(journal: Journal) -> None:
    for subject in "ab":
        await owe(journal, subject=subject)
    [held, unheard] = await take(journal)

    assert await journal.take(TodoKind.DRAFT, 10, 30, in_hands=[held.id, unheard.id]) == []
    [anew] = await journal.take(TodoKind.DRAFT, 10, 30, in_hands=[held.id])
    assert (anew.id, anew.fence) == (unheard.id, 2)
    assert not await journal.finish(unheard)
    assert await journal.finish(anew)
    assert await journal.finish(held)


async def test_finished_work_is_gone_and_may_be_owed_again(journal: Journal) -> None:
    await owe(journal)
    [task] = await take(journal)
    assert await journal.finish(task)
    assert await take(journal) == []

    await owe(journal)
    assert [again.id != task.id for again in await take(journal)] == [True]


async def test_news_that_came_while_work_was_in_hand_runs_afterwards(journal: Journal) -> None:
    await owe(journal, b"old")
    [task] = await take(journal)
    await owe(journal, b"new")
    assert await take(journal) == []

    assert await journal.finish(task)
    assert [again.body for again in await take(journal)] == [b"new"]


async def test_a_lease_that_ran_out_lets_another_take_it_and_the_first_cannot_finish(journal: Journal, real: Real) -> None:
    await owe(journal)
    [slow] = await take(journal)
    real.at += 30
    [task] = await take(journal)

    assert (task.id, task.fence) == (slow.id, 2)
    assert not await journal.finish(slow)
    assert not await journal.finish(slow, failure="late", retry_in=0)
    assert await journal.finish(task)
    assert not await journal.finish(task)


async def test_work_put_back_waits_unless_there_is_news(journal: Journal, real: Real) -> None:
    await owe(journal)
    [task] = await take(journal)
    assert await journal.finish(task, failure="not now", retry_in=8)
    assert await take(journal) == []

    real.at += 8
    [task] = await take(journal)
    await owe(journal, b"news")
    assert await journal.finish(task, failure="not now", retry_in=8)
    assert [again.body for again in await take(journal)] == [b"news"]


async def test_news_ends_the_waiting_of_work_that_was_put_back(journal: Journal) -> None:
    await owe(journal)
    [task] = await take(journal)
    await journal.finish(task, failure="not now", retry_in=300)
    await owe(journal, b"news")

    assert [again.body for again in await take(journal)] == [b"news"]


async def test_failures_are_what_could_not_be_drafted_and_has_not_been_since(journal: Journal) -> None:
    for subject in ("a", "b"):
        await owe(journal, subject=subject)
    for task in await take(journal):
        await journal.finish(task, failure=f"no words for {task.subject}")
    await owe(journal, kind=TodoKind.PAGE)
    [page] = await journal.take(TodoKind.PAGE, 1, 30)
    await journal.finish(page, failure="nobody answers")
    assert [(task.subject, task.body) for task in await journal.failures()] == [
        ("b", b"no words for b"),
        ("a", b"no words for a"),
    ]

    await owe(journal, subject="a")
    assert [task.subject for task in await journal.failures()] == ["b", "a"]
    [task] = await take(journal)
    await journal.finish(task)
    assert [task.subject for task in await journal.failures()] == ["b"]


async def test_where_there_is_nobody_else_nobody_says_that_something_is_due(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, todos=(Todo(kind=TodoKind.PAGE, subject="p"),)))
    assert not await journal.changed(0.3)
