"""A claim whose answer was lost: it stands in the record, the courier was told no, and nobody has to wait for its lease."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from structlog.testing import capture_logs

from gateway.alert import Kind
from gateway.demo.receivers import Held
from gateway.fault import Unavailable
from gateway.journal.records import DeliveryState
from gateway.journal.sqlite import desk

if TYPE_CHECKING:
    from .conftest import Scene

S = DeliveryState
FOR_EVER = 10**9


class Lossy:
    """A line to one verb of the record: the verb is done, but the next so many answers get lost on their way back."""

    def __init__(self, scene: "Scene", verb: str, *, lost: int = 0, instead: object = None) -> None:
        """Stand before the verb; where there is an answer `instead`, that one comes, and nothing gets lost."""
        self.lost, self.asked, self.lost_one = lost, 0, asyncio.Event()
        self._verb: Callable[..., Any] = getattr(scene.journal, verb)
        self._instead = instead
        setattr(scene.journal, verb, self._ask)

    async def _ask(self, *values: object) -> object:
        self.asked += 1
        answer = await self._verb(*values)
        if self.asked > self.lost:
            return answer
        self.lost_one.set()
        if self._instead is None:
            raise Unavailable("store-unavailable", "the answer was lost", hint="try again")
        return self._instead


async def verdicts(scene: "Scene", alert: str) -> list[list[str]]:
    """Return what came of the tries of each message of an alert."""
    return [[one.verdict.value for one in message.attempts] for message in await scene.messages(alert)]


async def test_what_a_lost_claim_took_is_carried_by_the_next_and_was_tried_once(scene: "Scene") -> None:
    await scene.issue("a")
    courier = scene.courier()
    Lossy(scene, "claim", lost=1)
    assert await courier.round() == 0
    assert set((await scene.states("a")).values()) == {S.SENDING}
    assert await courier.round() == 2
    assert set((await scene.states("a")).values()) == {S.ACCEPTED}
    assert await verdicts(scene, "a") == [["accepted"], ["accepted"]]
    assert (len(scene.app.arrivals), len(scene.cap_peer.arrivals)) == (1, 1)


async def test_a_running_courier_carries_it_while_the_lease_still_runs(scene: "Scene") -> None:
    """The record's clock stands still, so no lease ever runs out."""
    await scene.issue("a")
    Lossy(scene, "claim", lost=2)
    stop = asyncio.Event()
    running = asyncio.create_task(scene.courier(poll_s=0.05).run(stop))
    async with asyncio.timeout(10):
        await asyncio.gather(scene.app.arrival(1), scene.cap_peer.arrival(1))
    stop.set()
    await running
    assert await verdicts(scene, "a") == [["accepted"], ["accepted"]]


