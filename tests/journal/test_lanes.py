"""The lane tables of docs/decisions/lanes.md, row by row."""

from datetime import timedelta

import pytest

from gateway.alert import Kind, Target
from gateway.channel import Verdict
from gateway.journal.contract import Journal
from gateway.journal.records import DeliveryState, Todo, TodoKind
from tests.journal.samples import HOUR, T0, Real, claim, revision, room, settle, settlement, states, tell, version


async def test_an_update_overtakes_what_still_waits(journal: Journal) -> None:
    await tell(journal, version(), ["sms/all"])
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["sms/all"])

    assert [one.key for one in await claim(journal, "sms")] == ["A1.2.sms.all"]
    assert await states(journal) == {"A1.1.sms.all": "superseded", "A1.2.sms.all": "sending"}


async def test_nothing_newer_goes_while_an_older_one_is_in_flight(journal: Journal) -> None:
    await tell(journal, version(), ["sms/all"])
    [first] = await claim(journal, "sms")
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["sms/all"])

    assert await claim(journal, "sms") == []
    assert await settle(journal, first, Verdict.ACCEPTED) == "accepted"
    assert [one.number for one in await claim(journal, "sms")] == [2]


async def test_one_in_flight_that_would_wait_again_is_superseded_by_the_newer(journal: Journal) -> None:
    await tell(journal, version(), ["sms/all"])
    [first] = await claim(journal, "sms")
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["sms/all"])

    assert await settle(journal, first, Verdict.UNREACHABLE) == "superseded"
    assert [one.number for one in await claim(journal, "sms")] == [2]


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.ON_AIR, Verdict.PARTLY, Verdict.SIMULATED, Verdict.AMBIGUOUS])
@pytest.mark.parametrize("lane", ["sms/all", "cap/north"])
async def test_a_cancel_follows_whatever_may_have_reached(journal: Journal, lane: str, verdict: Verdict) -> None:
    channel = lane.partition("/")[0]
    await tell(journal, version(), [lane])
    [first] = await claim(journal, channel)
    await settle(journal, first, verdict)
    await tell(journal, version(number=2, kind=Kind.CANCEL), [lane])

    assert [one.number for one in await claim(journal, channel)] == [2]


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.UNREACHABLE])
@pytest.mark.parametrize("lane", ["sms/all", "cap/north"])
async def test_no_cancel_follows_what_never_reached(journal: Journal, lane: str, verdict: Verdict) -> None:
    channel = lane.partition("/")[0]
    await tell(journal, version(), [lane])
    [first] = await claim(journal, channel)
    await settle(journal, first, verdict, retry_in=0)
    await tell(journal, version(number=2, kind=Kind.CANCEL), [lane])

    assert await claim(journal, channel) == []
    assert (await states(journal))[f"A1.2.{lane.replace('/', '.')}"] == "nothing-to-cancel"


@pytest.mark.parametrize("lane", ["sms/all", "cap/north"])
async def test_neither_goes_when_the_cancel_comes_before_any_attempt(journal: Journal, lane: str) -> None:
    name = lane.replace("/", ".")
    await tell(journal, version(), [lane])
    await tell(journal, version(number=2, kind=Kind.CANCEL), [lane])

    assert await claim(journal, "sms", "cap") == []
    first = "superseded" if lane == "sms/all" else "nothing-to-cancel"
    assert await states(journal) == {f"A1.1.{name}": first, f"A1.2.{name}": "nothing-to-cancel"}


@pytest.mark.parametrize("lane", ["sms/all", "cap/north"])
async def test_a_cancel_is_decided_when_the_one_in_flight_settles(journal: Journal, lane: str) -> None:
    channel, name = lane.partition("/")[0], lane.replace("/", ".")
    await tell(journal, version(), [lane])
    [first] = await claim(journal, channel)
    await tell(journal, version(number=2, kind=Kind.CANCEL), [lane])

    assert (await states(journal))[f"A1.2.{name}"] == "waiting"
    settled = await settle(journal, first, Verdict.UNREACHABLE)
    assert settled == ("superseded" if lane == "sms/all" else "nothing-to-cancel")
    assert (await states(journal))[f"A1.2.{name}"] == "nothing-to-cancel"


