"""Alerts and their versions until they are frozen, and the numbers that are given out."""

import asyncio

import pytest

from gateway.alert import Deed, IncidentKey
from gateway.fault import Conflict, Missing
from gateway.journal.contract import Journal, Stale
from gateway.journal.records import Arrival, Draft, Todo, TodoKind, VersionState
from tests.journal.samples import MINUTE, T0, act, incident, placed, raw, revision, submit, tell, version


def draft(number: int = 1, expected: int = 0, *, level: str = "warning", alert: str = "A1") -> Draft:
    drafted = version(alert, number, level=level)
    return Draft(version=drafted, expected=expected, acts=(act(number, Deed.DRAFTED, "gateway"),), at=T0)


async def test_numbers_of_a_scope_are_given_once_each_from_one(journal: Journal) -> None:
    given = await asyncio.gather(*(journal.allocate("serial") for _ in range(50)))

    assert sorted(given) == list(range(1, 51))
    assert await journal.allocate("alert") == 1


async def test_a_draft_adds_the_alert_and_a_redraft_replaces_the_open_version(journal: Journal) -> None:
    assert await journal.draft(draft()) == 1
    assert await journal.draft(draft(expected=1, level="watch")) == 2

    record = await journal.alert("A1")
    assert (record.revision, record.created_at, record.finding) == (2, T0, "")
    assert [(one.version.level, one.state, one.hash, one.issued_at) for one in record.versions] == [
        ("watch", VersionState.OPEN, "", None)
    ]
    assert record.versions[0].version == version(level="watch")
    assert [done.deed for done in record.acts] == [Deed.DRAFTED, Deed.DRAFTED]


async def test_a_draft_that_expects_another_revision_is_stale(journal: Journal) -> None:
    await journal.draft(draft())

    for expected in (0, 2):
        with pytest.raises(Stale):
            await journal.draft(draft(expected=expected, level="other"))
    assert (await journal.alert("A1")).versions[0].version.level == "warning"


async def test_of_two_first_drafts_of_one_alert_one_is_stale(journal: Journal) -> None:
    results = await asyncio.gather(journal.draft(draft()), journal.draft(draft()), return_exceptions=True)

    assert [result for result in results if not isinstance(result, Stale)] == [1]


async def test_only_one_version_is_open(journal: Journal) -> None:
    await journal.draft(draft())

    with pytest.raises(Conflict) as refused:
        await journal.draft(draft(number=2, expected=1))
    assert refused.value.code == "version-open"
    assert (await journal.alert("A1")).revision == 1


async def test_a_draft_finishes_its_task_and_binds_its_incident(journal: Journal) -> None:
    todo = Todo(kind=TodoKind.DRAFT, subject="gauge/gapcheon")
    await journal.accept(Arrival(at=T0, raw=raw(), reports=(placed(incident()),), todos=(todo,)))
    [task] = await journal.take(TodoKind.DRAFT, 1, 30)
    owed = Todo(kind=TodoKind.PAGE, subject="somebody")
    about = IncidentKey("gauge", "gapcheon", 1)
    first = Draft(version=version(about=about), expected=0, acts=(), at=T0, task=task, todos=(owed,))
    await journal.draft(first)

    assert not await journal.finish(task)
    assert [page.subject for page in await journal.take(TodoKind.PAGE, 1, 30)] == ["somebody"]
    assert (await journal.heads([("gauge", "gapcheon")]))["gauge", "gapcheon"].alert == "A1"
    with pytest.raises(Stale):
        await journal.draft(Draft(version=version("A2"), expected=0, acts=(), at=T0, task=task))
    with pytest.raises(Missing):
        await journal.alert("A2")


