"""What may go out with no hand on it: one source, so much ground, the first time, and the duty officer is told."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import pytest

from gateway.alert import Kind, Version
from gateway.channel import Verdict
from gateway.engine import Gateway
from gateway.journal.records import AlertRecord, Issue, Submit, Task, TodoKind, VersionState
from tests.engine.conftest import Opening, Planning
from tests.engine.hall import BROADCASTER, ELSEWHERE, KIM, Hall, area, report, rewrite, version
from tests.stores import on_every_store

pytestmark = on_every_store

WIDE = [[[127.33, 36.345], [127.38, 36.345], [127.38, 36.38], [127.33, 36.345]]]
ALLOWED = '\n[pre_authorised]\nsource = "control-room"\nmost_km2 = 1.0\n'


def allowed(folder: Path) -> None:
    """Let the control room's fires go out by themselves."""
    rewrite(folder / "playbooks" / "structure-fire.toml", lambda text: text.replace("\n[[levels]]", ALLOWED + "\n[[levels]]", 1))


@pytest.fixture
async def swift(planning: Planning, opening: Opening) -> Hall:
    """Hanbat, where the control room's fires need no second person."""
    return await opening(planning(allowed))


async def test_it_goes_out_at_once_says_who_decided_and_tells_the_duty_officer(swift: Hall) -> None:
    await swift.sends(report(severity="minor"))
    (record,) = await swift.drafts()
    await swift.delivers()
    assert [one.state for one in record.versions] == [VersionState.ISSUED]
    deeds = [(act.deed.value, act.actor) for act in record.acts]
    assert deeds == [
        ("drafted", "gateway"),
        ("submitted", "playbook:structure-fire"),
        ("approved", "playbook:structure-fire"),
        ("issued", "gateway"),
    ]
    assert [one.msg_type for one in swift.far.cap()] == ["Alert"]
    (page,) = await swift.paged()
    assert (page["code"], page["message"]) == ("pre-authorised", f"playbook:structure-fire issued {record.id} by itself")


async def test_another_source_or_a_persons_own_word_waits_for_two_people(swift: Hall) -> None:
    await swift.sends(_of_the_river(), source="control-room")
    by_hand = await swift.drafted(source="control-room", id="fire-2", areas=[area(ELSEWHERE)])
    assert by_hand.open is not None
    called = await swift.drafted()
    assert called.open is not None
    assert await swift.codes() == ["scope-source"]


async def test_too_much_ground_waits(swift: Hall) -> None:
    await swift.sends(report(areas=[area(WIDE)]))
    (record,) = await swift.drafts()
    assert (record.open is not None, record.newest_issued) == (True, None)


async def test_worse_and_over_wait(swift: Hall) -> None:
    await swift.sends(report(severity="minor", sequence=1))
    await swift.drafts()
    swift.clock.passes(minutes=3)
    await swift.sends(report(severity="severe", sequence=2))
    (record,) = await swift.drafts()
    assert (version(record).kind, record.open is not None) == (Kind.UPDATE, True)
    await swift.sends(report(severity="severe", sequence=3, ended={"reason": "over", "at": swift.clock().isoformat()}))
    (record,) = await swift.drafts()
    assert (version(record).kind, record.open is not None) == (Kind.END, True)


async def test_a_rise_after_an_end_waits(swift: Hall) -> None:
    await swift.sends(report(sequence=1))
    (record,) = await swift.drafts()
    swift.clock.passes(minutes=3)
    await swift.sends(report(sequence=2, ended={"reason": "over", "at": swift.clock().isoformat()}))
    (record,) = await swift.drafts()
    await swift.issued(record)
    swift.clock.passes(minutes=3)
    await swift.sends(report(sequence=3, onset=swift.clock().isoformat()))
    _, second = await swift.drafts()
    about = version(second).incident
    assert about is not None
    assert (second.newest_issued, about.episode) == (None, 2)


async def test_what_a_person_stopped_waits_when_it_gets_worse(swift: Hall) -> None:
    await swift.sends(report(severity="minor", sequence=1))
    (record,) = await swift.drafts()
    await swift.gateway.cancel(record.id, "false alarm", KIM)
    await swift.sends(report(severity="severe", sequence=2))
    _, second = await swift.drafts()
    assert second.newest_issued is None


async def test_what_ran_out_by_itself_waits_the_second_time(swift: Hall) -> None:
    await swift.sends(report(sequence=1))
    await swift.drafts()
    swift.clock.passes(hours=4)
    await swift.gateway.expire_due()
    await swift.sends(report(sequence=2, onset=swift.clock().isoformat()))
    _, second = await swift.drafts()
    assert second.newest_issued is None


async def test_a_twin_waits_and_pages(swift: Hall) -> None:
    await swift.sends(report())
    await swift.drafts()
    await swift.sends(report(id="fire-2"))
    first, second = await swift.drafts()
    assert (second.open is not None, second.newest_issued) == (True, None)
    assert sorted(await swift.codes()) == ["duplicate", "pre-authorised"]
    assert [first.id in page["message"] for page in await swift.paged() if page["code"] == "duplicate"] == [True]