async def test_a_chain_goes_in_order_and_waits_for_its_head(journal: Journal, real: Real) -> None:
    await tell(journal, version(), ["cap/north"])
    [first] = await claim(journal, "cap")
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["cap/north"])
    assert await settle(journal, first, Verdict.UNREACHABLE, retry_in=8) == "waiting"

    assert await claim(journal, "cap") == []
    real.at += 8
    [again] = await claim(journal, "cap")
    assert (again.number, again.attempt, again.fence) == (1, 2, 2)
    await settle(journal, again, Verdict.ACCEPTED)
    assert [one.number for one in await claim(journal, "cap")] == [2]


async def test_a_permanently_refused_head_frees_its_chain(journal: Journal) -> None:
    await tell(journal, version(), ["cap/north"])
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["cap/north"])
    [first] = await claim(journal, "cap")
    await settle(journal, first, Verdict.REFUSED)

    assert [one.number for one in await claim(journal, "cap")] == [2]


async def test_a_cancel_zeroes_the_backoff_of_its_chain_and_keeps_it_under_a_second(journal: Journal, real: Real) -> None:
    await tell(journal, version(), ["cap/north"])
    [first] = await claim(journal, "cap")
    await settle(journal, first, Verdict.ACCEPTED)
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["cap/north"])
    [second] = await claim(journal, "cap")
    await settle(journal, second, Verdict.UNREACHABLE, retry_in=300)
    assert await claim(journal, "cap") == []

    await tell(journal, version(number=3, kind=Kind.CANCEL), ["cap/north"])
    [again] = await claim(journal, "cap")
    assert again.number == 2
    assert await settle(journal, again, Verdict.UNREACHABLE, retry_in=300) == "waiting"
    real.at += 1
    [again] = await claim(journal, "cap")
    await settle(journal, again, Verdict.ACCEPTED)
    assert [one.number for one in await claim(journal, "cap")] == [3]


async def test_updates_never_tried_still_go_before_the_cancel_of_an_accepted_chain(journal: Journal) -> None:
    await tell(journal, version(), ["cap/north"])
    [first] = await claim(journal, "cap")
    await settle(journal, first, Verdict.ACCEPTED)
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["cap/north"])
    await tell(journal, version(number=3, kind=Kind.CANCEL), ["cap/north"])

    [second] = await claim(journal, "cap")
    await settle(journal, second, Verdict.ACCEPTED)
    [third] = await claim(journal, "cap")
    assert (second.number, third.number) == (2, 3)


async def test_an_ambiguous_head_is_not_repeated_once_a_cancel_waits(journal: Journal) -> None:
    await tell(journal, version(), ["cap/north", "cap/south"])
    north, south = await claim(journal, "cap")
    assert await settle(journal, north, Verdict.AMBIGUOUS) == "in-doubt"
    await tell(journal, version(number=2, kind=Kind.CANCEL), ["cap/north", "cap/south"])

    assert (await states(journal))["A1.1.cap.north"] == "unknown"
    assert await settle(journal, south, Verdict.AMBIGUOUS) == "unknown"
    assert [one.number for one in await claim(journal, "cap")] == [2, 2]


async def test_a_cancel_itself_is_tried_until_it_is_settled(journal: Journal, real: Real) -> None:
    await tell(journal, version(), ["cap/north"])
    [first] = await claim(journal, "cap")
    await settle(journal, first, Verdict.ACCEPTED)
    await tell(journal, version(number=2, kind=Kind.CANCEL), ["cap/north"])

    [cancel] = await claim(journal, "cap")
    assert await settle(journal, cancel, Verdict.AMBIGUOUS, retry_in=4) == "in-doubt"
    real.at += 4
    [cancel] = await claim(journal, "cap")
    assert await settle(journal, cancel, Verdict.ACCEPTED) == "accepted"