async def test_a_claim_that_is_committed_when_nobody_waits_for_it_any_more_is_put_back(
    scene: "Scene", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes longer over the commit than anybody has patience."""
    patience_s, slow = 0.5, [True]

    def commits_slowly(*_: object) -> int:
        if slow:
            slow.clear()
            time.sleep(1.5 * patience_s)
        return apsw.SQLITE_OK

    await scene.issue("a")
    await scene.journal.writer.run(lambda cx: cx.set_wal_hook(commits_slowly))
    monkeypatch.setattr(desk, "PATIENCE_S", patience_s)
    courier = scene.courier()
    assert (await courier.round(), slow) == (0, [])
    monkeypatch.undo()
    assert await courier.round() == 2
    assert await verdicts(scene, "a") == [["accepted"], ["accepted"]]


async def test_a_cancel_finds_nothing_to_take_back_where_the_claim_was_lost(scene: "Scene") -> None:
    await scene.issue("a")
    courier = scene.courier()
    Lossy(scene, "claim", lost=1)
    await courier.round()
    await scene.issue("a", Kind.CANCEL)
    assert await courier.round() == 0
    assert (await scene.states("a"))["centre", 1] is S.NOTHING_TO_CANCEL
    assert (await scene.states("a"))["centre", 2] is S.NOTHING_TO_CANCEL
    assert scene.app.arrivals == scene.cap_peer.arrivals == []


async def test_what_is_being_carried_meanwhile_is_not_taken_out_of_our_hands(scene: "Scene") -> None:
    held, courier = Held(), scene.courier()
    scene.app.manner = scene.cap_peer.manner = held
    await scene.issue("a")
    carrying = asyncio.create_task(courier.round())
    await asyncio.gather(scene.app.arrival(1), scene.cap_peer.arrival(1))
    await scene.issue("b")
    Lossy(scene, "claim", lost=1)
    await courier.round()
    going = asyncio.create_task(courier.round())
    await asyncio.gather(scene.app.arrival(2), scene.cap_peer.arrival(2))
    assert set((await scene.states("a")).values()) == {S.SENDING}
    held.release()
    assert sum(await asyncio.gather(carrying, going)) == 4
    assert await verdicts(scene, "a") == await verdicts(scene, "b") == [["accepted"], ["accepted"]]
    assert (len(scene.app.arrivals), len(scene.cap_peer.arrivals)) == (2, 2)


async def test_what_was_sent_and_could_not_be_written_down_is_not_taken_for_unsent(
    scene: "Scene", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while that is tried, nor when it is given up: then the lease decides."""
    await scene.issue("a")
    settle = scene.journal.settle
    monkeypatch.setattr(scene.journal, "settle", _away)
    courier = scene.courier(lease_s=0.6, send_s=0.3, poll_s=0.05)
    carrying = asyncio.create_task(courier.round())
    await asyncio.gather(scene.app.arrival(1), scene.cap_peer.arrival(1))
    Lossy(scene, "claim", lost=1)
    put_back = Lossy(scene, "put_back")
    assert [await courier.round() for _ in range(2)] == [0, 0]
    with capture_logs() as logs:
        await carrying
    assert [log["event"] for log in logs].count("settle-given-up") == 2
    Lossy(scene, "claim", lost=1)
    assert [await courier.round() for _ in range(2)] == [0, 0]
    assert put_back.asked == 2
    assert set((await scene.states("a")).values()) == {S.SENDING}

    monkeypatch.setattr(scene.journal, "settle", settle)
    scene.real += 1
    assert await courier.round() == 2
    assert await verdicts(scene, "a") == [["ambiguous", "accepted"]] * 2


async def test_the_record_is_asked_until_it_has_said_that_nothing_more_can_come(scene: "Scene") -> None:
    courier = scene.courier()
    put_back = Lossy(scene, "put_back", lost=1)
    await courier.round()
    assert not put_back.asked
    Lossy(scene, "claim", lost=1)
    unsure = Lossy(scene, "put_back", lost=3, instead=False)
    for _ in range(6):
        await courier.round()
    assert [unsure.asked, put_back.asked] == [4, 4]


@pytest.mark.parametrize("instead", [False, None])
async def test_claims_go_on_while_the_record_is_not_sure_or_cannot_say(scene: "Scene", instead: object) -> None:
    courier = scene.courier()
    Lossy(scene, "claim", lost=1)
    Lossy(scene, "put_back", lost=FOR_EVER, instead=instead)
    await courier.round()
    await scene.issue("a")
    assert await courier.round() == 2


async def test_who_stops_leaves_nothing_claimed_that_nobody_was_told_of(scene: "Scene") -> None:
    await scene.issue("a")
    stop, claim = asyncio.Event(), Lossy(scene, "claim", lost=FOR_EVER)
    running = asyncio.create_task(scene.courier(poll_s=FOR_EVER).run(stop))
    await claim.lost_one.wait()
    stop.set()
    await running
    assert claim.asked == 1
    assert set((await scene.states("a")).values()) == {S.WAITING}
    assert await verdicts(scene, "a") == [[], []]


async def _away(*_: object) -> list[DeliveryState | None]:
    raise Unavailable("store-unavailable", "nobody is there", hint="try again")
