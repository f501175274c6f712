"""A share of the slots is kept for what is urgent: held by real receivers that hang, and counted by hand."""

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from gateway.alert import Kind, Target
from gateway.channel import Payload
from gateway.channels import ChannelSettings, Mode, TargetSettings, webhook
from gateway.delivery import Courier
from gateway.delivery.slots import Slots
from gateway.demo.receivers import Arrived, Held
from gateway.incident import Status
from gateway.journal.records import Claimed, Free, Priority, Together
from gateway.out import HttpOut, Peers

from .conftest import KEY

if TYPE_CHECKING:
    from .conftest import Scene

URGENT, OTHER = Priority.URGENT, Priority.OTHER
NOBODY = frozenset[Target]()


async def test_an_urgent_one_goes_at_once_where_a_hanging_receiver_holds_every_ordinary_slot(scene: "Scene") -> None:
    held = Held()
    scene.app.manner = scene.cap_peer.manner = held
    for number in range(8):
        await scene.issue(f"minor-{number}", priority=OTHER)
    courier = scene.courier(slots=8, slots_per_channel=4)
    rounds = [asyncio.create_task(courier.round()) for _ in range(3)]
    await scene.app.arrival(3)
    await scene.cap_peer.arrival(3)
    assert await asyncio.create_task(courier.round()) == 0

    await scene.issue("flood", priority=URGENT)
    rounds.append(asyncio.create_task(courier.round()))
    assert b'"alert":"flood"' in (await scene.app.arrival(4)).body
    assert b"<identifier>flood.1<" in (await scene.cap_peer.arrival(4)).body
    held.release()
    await asyncio.gather(*rounds)


async def test_a_cancel_of_something_minor_is_urgent(scene: "Scene") -> None:
    await scene.issue("minor", priority=OTHER)
    await scene.courier().round()
    held = Held()
    scene.app.manner = scene.cap_peer.manner = held
    for number in range(4):
        await scene.issue(f"more-{number}", priority=OTHER)
    courier = scene.courier(slots=4, slots_per_channel=2)
    rounds = [asyncio.create_task(courier.round())]
    await asyncio.gather(scene.app.arrival(2), scene.cap_peer.arrival(2))

    await scene.issue("minor", Kind.CANCEL)
    rounds.append(asyncio.create_task(courier.round()))
    assert b"<msgType>Cancel<" in (await scene.cap_peer.arrival(3)).body
    held.release()
    await asyncio.gather(*rounds)


def claimed(scene: "Scene", target: str, priority: Priority) -> Claimed:
    payload = Payload(channel="app", target=target, body=b"", media_type="text/plain")
    return Claimed(
        id=1,
        key="k",
        alert="a",
        number=1,
        status=Status.EXERCISE,
        priority=priority,
        payload=payload,
        sha256="",
        fence=1,
        attempt=1,
        deadline=scene.story,
    )


async def test_room_is_what_is_left_and_what_is_given_back_is_there_again(scene: "Scene") -> None:
    slots = Slots(scene.channels, 16, 8)
    going = [claimed(scene, "only", priority) for priority in (OTHER, OTHER, URGENT)]
    for one in going:
        slots.take(one)
    room = slots.room({}, NOBODY)
    assert (room.most, room.targets) == (Free(10, 13), {})
    assert room.channels == {"app": Free(4, 5), "centre": Free(6, 8)}
    for one in going:
        slots.give_back(one)
    assert slots.room({}, NOBODY).channels == {"app": Free(6, 8), "centre": Free(6, 8)}


async def test_those_who_did_not_answer_hold_half_of_everything_at_most(scene: "Scene") -> None:
    slots = Slots(scene.channels, 16, 8)
    for priority in (OTHER, URGENT):
        slots.take(claimed(scene, "only", priority))
    app, centre = Target("app", "only"), Target("centre", "only")
    everywhere, here, there = slots.room({}, frozenset({app, centre})).together
    assert everywhere == Together(targets=frozenset({app, centre}), free=Free(5, 6))
    assert {here, there} == {
        Together(targets=frozenset({app}), free=Free(2, 2)),
        Together(targets=frozenset({centre}), free=Free(3, 4)),
    }


async def test_one_that_answers_waits_for_no_slot_while_many_do_not(scene: "Scene") -> None:
    names = ["living", *(f"dead-{number}" for number in range(12))]
    far = {name: TargetSettings(url=f"{scene.app.url}/{name}", secret=KEY, private=True) for name in names}
    settings = ChannelSettings(targets=far, accepts=scene.accepts, mode=Mode.EXERCISE, now=scene.wall)
    scene.channels = {"partners": webhook.channel("partners", settings)}
    out = HttpOut(Peers(settings.peers()), deadline_s=0.2)
    courier = Courier(scene.journal, scene.channels, out, lambda: scene.story, slots=8, real=lambda: scene.real)

    async def manner(one: Arrived, _: web.Request) -> web.Response:
        await asyncio.sleep(0 if one.path.endswith("/living") else 60)
        return web.Response()

    scene.app.manner = manner
    await scene.issue("first")
    while await courier.round():
        pass
    assert len(scene.app.arrivals) == len(names)
    scene.real += 10
    await scene.issue("second")
    assert await courier.round() == 5
    told = [(one.path.rpartition("/")[2], b'"alert":"second"' in one.body) for one in scene.app.arrivals[len(names) :]]
    assert ("living", True) in told
    assert sum(name.startswith("dead") for name, _ in told) == 4
    await out.close()


@pytest.mark.parametrize(("slots", "ordinary"), [(1, 1), (2, 1), (3, 2), (4, 3), (8, 6), (64, 48), (256, 192)])
async def test_a_quarter_is_reserved_and_at_least_one(scene: "Scene", slots: int, ordinary: int) -> None:
    assert Slots(scene.channels, slots, 1).room({}, NOBODY).most == Free(ordinary, slots)


async def test_one_of_several_targets_holds_half_of_its_channel_at_most(scene: "Scene") -> None:
    far = TargetSettings(url=scene.app.url, secret=KEY, private=True)
    settings = ChannelSettings(targets={"north": far, "south": far}, accepts=scene.accepts, mode=Mode.EXERCISE, now=scene.wall)
    slots = Slots({"app": webhook.channel("app", settings)}, 64, 16)
    for _ in range(6):
        slots.take(claimed(scene, "north", OTHER))
    room = slots.room({Target("app", "south"): Free(0, 1)}, NOBODY)
    assert room.channels == {"app": Free(6, 10)}
    assert room.targets == {Target("app", "north"): Free(0, 2), Target("app", "south"): Free(0, 1)}
