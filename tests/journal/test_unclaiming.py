"""What was claimed for a courier that was never told so was not tried, and the lane table decides of it as if it had waited."""

import json

import pytest

from gateway.alert import Kind
from gateway.channel import Verdict
from gateway.journal.contract import Journal
from tests.journal.samples import HOUR, SECOND, T0, claim, revision, settle, states, tell, version

LANES = ("sms/all", "cap/north")


@pytest.mark.parametrize("lane", LANES)
async def test_what_nobody_was_told_of_is_due_again_at_once_and_was_never_tried(journal: Journal, lane: str) -> None:
    await tell(journal, version(), [lane])
    [lost] = await claim(journal, "sms", "cap")

    assert await journal.put_back([T0], [], T0)
    [delivery] = await journal.deliveries("A1")
    assert (delivery.state, delivery.attempts) == ("waiting", ())
    [again] = await claim(journal, "sms", "cap")
    assert (again.id, again.fence) == (lost.id, 2)
    assert await settle(journal, again, Verdict.ACCEPTED) == "accepted"


async def test_what_is_in_hands_stays_there(journal: Journal) -> None:
    await tell(journal, version("A1"), ["sms/all", "cap/north"])
    await tell(journal, version("A2"), ["sms/all"])
    held, *lost = await claim(journal, "sms", "cap")

    assert await journal.put_back([T0], [(held.id, held.fence)], T0)
    told = {one.key: one.state for one in await journal.deliveries()}
    assert told == {held.key: "sending"} | {one.key: "waiting" for one in lost}
    assert await settle(journal, held, Verdict.ACCEPTED) == "accepted"


async def test_what_is_in_hands_by_an_earlier_claim_is_not_by_a_later_one(journal: Journal) -> None:
    """Its outcome was written down, and nobody was told that either: the claim after it may be lost as well."""
    await tell(journal, version(), ["sms/all"])
    [first] = await claim(journal, "sms")
    await settle(journal, first, Verdict.UNREACHABLE, retry_in=0)
    [second] = await claim(journal, "sms")

    assert await journal.put_back([T0], [(first.id, first.fence)], T0)
    assert await states(journal) == {"A1.1.sms.all": "waiting"}
    assert await journal.put_back([T0], [(second.id, second.fence)], T0)


async def test_what_was_claimed_at_another_time_stays_whoever_had_it(journal: Journal) -> None:
    """Another process by the same name may have sent it before it died."""
    await tell(journal, version(), ["sms/x", "sms/y"])
    [other] = await claim(journal, "sms", most=1)
    [lost] = await claim(journal, "sms", most=1, now=T0 + SECOND)

    assert await journal.put_back([T0 + SECOND, T0 + HOUR], [], T0 + HOUR)
    assert await states(journal) == {other.key: "sending", lost.key: "waiting"}
    assert await journal.put_back([], [], T0 + HOUR)


@pytest.mark.parametrize(("claimed_again", "state"), [(True, None), (False, "refused")])
async def test_who_comes_home_with_what_was_put_back_counts_unless_somebody_has_it_again(
    journal: Journal, *, claimed_again: bool, state: str | None
) -> None:
    await tell(journal, version(), ["sms/all"])
    [late] = await claim(journal, "sms")
    await journal.put_back([T0], [], T0)
    if claimed_again:
        await claim(journal, "sms")

    assert await settle(journal, late, Verdict.REFUSED) == state
    [delivery] = await journal.deliveries("A1")
    assert delivery.state == (state or "sending")
    assert [(attempt.verdict, attempt.late) for attempt in delivery.attempts] == [("refused", claimed_again)]


