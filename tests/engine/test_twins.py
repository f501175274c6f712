"""The same hazard in the same place asks before it goes out twice."""

import asyncio
from datetime import timedelta

import pytest

from gateway.engine import Changes
from gateway.fault import Conflict
from tests.engine.hall import ELSEWHERE, KIM, Hall, area
from tests.stores import on_every_store

pytestmark = on_every_store


async def test_the_same_hazard_in_the_same_place_asks_first(hall: Hall) -> None:
    first = await hall.told()
    second = await hall.drafted(id="call-2")
    with pytest.raises(Conflict) as refused:
        await hall.gateway.submit(second.id, second.revision, KIM)
    assert (refused.value.code, refused.value.path) == ("duplicate", first.id)
    assert (await hall.gateway.submit(second.id, second.revision, KIM, confirm=True)).open is not None


async def test_a_twin_that_only_waits_for_approval_asks_too(hall: Hall) -> None:
    first = await hall.submitted(await hall.drafted())
    second = await hall.drafted(id="call-2")
    with pytest.raises(Conflict, match=first.id):
        await hall.gateway.submit(second.id, second.revision, KIM)


async def test_of_two_who_submit_twins_at_once_one_is_told_to_look_again(hall: Hall) -> None:
    records = [await hall.drafted(id=id) for id in ("call-1", "call-2")]
    nodes = [hall.gateway, Hall(hall.plan, hall.journal, hall.clock).gateway]
    asked = (node.submit(record.id, record.revision, KIM) for node, record in zip(nodes, records, strict=True))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    (refused,) = (answer for answer in answers if isinstance(answer, Exception))
    assert isinstance(refused, Conflict)
    assert refused.code in ("stale", "duplicate")
    states = [one.state for record in records for one in (await hall.journal.alert(record.id)).versions]
    assert sorted(states) == ["frozen", "open"]


@pytest.mark.parametrize(
    ("changes", "hours"),
    [({"areas": [area(ELSEWHERE)]}, 0), ({"hazard": "hazardous-material"}, 0), ({}, 25), ({"status": "test"}, 0)],
    ids=["elsewhere", "another hazard", "a day later", "another world"],
)
async def test_what_is_no_twin_asks_nothing(hall: Hall, changes: dict[str, object], hours: int) -> None:
    first = await hall.drafted()
    longer = Changes(expires=hall.clock() + timedelta(days=3))
    await hall.issued(await hall.gateway.edit(first.id, first.revision, longer, KIM))
    hall.clock.passes(hours=hours)
    second = await hall.drafted(id="call-2", **changes)
    if "status" in changes:
        with pytest.raises(Conflict) as refused:
            await hall.gateway.submit(second.id, second.revision, KIM)
        assert refused.value.code == "targets-missing"
    else:
        assert (await hall.gateway.submit(second.id, second.revision, KIM)).open is not None


async def test_an_all_clear_is_not_held_up_by_a_twin(hall: Hall) -> None:
    first = await hall.told()
    await hall.issued(await hall.drafted(id="call-2"))
    ended = await hall.gateway.end(first.id, "it is out", KIM)
    assert (await hall.gateway.submit(ended.id, ended.revision, KIM)).open is not None
