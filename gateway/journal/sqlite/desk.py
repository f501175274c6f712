"""A thread that serves one connection: callers queue, are served within two seconds, or are told no."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

import apsw

from gateway.fault import Unavailable, answer_late
from gateway.journal.sqlite.faults import LOST, unavailable

T = TypeVar("T")
A = TypeVar("A")

PATIENCE_S = 1.8
MOST_AT_ONCE = 256
TOLD_TOGETHER = 16


class Try(Generic[T]):
    """Work, and what came of it."""

    __slots__ = ("fault", "result", "work")

    def __init__(self, work: Callable[[apsw.Connection], T]) -> None:
        self.work = work
        self.result: T
        self.fault: Exception | None = None

    def attempt(self, cx: apsw.Connection) -> None:
        """Do the work and keep what came of it; only the loss of the store itself gets out."""
        self.fault = None
        try:
            self.result = self.work(cx)
        except LOST:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to whoever asked
            self.fault = error


class Job(Try[T]):
    """One verb on its way; `given_up` is set by the caller when nobody waits for it, `committing` when it may be kept already.

    Each side sets its own mark before it reads the other's: what is given up is not kept, or its caller was told that it may be.
    """

    __slots__ = ("answer", "committing", "given_up")

    def __init__(self, work: Callable[[apsw.Connection], T], answer: "asyncio.Future[T]") -> None:
        super().__init__(work)
        self.answer = answer
        self.given_up = False
        self.committing = False

    def late(self) -> None:
        """Tell the caller no, and do nothing for it any more, or that nobody knows yet; runs in the caller's event loop."""
        self.given_up = True
        if not self.answer.done():
            self.answer.set_exception(answer_late("the disk") if self.committing else _not_done())

    def tell(self) -> None:
        """Answer the caller; runs in the caller's event loop."""
        if self.answer.done():
            return
        if self.fault is not None:
            self.answer.set_exception(self.fault)
        else:
            self.answer.set_result(self.result)


def _not_done() -> Unavailable:
    return Unavailable("store-unavailable", "the store did not answer in time", hint="try again")


AnyJob = Job[Any]


class Shared(Job[T]):
    """A verb's share in a group: `verb` takes what all of the group brought, and answers each or gives the reason why not."""

    __slots__ = ("brought", "verb")

    def __init__(
        self, verb: Callable[[apsw.Connection, Sequence[A]], Sequence[T | Exception]], brought: A, answer: "asyncio.Future[T]"
    ) -> None:
        super().__init__(self._alone, answer)
        self.verb = verb
        self.brought = brought

    def given(self, answer: T | Exception) -> None:
        """Keep what the group's verb said."""
        if isinstance(answer, Exception):
            self.fault = answer
        else:
            self.fault, self.result = None, answer

    def _alone(self, cx: apsw.Connection) -> T:
        [answer] = self.verb(cx, [self.brought])
        if isinstance(answer, Exception):
            raise answer
        return answer


class Desk(ABC):
    """One connection, one thread, one queue."""

    def __init__(self, cx: apsw.Connection, name: str) -> None:
        """Start serving, for callers in the running event loop."""
        self._cx = cx
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[AnyJob | None] = SimpleQueue()
        self._closed = False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @abstractmethod
    def _serve(self, jobs: Sequence[AnyJob]) -> None:
        """Serve everybody who was waiting."""

    async def run(self, work: Callable[[apsw.Connection], T]) -> T:
        """Have work done in the desk's thread; raises Unavailable when it was not done in time, and then it will not be.

        Only ANSWER_LATE leaves that open: it was being committed when the patience ended, or when the disk reported an error, and
        may still be kept.
        """
        return await self.done(Job(work, self._loop.create_future()))

    async def done(self, job: Job[T]) -> T:
        """Have a job done; raises as `run` does."""
        if self._closed:
            raise Unavailable("store-closed", "the store is closed", hint="start the gateway again")
        self._queue.put(job)
        patience = self._loop.call_later(PATIENCE_S, job.late)
        try:
            return await job.answer
        finally:
            job.given_up = True
            patience.cancel()

    async def close(self) -> None:
        """Serve what is queued, then let go of the connection."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        going = True
        while going:
            waiting = self._waiting()
            going = None not in waiting
            self._serve([job for job in waiting if job is not None and not job.given_up])
        self._cx.close()

    def _waiting(self) -> list[AnyJob | None]:
        waiting = [self._queue.get()]
        with contextlib.suppress(Empty):
            while len(waiting) < MOST_AT_ONCE:
                waiting.append(self._queue.get_nowait())
        return waiting

    def _tell(self, jobs: Sequence[AnyJob]) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop is gone, and every caller with it
            self._loop.call_soon_threadsafe(_answer, jobs)


def _answer(jobs: Sequence[AnyJob]) -> None:
    for job in jobs:
        job.tell()


class Reader(Desk):
    """Reads on a connection that cannot write; every job sees one state of the record.

    Callers are told a few at a time: to wake their loop for each costs more than most reads, and nobody waits for many others.
    """

    def _serve(self, jobs: Sequence[AnyJob]) -> None:
        for start in range(0, len(jobs), TOLD_TOGETHER):
            together = jobs[start : start + TOLD_TOGETHER]
            for job in together:
                self._read(job)
            self._tell(together)

    def _read(self, job: AnyJob) -> None:
        try:
            self._cx.execute("BEGIN")
            job.attempt(self._cx)
            self._cx.execute("COMMIT")
        except (apsw.Error, OSError) as error:
            job.fault = unavailable(error)
            roll_back(self._cx)


def roll_back(cx: apsw.Connection) -> None:
    """Leave the transaction, if SQLite has not already done so by itself."""
    with contextlib.suppress(apsw.Error):
        if cx.in_transaction:
            cx.execute("ROLLBACK")
