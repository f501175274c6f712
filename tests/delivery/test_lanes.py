"""Nothing overtakes: random far sides, random stories, and the order of what really arrived."""

import asyncio
import json
import random
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pytest
from aiohttp import web
from lxml import etree

from gateway.alert import Kind, Version
from gateway.delivery import Courier
from gateway.demo.receivers import Arrived, Receiver
from gateway.journal.records import DeliveryState

if TYPE_CHECKING:
    from .conftest import Scene

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
EARLY = "2 takes back what nobody may have seen"
OVER = (Kind.END, Kind.CANCEL)
LIVE = {DeliveryState.WAITING, DeliveryState.IN_DOUBT, DeliveryState.SENDING}


class Seen(NamedTuple):
    """One arrival, in the words of the lane table; `reached` is what the far side itself did with it."""

    number: int
    cancel: bool
    expired: bool
    reached: bool
    refused: bool


def chain_faults(lane: list[Seen]) -> list[str]:
    """Judge one lane of a chain channel by settled order: each in turn, none skipped, a cancel only after something to cancel."""
    numbers = [seen.number for seen in lane]
    skipped = [n for n in range(1, max(numbers, default=0)) if n not in numbers]
    return [*_order_faults(lane), *(f"{number} was skipped" for number in skipped)]


def latest_faults(lane: list[Seen]) -> list[str]:
    """Judge one lane of a latest channel: numbers only grow, a cancel only after something to cancel."""
    return _order_faults(lane)


def _order_faults(lane: list[Seen]) -> list[str]:
    faults = []
    for before, after in pairwise(lane):
        if after.number < before.number:
            faults.append(f"{after.number} came after {before.number}")
        if after.number == before.number and before.refused and not after.expired:
            faults.append(f"{after.number} came again after a no")
    for index, seen in enumerate(lane):
        if (seen.cancel or seen.expired) and not any(one.reached for one in lane[:index]):
            faults.append(f"{seen.number} takes back what nobody may have seen")
    return faults


def unfinished(lane: list[Seen], versions: list[Version]) -> list[str]:
    """Tell what a cancelled lane still lacks: whoever may have seen something gets the cancel, and it comes last."""
    told = any(seen.reached and not seen.cancel for seen in lane)
    if versions[-1].kind is not Kind.CANCEL or not told:
        return []
    last = lane[-1]
    return [] if last.cancel and (last.reached or last.refused) else ["the cancel is missing"]


def cap_seen(arrived: Arrived) -> tuple[str, Seen]:
    root = etree.fromstring(arrived.body)
    alert, _, number = root.findtext(f"{CAP}identifier", "").rpartition(".")
    return alert, _seen(int(number), arrived, cancel=root.findtext(f"{CAP}msgType") == "Cancel", expired=False)


def app_seen(arrived: Arrived) -> tuple[str, Seen]:
    entry = json.loads(arrived.body)
    kind = entry["kind"]
    return entry["alert"], _seen(entry["version"], arrived, cancel=kind == "cancel", expired=kind == "expired")


def _seen(number: int, arrived: Arrived, *, cancel: bool, expired: bool) -> Seen:
    return Seen(number, cancel, expired, reached=arrived.answered in (0, 200), refused=arrived.answered == 400)


