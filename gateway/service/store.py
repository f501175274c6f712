"""The record of a city: its file, or the database that its gateways share."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway import config
from gateway.config import Database, Settings
from gateway.fault import Unavailable
from gateway.journal.contract import Journal
from gateway.journal.sqlite import SqliteJournal


async def open_store(settings: Settings, *, shared: bool = False) -> Journal:
    """Open the store that the settings name; `shared` is for work on people, keys and audit beside a running gateway.

    Raises Unavailable, naming the remedy, and what `read_secret` raises for the database's password.
    """
    if settings.database is not None:
        return await _database(settings.database, shared=shared)
    return await SqliteJournal.open(settings.store, shared=shared)


@contextmanager
def needs_library() -> Iterator[None]:
    """Say how to get what is imported inside, where it is missing."""
    try:
        yield
    except ModuleNotFoundError as missing:
        message = f"a database needs the library {missing.name}"
        raise Unavailable("library-missing", message, hint="pip install 'bongsu[postgres]'") from None


def password(database: Database) -> str | None:
    """Return the database's password, None where it needs none; raises what `read_secret` raises."""
    return config.read_secret(database.secret).reveal() if database.secret else None


async def _database(database: Database, *, shared: bool) -> Journal:
    with needs_library():
        from gateway.journal.postgres import PostgresJournal  # noqa: PLC0415 - asyncpg is an extra
    return await PostgresJournal.open(database.url, password=password(database), node=database.node, shared=shared)
