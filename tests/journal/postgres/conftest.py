from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.journal.postgres import PostgresJournal
from tests.journal.postgres.server import Server
from tests.journal.samples import Real


@pytest.fixture
async def dsn(server: Server, tmp_path: Path) -> str:
    """The address of an empty record."""
    return await server.fresh(tmp_path)


@pytest.fixture
async def a(dsn: str, real: Real) -> AsyncIterator[PostgresJournal]:
    """A node."""
    journal = await PostgresJournal.open(dsn, node="a", offset=real)
    yield journal
    await journal.close()


@pytest.fixture
async def b(dsn: str, real: Real) -> AsyncIterator[PostgresJournal]:
    """Another node on the same database."""
    journal = await PostgresJournal.open(dsn, node="b", offset=real)
    yield journal
    await journal.close()