async def test_a_withdrawn_target_is_told_only_if_it_may_have_been_told_before(journal: Journal) -> None:
    await tell(journal, version(), ["sms/east", "sms/west"])
    [east] = await claim(journal, "sms", most=1)
    await settle(journal, east, Verdict.ACCEPTED)
    withdrawn = (Target("sms", "east"), Target("sms", "west"))
    await tell(journal, version(number=2, kind=Kind.UPDATE, withdrawn=withdrawn), ["sms/east", "sms/west", "sms/south"])

    assert [one.key for one in await claim(journal, "sms")] == ["A1.2.sms.east", "A1.2.sms.south"]
    assert (await states(journal))["A1.2.sms.west"] == "nothing-to-cancel"


async def test_a_target_that_gets_no_cancel_does_not_get_what_was_cancelled(journal: Journal) -> None:
    await tell(journal, version(), ["cap/north", "cap/south"])
    north, south = await claim(journal, "cap")
    await settle(journal, north, Verdict.UNREACHABLE)
    await tell(journal, version(number=2, kind=Kind.CANCEL), [])

    assert await settle(journal, south, Verdict.UNREACHABLE) == "superseded"
    assert set((await states(journal)).values()) == {"superseded"}


async def test_one_stuck_lane_never_delays_another(journal: Journal) -> None:
    await tell(journal, version(), ["cap/north", "cap/south", "sms/all"])
    await tell(journal, version("A2"), ["cap/north"])
    [stuck] = await claim(journal, "cap", most=1)

    others = await claim(journal, "cap", "sms")
    assert stuck.key == "A1.1.cap.north"
    assert sorted(one.key for one in others) == ["A1.1.cap.south", "A1.1.sms.all", "A2.1.cap.north"]


async def test_the_most_urgent_lane_goes_first_and_only_asked_channels_go(journal: Journal) -> None:
    await tell(journal, version("A1"), ["sms/all", "siren/all"], priority=3)
    await tell(journal, version("A2"), ["sms/all"], priority=0)
    await tell(journal, version("A3"), ["sms/all"], priority=3)

    assert [one.alert for one in await claim(journal, "sms", most=2)] == ["A2", "A1"]
    assert [one.alert for one in await claim(journal, "sms", most=2)] == ["A3"]


@pytest.mark.parametrize(
    ("free", "most", "going"),
    [
        ({"cap": 9, "sms": 9}, 9, ["A3.cap", "A3.sms", "A1.cap", "A1.sms", "A2.cap", "A2.sms"]),
        ({"cap": 1, "sms": 9}, 9, ["A3.cap", "A3.sms", "A1.sms", "A2.sms"]),
        ({"cap": 2, "sms": 1}, 9, ["A3.cap", "A3.sms", "A1.cap"]),
        ({"cap": 9, "sms": 9}, 3, ["A3.cap", "A3.sms", "A1.cap"]),
        ({"cap": 1, "sms": 9}, 3, ["A3.cap", "A3.sms", "A1.sms"]),
        ({"cap": 0, "sms": 2}, 9, ["A3.sms", "A1.sms"]),
        ({"cap": -1, "sms": 1}, 9, ["A3.sms"]),
        ({"sms": 9, "fax": 9}, 9, ["A3.sms", "A1.sms", "A2.sms"]),
        ({"cap": 9}, 0, []),
        ({}, 9, []),
    ],
)
async def test_each_channel_gets_what_it_has_free_and_the_most_urgent_go_first(
    journal: Journal, free: dict[str, int], most: int, going: list[str]
) -> None:
    for alert, priority in (("A1", 3), ("A2", 3), ("A3", 0)):
        await tell(journal, version(alert), ["cap/all", "sms/all"], priority=priority)

    claimed = await journal.claim(room(free, most), 30, T0)
    assert [f"{one.alert}.{one.payload.channel}" for one in claimed] == going


