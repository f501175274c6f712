"""The one writer: whoever is queued shares a transaction and its one trip to the disk, each in a savepoint of its own."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import apsw

from gateway.journal.sqlite.desk import AnyJob, Desk, roll_back
from gateway.journal.sqlite.faults import unavailable


class Writer(Desk):
    """Commits batches; nobody is answered before the commit, and when it fails everybody of the batch is told so."""

    def __init__(self, cx: apsw.Connection, path: Path) -> None:
        """Write to the open connection as long as `path` is still the file it was opened on."""
        self._path = path
        self._inode = _inode(path)
        super().__init__(cx, "journal-writer")

    def _serve(self, jobs: Sequence[AnyJob]) -> None:
        while jobs and not self._committed(jobs):
            jobs = [job for job in jobs if not job.given_up]
        if jobs:
            self._tell(jobs)

    def _committed(self, jobs: Sequence[AnyJob]) -> bool:
        """Do all of it in one transaction; False (and nothing done) when a caller gave up meanwhile."""
        try:
            return self._transact(jobs)
        except (apsw.Error, OSError) as error:
            roll_back(self._cx)
            for job in jobs:
                job.fault = unavailable(error)
            return True

    def _transact(self, jobs: Sequence[AnyJob]) -> bool:
        self._still_there()
        self._cx.execute("BEGIN IMMEDIATE")
        for job in jobs:
            self._attempt(job)
        if any(job.given_up for job in jobs):
            self._cx.execute("ROLLBACK")
            return False
        self._cx.execute("COMMIT")
        return True

    def _attempt(self, job: AnyJob) -> None:
        self._cx.execute("SAVEPOINT verb")
        job.attempt(self._cx)
        if not self._cx.in_transaction:
            raise apsw.FullError("the whole transaction was lost")
        if job.fault is not None:
            self._cx.execute("ROLLBACK TO verb")
        self._cx.execute("RELEASE verb")

    def _still_there(self) -> None:
        """SQLite would go on writing to a file that was deleted or replaced; nobody would ever find those bytes again."""
        if _inode(self._path) != self._inode:
            raise FileNotFoundError(f"{self._path} is no longer the file that was opened")
        if read_only(self._path):
            raise apsw.ReadOnlyError(f"{self._path} was made read-only")


def read_only(path: Path) -> bool:
    """Tell whether the file is marked read-only, or may not be written by us."""
    return not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK)


def _inode(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
