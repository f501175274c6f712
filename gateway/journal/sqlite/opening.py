"""What must hold before a store is used: a safe SQLite, a sound file, a schema we know, nobody else at work."""

import contextlib
import fcntl
import os
import stat
from pathlib import Path
from typing import IO

import apsw
from msgspec import Struct

from gateway.fault import Unavailable
from gateway.journal.sqlite import migrate
from gateway.journal.sqlite.faults import unavailable

BUSY_MS = 1000
STATEMENTS_KEPT = 300
QUICK_CHECK_UP_TO = 64 * 1024 * 1024

# https://sqlite.org/wal.html#walresetbug: 3.51.3 and these patch lines are mended
_MENDED = (3, 51, 3)
_MENDED_LINES = {(3, 44): 6, (3, 50): 7}


class Opened(Struct, frozen=True):
    """A store ready for use; `lock` is held open as long as the store is ours alone, None where it is shared."""

    writing: apsw.Connection
    reading: apsw.Connection
    lock: IO[str] | None


def open_store(path: Path, *, shared: bool) -> Opened:
    """Open the store, bring its schema up to date and check it; raises Unavailable with the remedy."""
    refuse_unsafe(apsw.sqlite_lib_version())
    try:
        return _opened(path, None if shared else hold(path), shared=shared)
    except (apsw.Error, OSError) as error:
        raise unavailable(error) from error


def refuse_unsafe(version: str) -> None:
    """Raise Unavailable for a SQLite library that can lose commits when a log is reset (3.7.0 to 3.51.2)."""
    major, minor, patch, *_ = (*(int(part) for part in version.split(".")), 0, 0)
    mended_line = patch >= _MENDED_LINES.get((major, minor), 1 << 16)
    if (major, minor, patch) < _MENDED and not mended_line:
        message = f"SQLite {version} can lose committed writes (WAL-reset bug)"
        raise Unavailable("store-sqlite-unsafe", message, hint="install apsw 3.51.3 or newer from its wheel")


def hold(path: Path) -> IO[str]:
    """Take the store for this process alone, until the file is closed; raises Unavailable while another has it."""
    while not _is_at(lock := _locked(path), lock_of(path)):
        lock.close()
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def lock_of(path: Path) -> Path:
    """Return the file whose lock is that of a store."""
    return path.with_suffix(".lock")


def read_only(path: Path) -> bool:
    """Tell whether the file is marked read-only, or may not be written by us."""
    return not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK)


def _is_at(lock: IO[str], path: Path) -> bool:
    """Tell whether a lock is one that others meet too: its file may have been deleted before we had it."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _locked(path: Path) -> IO[str]:
    lock = lock_of(path).open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        message = f"{path} is in use by process {holder}"
        raise Unavailable("store-in-use", message, hint="stop the other gateway, or give this one a folder of its own") from None
    return lock


def _opened(path: Path, lock: IO[str] | None, *, shared: bool) -> Opened:
    with contextlib.ExitStack() as undo:
        if lock is not None:
            undo.callback(lock.close)
        writing = _writing(path)
        undo.callback(writing.close)
        _settle(writing, path)
        _bring_up(writing, path, shared=shared)
        opened = Opened(writing, _reading(path), lock)
        undo.pop_all()
    return opened


def _writing(path: Path) -> apsw.Connection:
    _refuse_lone_log(path)
    if not path.exists():
        path.touch(mode=0o600)
    if read_only(path):
        raise apsw.ReadOnlyError(str(path))
    return apsw.Connection(str(path), statementcachesize=STATEMENTS_KEPT)


def _refuse_lone_log(path: Path) -> None:
    """Raise Unavailable for a log without the file it belongs to: SQLite would take both for a new store, and delete the log.

    An empty file without a log is a new store, for a start that was cut short leaves just that.
    """
    wal = path.resolve().with_name(f"{path.resolve().name}-wal")
    if _size(wal) and not _size(path):
        message = f"{path} is empty or not there, but its log {wal} holds what was recorded"
        hint = "put the file back that the log belongs to, or move the log away and keep it"
        raise Unavailable("store-file-missing", message, hint=hint)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _settle(cx: apsw.Connection, path: Path) -> None:
    if cx.readonly("main"):
        raise apsw.ReadOnlyError(str(path))
    cx.set_busy_timeout(BUSY_MS)
    if cx.execute("PRAGMA journal_mode = wal").get != "wal":
        raise apsw.CantOpenError("this file system allows no write-ahead log")
    cx.execute("PRAGMA synchronous = full; PRAGMA foreign_keys = on; PRAGMA trusted_schema = off")
    if path.stat().st_size <= QUICK_CHECK_UP_TO and (found := cx.execute("PRAGMA quick_check(1)").get) != "ok":
        raise apsw.CorruptError(" ".join(str(found).split()))


def _bring_up(cx: apsw.Connection, path: Path, *, shared: bool) -> None:
    if not (steps := migrate.pending(cx)):
        return
    if not shared:
        migrate.apply(cx, steps)
        return
    with hold(path):
        migrate.apply(cx, migrate.pending(cx))


def _reading(path: Path) -> apsw.Connection:
    cx = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    cx.set_busy_timeout(BUSY_MS)
    return cx
