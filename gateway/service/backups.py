"""Backups that the gateway makes by itself, one node for all of them, and how old ones go."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from gateway.config import Backups, Settings
from gateway.delivery.pager import page
from gateway.fault import Fault
from gateway.journal.contract import Journal
from gateway.journal.copy.file import sweep
from gateway.journal.records import Arrival
from gateway.service import keeping

log = structlog.get_logger()

LEASE = "backups"
LEASE_S = 3600.0
FORM = "bongsu-%Y%m%dT%H%M%SZ.db"
AGAIN = timedelta(minutes=10)
SKEW = timedelta(minutes=10)


class Archivist:
    """Makes a backup whenever the newest one is old; what goes wrong is raised, and paged once until it goes well again."""

    def __init__(self, settings: Settings, journal: Journal, name: str) -> None:
        """Work under this name, so that of several nodes one does."""
        self._settings, self._journal, self._name = settings, journal, name
        self._failed_at = datetime.min.replace(tzinfo=UTC)
        self._failure: Fault | None = None
        self._told_ahead = False

    async def look(self, now: datetime) -> None:
        """Make a backup when one is due; raises what keeps it from being made, and tries again in ten minutes.

        Raises Fault("backup-ahead") as long as one is named later than now, which keeps no other from being made.
        """
        backups = self._settings.backups
        if self._failure is not None and self._failed_at <= now < self._failed_at + AGAIN:
            raise self._failure
        if backups is None:
            return
        if await asyncio.to_thread(due, backups, now):
            await self._take_turn(backups, now)
        await self._refuse_ahead(backups, now)

    async def _take_turn(self, backups: Backups, now: datetime) -> None:
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
        await asyncio.to_thread(sweep, backups.folder, lambda name: _is_ours(Path(name)))
        await keeping.backup(self._settings, file)
        await asyncio.to_thread(prune, backups, now)
        log.info("backed-up", file=str(file))

    async def _failed(self, fault: Fault, now: datetime) -> None:
        first, self._failure, self._failed_at = self._failure is None, fault, now
        if first:
            await self._page("backup-failed", f"the record could not be backed up: {fault.message}", "backup", now)

    async def _refuse_ahead(self, backups: Backups, now: datetime) -> None:
        _, ahead = await asyncio.to_thread(_told_apart, backups.folder, now)
        if not ahead:
            self._told_ahead = False
            return
        message = f"{ahead[-1]} is named later than now: this clock is wrong, or was when the backup was made"
        if not self._told_ahead:
            await self._page("backup-ahead", message, "backup-ahead", now)
        self._told_ahead = True
        raise Fault("backup-ahead", message, hint="set the clock right; then move what is named too late to another folder")

    async def _page(self, code: str, message: str, subject: str, now: datetime) -> None:
        await self._journal.accept(Arrival(at=now, actor="gateway", todos=(page(code, message, subject),)))


def due(backups: Backups, now: datetime) -> bool:
    """Tell whether the newest backup is too old, or there is none; what is named later than now says nothing of that."""
    made, _ = _told_apart(backups.folder, now)
    return not made or now >= _made(made[-1]) + timedelta(hours=backups.every_h)


def known(folder: Path) -> list[Path]:
    """Return the backups that were made here, the oldest first; other files do not count and are left alone."""
    found = (file for file in folder.glob("bongsu-*Z.db") if _is_ours(file)) if folder.is_dir() else ()
    return sorted(found)


def prune(backups: Backups, now: datetime) -> None:
    """Delete the oldest backups beyond those that are kept; what is named later than now is left alone, and keeps none out."""
    made, _ = _told_apart(backups.folder, now)
    for file in made[: -backups.kept]:
        file.unlink(missing_ok=True)


def _told_apart(folder: Path, now: datetime) -> tuple[list[Path], list[Path]]:
    """Return the backups made up to now, and those that are named later; clocks of two nodes differ a little."""
    files = known(folder)
    made = [file for file in files if _made(file) <= now + SKEW]
    return made, files[len(made) :]


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
