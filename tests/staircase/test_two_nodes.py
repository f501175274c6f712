"""Whatever happens in whatever order, done by whichever of two nodes on one database: the same rules, the same lane table.

The database's own clock stands still, so that every lease and every wait runs by the clock that a schedule moves.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from gateway.journal.postgres import PostgresJournal
from tests.journal.postgres.server import Server
from tests.staircase.lane_table import CHAIN, LATEST, UNMET, Rows
from tests.staircase.node import clocks
from tests.staircase.test_any_schedule import EXAMPLES, ROWS, SEED, STORIES, hyphened, schedules
from tests.staircase.world import Step, World

NODES = ("a", "b")
FEWER = EXAMPLES // 3
NAMED = (
    "dies in the middle of a try",
    "dies before the first byte",
    "is approved by the right person, once",
    "is approved alone, and everybody is told",
    "goes out by itself, once",
    "is submitted while it is edited",
    "raises by hand while a machine drafts",
    "is not told what is late",
)
STAND_STILL = """
CREATE SCHEMA story;
CREATE FUNCTION story.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT to_timestamp(0)';
"""


async def standing_still(server: Server, folder: Path) -> str:
    """Return the address of an empty record whose clock stands at zero."""
    dsn = await server.fresh(folder)
    cx = await asyncpg.connect(dsn)
    name = await cx.fetchval("SELECT current_database()")
    await cx.execute(f"{STAND_STILL} ALTER DATABASE {name} SET search_path = story, public, pg_catalog")
    await cx.close()
    return dsn


def live(server: Server, schedule: Sequence[Step], met: Rows) -> int:
    """Live a schedule in a record that two nodes share, and return how many of its steps were judged."""

    async def together(folder: Path) -> int:
        dsn = await standing_still(server, folder)
        world = World(lambda name: PostgresJournal.open(dsn, node=name, offset=lambda: clocks.real), met, NODES)
        return await world.live(schedule)

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(together(Path(folder)))


def by_turns(schedule: Sequence[Step]) -> list[Step]:
    """Let each step be done by the other node than the last."""
    return [turned for turn, step in enumerate(schedule) for turned in (("at", turn), step)]


@pytest.mark.parametrize("row", ROWS, ids=hyphened)
def test_every_row_of_the_lane_table(server: Server, row: str) -> None:
    met = Rows()
    live(server, by_turns(ROWS[row]), met)
    assert {history for history in (LATEST, CHAIN) if met[row, history]} == {LATEST, CHAIN} - UNMET.get(row, set())


@pytest.mark.parametrize("story", NAMED, ids=hyphened)
def test_a_story(server: Server, story: str) -> None:
    schedule = by_turns(STORIES[story])
    assert live(server, schedule, Rows()) == len(schedule)


def test_any_schedule(server: Server) -> None:
    @seed(SEED)
    @settings(max_examples=FEWER, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck))
    @given(schedule=schedules, turns=st.lists(st.sampled_from((0, 1)), min_size=40, max_size=40))
    def lives(schedule: list[Step], turns: list[int]) -> None:
        live(server, [step for turn, one in zip(turns, schedule, strict=False) for step in (("at", turn), one)], Rows())

    lives()