async def test_of_twins_that_two_nodes_draft_at_once_one_goes_out(swift: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await swift.sends(report(), report(id="fire-2"))
    take = swift.journal.take

    async def take_one(kind: TodoKind, _: int, lease_s: float, **__: object) -> Sequence[Task]:
        """Each takes one, and whatever it holds the other has not in hands."""
        return await take(kind, 1, lease_s)

    with monkeypatch.context() as sharing:
        sharing.setattr(swift.journal, "take", take_one)
        await asyncio.gather(swift.gateway.draft_due(), Gateway(swift.plan, swift.journal, swift.clock).draft_due())
    swift.waits(1)
    told = [record.newest_issued is not None for record in await swift.drafts()]
    assert sorted(told) == [False, True]
    assert sorted(await swift.codes()) == ["duplicate", "pre-authorised"]


async def test_a_twin_that_is_told_after_it_was_looked_for_is_seen(swift: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await swift.sends(report())
    neighbours, looks = swift.journal.neighbours, itertools.count()

    async def look_while_a_person_tells(version: Version, now: datetime) -> Sequence[AlertRecord]:
        found = await neighbours(version, now)
        if next(looks) == 0:
            await Hall(swift.plan, swift.journal, swift.clock).told()
        return found

    monkeypatch.setattr(swift.journal, "neighbours", look_while_a_person_tells)
    await swift.drafts()
    swift.waits(1)
    of_the_person, ours = await swift.drafts()
    assert (of_the_person.newest_issued is not None, ours.newest_issued) == (True, None)
    assert await swift.codes() == ["duplicate"]


async def test_what_no_channel_would_carry_becomes_a_draft_and_pages(swift: Hall) -> None:
    await swift.sends(report(status="test"))
    (record,) = await swift.drafts()
    assert (record.open is not None, record.newest_issued) == (True, None)
    assert await swift.codes() == ["targets-missing"]


async def test_a_crash_after_it_went_out_does_not_send_it_twice(swift: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await swift.sends(report())
    issue = swift.journal.issue

    async def issue_and_die(order: Issue, submit: Submit | None = None) -> NoReturn:
        await issue(order, submit)
        raise asyncio.CancelledError

    with monkeypatch.context() as crashing:
        crashing.setattr(swift.journal, "issue", issue_and_die)
        with pytest.raises(asyncio.CancelledError):
            await swift.gateway.draft_due()
    await swift.journal.recover()
    swift.waits(60)
    (record,) = await swift.drafts()
    await swift.delivers()
    assert len(record.versions) == 1
    assert [one.msg_type for one in swift.far.cap()] == ["Alert"]


async def _by_another_node(swift: Hall) -> None:
    """Its work is taken over: the lease ran out while the first stood still."""
    swift.waits(60)
    await Gateway(swift.plan, swift.journal, swift.clock).draft_due()


async def _by_a_person(swift: Hall) -> None:
    """Somebody who reads the report brings it to the public at another node."""
    await Hall(swift.plan, swift.journal, swift.clock).told(source="control-room", id="fire-1", sequence=2)


@pytest.mark.parametrize("meanwhile", [_by_another_node, _by_a_person])
async def test_a_node_that_stood_still_before_it_issues_puts_out_no_second_alert(
    swift: Hall, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[Hall], Awaitable[None]]
) -> None:
    await swift.sends(report(sequence=1))
    neighbours, looks = swift.journal.neighbours, itertools.count()

    async def look_and_stand_still(version: Version, now: datetime) -> Sequence[AlertRecord]:
        found = await neighbours(version, now)
        if next(looks) == 0:
            await meanwhile(swift)
        return found

    monkeypatch.setattr(swift.journal, "neighbours", look_and_stand_still)
    (record,) = await swift.drafts()
    swift.waits(60)
    (again,) = await swift.drafts()
    await swift.delivers()
    assert (again.id, [one.state for one in again.versions]) == (record.id, [VersionState.ISSUED])
    assert list(await swift.deliveries(again.id)) == [(1, "cap/broadcaster", "message"), (1, "webhook/city-app", "message")]


async def test_it_is_taken_back_like_any_other(swift: Hall) -> None:
    swift.far.verdicts[BROADCASTER] = Verdict.AMBIGUOUS
    await swift.sends(report())
    (record,) = await swift.drafts()
    await swift.courier.round()
    await swift.gateway.cancel(record.id, "false alarm", KIM)
    swift.far.verdicts.clear()
    swift.waits(60)
    await swift.delivers()
    assert [one.msg_type for one in swift.far.cap()] == ["Alert", "Cancel"]


def _of_the_river() -> dict[str, object]:
    return report(source="river-telemetry", id="fire-9")
