"""Every store there is, for tests that open the record by way of `opener`."""

import asyncio
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.journal.contract import Journal
from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal
from tests.journal.postgres.server import TEMPLATE, Server, roomy

# For tests that are not about deadlines, on a machine that does other things too
UNHURRIED_S = 30.0

Opener = Callable[[Path, Callable[[], float]], Awaitable[Journal]]
"""Opens the record of a folder: the same as the last time, or a new one; its clock is the one given, in seconds."""


def sqlite(_: pytest.FixtureRequest) -> Opener:
    """A file in the folder."""

    async def opened(folder: Path, real: Callable[[], float]) -> Journal:
        return await SqliteJournal.open(folder / "journal.db", real=real)

    return opened


def postgres(request: pytest.FixtureRequest) -> Opener:
    """A database for the folder; its clock runs by itself, and is moved on by hand as well."""
    server: Server = request.getfixturevalue("server")

    async def opened(folder: Path, real: Callable[[], float]) -> Journal:
        return await PostgresJournal.open(await server.fresh(folder), node="a", offset=real, patience_s=UNHURRIED_S)

    return opened


STORES: dict[str, Callable[[pytest.FixtureRequest], Opener]] = {"postgres": postgres, "sqlite": sqlite}

on_every_store = pytest.mark.parametrize("opener", sorted(STORES), indirect=True)
"""Marks tests, or a file of them, that open the record and have to pass on every store."""


@contextmanager
def running_server(folder: Path | None = None, settings: Mapping[str, str] = {}) -> Iterator[Server]:
    """Run a PostgreSQL server with an empty record to copy: on the disk of a folder, or in memory where there is room."""
    with tempfile.TemporaryDirectory(prefix="bongsu-pg-", dir=folder or roomy()) as home:
        server = Server(Path(home), settings=settings)
        server.initialise()
        server.start()
        try:
            server.sql(f"CREATE DATABASE {TEMPLATE}")
            asyncio.run(_empty_record(server.dsn(TEMPLATE)))
            yield server
        finally:
            server.stop(signal.SIGQUIT)


async def _empty_record(dsn: str) -> None:
    await (await PostgresJournal.open(dsn)).close()