def lanes(seen: Iterable[tuple[str, Seen]]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for alert, one in seen:
        found.setdefault(alert, []).append(one)
    return found


class Moody:
    """A far side that says yes, later, never or nothing, by chance; `calm` makes it say yes."""

    def __init__(self, luck: random.Random) -> None:
        """Take its chances."""
        self.luck, self.calm = luck, False

    async def __call__(self, _: Arrived, __: web.Request) -> web.Response | None:
        """Answer after a moment, or hang up."""
        if self.calm:
            return web.Response()
        await asyncio.sleep(self.luck.random() / 200)
        status = self.luck.choices([200, 503, 400, 0], [4, 4, 1, 3])[0]
        return web.Response(status=status) if status else None


async def tell(scene: "Scene", luck: random.Random, told: dict[str, list[Version]]) -> None:
    """Issue one more version of one alert."""
    alert = luck.choice(list(told))
    before = told[alert]
    if before and before[-1].kind in OVER:
        return
    kind = luck.choices([Kind.UPDATE, Kind.END, Kind.CANCEL], [4, 1, 3])[0] if before else Kind.ALERT
    before.append(await scene.issue(alert, kind))


async def expire(scene: "Scene", luck: random.Random, told: dict[str, list[Version]]) -> None:
    """Let one alert's time be over: the record hears of it, whatever the story clock says."""
    alert = luck.choice([alert for alert, versions in told.items() if versions and versions[-1].kind not in OVER] or [""])
    if not alert:
        return
    record = await scene.journal.alert(alert)
    await scene.journal.expire(alert, len(record.versions), record.revision, scene.story)
    del told[alert]
    told[f"{alert}+"] = []


async def play(scene: "Scene", courier: Courier, luck: random.Random, told: dict[str, list[Version]]) -> None:
    """Issue and carry at the same time, in an order of chance."""
    rounds: list[asyncio.Task[int]] = []
    for _ in range(60):
        await tell(scene, luck, told)
        if luck.random() < 0.1:
            await expire(scene, luck, told)
        if luck.random() < 0.7:
            rounds.append(asyncio.create_task(courier.round()))
        if luck.random() < 0.5:
            await asyncio.sleep(luck.random() / 100)
        scene.real += luck.choice([0.0, 0.5, 2.0, 40.0])
    await asyncio.gather(*rounds)


async def settle(scene: "Scene", courier: Courier) -> None:
    """Carry until nothing is left that could still go."""
    while any(one.state in LIVE for one in await scene.journal.deliveries()):
        scene.real += 40
        await courier.round()


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_the_far_sides_do_nothing_overtakes(scene: "Scene", seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311 - chance with a seed
    moods = [Moody(random.Random(seed + 100)), Moody(random.Random(seed + 200))]  # noqa: S311
    scene.cap_peer.manner, scene.app.manner = moods
    told: dict[str, list[Version]] = {f"alert-{number}": [] for number in range(8)}
    courier = scene.courier(lease_s=1e6)
    await play(scene, courier, luck, told)
    for mood in moods:
        mood.calm = True
    await settle(scene, courier)
    assert judged(scene.cap_peer, scene.app, told) == {}


def judged(cap_peer: Receiver, app: Receiver, told: dict[str, list[Version]]) -> dict[str, list[str]]:
    chains, latests = lanes(map(cap_seen, cap_peer.arrivals)), lanes(map(app_seen, app.arrivals))
    faults = {f"centre {alert}": chain_faults(lane) for alert, lane in chains.items()}
    faults |= {f"app {alert}": latest_faults(lane) for alert, lane in latests.items()}
    for alert, versions in told.items():
        for name, lane in (("centre", chains.get(alert)), ("app", latests.get(alert))):
            faults.setdefault(f"{name} {alert}", []).extend(unfinished(lane, versions) if lane else [])
    return {lane: found for lane, found in faults.items() if found}


TABLE = [
    # answers, then what is issued one after the other: numbers that arrive at the CAP peer, and at the app
    ([200], [Kind.ALERT, Kind.UPDATE, Kind.CANCEL], [1, 2, 3], [1, 2, 3]),
    ([503, 200], [Kind.ALERT, Kind.UPDATE], [1, 1, 2], [1, 2]),
    ([503, 200], [Kind.ALERT, Kind.CANCEL], [1], [1]),
    ([504, 200], [Kind.ALERT, Kind.CANCEL], [1, 2], [1, 2]),
    ([500, 200], [Kind.ALERT, Kind.UPDATE, Kind.CANCEL], [1, 1, 2, 3], [1, 2, 3]),
    ([400, 200], [Kind.ALERT, Kind.CANCEL], [1], [1]),
    ([400, 200], [Kind.ALERT, Kind.UPDATE, Kind.CANCEL], [1, 2, 3], [1, 2, 3]),
    ([0, 200], [Kind.ALERT, Kind.CANCEL], [1, 2], [1, 2]),
    ([0, 200], [Kind.ALERT, Kind.UPDATE, Kind.CANCEL], [1, 1, 2, 3], [1, 2, 3]),
    ([0, 0, 200], [Kind.ALERT, Kind.UPDATE, Kind.END], [1, 1, 1, 2, 3], [1, 2, 3]),
    ([503, 503, 503, 200], [Kind.ALERT, Kind.UPDATE, Kind.CANCEL], [1, 1], [1, 2]),
]


class Scripted:
    """A far side that answers by a list, and as its last word from then on; 0 hangs up."""

    def __init__(self, statuses: list[int]) -> None:
        """Take the list."""
        self.statuses = statuses

    async def __call__(self, one: Arrived, _: web.Request) -> web.Response | None:
        """Answer as the list says."""
        status = self.statuses[min(one.order, len(self.statuses)) - 1]
        return web.Response(status=status) if status else None


@pytest.mark.parametrize(("statuses", "kinds", "centre", "app"), TABLE)
async def test_the_lane_table(scene: "Scene", statuses: list[int], kinds: list[Kind], centre: list[int], app: list[int]) -> None:
    """After every issue each lane gets one try; in the end everything that may still go, goes."""
    scene.cap_peer.manner, scene.app.manner = Scripted(statuses), Scripted(statuses)
    courier = scene.courier()
    for kind in kinds:
        await scene.issue("a", kind)
        await courier.round()
        scene.real += 40
    await settle(scene, courier)
    assert [cap_seen(one)[1].number for one in scene.cap_peer.arrivals] == centre
    assert [app_seen(one)[1].number for one in scene.app.arrivals] == app


async def test_a_far_side_that_loses_one_cancel_turns_the_judge_red(scene: "Scene") -> None:
    """The test of the test above."""
    scene.cap_peer.loses = lambda one: b"<msgType>Cancel</msgType>" in one.body
    courier = scene.courier()
    told = [await scene.issue("a")]
    await courier.round()
    told.append(await scene.issue("a", Kind.CANCEL))
    await courier.round()
    assert judged(scene.cap_peer, scene.app, {"a": told}) == {"centre a": ["the cancel is missing"]}


def alert(number: int, *, reached: bool = True, refused: bool = False) -> Seen:
    return Seen(number, cancel=False, expired=False, reached=reached, refused=refused)


def cancel(number: int) -> Seen:
    return Seen(number, cancel=True, expired=False, reached=True, refused=False)


@pytest.mark.parametrize(
    ("lane", "chain", "latest"),
    [
        ([alert(1), alert(2), cancel(3)], [], []),
        ([alert(1, reached=False), alert(1), alert(2)], [], []),
        ([alert(1, reached=False, refused=True), alert(2), cancel(3)], [], []),
        ([alert(2), alert(1)], ["1 came after 2"], ["1 came after 2"]),
        (
            [cancel(2), alert(1)],
            ["1 came after 2", EARLY],
            ["1 came after 2", EARLY],
        ),
        ([alert(1), alert(3)], ["2 was skipped"], []),
        (
            [alert(1, reached=False), cancel(2)],
            [EARLY],
            [EARLY],
        ),
        ([alert(1, reached=False, refused=True), alert(1)], ["1 came again after a no"], ["1 came again after a no"]),
    ],
)
def test_the_judge_knows_the_table(lane: list[Seen], chain: list[str], latest: list[str]) -> None:
    assert (chain_faults(lane), latest_faults(lane)) == (chain, latest)
