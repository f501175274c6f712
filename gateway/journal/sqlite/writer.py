"""The one writer: whoever is queued shares a transaction and its one trip to the disk, each in a savepoint of its own."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import IO, Any, TypeVar

import apsw

from gateway.fault import Unavailable, answer_unknown
from gateway.journal.sqlite.desk import AnyJob, Desk, Shared, Try, roll_back
from gateway.journal.sqlite.faults import unavailable
from gateway.journal.sqlite.watch import Watch

A = TypeVar("A")
T = TypeVar("T")

LONG_LOG_PAGES = 4000


class Writer(Desk):
    """Commits batches; nobody is answered before the commit, and when it fails everybody of the batch is told so."""

    def __init__(self, cx: apsw.Connection, path: Path, lock: IO[str] | None) -> None:
        """Write to the open connection as long as its files and the lock are those that `path` leads to; the lock is ours now."""
        self._watch = Watch(cx, path, lock)
        self._logged = 0
        cx.set_wal_hook(self._committed_to_log)
        super().__init__(cx, "journal-writer")

    async def share(self, verb: Callable[[apsw.Connection, Sequence[A]], Sequence[T | Exception]], brought: A) -> T:
        """Have a verb done that does in one what everybody who waits brought to it; raises as `run` does."""
        return await self.done(Shared(verb, brought, self._loop.create_future()))

    async def close(self) -> None:
        """Serve what is queued, then let go of the connection and of the lock."""
        await super().close()
        self._watch.close()

    def _serve(self, jobs: Sequence[AnyJob]) -> None:
        """Commit all else before what many bring to one verb, as a flood of reports is: alerts wait for one of those at most."""
        for brought in (False, True):
            self._serve_group([job for job in jobs if isinstance(job, Shared) is brought and not job.given_up])
        self._move_pages()

    def _serve_group(self, jobs: Sequence[AnyJob]) -> None:
        while jobs and not self._committed(jobs):
            jobs = [job for job in jobs if not job.given_up]
        if jobs:
            self._tell(jobs)

    def _committed(self, jobs: Sequence[AnyJob]) -> bool:
        """Do all of it in one transaction; False (and nothing done) when a caller gave up meanwhile."""
        try:
            return self._transact(jobs)
        except (apsw.Error, OSError, Unavailable) as error:
            roll_back(self._cx)
            for job in jobs:
                job.fault = unavailable(error)
            return True

    def _transact(self, jobs: Sequence[AnyJob]) -> bool:
        self._watch.look(self._cx)
        self._cx.execute("BEGIN IMMEDIATE")
        for alike in _alike(jobs):
            self._attempt(alike)
        if not _all_wait(jobs):
            self._cx.execute("ROLLBACK")
            return False
        self._commit()
        return True

    def _commit(self) -> None:
        """Commit; where the disk reports an error only now, what the log already holds may come back when it is opened anew."""
        try:
            self._cx.execute("COMMIT")
        except apsw.IOError as error:
            raise answer_unknown(f"the disk reported an error while it was kept ({error})") from error

    def _move_pages(self) -> None:
        """Bring a long log back into the file, now that everybody is answered; what cannot be moved stays in the log."""
        if self._logged >= LONG_LOG_PAGES:
            self._logged = 0
            with contextlib.suppress(apsw.Error):
                self._cx.wal_checkpoint()

    def _committed_to_log(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._logged = pages
        return apsw.SQLITE_OK

    def _attempt(self, jobs: Sequence[AnyJob]) -> None:
        """Do what is alike in one; when that cannot be done, whoever is to blame for it is found by doing each alone."""
        if len(jobs) == 1 or not self._together(jobs):
            for job in jobs:
                self._kept(job)

    def _together(self, jobs: Sequence[AnyJob]) -> bool:
        shared = [job for job in jobs if isinstance(job, Shared)]
        group = Try(lambda cx: shared[0].verb(cx, [job.brought for job in shared]))
        if self._kept(group):
            for job, answer in zip(shared, group.result, strict=True):
                job.given(answer)
        return group.fault is None

    def _kept(self, work: Try[Any]) -> bool:
        """Try something in a savepoint; False, and nothing of it happened, when that failed."""
        self._cx.execute("SAVEPOINT verb")
        work.attempt(self._cx)
        if not self._cx.in_transaction:
            raise apsw.FullError("the whole transaction was lost")
        if work.fault is not None:
            self._cx.execute("ROLLBACK TO verb")
        self._cx.execute("RELEASE verb")
        return work.fault is None


def _all_wait(jobs: Sequence[AnyJob]) -> bool:
    """Mark what is about to be committed, so that who gives up from now on learns that it may be; False when one had done so."""
    for job in jobs:
        job.committing = True
    waiting = not any(job.given_up for job in jobs)
    if not waiting:
        for job in jobs:
            job.committing = False
    return waiting


def _alike(jobs: Sequence[AnyJob]) -> Iterator[list[AnyJob]]:
    """Yield neighbours that bring something to the same verb together, and everybody else alone."""
    for verb, alike in groupby(jobs, key=lambda job: job.verb if isinstance(job, Shared) else None):
        together = list(alike)
        yield from [together] if verb else ([job] for job in together)
