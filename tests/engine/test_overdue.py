"""What expires is taken off the air, whatever becomes of the others that expire with it."""

from contextlib import suppress
from pathlib import Path

import asyncpg

from gateway.alert import Deed
from gateway.engine import Plan
from gateway.fault import Unavailable
from gateway.journal.postgres import PostgresJournal
from tests.engine.hall import ELSEWHERE, Clock, Hall, area
from tests.journal.postgres.server import Server

TURNS = 2


async def test_an_alert_that_somebody_stands_still_with_keeps_no_other_on_the_air(
    plan_of_all: Plan, clock: Clock, server: Server, tmp_path: Path
) -> None:
    dsn = await server.fresh(tmp_path)
    journal, cx = await PostgresJournal.open(dsn, node="a"), await asyncpg.connect(dsn)
    try:
        hall = Hall(plan_of_all, journal, clock)
        held, other = await hall.told(), await hall.told(id="call-2", areas=[area(ELSEWHERE)])
        clock.passes(hours=4)
        await cx.execute("BEGIN")
        await cx.execute("SELECT FROM alert WHERE id = $1 FOR UPDATE", held.id)
        for _ in range(TURNS):
            with suppress(Unavailable):
                await hall.gateway.expire_due()
        assert [(await journal.alert(id)).acts[-1].deed for id in (held.id, other.id)] == [Deed.ISSUED, Deed.EXPIRED]
        await cx.execute("ROLLBACK")
        assert [await hall.gateway.expire_due() for _ in range(TURNS)] == [1, 0]
        assert (await journal.alert(held.id)).acts[-1].deed is Deed.EXPIRED
    finally:
        await cx.close()
        await journal.close()
