"""Requests that are recorded together, when one of them needs what somebody else does not let go of."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest

from gateway.fault import Unavailable
from gateway.journal.postgres import PostgresJournal
from gateway.journal.postgres.together import MOST_TOGETHER
from gateway.journal.records import Arrival, Placed, Receipt
from tests.journal.samples import T0, incident, placed, raw


@pytest.fixture
async def held(dsn: str, a: PostgresJournal) -> AsyncIterator[Any]:
    """An incident that was reported once and that somebody else holds."""
    await a.accept(reported("held", placed(incident("held"))))
    cx = await asyncpg.connect(dsn)
    other = cx.transaction()
    await other.start()
    await cx.execute("SELECT FROM incident FOR UPDATE")
    yield cx
    await cx.close()


def reported(name: str, report: Placed) -> Arrival:
    """A request with one report."""
    return Arrival(at=T0, raw=raw(name.encode()), key=name, reports=(report,))


async def told(journal: PostgresJournal, arrivals: Sequence[Arrival]) -> list[type]:
    """Return what becomes of requests that come at once."""
    answers = await asyncio.gather(*map(journal.accept, arrivals), return_exceptions=True)
    return [type(one) for one in answers]


@pytest.mark.usefixtures("held")
async def test_only_who_needs_what_is_held_is_refused(a: PostgresJournal) -> None:
    waiting = [reported("w1", placed(incident("held", sequence=2), expected=1))]
    others = [reported(f"o{number}", placed(incident(f"o{number}"))) for number in range(5)]

    assert await told(a, [*waiting, *others]) == [Unavailable] + [Receipt] * 5


@pytest.mark.usefixtures("held")
async def test_reports_of_one_incident_keep_their_order_beside_it(a: PostgresJournal) -> None:
    held = reported("w1", placed(incident("held", sequence=2), expected=1))
    rising = [reported(f"o{number}", placed(incident("o", sequence=number), expected=number - 1)) for number in range(1, 6)]

    assert await told(a, [held, *rising]) == [Unavailable] + [Receipt] * 5
    assert [one.report.sequence for one in await a.reports("gauge", "o")] == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("held")
async def test_who_stands_behind_many_who_need_it_is_served_all_the_same(a: PostgresJournal) -> None:
    waiting = [reported(f"w{number}", placed(incident("held", sequence=2), expected=1)) for number in range(MOST_TOGETHER - 1)]

    assert await told(a, [*waiting, reported("o", placed(incident("o")))]) == [Unavailable] * len(waiting) + [Receipt]


async def test_what_is_let_go_of_meanwhile_is_waited_for(a: PostgresJournal, held: Any) -> None:
    waiting = [reported(f"w{number}", placed(incident("held", sequence=number), expected=number - 1)) for number in (2, 3)]
    answers = asyncio.create_task(told(a, [*waiting, reported("o", placed(incident("o")))]))
    await asyncio.sleep(0.3)

    await held.execute("ROLLBACK")

    assert await answers == [Receipt] * 3