async def test_what_is_past_its_deadline_is_never_sent_and_a_person_is_paged(journal: Journal, real: Real) -> None:
    await tell(journal, version(), ["sms/a", "sms/b"])
    [doubtful] = await claim(journal, "sms", most=1)
    await settle(journal, doubtful, Verdict.AMBIGUOUS, retry_in=1)
    real.at += 2

    assert await claim(journal, "sms", now=T0 + 2 * HOUR) == []
    assert await states(journal) == {"A1.1.sms.a": "unknown", "A1.1.sms.b": "expired"}
    pages = await journal.take(TodoKind.PAGE, 10, 30)
    assert [page.subject for page in pages] == ["delivery/A1.1.sms.a", "delivery/A1.1.sms.b"]
    assert b"sms/b was not told in time of A1.1" in pages[1].body


async def test_one_second_before_its_deadline_a_delivery_still_goes(journal: Journal) -> None:
    await tell(journal, version(), ["sms/a"])
    last = T0 + 2 * HOUR - timedelta(seconds=1)

    [claimed] = await claim(journal, "sms", now=last)
    assert claimed.deadline == T0 + 2 * HOUR


async def test_a_lease_that_ran_out_is_an_ambiguous_attempt_and_its_late_outcome_is_evidence_only(
    journal: Journal, real: Real
) -> None:
    await tell(journal, version(), ["sms/all"])
    [slow] = await claim(journal, "sms", lease_s=30)
    assert await claim(journal, "sms") == []
    real.at += 30

    [again] = await claim(journal, "sms")
    assert (again.id, again.fence, again.attempt) == (slow.id, 2, 2)
    assert await settle(journal, slow, Verdict.REFUSED) is None
    assert await settle(journal, again, Verdict.ACCEPTED) == "accepted"
    [delivery] = await journal.deliveries("A1")
    told = [(attempt.attempt, attempt.verdict, attempt.late) for attempt in delivery.attempts]
    assert told == [(1, "ambiguous", False), (1, "refused", True), (2, "accepted", False)]


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict.settled])
@pytest.mark.parametrize("lane", ["sms/all", "cap/north"])
async def test_a_late_outcome_that_settles_counts_as_long_as_nobody_took_the_delivery_since(
    journal: Journal, real: Real, lane: str, verdict: Verdict
) -> None:
    channel, key = lane.partition("/")[0], f"A1.1.{lane.replace('/', '.')}"
    await tell(journal, version(), [lane])
    [slow] = await claim(journal, channel, lease_s=30)
    real.at += 30
    assert await claim(journal, "other") == []
    assert await states(journal) == {key: "in-doubt"}

    page = Todo(kind=TodoKind.PAGE, subject="late")
    assert await journal.settle([settlement(slow, verdict, page=page)], T0) == [DeliveryState(verdict)]
    assert await claim(journal, channel) == []
    [delivery] = await journal.deliveries("A1")
    assert delivery.state == DeliveryState(verdict)
    told = [(attempt.attempt, attempt.verdict, attempt.late) for attempt in delivery.attempts]
    assert told == [(1, "ambiguous", False), (1, verdict, False)]
    assert [task.subject for task in await journal.take(TodoKind.PAGE, 9, 30)] == ["late"]
    assert await settle(journal, slow, verdict) is None


async def test_a_late_outcome_that_settles_lets_the_next_of_its_chain_go(journal: Journal, real: Real) -> None:
    await tell(journal, version(), ["cap/north"])
    [slow] = await claim(journal, "cap", lease_s=30)
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["cap/north"])
    await tell(journal, version(number=3, kind=Kind.UPDATE), ["cap/north"])
    real.at += 30
    assert await claim(journal, "other") == []

    assert await settle(journal, slow, Verdict.ACCEPTED) == "accepted"
    [second] = await claim(journal, "cap")
    assert (second.number, second.attempt) == (2, 1)
    await settle(journal, second, Verdict.ACCEPTED)
    assert [one.number for one in await claim(journal, "cap")] == [3]


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if not verdict.settled])
async def test_a_late_outcome_that_settles_nothing_is_evidence_only(journal: Journal, real: Real, verdict: Verdict) -> None:
    await tell(journal, version(), ["sms/all"])
    [slow] = await claim(journal, "sms", lease_s=30)
    real.at += 30
    assert await claim(journal, "other") == []

    assert await settle(journal, slow, verdict, retry_in=300) is None
    [again] = await claim(journal, "sms")
    assert (again.id, again.attempt) == (slow.id, 2)


