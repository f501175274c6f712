"""A whole record in one file: opened while no gateway runs on it, copied while one does, looked over, put in its place."""

import asyncio
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import apsw

from gateway.fault import Conflict, Fault, Missing, Unavailable
from gateway.journal.copy.faults import unavailable
from gateway.journal.copy.moving import refuse_broken
from gateway.journal.copy.sqlite import SqliteSide
from gateway.journal.sqlite import migrate
from gateway.journal.sqlite.opening import lock_of, open_store

PATIENCE_MS = 5000
BESIDE = ("-wal", "-shm", "-journal")
AT_WORK_S = 3600.0
_PART = re.compile(r"\.(.+?)\.(?:[0-9a-f]{8}\.)?part(?:-wal|-shm|-journal)?")


@asynccontextmanager
async def held(path: Path) -> AsyncIterator[SqliteSide]:
    """Read a record that nobody else may write meanwhile; raises Missing, Unavailable("store-in-use") beside a gateway."""
    _must_be(path)
    opened = await asyncio.to_thread(open_store, path, shared=False)
    try:
        await asyncio.to_thread(opened.writing.execute, "BEGIN IMMEDIATE")
        yield SqliteSide(opened.writing)
    except apsw.Error as error:
        raise unavailable(error) from error
    finally:
        opened.reading.close()
        opened.writing.close()
        if opened.lock is not None:
            opened.lock.close()


@asynccontextmanager
async def filled(path: Path) -> AsyncIterator[SqliteSide]:
    """Write a whole record into a new file, all or nothing."""
    with connected(path) as cx:
        await asyncio.to_thread(_build, cx)
        yield SqliteSide(cx)
        await asyncio.to_thread(cx.execute, "COMMIT")


def snapshot(path: Path, to: Path) -> None:
    """Copy a record as it is now into a new file, whoever writes to it meanwhile; raises Missing, Unavailable."""
    _must_be(path)
    with connected(path, flags=apsw.SQLITE_OPEN_READONLY) as source, connected(to) as target:
        with target.backup("main", source, "main") as copying:
            copying.step(-1)
        target.execute("PRAGMA journal_mode = delete")


async def refuse_unsound(path: Path) -> None:
    """Look over a record nobody uses, and bring its schema up to date.

    Raises Fault("audit-broken"), Unavailable("store-corrupt") where it is damaged or no record, ("store-newer") where it is one
    of a newer gateway's.
    """
    with connected(path) as cx:
        await asyncio.to_thread(_up_to_date, cx)
        await refuse_broken(SqliteSide(cx))


def refuse_record(path: Path) -> None:
    """Raise Conflict("store-not-empty") where a record stands, or what belongs to one that was moved away.

    SQLite would read an old log into whatever has the name that the log was written for, and undo or break it.
    """
    beside = _beside(path)
    named = f"under its new name: beside damaged.db, {path.name}-wal is damaged.db-wal"
    if path.exists():
        hint = "move it away first, and keep it" + (f"; {beside} must go with it, {named}" if beside else "")
        raise Conflict("store-not-empty", f"there is a record at {path}", hint=hint)
    if beside:
        message = f"what belongs to a record that was moved away still stands in {path.parent}: {beside}"
        raise Conflict("store-not-empty", message, hint=f"move it to where that record is now, {named}")


def refuse_own(path: Path, to: Path) -> None:
    """Raise Conflict("file-in-use") where a copy of a record would take the place of the record, or of what belongs to it."""
    records = {path, path.resolve()}
    own = {lock_of(path), *records, *(one.with_name(one.name + end) for one in records for end in BESIDE)}
    if _entry(to) in map(_entry, own):
        raise Conflict("file-in-use", f"{to} belongs to the record itself", hint="name another file, best on another disk")


@contextmanager
def placing(file: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a file its name only when it is whole and on the disk; hands out the name to write to, which is for its owner alone.

    Of several that write to one name at once each works for itself, and the first that is whole gets it. Raises
    Conflict("file-exists") unless it may be replaced, Unavailable where it cannot be written.
    """
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    _refuse_existing(file, force=force)
    sweep(file.parent, file.name.__eq__)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield part
        _keep(part)
        _refuse_existing(file, force=force)
        part.replace(file)
        _keep(file.parent)
    except OSError as error:
        raise Unavailable("file-unwritable", f"{file} cannot be written: {error.strerror}", hint="look at its folder") from error
    finally:
        for end in ("", *BESIDE):
            part.with_name(part.name + end).unlink(missing_ok=True)


def sweep(folder: Path, ours: Callable[[str], bool]) -> None:
    """Delete what killed runs left of files of these names; what was written to within the hour may be somebody's at work."""
    for part in folder.glob(".*part*"):
        named = _PART.fullmatch(part.name)
        with suppress(OSError):
            if named and ours(named[1]) and abs(time.time() - part.stat().st_mtime) > AT_WORK_S:
                part.unlink()


@contextmanager
def connected(path: Path, flags: int = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE) -> Iterator[apsw.Connection]:
    """Open a file for a while; raises Unavailable, naming the remedy."""
    try:
        cx = apsw.Connection(str(path), flags=flags)
        try:
            cx.set_busy_timeout(PATIENCE_MS)
            yield cx
        finally:
            cx.close()
    except apsw.Error as error:
        raise unavailable(error) from error


def _must_be(path: Path) -> None:
    if not path.is_file():
        raise Missing("store-missing", f"there is no record at {path}", hint="is it the right city's folder?")


def _refuse_existing(file: Path, *, force: bool) -> None:
    if file.exists() and not force:
        raise Conflict("file-exists", f"{file} exists", hint="name another file, or overwrite it with --force")


def _entry(file: Path) -> Path:
    """Return what a name stands for in its folder, wherever it points to."""
    return file.parent.resolve() / file.name


def _beside(path: Path) -> str:
    """Whoever only read a record leaves an empty log; that belongs to nothing."""
    beside = [file for end in BESIDE if (file := path.with_name(path.name + end)).exists()]
    full = any(file.stat().st_size for file in beside if not file.name.endswith("-shm"))
    return " and ".join(file.name for file in beside) if full else ""


def _build(cx: apsw.Connection) -> None:
    migrate.apply(cx, migrate.pending(cx))
    cx.execute("PRAGMA foreign_keys = on")
    cx.execute("BEGIN IMMEDIATE")


def _up_to_date(cx: apsw.Connection) -> None:
    if (found := cx.execute("PRAGMA integrity_check(1)").get) != "ok":
        raise apsw.CorruptError(" ".join(str(found).split()))
    if not cx.table_exists("main", "migration"):
        raise Fault("store-foreign", "the file holds no record of a gateway", hint="name a backup that bongsu made")
    if steps := migrate.pending(cx):
        migrate.apply(cx, steps)


def _keep(path: Path) -> None:
    """What is not on the disk may be gone after a power cut."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
