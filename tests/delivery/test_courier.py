import asyncio
import stat
import time
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

import apsw
import pytest
from structlog.testing import capture_logs

from gateway.alert import Kind
from gateway.channel import Out, Outcome, Payload
from gateway.channels.webhook import Webhooks
from gateway.delivery import Courier
from gateway.demo.receivers import Held, answers, rude, slow
from gateway.fault import BadInput, Unavailable
from gateway.incident import Status
from gateway.journal.records import DeliveryState, Priority, TodoKind
from gateway.out import Rehearsal

if TYPE_CHECKING:
    from .conftest import Scene

S = DeliveryState


async def test_both_far_sides_get_exactly_the_issued_bytes(scene: "Scene") -> None:
    await scene.issue("a")
    assert await scene.courier().round() == 2
    assert await scene.states("a") == {("centre", 1): S.ACCEPTED, ("app", 1): S.ACCEPTED}
    assert [b"<identifier>a.1</identifier>" in one.body for one in scene.cap_peer.arrivals] == [True]
    assert [b'"identifier":"a.1"' in one.body for one in scene.app.arrivals] == [True]
    assert await scene.courier().round() == 0


@pytest.mark.parametrize(("failures", "waits"), [(6, [1, 2, 4, 8, 15, 30, 30])])
async def test_a_failing_target_is_tried_again_in_seconds(scene: "Scene", failures: int, waits: list[int]) -> None:
    scene.app.manner = answers(503)
    await scene.issue("a")
    courier = scene.courier()
    await courier.round()
    for number, wait in enumerate(waits, start=1):
        assert len(scene.app.arrivals) == number
        scene.real += wait - 0.1
        assert await courier.round() == 0
        scene.real += 0.2
        assert await courier.round() == 1
    assert len(scene.app.arrivals) == failures + 2
    assert {one.headers["webhook-id"] for one in scene.app.arrivals} == {"a:1:app:only"}


async def test_a_target_that_asks_us_to_wait_is_left_alone_that_long(scene: "Scene") -> None:
    scene.app.manner = answers(429, headers={"Retry-After": "20"}, first=1)
    await scene.issue("a", priority=Priority.OTHER)
    courier = scene.courier()
    await courier.round()
    for later, tried in ((19.0, 0), (2.0, 1)):
        scene.real += later
        assert await courier.round() == tried
    assert (await scene.states("a"))["app", 1] is S.ACCEPTED


async def test_no_target_makes_us_wait_beyond_the_deadline(scene: "Scene") -> None:
    scene.app.manner = answers(503, headers={"Retry-After": "60"})
    await scene.issue("a", lasts=timedelta(seconds=5), priority=Priority.OTHER)
    courier = scene.courier()
    await courier.round()
    scene.real += 5.1
    assert await courier.round() == 1


async def test_nothing_is_delivered_late(scene: "Scene") -> None:
    scene.app.manner = answers(503)
    await scene.issue("a", lasts=timedelta(minutes=1))
    courier = scene.courier()
    await courier.round()
    scene.story += timedelta(minutes=1)
    scene.real += 60
    assert await courier.round() == 0
    assert (await scene.states("a"))["app", 1] is S.EXPIRED
    assert len(scene.app.arrivals) == 1


async def test_a_permanent_no_is_not_asked_again(scene: "Scene") -> None:
    scene.app.manner = answers(410)
    await scene.issue("a")
    await scene.courier().round()
    scene.real += 100
    assert await scene.courier().round() == 0
    assert (await scene.states("a"))["app", 1] is S.REFUSED


async def test_bytes_that_are_not_those_issued_never_leave(scene: "Scene") -> None:
    """One flipped byte in the store: nothing is sent, and a person is told."""
    await scene.issue("a")
    flipped = "UPDATE blob SET body = CAST(body || x'20' AS BLOB)"
    await scene.journal.writer.run(lambda cx: cx.execute(flipped).fetchall())
    with capture_logs() as logs:
        assert await scene.courier().round() == 2
    assert scene.app.arrivals == scene.cap_peer.arrivals == []
    assert set((await scene.states("a")).values()) == {S.REFUSED}
    pages = await scene.journal.take(TodoKind.PAGE, 10, 30)
    assert [b"delivery-bytes-changed" in page.body for page in pages] == [True, True]
    assert [log["reason"] for log in logs if log["event"] == "delivery-stopped"] == ["bytes-changed"] * 2


async def test_what_a_channel_does_not_carry_never_leaves(scene: "Scene") -> None:
    """The settings changed after the issue: the courier asks once more."""
    await scene.issue("a")
    scene.accepts = frozenset({Status.TEST})
    scene.open_door()
    assert await scene.courier().round() == 2
    assert scene.app.arrivals == scene.cap_peer.arrivals == []
    assert set((await scene.states("a")).values()) == {S.REFUSED}
    assert len(await scene.journal.take(TodoKind.PAGE, 10, 30)) == 2


