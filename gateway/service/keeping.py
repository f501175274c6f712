"""Moving a city's record: into a database, into a backup, and back again; nothing is kept that was not proven."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gateway.config import Database, Settings
from gateway.fault import Conflict
from gateway.journal.copy import file, old
from gateway.journal.copy.moving import Side, Tally, move
from gateway.journal.sqlite.opening import hold
from gateway.service.store import needs_library, password


async def migrate(settings: Settings, to: Database) -> Sequence[Tally]:
    """Copy the record from the city's file into an empty database, in one transaction, and prove that both are equal.

    Raises Unavailable("store-in-use") while a gateway runs on the file, Conflict("store-not-empty"), Fault where the copy is not
    what was copied; then the database stays empty.
    """
    if settings.database is not None:
        hint = "a backup of it can be restored into another"
        raise Conflict("store-moved", "this city keeps its record in a database already", hint=hint)
    async with file.held(settings.store) as source:
        return await _into(source, to)


async def backup(settings: Settings, to: Path, *, force: bool = False) -> None:
    """Write the record as it is now into one file, beside a running gateway; the file gets its name when it was looked over.

    Raises Conflict("file-exists") unless `force`, Conflict("file-in-use") even so for the record's own files, Unavailable, Fault
    where the record is damaged.
    """
    if settings.database is None:
        file.refuse_own(settings.store, to)
    with file.placing(to, force=force) as part:
        if settings.database is None:
            await asyncio.to_thread(file.snapshot, settings.store, part)
        else:
            await _out_of(settings.database, part)
        await file.refuse_unsound(part)


async def restore(settings: Settings, backup: Path, now: datetime, actor: str) -> int:
    """Make a backup the record of a city that has none; return how many deliveries were under way when it was made.

    They become `unknown`, for what an old backup believes unsent may have been sent since. Raises Conflict("store-not-empty"),
    Unavailable or Fault for a file that is no sound record of ours.
    """
    if settings.database is not None:
        return await _restore_into(settings.database, backup, now, actor)
    settings.store.parent.mkdir(parents=True, exist_ok=True)
    with hold(settings.store):
        file.refuse_record(settings.store)
        with file.placing(settings.store) as part:
            return await _ready(backup, part, now, actor)


async def _restore_into(database: Database, backup: Path, now: datetime, actor: str) -> int:
    with tempfile.TemporaryDirectory(prefix="bongsu-restore-") as folder:
        part = Path(folder, "record.db")
        unknown = await _ready(backup, part, now, actor)
        async with file.held(part) as source:
            await _into(source, database)
    return unknown


async def _ready(backup: Path, part: Path, now: datetime, actor: str) -> int:
    await asyncio.to_thread(file.snapshot, backup, part)
    await file.refuse_unsound(part)
    with file.connected(part) as cx:
        return await asyncio.to_thread(old.lay_to_rest, cx, now, actor)


async def _into(source: Side, database: Database) -> Sequence[Tally]:
    with needs_library():
        from gateway.journal.copy import postgres  # noqa: PLC0415 - asyncpg is an extra
    async with postgres.writing(database.url, password(database)) as target:
        return await move(source, target)


async def _out_of(database: Database, part: Path) -> None:
    with needs_library():
        from gateway.journal.copy import postgres  # noqa: PLC0415 - asyncpg is an extra
    async with postgres.reading(database.url, password(database)) as source, file.filled(part) as target:
        await move(source, target)
