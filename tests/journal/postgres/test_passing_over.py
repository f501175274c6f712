"""An alert that something is being decided of, or that a node stands still with, keeps no other alert from going."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from gateway.journal.postgres import PostgresJournal, deliveries
from tests.journal.samples import claim, tell, version


@pytest.fixture
async def other(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Whoever else is at the database, in the middle of something."""
    cx = await asyncpg.connect(dsn)
    await cx.execute("BEGIN")
    yield cx
    await cx.close()


async def hold(other: asyncpg.Connection, alert: str) -> None:
    await other.execute("UPDATE alert SET revision = revision WHERE id = $1", alert)


async def test_an_alert_that_is_held_keeps_no_other_from_going(a: PostgresJournal, other: asyncpg.Connection) -> None:
    await tell(a, version("A1"), [f"sms/{number}" for number in range(5)])
    await tell(a, version("A2"), ["sms/all", "sms/0"])
    await hold(other, "A1")

    assert [one.key for one in await claim(a, "sms")] == ["A2.1.sms.all", "A2.1.sms.0"]
    await other.execute("ROLLBACK")
    assert {one.alert for one in await claim(a, "sms")} == {"A1"}


async def test_what_stands_behind_all_that_is_held_is_found(a: PostgresJournal, other: asyncpg.Connection) -> None:
    for number in range(1, 4):
        await tell(a, version(f"A{number}"), [f"sms/{lane}" for lane in range(40)], priority=number)
        await hold(other, f"A{number}")
    await tell(a, version("A4"), ["sms/0"], priority=4)

    assert [one.alert for one in await claim(a, "sms", most=1)] == ["A4"]


async def test_what_is_decided_in_a_moment_is_waited_for(
    a: PostgresJournal, other: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_FOR_A_MOMENT", "SAVEPOINT waiting")
    await tell(a, version("A1"), ["sms/all"])
    await hold(other, "A1")

    claiming = asyncio.create_task(claim(a, "sms"))
    done, _ = await asyncio.wait([claiming], timeout=0.1)
    assert not done
    await other.execute("ROLLBACK")
    assert [one.alert for one in await claiming] == ["A1"]


async def test_what_is_not_decided_in_a_moment_is_left_for_the_next_claim(a: PostgresJournal, other: asyncpg.Connection) -> None:
    await tell(a, version("A1"), ["sms/all"])
    await hold(other, "A1")

    assert await claim(a, "sms") == []
    await other.execute("ROLLBACK")
    assert [one.alert for one in await claim(a, "sms")] == ["A1"]
