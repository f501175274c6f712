"""The record of a city: its file, or the database that its gateways share."""

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


async def _database(database: Database, *, shared: bool) -> Journal:
    try:
        from gateway.journal.postgres import PostgresJournal  # noqa: PLC0415 - asyncpg is an extra
    except ModuleNotFoundError as missing:
        message = f"a database needs the library {missing.name}"
        raise Unavailable("library-missing", message, hint="pip install 'bongsu[postgres]'") from None
    password = config.read_secret(database.secret).reveal() if database.secret else None
    return await PostgresJournal.open(database.url, password=password, node=database.node, shared=shared)
