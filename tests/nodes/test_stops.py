"""One of two nodes is killed, or stands still, in the middle of its work: the other goes on, and what was promised is kept."""

import asyncio
import os
import time
from typing import NamedTuple

import pytest

from gateway.demo.receivers import Held, ok
from tests.nodes.city import City
from tests.nodes.crowd import at_work
from tests.nodes.judge import judged
from tests.nodes.reader import faults, reading
from tests.staircase.raw_log import repeats
from tests.staircase.served import PEERS

BUSY_S = 2.0
ALERTS = 4
# A node judges others only when it has lived for 12 s itself
JUDGES_S = 13.5
KILLED_S = 9.0
# Longer than a node's row runs, a try may take, and the timers' lease; in `make soak` longer than every lease
ASLEEP_S = float(os.environ.get("BONGSU_ASLEEP_S", "16"))
LEASE_S = 30.0
# What is promised on machines that nobody else keeps busy
FROZEN_S = 15.0 if ASLEEP_S > LEASE_S else LEASE_S
LEFT = (
    "SELECT min(lease_until) - extract(epoch FROM clock_timestamp())::float8 FROM delivery"
    " WHERE state = 'sending' AND holder = 'a'"
)


class Caught(NamedTuple):
    """A node, what it has in flight, and how to let the far sides answer."""

    node: str
    theirs: set[tuple[str, str]]
    held: Held


async def caught(city: City, node: str) -> Caught:
    """Issue alerts until a node has some in flight, whose messages the far sides keep waiting."""
    office = city.nodes[node].office
    alerts = [await office.drafted(f"held-{city.stops}-{number}") for number in range(ALERTS)]
    held = Held()
    city.answering(held)
    for alert in alerts:
        assert (await office.approve(alert)).status == 200
    for peer in PEERS:
        for alert in alerts:
            await city.until(peer, (alert, 1))
    ours = {(peer, alert) for peer in PEERS for alert in alerts}
    return Caught(node, (await city.in_flight())[node] & ours, held)


async def taken_over(city: City, caught: Caught, since: float) -> float:
    """Wait until what a stopped node had in flight came once more; return how long after the stop."""
    city.answering(ok)
    caught.held.release()
    assert caught.theirs
    return max([await city.until(peer, (alert, 1), times=2) for peer, alert in sorted(caught.theirs)]) - since


async def leases_left(city: City, since: float) -> float:
    """Return how many seconds after a moment the first lease of the frozen node runs out."""
    [[left]] = await city.rows(LEFT)
    assert isinstance(left, float)
    return left + time.monotonic() - since


@pytest.mark.timeout(240)
async def test_a_node_is_killed_and_another_time_stands_still(city: City) -> None:
    """What it held is taken over; when it wakes, it sends nothing of that; and every feed goes on at both."""
    async with reading(city.nodes) as reader, at_work(city) as crowd:
        await asyncio.sleep(JUDGES_S)
        dead = await caught(city, "a")
        killed = await taken_over(city, dead, await city.kill("a"))
        await city.nodes["a"].start()
        await asyncio.sleep(BUSY_S)

        asleep = await caught(city, "a")
        at = city.freeze("a")
        left = await leases_left(city, at)
        frozen = await taken_over(city, asleep, at)
        await asyncio.sleep(max(0.0, at + ASLEEP_S - time.monotonic()))
        before = {peer: [one.body for one in city.receivers[peer].arrivals] for peer in PEERS}
        city.nodes["a"].wake()
        await asyncio.sleep(BUSY_S)
    late = {peer: [one.body for one in city.receivers[peer].arrivals[len(before[peer]) :]] for peer in PEERS}
    told = {peer: repeats(city.folder / f"{peer}.log") for peer in PEERS}
    print(  # noqa: T201
        f"killed: its {len(dead.theirs)} messages came {killed:.1f} s later; frozen: its {len(asleep.theirs)} came {frozen:.1f} s"
        f" later, when its leases had {left - frozen:.1f} s left; {len(crowd.acknowledged)} acknowledged,"
        f" {len(crowd.told)} alerts told, {len(reader.looks)} looks at feeds; repeated {told}"
    )

    assert killed < KILLED_S
    assert frozen < min(left, FROZEN_S), "it was not the node's life that ended, but its leases"
    assert [body for peer in PEERS for body in late[peer] if body in before[peer]] == [], "sent what had been taken over"
    await judged(city, crowd)
    assert [*faults(reader.looks)] == []
    assert {look.status for look in reader.looks if look.node == "b"} == {200}
