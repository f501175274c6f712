"""What SQLite's own errors mean to whoever copies a record and does not run on it."""

import apsw

from gateway.fault import Unavailable
from gateway.journal.sqlite import faults


def unavailable(error: Exception) -> Unavailable:
    """Return what to tell whoever wanted the copy: nothing goes on by itself."""
    if isinstance(error, apsw.FullError):
        hint = "free some space, or name another folder, and do it again"
        return Unavailable("disk-full", "there is no room left for the copy", hint=hint)
    return faults.unavailable(error)
