"""The circuit of a target: counted by hand first, then in front of real receivers that are dead, slow, rude or impatient."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from gateway.alert import Kind
from gateway.channel import Verdict
from gateway.delivery.circuit import Circuit
from gateway.demo.receivers import Manner, answers, garbage, ok, rude
from gateway.journal.records import DeliveryState, Free, Priority, Task, TodoKind

if TYPE_CHECKING:
    from .conftest import Scene

S = DeliveryState
SHUT, PROBE, URGENT_PROBE = Free(0, 0), Free(1, 1), Free(0, 1)


def broken(at: float = 100.0) -> Circuit:
    """Return a circuit that opened then."""
    circuit = Circuit()
    assert [circuit.missed(at, probe=False) for _ in range(5)] == [False] * 4 + [True]
    return circuit


def test_it_opens_after_five_tries_in_a_row_without_an_answer() -> None:
    circuit = Circuit()
    for _ in range(3):
        assert [circuit.missed(1.0, probe=False) for _ in range(4)] == [False] * 4
        assert circuit.answered(1.0, None) is None
    assert circuit.free(1.0) is None
    assert broken().free(100.0) == SHUT


def test_probes_go_one_at_a_time_after_1_2_4_and_then_every_5_seconds() -> None:
    circuit, at, waits = broken(), 100.0, []
    for _ in range(6):
        began = at
        while circuit.free(at) == SHUT:
            at += 0.5
        waits.append(at - began)
        assert (circuit.free(at), circuit.goes(at), circuit.free(at)) == (PROBE, True, SHUT)
        circuit.missed(at, probe=True)
    assert waits == [1, 2, 4, 5, 5, 5]


def test_what_was_in_flight_when_it_opened_puts_no_probe_off() -> None:
    circuit = broken()
    for _ in range(20):
        circuit.missed(100.9, probe=False)
    assert circuit.free(101.0) == PROBE


def test_a_probe_that_was_never_sent_frees_its_place() -> None:
    circuit = broken()
    assert circuit.goes(101.0)
    circuit.comes_back(probe=True)
    assert circuit.free(101.0) == PROBE


def test_any_answer_closes_it() -> None:
    circuit = broken()
    assert circuit.answered(112.0, None) == 12.0
    assert (circuit.opened, circuit.free(112.0)) == (None, None)


def test_a_target_that_asks_for_patience_is_only_probed_by_what_is_urgent() -> None:
    circuit = Circuit()
    assert circuit.answered(100.0, 10.0) is None
    seen = {at: circuit.free(at) for at in (100.0, 101.0, 109.9, 110.0)}
    assert seen == {100.0: SHUT, 101.0: URGENT_PROBE, 109.9: URGENT_PROBE, 110.0: None}
    assert circuit.goes(101.0)
    circuit.answered(101.0, 30.0)
    assert [circuit.free(at) for at in (102.9, 103.0, 130.9, 131.0)] == [SHUT, URGENT_PROBE, URGENT_PROBE, None]
    circuit.answered(103.0, None)
    assert circuit.free(103.0) is None


# Before real receivers


async def fall_silent(scene: "Scene", tries: int = 5) -> None:
    """Issue so many alerts to a peer that answers none of them; the app takes its own."""
    for number in range(tries):
        await scene.issue(f"minor-{number}", priority=Priority.OTHER)


def arrived(scene: "Scene") -> list[str]:
    """Return which alert each arrival at the peer was of, in order."""
    return [one.body.partition(b"<identifier>")[2].partition(b"<")[0].decode() for one in scene.cap_peer.arrivals]


@pytest.mark.parametrize("manner", [rude, garbage], ids=["hangs up", "talks garbage"])
async def test_an_open_circuit_lets_the_most_urgent_head_through_alone(scene: "Scene", manner: Manner) -> None:
    scene.cap_peer.manner = manner
    courier = scene.courier()
    await fall_silent(scene)
    await courier.round()
    assert list(courier.silent()) == ["centre/only"]
    await scene.issue("late", priority=Priority.OTHER)
    await scene.issue("flood", priority=Priority.URGENT)
    assert await courier.round() == 2
    assert {one.headers["webhook-id"] for one in scene.app.arrivals[5:]} == {"late:1:app:only", "flood:1:app:only"}
    scene.real += 1.0
    assert await courier.round() == 1
    assert arrived(scene)[5:] == ["flood.1"]

    scene.cap_peer.manner = ok
    scene.real += 2.0
    assert await courier.round() == 1
    assert await courier.round() == 6
    assert courier.silent() == {}
    assert len(arrived(scene)) == len({*arrived(scene)}) + 6
    states = [state for name in ("flood", "late") for state in (await scene.states(name)).values()]
    assert states == [S.ACCEPTED] * 4


async def test_a_cancel_is_the_first_to_be_tried_and_a_no_is_an_answer(scene: "Scene") -> None:
    await scene.issue("wrong")
    courier = scene.courier()
    await courier.round()
    scene.cap_peer.manner = rude
    await fall_silent(scene)
    await courier.round()
    await scene.issue("flood", priority=Priority.URGENT)
    await scene.issue("wrong", Kind.CANCEL)
    await courier.round()
    scene.cap_peer.manner = answers(400)
    scene.real += 1.0
    assert await courier.round() == 1
    assert b"<msgType>Cancel<" in scene.cap_peer.arrivals[-1].body
    assert (await scene.states("wrong"))["centre", 2] is S.REFUSED
    assert await courier.round() == 6


async def test_a_dead_target_is_logged_once_and_paged_once_and_once_more_when_it_is_back(scene: "Scene") -> None:
    await scene.cap_peer.stop()
    courier = scene.courier()
    await fall_silent(scene, 7)
    with capture_logs() as logs:
        for _ in range(40):
            await courier.round()
            scene.real += 1.0
        pages = await scene.journal.take(TodoKind.PAGE, 10, 1e9)
        assert [(page.subject, b"centre/only has not answered for 30 s; 7 messages wait" in page.body) for page in pages] == [
            ("target/centre/only", True)
        ]
        await scene.cap_peer.start()
        for _ in range(40):
            await courier.round()
            scene.real += 1.0
    told = [(log["event"], log["target"]) for log in logs if log["event"].startswith("target-")]
    assert told == [("target-silent", "centre/only"), ("target-answers", "centre/only")]
    assert await new_pages(scene, pages) == []
    assert len({*arrived(scene)}) == 7


async def new_pages(scene: "Scene", before: Sequence[Task]) -> list[str]:
    taken = await scene.journal.take(TodoKind.PAGE, 10, 1e9)
    return [page.subject for page in taken if page.id not in {one.id for one in before}]


async def test_nothing_is_dropped_and_nothing_goes_late_while_a_circuit_is_open(scene: "Scene") -> None:
    scene.cap_peer.manner = rude
    courier = scene.courier()
    await fall_silent(scene)
    await courier.round()
    await scene.issue("untried", priority=Priority.OTHER)
    scene.story += (await scene.messages("untried"))[0].deadline - scene.story
    scene.cap_peer.manner = ok
    scene.real += 60.0
    assert await courier.round() == 0
    states = [(await scene.states(name))["centre", 1] for name in ("minor-0", "untried")]
    assert states == [S.UNKNOWN, S.EXPIRED]


async def test_a_target_that_asks_for_patience_still_hears_what_is_urgent(scene: "Scene") -> None:
    scene.app.manner = answers(503, headers={"Retry-After": "20"}, first=1)
    await scene.issue("minor", priority=Priority.OTHER)
    courier = scene.courier()
    await courier.round()
    await scene.issue("more", priority=Priority.OTHER)
    await scene.issue("flood", priority=Priority.URGENT)
    assert await courier.round() == 2
    assert len(scene.app.arrivals) == 1
    scene.real += 1.0
    assert await courier.round() == 1
    assert scene.app.arrivals[-1].headers["webhook-id"] == "flood:1:app:only"
    assert await courier.round() == 1
    assert scene.app.arrivals[-1].headers["webhook-id"] == "more:1:app:only"


async def test_the_courier_that_runs_probes_by_itself(scene: "Scene") -> None:
    """Nobody calls, and the next poll would be in an hour: a probe wakes the courier, and its answer lets the rest go."""
    stop = asyncio.Event()
    scene.cap_peer.manner = rude
    courier = scene.running_courier(poll_s=3600.0)
    await fall_silent(scene, 5)
    running = asyncio.create_task(courier.run(stop))
    while {one.state for one in await scene.messages()} != {S.ACCEPTED, S.IN_DOUBT}:  # noqa: ASYNC110 - the record rings no bell
        await asyncio.sleep(0.01)
    scene.real += 60.0
    scene.cap_peer.manner = ok
    await scene.cap_peer.arrival(10)
    stop.set()
    await running
    assert [one.attempts[-1].verdict for one in await scene.messages() if one.target.channel == "centre"] == [
        Verdict.ACCEPTED
    ] * 5
