"""Who may do what to an alert, when, and what a refusal says: two people to tell the public, one to take it back."""

import asyncio

import pytest

from gateway.access import Actor
from gateway.alert import Stage
from gateway.engine import Changes
from gateway.fault import BadInput, Conflict, Fault, Refused
from gateway.journal.contract import Stale
from gateway.journal.records import VersionState
from tests.engine.hall import GUEST, KIM, LEE, PARK, Hall, incident
from tests.stores import on_every_store

pytestmark = on_every_store

NOT_LIVE = {
    "draft": "nobody was told of it yet",
    "cancelled": "it was cancelled already",
    "ended": "the all clear was given already",
    "expired": "it has run out by itself",
}


async def test_an_all_clear_takes_two_people_and_speaks_to_the_same(hall: Hall) -> None:
    record = await hall.told()
    record = await hall.submitted(await hall.gateway.end(record.id, "it is out", KIM))
    assert record.open is not None
    both = Actor("kim", frozenset({"operator", "approver"}))
    with pytest.raises(Refused) as refused:
        await hall.gateway.approve(record.id, 2, record.open.hash, both)
    assert refused.value.code == "two-people"
    done = await hall.gateway.approve(record.id, 2, record.open.hash, LEE)
    await hall.delivers()
    assert hall.stage(done) is Stage.ENDED
    last = hall.far.cap()[-1]
    assert (last.msg_type, last.infos[0].responses, last.infos[0].urgency) == ("Update", ("AllClear",), "Past")


@pytest.mark.parametrize("role", ["draft", "edit", "submit"])
async def test_whoever_made_a_version_does_not_approve_it(hall: Hall, role: str) -> None:
    record = await hall.gateway.create(incident(), PARK if role == "draft" else KIM)
    editor = PARK if role == "edit" else KIM
    record = await hall.gateway.edit(record.id, record.revision, Changes(texts={"en": {"short": "Look out"}}), editor)
    record = await hall.gateway.submit(record.id, record.revision, PARK if role == "submit" else KIM)
    assert record.open is not None
    with pytest.raises(Refused, match="park made this version"):
        await hall.gateway.approve(record.id, 1, record.open.hash, PARK)


async def test_who_broke_the_glass_has_a_reason_and_everybody_is_told(hall: Hall) -> None:
    record = await hall.gateway.submit((await hall.gateway.create(incident(), PARK)).id, 1, PARK)
    assert record.open is not None
    with pytest.raises(Refused):
        await hall.gateway.approve(record.id, 1, record.open.hash, PARK, break_glass=" \n ")
    with pytest.raises(Refused):
        await hall.gateway.approve(record.id, 1, record.open.hash, KIM, break_glass="nobody is here")
    assert await hall.codes() == []
    done = await hall.gateway.approve(record.id, 1, record.open.hash, PARK, break_glass=" nobody else is here ")
    act = next(one for one in done.acts if one.deed.value == "approved")
    assert (act.actor, act.break_glass, act.reason, act.hash) == ("park", True, "nobody else is here", record.open.hash)
    (page,) = await hall.paged()
    assert (page["code"], page["message"]) == ("break-glass", f"park broke the glass on {record.id}: nobody else is here")
    chain = await hall.journal.audit(f"alert:{record.id}")
    assert any(b'"break_glass":true' in entry.body for entry in chain)


async def test_another_hash_another_number_or_a_draft_is_not_approved(hall: Hall) -> None:
    record = await hall.drafted()
    with pytest.raises(Conflict) as still_a_draft:
        await hall.gateway.approve(record.id, 1, "", LEE)
    record = await hall.submitted(record)
    assert record.open is not None
    with pytest.raises(Conflict) as other_text:
        await hall.gateway.approve(record.id, 1, "0" * 64, LEE)
    with pytest.raises(Conflict) as other_number:
        await hall.gateway.approve(record.id, 2, record.open.hash, LEE)
    codes = [fault.value.code for fault in (still_a_draft, other_text, other_number)]
    assert codes == ["not-submitted", "hash", "not-open"]


async def test_what_would_be_over_before_it_is_sent_is_not_approved(hall: Hall) -> None:
    record = await hall.submitted(await hall.drafted())
    assert record.open is not None
    hall.clock.passes(hours=3)
    with pytest.raises(Conflict) as refused:
        await hall.gateway.approve(record.id, 1, record.open.hash, LEE)
    assert refused.value.code == "expires-past"
    record = await hall.gateway.reject(record.id, 1, "too late", LEE)
    assert record.open is None


