"""The files of an open store: SQLite would go on writing to one that is gone, and nobody would ever find those bytes again."""

import os
from pathlib import Path
from typing import IO

import apsw
import structlog

from gateway.fault import Unavailable
from gateway.journal.sqlite.opening import hold, lock_of, read_only

log = structlog.get_logger()


class Watch:
    """Looks before each commit whether every file is still the one that was opened; cheap enough for each."""

    def __init__(self, cx: apsw.Connection, path: Path, lock: IO[str] | None) -> None:
        """Watch the file, its log and the log's index, which are there as long as anybody has the store open, and our lock."""
        self._path = path
        self._file = path.stat()
        self._log = {name: name.stat() for name in (Path(cx.filename_wal), Path(f"{cx.filename}-shm"))}
        self._lock, self._lock_name = lock, lock_of(path)
        self._held = os.fstat(lock.fileno()) if lock is not None else None

    def look(self, cx: apsw.Connection) -> None:
        """Raise where what is written now would be lost, or another gateway is at work; a lock that was deleted is made anew."""
        if not os.path.samestat(self._path.stat(), self._file):
            raise FileNotFoundError(f"{self._path} is no longer the file that was opened")
        if read_only(self._path):
            raise apsw.ReadOnlyError(f"{self._path} was made read-only")
        if gone := [name for name, opened in self._log.items() if not _is(name, opened)]:
            raise _saved(cx, gone)
        if self._held is not None and not _is(self._lock_name, self._held):
            self._take_again()

    def close(self) -> None:
        """Let go of the lock."""
        if self._lock is not None:
            self._lock.close()

    def _take_again(self) -> None:
        self._lock = hold(self._path)
        self._held = os.fstat(self._lock.fileno())
        log.warning("store.lock-made-anew", lock=str(self._lock_name))


def _is(name: Path, opened: os.stat_result) -> bool:
    try:
        return os.path.samestat(name.stat(), opened)
    except FileNotFoundError:
        return False


def _saved(cx: apsw.Connection, gone: list[Path]) -> Unavailable:
    """Bring what only we can still read into the store's file; return what everybody is told until the gateway starts again.

    Where somebody began another log, ours must not be brought in any more, now or at the end: both have the same index.
    """
    names = " and ".join(name.name for name in gone)
    message = f"{names} was deleted or replaced while the store was open"
    if any(name.exists() and name.stat().st_size for name in gone):
        cx.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        return Unavailable("store-log-gone", message, hint="stop whatever else uses the store, then start the gateway again")
    try:
        cx.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except apsw.Error as error:
        hint = "stop the gateway, but do not kill it: it saves the record as it ends"
        return Unavailable("store-log-gone", f"{message}, and could not be saved yet ({error})", hint=hint)
    return Unavailable("store-log-gone", message, hint="start the gateway again; all that it acknowledged is in the store's file")
