"""Backups that the gateway makes by itself, one node for all of them, and how old ones go."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from gateway.config import Backups, Settings
from gateway.delivery.pager import page
from gateway.fault import Fault
from gateway.journal.contract import Journal
from gateway.journal.records import Arrival
from gateway.service import keeping

log = structlog.get_logger()

LEASE = "backups"
LEASE_S = 3600.0
FORM = "bongsu-%Y%m%dT%H%M%SZ.db"
AGAIN = timedelta(minutes=10)


class Archivist:
    """Makes a backup whenever the newest one is old; what goes wrong is raised, and paged once until it goes well again."""

    def __init__(self, settings: Settings, journal: Journal, name: str) -> None:
        """Work under this name, so that of several nodes one does."""
        self._settings, self._journal, self._name = settings, journal, name
        self._again_at = datetime.min.replace(tzinfo=UTC)
        self._failure: Fault | None = None

    async def look(self, now: datetime) -> None:
        """Make a backup when one is due; raises what keeps it from being made, and tries again in ten minutes."""
        backups = self._settings.backups
        if self._failure is not None and now < self._again_at:
            raise self._failure
        if backups is None or not await asyncio.to_thread(due, backups, now):
            return
        if await self._journal.lease(LEASE, self._name, LEASE_S) is None:
            return
        try:
            await self._make(backups, now)
        except Fault as fault:
            await self._failed(fault, now)
            raise
        finally:
            await self._journal.lease(LEASE, self._name, 0.0)
        self._failure = None

    async def _make(self, backups: Backups, now: datetime) -> None:
        file = backups.folder / now.astimezone(UTC).strftime(FORM)
        await asyncio.to_thread(_folder, backups.folder)
        await keeping.backup(self._settings, file)
        await asyncio.to_thread(prune, backups)
        log.info("backed-up", file=str(file))

    async def _failed(self, fault: Fault, now: datetime) -> None:
        first, self._failure, self._again_at = self._failure is None, fault, now + AGAIN
        if first:
            todo = page("backup-failed", f"the record could not be backed up: {fault.message}", "backup")
            await self._journal.accept(Arrival(at=now, actor="gateway", todos=(todo,)))


def due(backups: Backups, now: datetime) -> bool:
    """Tell whether the newest backup is too old, or there is none."""
    made = [_made(file) for file in known(backups.folder)]
    return not made or now >= made[-1] + timedelta(hours=backups.every_h)


def known(folder: Path) -> list[Path]:
    """Return the backups that were made here, the oldest first; other files do not count and are left alone."""
    found = (file for file in folder.glob("bongsu-*Z.db") if _is_ours(file)) if folder.is_dir() else ()
    return sorted(found)


def prune(backups: Backups) -> None:
    """Delete the oldest backups beyond those that are kept."""
    for file in known(backups.folder)[: -backups.kept]:
        file.unlink(missing_ok=True)


def _folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        hint = "let this user write there, or name another folder in city.toml"
        raise Fault("folder-unwritable", f"{folder} cannot be made: {error.strerror}", hint=hint) from None


def _is_ours(file: Path) -> bool:
    try:
        _made(file)
    except ValueError:
        return False
    return True


def _made(file: Path) -> datetime:
    return datetime.strptime(file.name, FORM).replace(tzinfo=UTC)
