from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.journal.postgres import PostgresJournal
from gateway.journal.postgres.desk import PATIENCE_S
from tests.journal.postgres.server import Pair, Server, running_pair
from tests.journal.samples import Real


@pytest.fixture
async def dsn(server: Server, tmp_path: Path) -> str:
    """The address of an empty record."""
    return await server.fresh(tmp_path)


@pytest.fixture
def patience_s() -> float:
    """How long both nodes wait for the database, as any gateway does."""
    return PATIENCE_S


@pytest.fixture
async def a(dsn: str, real: Real, patience_s: float) -> AsyncIterator[PostgresJournal]:
    """A node."""
    journal = await PostgresJournal.open(dsn, node="a", offset=real, patience_s=patience_s)
    yield journal
    await journal.close()


@pytest.fixture
async def b(dsn: str, real: Real, patience_s: float) -> AsyncIterator[PostgresJournal]:
    """Another node on the same database."""
    journal = await PostgresJournal.open(dsn, node="b", offset=real, patience_s=patience_s)
    yield journal
    await journal.close()


@pytest.fixture
def pair(server: Server) -> Iterator[Pair]:
    """A primary and its synchronous standby, of which a test may kill one."""
    with running_pair(server.programs) as pair:
        yield pair