async def test_a_draft_that_failed_for_newer_facts_is_the_alerts_finding_until_one_succeeds(journal: Journal) -> None:
    todo = Todo(kind=TodoKind.DRAFT, subject="gauge/gapcheon")
    await journal.accept(Arrival(at=T0, raw=raw(), reports=(placed(incident()),), todos=(todo,)))
    await journal.draft(Draft(version=version(about=IncidentKey("gauge", "gapcheon", 1)), expected=0, acts=(), at=T0))
    [task] = await journal.take(TodoKind.DRAFT, 1, 30)
    await journal.finish(task, failure="no words for that")
    assert (await journal.alert("A1")).finding == "no words for that"

    await journal.accept(Arrival(at=T0, todos=(todo,)))
    [task] = await journal.take(TodoKind.DRAFT, 1, 30)
    await journal.finish(task)
    assert (await journal.alert("A1")).finding == ""


async def test_an_edit_replaces_the_draft_and_is_remembered(journal: Journal) -> None:
    await journal.draft(draft())
    edited = version(level="severe")

    assert await journal.edit(edited, 1, act(1, Deed.EDITED)) == 2
    with pytest.raises(Stale):
        await journal.edit(version(level="lost"), 1, act(1, Deed.EDITED))
    record = await journal.alert("A1")
    assert record.open is not None
    assert record.open.version == edited
    assert [(done.deed, done.actor) for done in record.acts] == [(Deed.DRAFTED, "gateway"), (Deed.EDITED, "kim")]


async def test_submit_freezes_bytes_that_nobody_can_change(journal: Journal) -> None:
    await journal.draft(draft())
    frozen = submit(version(), ["sms/all", "cap/north"], clears=True, feeds=["atom", "pb"])

    with pytest.raises(Stale):
        await journal.submit(frozen, 5)
    assert await journal.submit(frozen, 1) == 2
    payloads, feeds = await journal.frozen("A1", 1)
    assert set(payloads) == set(frozen.payloads)
    assert set(feeds) == set(frozen.feeds)
    opened = (await journal.alert("A1")).open
    assert opened is not None
    assert (opened.state, opened.hash) == (VersionState.FROZEN, "hash-1")
    for attempt in (journal.edit(version(), 2, act(1, Deed.EDITED)), journal.submit(frozen, 2), journal.draft(draft(expected=2))):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.code == "frozen"


async def test_a_draft_has_no_frozen_bytes(journal: Journal) -> None:
    await journal.draft(draft())

    with pytest.raises(Missing):
        await journal.frozen("A1", 1)


async def test_a_rejected_version_is_void_and_the_next_one_may_come(journal: Journal) -> None:
    await journal.draft(draft())
    with pytest.raises(Stale):
        await journal.reject("A1", 1, 7, act(1, Deed.REJECTED))
    assert await journal.reject("A1", 1, 1, act(1, Deed.REJECTED, reason="wrong river")) == 2

    record = await journal.alert("A1")
    assert record.open is None
    assert record.acts[-1].reason == "wrong river"
    for attempt in (journal.reject("A1", 1, 2, act(1, Deed.REJECTED)), journal.draft(draft(expected=2))):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.code == "version-void"
    assert await journal.draft(draft(number=2, expected=2)) == 3


async def test_what_is_not_there_is_missing(journal: Journal) -> None:
    await journal.draft(draft())
    attempts = [
        journal.alert("A9"),
        journal.edit(version("A9"), 1, act(1, Deed.EDITED)),
        journal.edit(version(number=9), 1, act(9, Deed.EDITED)),
        journal.submit(submit(version("A9")), 1),
        journal.reject("A9", 1, 1, act(1, Deed.REJECTED)),
        journal.frozen("A9", 1),
    ]
    for attempt in attempts:
        with pytest.raises(Missing):
            await attempt


async def test_alerts_come_newest_first(journal: Journal) -> None:
    for number in range(4):
        await tell(journal, version(f"A{number}"), at=T0 + number * MINUTE)

    assert [record.id for record in await journal.alerts(most=3)] == ["A3", "A2", "A1"]
    assert await revision(journal, "A0") == 3
