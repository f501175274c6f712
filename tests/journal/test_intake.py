"""Receipts, incidents and their episodes, watches, quarantine."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from gateway.alert import IncidentKey, Kind
from gateway.fault import Conflict, Missing
from gateway.journal.audit import verify
from gateway.journal.contract import Journal, Stale
from gateway.journal.records import Arrival, ItemAnswer, Receipt, Todo, TodoKind, Watched
from gateway.source import Refusal
from tests.journal.samples import MINUTE, SECOND, T0, incident, issue, placed, raw, revision, submit, tell, version

GAPCHEON = ("gauge", "gapcheon")
ANSWERS = (ItemAnswer(index=0, accepted=True, incident="gapcheon", episode=1),)


async def test_a_receipt_is_kept_with_every_answer(journal: Journal) -> None:
    given = await journal.accept(Arrival(at=T0, raw=raw(), reports=(placed(),), answers=ANSWERS))

    assert not given.again
    assert given.items == ANSWERS
    assert await journal.receipt(given.id) == given
    with pytest.raises(Missing):
        await journal.receipt("no such receipt")


@pytest.mark.parametrize(("key", "window"), [("k-1", timedelta(days=30)), (None, timedelta(minutes=10))])
async def test_the_same_request_gets_the_same_answer_for_a_while(journal: Journal, key: str | None, window: timedelta) -> None:
    first = await journal.accept(Arrival(at=T0, raw=raw(), key=key, answers=ANSWERS))
    late, later = T0 + window - SECOND, T0 + window
    again = await journal.accept(Arrival(at=late, raw=raw(at=late), key=key))
    fresh = await journal.accept(Arrival(at=later, raw=raw(at=later), key=key))

    assert again == msgspec.structs.replace(first, again=True)
    assert fresh.id != first.id
    assert not fresh.again


async def test_what_was_answered_before_is_known_before_the_bytes_are_read(journal: Journal) -> None:
    assert await journal.known(raw(), "k-1") is None
    given = await journal.accept(Arrival(at=T0, raw=raw(), key="k-1"))

    assert await journal.known(raw(), "k-1") == msgspec.structs.replace(given, again=True)
    assert await journal.known(raw(source="other"), "k-1") is None
    assert await journal.known(raw(), None) is None


async def test_a_header_key_with_other_bytes_is_a_conflict_and_changes_nothing(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, raw=raw(b"one"), key="k-1"))

    with pytest.raises(Conflict) as known:
        await journal.known(raw(b"two"), "k-1")
    with pytest.raises(Conflict) as accepted:
        await journal.accept(Arrival(at=T0, raw=raw(b"two"), key="k-1", reports=(placed(),)))
    assert known.value.code == accepted.value.code == "receipt-conflict"
    assert await journal.heads([GAPCHEON]) == {}


async def test_of_two_same_requests_at_once_only_one_is_applied(journal: Journal) -> None:
    arrival = Arrival(at=T0, raw=raw(), reports=(placed(),), answers=ANSWERS)

    both = await asyncio.gather(journal.accept(arrival), journal.accept(arrival))
    assert sorted(receipt.again for receipt in both) == [False, True]
    assert both[0].id == both[1].id
    assert (await journal.heads([GAPCHEON]))[GAPCHEON].revision == 1


async def test_a_report_makes_a_head_and_a_newer_one_replaces_it(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, raw=raw(b"1"), reports=(placed(),)))
    newer = incident(sequence=2)
    await journal.accept(Arrival(at=T0 + MINUTE, raw=raw(b"2"), reports=(placed(newer, expected=1),)))

    head = (await journal.heads([GAPCHEON, ("gauge", "unheard of")]))[GAPCHEON]
    assert (head.key, head.revision, head.open, head.report) == (IncidentKey("gauge", "gapcheon", 1), 2, True, newer)
    assert head.arrived == T0 + MINUTE


async def test_a_report_that_is_not_applied_is_stored_and_moves_nothing(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, raw=raw(b"1"), reports=(placed(incident(sequence=5)),)))
    late = placed(incident(sequence=4), expected=1, applied=False)
    await journal.accept(Arrival(at=T0, raw=raw(b"2"), reports=(late,)))

    head = (await journal.heads([GAPCHEON]))[GAPCHEON]
    assert (head.revision, head.report.sequence) == (1, 5)


async def test_an_end_closes_and_the_next_rise_is_a_new_episode_with_a_revision_never_seen(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, raw=raw(b"1"), reports=(placed(),)))
    await journal.accept(Arrival(at=T0, raw=raw(b"2"), reports=(placed(expected=1, closes=True),)))
    assert not (await journal.heads([GAPCHEON]))[GAPCHEON].open

    await journal.accept(Arrival(at=T0, raw=raw(b"3"), reports=(placed(episode=2, expected=2),)))
    head = (await journal.heads([GAPCHEON]))[GAPCHEON]
    assert (head.key.episode, head.open, head.revision) == (2, True, 3)


async def test_reports_of_one_incident_in_one_request_follow_each_other(journal: Journal) -> None:
    reports = (placed(incident(sequence=1)), placed(incident(sequence=2), expected=1, closes=True))
    await journal.accept(Arrival(at=T0, raw=raw(), reports=reports))

    head = (await journal.heads([GAPCHEON]))[GAPCHEON]
    assert (head.report.sequence, head.open, head.revision) == (2, False, 2)


async def test_what_moved_on_is_stale_and_nothing_of_the_request_happens(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, raw=raw(b"1"), reports=(placed(),), watches=(Watched(key="w", expected=0, state=b"a"),)))
    todo = Todo(kind=TodoKind.DRAFT, subject="gauge/other")
    stale_head = Arrival(at=T0, raw=raw(b"2"), key="k", reports=(placed(incident("other")), placed(expected=0)), todos=(todo,))
    stale_watch = Arrival(at=T0, reports=(placed(incident("other")),), watches=(Watched(key="w", expected=0, state=b"b"),))

    for arrival in (stale_head, stale_watch):
        with pytest.raises(Stale):
            await journal.accept(arrival)
    assert await journal.heads([("gauge", "other")]) == {}
    assert await journal.watches(["w", "v"]) == {"w": (1, b"a")}
    assert await journal.known(raw(b"2"), "k") is None
    assert await journal.take(TodoKind.DRAFT, 1, 30) == []


async def test_of_two_changes_read_at_the_same_revision_one_is_stale(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, watches=(Watched(key="w", expected=0, state=b"a"),)))
    ticks = [Arrival(at=T0, watches=(Watched(key="w", expected=1, state=state),)) for state in (b"b", b"c")]

    results = await asyncio.gather(*(journal.accept(tick) for tick in ticks), return_exceptions=True)
    [lost] = [index for index, result in enumerate(results) if isinstance(result, Stale)]
    assert await journal.watches(["w"]) == {"w": (2, (b"c", b"b")[lost])}


async def test_of_those_who_come_together_each_gets_an_answer_of_his_own(journal: Journal) -> None:
    key, other = ("gauge", "gapcheon"), incident(id="yudeung")
    arrivals = [
        Arrival(at=T0, raw=raw(b"hold the door"), key="first"),
        Arrival(at=T0, raw=raw(b"1"), key="a", reports=(placed(),)),
        Arrival(at=T0, raw=raw(b"1"), key="a", reports=(placed(),)),
        Arrival(at=T0, raw=raw(b"2"), key="a"),
        Arrival(at=T0, raw=raw(b"3"), key="b", reports=(placed(),)),
        Arrival(at=T0, raw=raw(b"4"), key="c", reports=(placed(incident(sequence=2), expected=1), placed(other))),
        Arrival(at=T0, watches=(Watched(key="w", expected=3, state=b"x"),)),
        Arrival(at=T0, raw=raw(b"5"), watches=(Watched(key="w", expected=0, state=b"y"),)),
    ]

    _, new, again, conflict, stale, next_one, lost, read = await asyncio.gather(
        *map(journal.accept, arrivals), return_exceptions=True
    )

    assert isinstance(new, Receipt)
    assert again == msgspec.structs.replace(new, again=True)
    assert [isinstance(one, Stale) for one in (conflict, stale, lost)] == [False, True, True]
    assert isinstance(conflict, Conflict)
    assert isinstance(next_one, Receipt)
    assert isinstance(read, Receipt)
    assert {name: head.revision for name, head in (await journal.heads([key, ("gauge", "yudeung")])).items()} == {
        key: 2,
        ("gauge", "yudeung"): 1,
    }
    assert await journal.watches(["w"]) == {"w": (1, b"y")}
    assert await journal.known(raw(b"3"), "b") is None
    assert verify(await journal.audit()) is None


async def test_a_watch_that_nobody_could_move_is_not_there(journal: Journal) -> None:
    with pytest.raises(Stale):
        await journal.accept(Arrival(at=T0, watches=(Watched(key="w", expected=3, state=b"x"),)))
    assert await journal.watches(["w"]) == {}


async def test_a_tick_leaves_no_receipt(journal: Journal) -> None:
    receipt = await journal.accept(Arrival(at=T0, reports=(placed(),)))

    assert receipt.id == ""
    assert GAPCHEON in await journal.heads([GAPCHEON])


async def test_a_refused_item_waits_with_its_bytes_until_a_person_settles_it_once(journal: Journal) -> None:
    refusal = Refusal(code="hazard-unknown", message="no hazard is called 'x'", path="/0/hazard")
    given = await journal.accept(Arrival(at=T0, raw=raw(b"[1, 2]"), refusals=((1, refusal),)))

    [item] = await journal.quarantine()
    assert (item.receipt, item.index, item.refusal, item.settled) == (given.id, 1, refusal, "")
    assert item.raw == raw(b"[1, 2]")
    assert await journal.quarantined(item.id) == item
    await journal.settle_quarantine(item.id, "raised", "kim", T0)
    with pytest.raises(Conflict):
        await journal.settle_quarantine(item.id, "replayed", "lee", T0)
    assert await journal.quarantine() == []
    assert [one.settled for one in await journal.quarantine(settled=True)] == ["raised"]


async def test_a_refused_item_that_is_not_there_is_missing(journal: Journal) -> None:
    with pytest.raises(Missing):
        await journal.quarantined(7)
    with pytest.raises(Missing):
        await journal.settle_quarantine(7, "raised", "kim", T0)


async def test_the_head_remembers_its_alert_and_the_level_that_was_stopped(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, raw=raw(), reports=(placed(),)))
    about = IncidentKey("gauge", "gapcheon", 1)
    await tell(journal, version(about=about))
    assert (await journal.heads([GAPCHEON]))[GAPCHEON].alert == "A1"

    cancel = submit(version(number=2, kind=Kind.CANCEL, about=about))
    await journal.issue(issue(cancel, await revision(journal, "A1"), stopped="warning"), cancel)
    head = (await journal.heads([GAPCHEON]))[GAPCHEON]
    assert (head.stopped, head.revision) == ("warning", 1)
