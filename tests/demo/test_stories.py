"""Every story on every store: what each receiver got is what its table says."""

import asyncio

from gateway.demo import crowd, fire, flood, quake, subway
from gateway.demo.hearing import far_sides
from gateway.demo.play import SCENARIOS, play
from tests.journal.postgres.server import TEMPLATE, Server

STORIES = (flood, crowd, subway, fire, quake)
SPEED, SEED = 120.0, 20260714


def test_every_story_has_a_table_for_everybody_it_tells() -> None:
    assert set(SCENARIOS.values()) == set(STORIES)
    assert all(set(story.EXPECTED) <= set(far_sides()) for story in STORIES)
    assert all(row.kind.endswith(("invalid", "unknown", "D04")) for row in (story.EXPECTED["duty"][0] for story in STORIES))


def test_every_story_is_green_on_postgresql(server: Server) -> None:
    for name in SCENARIOS:
        server.sql(f"CREATE DATABASE demo_{name} TEMPLATE {TEMPLATE}")

    playing = play("all", speed=SPEED, seed=SEED, tell=lambda _, __: None, store=server.dsn("demo_{scenario}"))
    result = asyncio.run(playing)

    assert (result["result"], result["faults"]) == ("ok", [])