async def test_each_version_is_judged_by_its_own_world(scene: "Scene") -> None:
    """A test and an exercise side by side, and settings that since their issue carry exercises only."""
    scene.accepts = frozenset({Status.EXERCISE, Status.TEST})
    scene.open_door()
    await scene.issue("a", status=Status.TEST)
    await scene.issue("b")
    scene.accepts = frozenset({Status.EXERCISE})
    scene.open_door()
    assert await scene.courier().round() == 4
    assert set((await scene.states("a")).values()) == {S.REFUSED}
    assert set((await scene.states("b")).values()) == {S.ACCEPTED}
    assert [b"b.1" in one.body for one in [*scene.cap_peer.arrivals, *scene.app.arrivals]] == [True, True]


async def test_what_was_claimed_is_carried_without_another_look_at_the_record(scene: "Scene") -> None:
    """Nobody can read any more, and both far sides are told all the same."""
    await scene.issue("a")
    await scene.journal.reader.close()
    assert await scene.courier().round() == 2
    assert (len(scene.cap_peer.arrivals), len(scene.app.arrivals)) == (1, 1)


async def test_a_rehearsal_says_simulated_and_nothing_else(scene: "Scene") -> None:
    scene.out = Rehearsal()
    await scene.issue("a")
    await scene.courier().round()
    assert scene.app.arrivals == scene.cap_peer.arrivals == []
    assert set((await scene.states("a")).values()) == {S.SIMULATED}


