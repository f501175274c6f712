"""A flood of work that holds up the event loop leaves room for everybody else between any two pieces of it."""

import asyncio
from itertools import pairwise

import pytest

from gateway.engine.turns import Turns


async def test_whoever_is_no_part_of_a_flood_has_a_turn_between_any_two_of_it() -> None:
    turns, happened = Turns(), list[str]()

    async def flooding(number: int) -> None:
        await turns.mine()
        happened.append(f"flood {number}")

    async def other() -> None:
        while len(happened) < 100:
            happened.append("other")
            await asyncio.sleep(0)

    crowd = [asyncio.create_task(flooding(number)) for number in range(20)]
    await asyncio.create_task(other())
    await asyncio.gather(*crowd)
    assert not [pair for pair in pairwise(happened) if "other" not in pair]
    assert [one for one in happened if one != "other"] == [f"flood {number}" for number in range(20)]


async def test_who_is_alone_waits_for_nobody_and_who_gives_up_takes_no_turn_away() -> None:
    turns = Turns()
    served, gone, next_one = (asyncio.create_task(turns.mine()) for _ in range(3))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(served, next_one, turns.mine())
    with pytest.raises(asyncio.CancelledError):
        await gone
