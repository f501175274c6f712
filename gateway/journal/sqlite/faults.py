"""What SQLite's own errors mean to a caller who can only wait, or call for help."""

import apsw

from gateway.fault import Unavailable

_LOST = {
    apsw.FullError: ("store-unavailable", "the disk is full", "free space; the store goes on by itself"),
    apsw.ReadOnlyError: ("store-read-only", "the store may only be read", "make the file and its folder writable"),
    apsw.CorruptError: ("store-corrupt", "the store's file is damaged", "restore the latest backup; keep the damaged file"),
    apsw.NotADBError: ("store-corrupt", "the file is no SQLite store", "name the right file, or restore the latest backup"),
    apsw.CantOpenError: (
        "store-unavailable",
        "the store's file cannot be opened",
        "check that its folder exists and is writable",
    ),
    FileNotFoundError: ("store-unavailable", "the store's file is not there", "check that its folder exists and is writable"),
    PermissionError: ("store-read-only", "the store may only be read", "make the file and its folder writable"),
    apsw.BusyError: ("store-unavailable", "another process holds the store", "try again"),
    apsw.IOError: ("store-unavailable", "the disk reports an error", "check the disk"),
    apsw.NoMemError: ("store-unavailable", "memory has run out", "try again"),
    apsw.ProtocolError: ("store-unavailable", "the store's file cannot be locked", "do not keep it on a network file system"),
}

LOST = (*_LOST, OSError)


def unavailable(error: Exception) -> Unavailable:
    """Return what to tell a caller when the store itself failed."""
    if isinstance(error, Unavailable):
        return error
    for kind, (code, message, hint) in _LOST.items():
        if isinstance(error, kind):
            return Unavailable(code, f"{message} ({error})", hint=hint)
    return Unavailable("store-unavailable", f"the store failed ({error})", hint="try again")
