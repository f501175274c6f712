"""What leads a lane while a node of an earlier release is still at work: it leaves its mark where this one takes it away."""

import asyncpg

from gateway.alert import Kind
from gateway.channel import Verdict
from gateway.journal.postgres import PostgresJournal
from tests.journal.samples import T0, claim, room, settle, tell, version


async def test_what_an_earlier_release_settles_lets_the_next_go(dsn: str, a: PostgresJournal) -> None:
    await tell(a, version("A1"), ["cap/north"])
    await tell(a, version("A1", 2, Kind.UPDATE), ["cap/north"])
    [first] = await claim(a, "cap")
    cx = await asyncpg.connect(dsn)
    await cx.execute("UPDATE delivery SET state = 'accepted', due = 0, lease_until = 0, reached = true WHERE id = $1", first.id)
    await cx.close()
    assert [one.key for one in await claim(a, "cap")] == ["A1.2.cap.north"]


async def test_each_lane_has_one_mark_as_long_as_anything_waits_in_it(dsn: str, a: PostgresJournal) -> None:
    for number, kind in ((1, Kind.ALERT), (2, Kind.UPDATE), (3, Kind.UPDATE)):
        await tell(a, version("A1", number, kind), ["cap/north", "sms/all"])
    cx = await asyncpg.connect(dsn)
    marks = "SELECT number FROM delivery WHERE channel = 'cap' AND head AND state IN ('waiting', 'sending')"
    for number in (1, 2, 3):
        assert [row["number"] for row in await cx.fetch(marks)] == [number]
        [one] = [one for one in await a.claim(room({"cap": 9}, 9), 30, T0) if one.payload.channel == "cap"]
        await settle(a, one, Verdict.UNREACHABLE, retry_in=0)
        assert [row["number"] for row in await cx.fetch(marks)] == [number]
        [again] = await claim(a, "cap")
        await settle(a, again, Verdict.ACCEPTED)
    assert await cx.fetch(marks) == []
    await cx.close()