async def test_one_person_cancels_and_the_duty_officer_is_told(hall: Hall) -> None:
    record = await hall.told()
    done = await hall.gateway.cancel(record.id, "it was a barbecue", LEE)
    await hall.delivers()
    assert hall.stage(done) is Stage.CANCELLED
    assert [one.msg_type for one in hall.far.cap()] == ["Alert", "Cancel"]
    (page,) = await hall.paged()
    assert page["message"] == f"lee cancelled {record.id}: it was a barbecue"
    with pytest.raises(BadInput) as reasonless:
        await hall.gateway.cancel(record.id, "  ", LEE)
    with pytest.raises(Refused):
        await hall.gateway.cancel(record.id, "no", GUEST)
    assert reasonless.value.code == "reason-missing"


@pytest.mark.parametrize("state", NOT_LIVE)
async def test_what_is_not_live_is_not_cancelled_ended_or_updated_and_the_refusal_helps(hall: Hall, state: str) -> None:
    record = await hall.drafted()
    if state != "draft":
        await hall.issued(record)
    if state == "cancelled":
        await hall.gateway.cancel(record.id, "false alarm", KIM)
    if state == "ended":
        await hall.issued(await hall.gateway.end(record.id, "it is out", KIM))
    if state == "expired":
        hall.clock.passes(hours=3)
    for verb in (
        hall.gateway.cancel(record.id, "no", KIM),
        hall.gateway.end(record.id, "no", KIM),
        hall.gateway.update(record.id, KIM),
    ):
        with pytest.raises(Conflict, match=NOT_LIVE[state]) as refused:
            await verb
        assert (refused.value.code, bool(refused.value.hint)) == ("not-live", True)


async def test_a_cancel_voids_what_waits_and_its_approval_comes_too_late(hall: Hall) -> None:
    record = await hall.told()
    hall.clock.passes(minutes=3)
    record = await hall.submitted(await hall.gateway.update(record.id, KIM))
    assert record.open is not None
    done = await hall.gateway.cancel(record.id, "false alarm", KIM)
    assert [one.state for one in done.versions] == [VersionState.ISSUED, VersionState.VOID, VersionState.ISSUED]
    with pytest.raises(Conflict) as late:
        await hall.gateway.approve(record.id, 2, record.open.hash, LEE)
    assert late.value.code == "not-open"
    await hall.delivers()
    assert [one.msg_type for one in hall.far.cap()] == ["Alert", "Cancel"]


async def test_cancel_and_approve_at_once_end_cancelled_and_nothing_follows_the_cancel(hall: Hall) -> None:
    record = await hall.told()
    hall.clock.passes(minutes=3)
    record = await hall.submitted(await hall.gateway.update(record.id, KIM))
    assert record.open is not None
    await asyncio.gather(
        hall.gateway.approve(record.id, 2, record.open.hash, LEE),
        hall.gateway.cancel(record.id, "false alarm", KIM),
        return_exceptions=True,
    )
    await hall.delivers()
    assert hall.stage(await hall.journal.alert(record.id)) is Stage.CANCELLED
    told = [one.msg_type for one in hall.far.cap()]
    assert told in (["Alert", "Cancel"], ["Alert", "Update", "Cancel"])


async def test_two_cancels_at_once_are_one(hall: Hall) -> None:
    record = await hall.told()
    both = await asyncio.gather(
        hall.gateway.cancel(record.id, "one", KIM), hall.gateway.cancel(record.id, "two", LEE), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["AlertRecord", "Conflict"]
    await hall.delivers()
    assert [one.msg_type for one in hall.far.cap()] == ["Alert", "Cancel"]


async def test_every_refusal_of_the_life_says_how_to_mend_it(hall: Hall) -> None:
    record = await hall.drafted()
    verbs = [
        hall.gateway.approve(record.id, 9, "", LEE),
        hall.gateway.reject(record.id, 9, "no", LEE),
        hall.gateway.cancel(record.id, "no", KIM),
        hall.gateway.submit(record.id, 9, GUEST),
        hall.gateway.edit("hanbat-2026-99999", 1, Changes(), KIM),
    ]
    for verb in verbs:
        with pytest.raises(Fault) as refused:
            await verb
        assert refused.value.hint or refused.value.code == "missing", refused.value
    with pytest.raises(Stale):
        await hall.gateway.submit(record.id, 9, KIM)
