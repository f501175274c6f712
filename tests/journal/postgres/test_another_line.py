"""A standby that takes over without the primary's last commits begins another line of the record, and feeds follow it."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from gateway.channel import Published
from gateway.fault import Unavailable
from gateway.feeds import FeedSettings, app
from gateway.incident import Status
from gateway.journal.postgres import PostgresJournal
from gateway.publishing import Feeds
from tests.journal.postgres.server import Pair
from tests.journal.postgres.test_standby import GO_ON
from tests.journal.samples import HOUR, T0, tell, version

APP = app.feed(FeedSettings(title={"ko": "한밭"}, sender="hanbat", mode=Status.EXERCISE, language="ko"))


@pytest.mark.parametrize("others", [0, 1, 2], ids=["less-published-since", "as-much", "more"])
async def test_what_the_old_primary_alone_had_published_is_forgotten(pair: Pair, others: int) -> None:
    """Commits there wait for no standby, as after somebody switched that off; versions of the same number are issued anew."""
    for statement in GO_ON:
        await asyncio.to_thread(pair.primary.sql, statement)
    journal = await PostgresJournal.open(pair.dsn)
    feeds = Feeds(journal, [APP], "https://hanbat.example", lambda: T0)
    try:
        await tell(journal, version("kept"), feeds=["app"])
        assert await shown(feeds) == {"kept": T0 + HOUR}
        await caught_up(pair)
        pair.standby.stop()
        await tell(journal, version("lost"), feeds=["app"])
        await tell(journal, version("again"), feeds=["app"])
        assert (await shown(feeds)).keys() == {"kept", "lost", "again"}

        pair.primary.kill()
        pair.standby.start()
        await asyncio.to_thread(pair.promote)
        await until_there(journal)
        anew = [version(name, expires=T0 + 2 * HOUR) for name in ("again", "new")[:others]]
        for one in anew:
            await tell(journal, one, feeds=["app"])

        assert await shown(feeds) == {"kept": T0 + HOUR} | {one.alert: T0 + 2 * HOUR for one in anew}
    finally:
        await journal.close()


async def shown(feeds: Feeds) -> dict[str, object]:
    rows: Sequence[Published] = (await feeds.view()).feeds.get("app", ())
    return {row.alert: row.expires for row in rows}


async def caught_up(pair: Pair) -> None:
    """Wait until the standby has all that the primary has."""
    cx = await asyncpg.connect(pair.primary.dsn("record"))
    async with asyncio.timeout(20):
        while not await cx.fetchval("SELECT bool_and(replay_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication"):  # noqa: ASYNC110 - it happens elsewhere
            await asyncio.sleep(0.05)
    await cx.close()


async def until_there(journal: PostgresJournal) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await journal.check()
            except Unavailable:
                await asyncio.sleep(0.1)
            else:
                return