async def test_what_a_newer_version_overtook_meanwhile_is_superseded(journal: Journal) -> None:
    await tell(journal, version(), LANES)
    assert len(await claim(journal, "sms", "cap")) == 2
    await tell(journal, version(number=2, kind=Kind.UPDATE), LANES)

    await journal.put_back([T0], [], T0)
    waits = {"A1.1.cap.north": "waiting", "A1.2.sms.all": "waiting", "A1.2.cap.north": "waiting"}
    assert await states(journal) == {"A1.1.sms.all": "superseded"} | waits
    assert {one.key for one in await claim(journal, "sms", "cap")} == {"A1.2.sms.all", "A1.1.cap.north"}


@pytest.mark.parametrize(("lane", "first"), [("sms/all", "superseded"), ("cap/north", "nothing-to-cancel")])
async def test_a_cancel_has_nothing_to_take_back_where_nothing_was_sent(journal: Journal, lane: str, first: str) -> None:
    name = lane.replace("/", ".")
    await tell(journal, version(), [lane])
    assert len(await claim(journal, "sms", "cap")) == 1
    await tell(journal, version(number=2, kind=Kind.CANCEL), [lane])

    await journal.put_back([T0], [], T0)
    assert await states(journal) == {f"A1.1.{name}": first, f"A1.2.{name}": "nothing-to-cancel"}
    assert await claim(journal, "sms", "cap") == []


@pytest.mark.parametrize(("verdict", "then"), [(Verdict.UNREACHABLE, [2]), (Verdict.AMBIGUOUS, [3])])
async def test_a_cancel_of_what_was_reached_goes_as_after_a_try_that_settled_nothing(
    journal: Journal, verdict: Verdict, then: list[int]
) -> None:
    """What was in doubt before stays so: it is not repeated to be taken back."""
    await tell(journal, version(), ["cap/north"])
    [first] = await claim(journal, "cap")
    await settle(journal, first, Verdict.ACCEPTED)
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["cap/north"])
    [second] = await claim(journal, "cap")
    await settle(journal, second, verdict, retry_in=0)
    assert [one.number for one in await claim(journal, "cap")] == [2]
    await tell(journal, version(number=3, kind=Kind.CANCEL), ["cap/north"])

    await journal.put_back([T0], [], T0)
    assert [one.number for one in await claim(journal, "cap")] == then


async def test_a_clear_that_was_put_back_goes_again(journal: Journal) -> None:
    await tell(journal, version(), ["cbs/city"], clears=True)
    [message] = await claim(journal, "cbs")
    await settle(journal, message, Verdict.ON_AIR)
    await journal.expire("A1", 1, await revision(journal, "A1"), T0 + HOUR)
    [lost] = await claim(journal, "cbs", now=T0 + HOUR)

    await journal.put_back([T0 + HOUR], [], T0 + HOUR)
    assert [one.key for one in await claim(journal, "cbs", now=T0 + HOUR)] == [lost.key]


async def test_what_was_put_back_too_late_is_expired_and_not_unknown(journal: Journal) -> None:
    await tell(journal, version(), ["cap/north"])
    assert len(await claim(journal, "cap")) == 1

    await journal.put_back([T0], [], T0 + 2 * HOUR)
    assert await claim(journal, "cap", now=T0 + 2 * HOUR) == []
    assert await states(journal) == {"A1.1.cap.north": "expired"}


async def test_the_audit_names_what_was_put_back_once_for_each_alert(journal: Journal) -> None:
    await tell(journal, version("A1"), LANES)
    await tell(journal, version("A2"), ["sms/all"])
    assert len(await claim(journal, "sms", "cap")) == 3

    await journal.put_back([T0], [], T0 + HOUR)
    await journal.put_back([T0], [], T0 + HOUR)
    for alert, keys in (("A1", ["A1.1.cap.north", "A1.1.sms.all"]), ("A2", ["A2.1.sms.all"])):
        [entry] = [one for one in await journal.audit(f"alert:{alert}") if one.act == "put-back"]
        assert (entry.actor, entry.at) == ("gateway", T0 + HOUR)
        assert sorted(json.loads(entry.body)["deliveries"]) == keys
