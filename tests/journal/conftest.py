import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from gateway.journal.contract import Journal
from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal
from tests.journal.postgres.server import TEMPLATE, Server
from tests.journal.samples import Real

Opener = Callable[[Path, Real], Awaitable[Journal]]


def sqlite(_: pytest.FixtureRequest) -> Opener:
    """A file in the folder."""

    async def opened(folder: Path, real: Real) -> Journal:
        return await SqliteJournal.open(folder / "journal.db", real=real)

    return opened


def postgres(request: pytest.FixtureRequest) -> Opener:
    """A database for the folder; its clock runs by itself, and is moved on by hand as well."""
    server: Server = request.getfixturevalue("server")

    async def opened(folder: Path, real: Real) -> Journal:
        return await PostgresJournal.open(await server.fresh(folder), node="a", offset=real)

    return opened


STORES: dict[str, Callable[[pytest.FixtureRequest], Opener]] = {"postgres": postgres, "sqlite": sqlite}


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server, with an empty record to copy."""
    with tempfile.TemporaryDirectory(prefix="bongsu-pg-") as home:
        server = Server(Path(home))
        server.initialise()
        server.start()
        try:
            server.sql(f"CREATE DATABASE {TEMPLATE}")
            asyncio.run(empty_record(server.dsn(TEMPLATE)))
            yield server
        finally:
            server.stop(signal.SIGQUIT)


async def empty_record(dsn: str) -> None:
    await (await PostgresJournal.open(dsn)).close()


@pytest.fixture(params=sorted(STORES))
def opener(request: pytest.FixtureRequest) -> Opener:
    """Every store there is; a new one is added to STORES and has to pass the same tests."""
    return STORES[request.param](request)


@pytest.fixture
def real() -> Real:
    return Real()


@pytest.fixture
async def journal(opener: Opener, tmp_path: Path, real: Real) -> AsyncIterator[Journal]:
    journal = await opener(tmp_path, real)
    yield journal
    await journal.close()
