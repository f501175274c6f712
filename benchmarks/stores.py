"""Both stores of the record, each empty and beside a bare store of its own kind, as durable as it, on the same disk."""

import os
import stat
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import click
from msgspec import Struct

from benchmarks.floor import bare_group, bare_store, names
from benchmarks.slow_disk import slow_disk, slow_server
from gateway.journal.contract import Journal
from gateway.journal.postgres import PostgresJournal
from gateway.journal.sqlite import SqliteJournal
from tests.journal.postgres.server import Server
from tests.stores import running_server

POOL = 10
# What every guide to PostgreSQL changes first; all else is as it comes, but for the socket
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB", "autovacuum": "on"}


class Stand(Struct, frozen=True):
    """A record, and the least way to keep bytes: `alone` for one caller, `many` for who comes with others."""

    name: str
    journal: Journal
    alone: Callable[[bytes], Awaitable[None]]
    many: Callable[[bytes], Awaitable[None]]


def closed_to_others(folder: Path) -> Path | None:
    """Return which folder, of this one and those above it, others than its owner and group may not enter, if any."""
    return next((one for one in (folder, *folder.parents) if not one.stat().st_mode & stat.S_IXOTH), None)


@contextmanager
def workplace(disk: str | None, flush_ms: float = 0.0) -> Iterator[tuple[Path, Server]]:
    """Make a folder on a disk, by default that of temporary files, and run a server on the same one.

    Each flush, of either store and of what stands beside it, takes `flush_ms` more.
    """
    within = Path(disk or tempfile.gettempdir()).absolute()
    if os.geteuid() == 0 and (closed := closed_to_others(within)):
        raise click.UsageError(f"PostgreSQL does not run as root, and only its owner may enter {closed}: chmod o+x {closed}")
    settings = {**SETTINGS, **slow_server(flush_ms / 1000)}
    with (
        tempfile.TemporaryDirectory(prefix="bongsu-bench-", dir=within) as made,
        running_server(within, settings) as server,
        slow_disk(flush_ms / 1000),
    ):
        yield Path(made), server


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[Stand]:
    """The record in a file; alone is a commit in the caller's own thread, many share those of a thread."""
    journal = await SqliteJournal.open(folder / "record.db")
    async with bare_store(folder / "alone.db") as store, bare_group(folder / "many.db") as group:
        yield Stand("sqlite", journal, store.commit, group.commit)
    await journal.close()


@asynccontextmanager
async def postgres(server: Server) -> AsyncIterator[Stand]:
    """The record in a database; beside it stands a transaction for each caller, over as many connections as the record has."""
    boss = await asyncpg.connect(server.dsn())
    for database in ("record", "bare"):
        await boss.execute(f"CREATE DATABASE {database}")
    await boss.close()
    journal = await PostgresJournal.open(server.dsn("record"), node="bench")
    pool = await asyncpg.create_pool(server.dsn("bare"), min_size=POOL, max_size=POOL)
    await pool.execute("CREATE TABLE kept (id bigserial PRIMARY KEY, name text UNIQUE NOT NULL, body bytea NOT NULL)")

    name = names()

    async def commit(body: bytes) -> None:
        async with pool.acquire() as cx, cx.transaction():
            await cx.execute("INSERT INTO kept (name, body) VALUES ($1, $2)", next(name), body)

    yield Stand("postgres", journal, commit, commit)
    await pool.close()
    await journal.close()
