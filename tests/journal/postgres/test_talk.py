"""Patience: it ends when nothing is heard, goes on while something is, and ends for good at last."""

import asyncio

import pytest

from gateway.fault import Unavailable
from gateway.journal.postgres import PostgresJournal
from gateway.journal.postgres.desk import PATIENCE_S
from gateway.journal.postgres.sql import Cx
from gateway.journal.postgres.talk import patient


async def test_whoever_hears_nothing_gives_up() -> None:
    with pytest.raises(Unavailable, match="in time"):
        async with patient(0.05, 60.0):
            await asyncio.Event().wait()


async def test_whoever_hears_something_waits_on_but_not_for_ever() -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    with pytest.raises(Unavailable, match="in time"):
        await chatting(1.5, 2.0)
    assert clock() - began >= 2.0


async def chatting(silence_s: float, most_s: float) -> None:
    async with patient(silence_s, most_s) as patience:
        while True:
            await asyncio.sleep(0.01)
            patience.heard()


async def test_a_verb_of_many_answers_may_take_longer_than_one_that_hears_none(a: PostgresJournal) -> None:
    async def slow(cx: Cx) -> str:
        for _ in range(4):
            await cx.execute("SELECT pg_sleep($1)", PATIENCE_S / 3)
        return "done"

    async def silent(cx: Cx) -> str:
        return await cx.execute("SELECT pg_sleep($1)", PATIENCE_S * 3)

    assert await a.desk.run(slow) == "done"
    with pytest.raises(Unavailable):
        await a.desk.run(silent)