class Broken(Webhooks, frozen=True):
    """A vendor's channel that throws what it should not say."""

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Fail in a way that names a secret."""
        raise RuntimeError(f"canary-secret {payload.target} {delivery} {out}")


class Stuck(Webhooks, frozen=True):
    """A vendor's channel that never returns."""

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Wait for ever."""
        del payload, delivery, out
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize(("kind", "name"), [(Broken, "RuntimeError"), (Stuck, "TimeoutError")])
async def test_a_channel_that_breaks_may_have_sent(scene: "Scene", kind: type[Webhooks], name: str) -> None:
    honest = scene.channels["app"]
    assert isinstance(honest, Webhooks)
    scene.channels["app"] = kind(honest.name, honest.settings)
    await scene.issue("a")
    with capture_logs() as logs:
        await scene.courier(send_s=0.2).round()
    told = next(one for one in await scene.messages("a") if one.target.channel == "app")
    assert [(one.verdict, one.note) for one in told.attempts] == [("ambiguous", f"the channel broke off: {name}")]
    assert [log["error"] for log in logs if log["event"] == "channel-broke"] == [name]
    assert "canary" not in repr(logs) + repr(told)
    assert (await scene.states("a"))["centre", 1] is S.ACCEPTED


async def test_a_slow_target_holds_up_nobody_else(scene: "Scene") -> None:
    scene.cap_peer.manner = slow(1.5)
    stop, courier = asyncio.Event(), scene.courier()
    running = asyncio.create_task(courier.run(stop))
    for alert in ("a", "b", "c"):
        began = time.monotonic()
        await scene.issue(alert)
        courier.hint()
        await scene.app.arrival(ord(alert) - ord("a") + 1)
        assert time.monotonic() - began < 1.0
        assert (await scene.states(alert))["centre", 1] in (S.SENDING, S.WAITING)
    stop.set()
    await running
    assert [(await scene.states(alert))["centre", 1] for alert in "abc"] == [S.ACCEPTED] * 3


async def test_slots_are_never_exceeded_and_never_lost(scene: "Scene") -> None:
    held = Held()
    scene.app.manner = held
    for number in range(6):
        await scene.issue(f"a{number}")
    courier = scene.courier(slots=4, slots_per_channel=2)
    rounds = [asyncio.create_task(courier.round()) for _ in range(4)]
    await scene.app.arrival(2)
    await asyncio.sleep(0.1)
    assert len(scene.app.arrivals) == 2
    held.release()
    assert sum(await asyncio.gather(*rounds)) < 12
    for _ in range(12):
        await courier.round()
    assert (len(scene.app.arrivals), len(scene.cap_peer.arrivals)) == (6, 6)


async def test_the_most_urgent_gets_the_last_slot_whichever_channel_it_goes_by(scene: "Scene") -> None:
    await scene.issue("a")
    await scene.courier().round()
    await scene.issue("b")
    await scene.issue("a", Kind.CANCEL)
    courier = scene.courier(slots=2)
    assert await courier.round() == 2
    assert await scene.states("a") == {(name, number): S.ACCEPTED for name in ("centre", "app") for number in (1, 2)}
    assert set((await scene.states("b")).values()) == {S.WAITING}
    assert await courier.round() == 2


async def counted(scene: "Scene") -> list[int]:
    """Count the commits from now on, by the hook SQLite calls when something was written."""
    commits = [0]

    def committed(*_: object) -> int:
        commits[0] += 1
        return apsw.SQLITE_OK

    await scene.journal.writer.run(lambda cx: cx.set_wal_hook(committed))
    return commits


async def test_every_far_side_of_an_alert_is_told_after_one_commit(scene: "Scene") -> None:
    """Counted while both far sides have the bytes and have not answered yet."""
    held = Held()
    scene.app.manner = scene.cap_peer.manner = held
    await scene.issue("a")
    commits = await counted(scene)
    carried = asyncio.create_task(scene.courier().round())
    await asyncio.gather(scene.app.arrival(1), scene.cap_peer.arrival(1))
    assert commits == [1]
    held.release()
    assert await carried == 2
    assert commits[0] in (2, 3)


async def test_looking_for_work_in_vain_writes_nothing(scene: "Scene") -> None:
    await scene.issue("a")
    courier = scene.courier()
    await courier.round()
    commits = await counted(scene)
    assert (await courier.round(), commits) == (0, [0])


async def test_stopping_lets_what_is_in_flight_arrive(scene: "Scene") -> None:
    held = Held()
    scene.app.manner = held
    await scene.issue("a")
    stop = asyncio.Event()
    running = asyncio.create_task(scene.courier().run(stop))
    await scene.app.arrival(1)
    stop.set()
    await asyncio.sleep(0.1)
    assert not running.done()
    await scene.issue("b")
    held.release()
    await running
    assert (await scene.states("a"))["app", 1] is S.ACCEPTED
    assert set((await scene.states("b")).values()) == {S.WAITING}


async def test_a_store_that_fails_is_asked_again(scene: "Scene") -> None:
    """The file turns read-only between the sending and the settling, and later becomes writable again."""
    held, stop = Held(), asyncio.Event()
    scene.app.manner = held
    await scene.issue("a")
    with capture_logs() as logs:
        running = asyncio.create_task(scene.courier(poll_s=0.05).run(stop))
        await scene.app.arrival(1)
        scene.path.chmod(stat.S_IRUSR)
        held.release()
        await asyncio.sleep(0.3)
        scene.path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        await asyncio.sleep(0.2)
        stop.set()
        await running
    assert (await scene.states("a"))["app", 1] is S.ACCEPTED
    assert len(scene.app.arrivals) == 1
    assert {"claim-failed", "settle-failed"} <= {log["event"] for log in logs}


async def test_an_outcome_that_can_never_be_recorded_becomes_an_ambiguous_try(scene: "Scene") -> None:
    await scene.issue("a")
    held = Held()
    scene.app.manner = held
    round_ = asyncio.create_task(scene.courier(lease_s=0.6, send_s=0.3, poll_s=0.05).round())
    await scene.app.arrival(1)
    scene.path.chmod(stat.S_IRUSR)
    held.release()
    with capture_logs() as logs:
        await round_
    scene.path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert "settle-given-up" in {log["event"] for log in logs}
    scene.real += 1
    await scene.courier().round()
    app = next(one for one in await scene.messages("a") if one.target.channel == "app")
    assert [one.verdict for one in app.attempts] == ["ambiguous", "accepted"]
    assert {one.headers["webhook-id"] for one in scene.app.arrivals} == {"a:1:app:only"}


async def test_a_courier_that_was_killed_sends_the_same_key_again(scene: "Scene") -> None:
    scene.app.manner = Held()
    await scene.issue("a")
    killed = asyncio.create_task(scene.courier().round())
    await scene.app.arrival(1)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    assert await scene.journal.recover() >= 1
    scene.app.manner = answers(200)
    await scene.courier().round()
    first, second = scene.app.arrivals
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


async def test_a_cancel_does_not_wait_behind_a_backoff(scene: "Scene") -> None:
    scene.cap_peer.manner = rude
    await scene.issue("a")
    courier = scene.courier()
    for wait in (0, 2, 3, 5):
        scene.real += wait
        await courier.round()
    scene.cap_peer.manner = answers(200)
    await scene.issue("a", Kind.CANCEL)
    scene.real += 0.01
    await courier.round()
    assert b"<msgType>Cancel</msgType>" in scene.cap_peer.arrivals[-1].body
    assert (await scene.states("a"))["centre", 2] is S.ACCEPTED


def test_a_try_must_fit_into_its_lease(scene: "Scene") -> None:
    with pytest.raises(BadInput) as bad:
        Courier(scene.journal, {}, scene.out, lambda: scene.story, lease_s=10, send_s=6)
    assert bad.value.code == "lease-too-short"


async def test_a_record_that_cannot_be_asked_for_what_is_due_is_known_until_it_can(
    scene: "Scene", monkeypatch: pytest.MonkeyPatch
) -> None:
    courier = scene.courier()
    claim = scene.journal.claim

    async def away(*_: object) -> NoReturn:
        raise Unavailable("store-corrupt", "the record is damaged")

    for verb, trouble in ((away, "store-corrupt"), (claim, "")):
        monkeypatch.setattr(scene.journal, "claim", verb)
        await courier.round()
        assert courier.trouble == trouble