@pytest.mark.parametrize(("lane", "first"), [("sms/all", "superseded"), ("cap/north", "unknown")])
async def test_a_late_outcome_is_evidence_only_once_a_cancel_stood_the_delivery_down(
    journal: Journal, real: Real, lane: str, first: str
) -> None:
    channel, name = lane.partition("/")[0], lane.replace("/", ".")
    await tell(journal, version(), [lane])
    [slow] = await claim(journal, channel, lease_s=30)
    real.at += 30
    assert await claim(journal, "other") == []
    await tell(journal, version(number=2, kind=Kind.CANCEL), [lane])

    assert await settle(journal, slow, Verdict.ACCEPTED) is None
    assert await states(journal) == {f"A1.1.{name}": first, f"A1.2.{name}": "waiting"}
    assert [one.number for one in await claim(journal, channel)] == [2]


async def test_a_clear_is_held_until_expiry_and_goes_only_where_the_message_may_have_gone(journal: Journal) -> None:
    await tell(journal, version(), ["sign/a", "sign/b"], clears=True)
    [shown] = await claim(journal, "sign", most=1)
    await settle(journal, shown, Verdict.ON_AIR)
    await journal.expire("A1", 1, await revision(journal, "A1"), T0 + HOUR + HOUR)

    [clear] = await claim(journal, "sign", now=T0 + 2 * HOUR)
    assert clear.key == "A1.1.sign.a.clear"
    assert clear.deadline == T0 + 3 * HOUR
    assert clear.payload.body == b"A1.1 alert clear to sign/a"
    expected = {"A1.1.sign.a": "on-air", "A1.1.sign.a.clear": "sending", "A1.1.sign.b": "expired"}
    assert await states(journal) == expected | {"A1.1.sign.b.clear": "nothing-to-cancel"}


async def test_a_newer_version_supersedes_a_held_clear(journal: Journal) -> None:
    await tell(journal, version(), ["sign/a"], clears=True)
    await tell(journal, version(number=2, kind=Kind.UPDATE), ["sign/a"], clears=True)

    assert (await states(journal))["A1.1.sign.a.clear"] == "superseded"
    assert (await states(journal))["A1.2.sign.a.clear"] == "held"


async def test_outcomes_are_settled_together_and_a_page_is_owed_only_where_the_outcome_counts(
    journal: Journal, real: Real
) -> None:
    await tell(journal, version("A1"), ["sms/x", "sms/y", "cap/z"])
    await tell(journal, version("A2"), ["sms/x"])
    late, *others = await claim(journal, "sms", lease_s=30)
    real.at += 30
    [again] = [one for one in await claim(journal, "sms", most=1) if one.id == late.id]
    page = Todo(kind=TodoKind.PAGE, subject="late")
    tries = [
        settlement(late, Verdict.REFUSED, page=page),
        settlement(again, Verdict.REFUSED, page=Todo(kind=TodoKind.PAGE, subject="x")),
    ]
    states_ = await journal.settle([*tries, settlement(others[0], Verdict.UNREACHABLE)], T0)

    assert states_ == [None, "refused", None]
    assert [task.subject for task in await journal.take(TodoKind.PAGE, 10, 30)] == ["x"]
    assert {one.key for one in await journal.deliveries(states=frozenset({DeliveryState.REFUSED}))} == {late.key}
    assert {one.key for one in await journal.deliveries("A1", frozenset({DeliveryState.IN_DOUBT}))} == {others[0].key}


async def test_what_waits_is_counted_by_target(journal: Journal) -> None:
    await tell(journal, version("A1"), ["sms/x", "cap/z"], clears=True)
    await tell(journal, version("A2"), ["sms/x"])
    assert await journal.backlog() == {Target("sms", "x"): 2, Target("cap", "z"): 1}
    await claim(journal, "sms")
    assert await journal.backlog() == {Target("cap", "z"): 1}
