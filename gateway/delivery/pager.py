"""The pager: what needs a person's eyes reaches the duty officer, until somebody takes it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec
import structlog
from msgspec import Struct

from gateway.alert import digest
from gateway.channel import Out, Outcome, Verdict
from gateway.delivery.backoff import backoff
from gateway.fault import Unavailable
from gateway.journal.contract import Journal
from gateway.journal.records import Task, Todo, TodoKind
from gateway.out import Secret, signed, signing_key

log = structlog.get_logger()

LEASE_S = 30.0
MOST_AT_ONCE = 16
_TAKEN = frozenset({Verdict.ACCEPTED, Verdict.ON_AIR, Verdict.PARTLY, Verdict.SIMULATED})


class Said(Struct, frozen=True, kw_only=True):
    """What a page says: a stable code and one sentence for a person."""

    code: str
    message: str


def page(code: str, message: str, subject: str) -> Todo:
    """Return the work of telling the duty officer about `subject`."""
    return Todo(kind=TodoKind.PAGE, subject=subject, body=msgspec.json.encode(Said(code=code, message=message)))


class Pager:
    """Posts owed pages to the duty officer's URL, each until it is accepted.

    The body is JSON with code, message, subject and at (when the page was owed), signed as Standard Webhooks says; the
    `webhook-id` is the same for every try of the same words.
    """

    def __init__(self, journal: Journal, out: Out, duty_url: str, secret: Secret, now: Callable[[], datetime]) -> None:
        """Take everything by hand; `now` must run like the far side's clock, for the signature is made with it.

        Raises BadInput("secret-invalid").
        """
        signing_key(secret)
        self._journal, self._out, self._url, self._secret, self._now = journal, out, duty_url, secret, now
        self._woken = asyncio.Event()
        self._in_hands = set[int]()
        self.trouble = ""
        """Why the record could not be asked for pages, "" when it could."""

    def hint(self) -> None:
        """Look for pages now instead of at the next poll."""
        self._woken.set()

    async def round(self) -> int:
        """Post every page that is due; returns how many were taken by the far side."""
        tasks = await self._journal.take(TodoKind.PAGE, MOST_AT_ONCE, LEASE_S, in_hands=self._in_hands)
        self._in_hands.update(task.id for task in tasks)
        return sum(await asyncio.gather(*(self._page(task) for task in tasks)))

    async def run(self, stop: asyncio.Event, *, poll_s: float = 1.0) -> None:
        """Page until told to stop."""
        while not stop.is_set():
            self._woken.clear()
            try:
                await self.round()
                self.trouble = ""
            except Unavailable as fault:
                self.trouble = fault.code
                log.warning("pages-unknown", code=fault.code)
            await self._pause(stop, poll_s)

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        waits = [asyncio.ensure_future(self._woken.wait()), asyncio.ensure_future(stop.wait())]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _page(self, task: Task) -> bool:
        try:
            return await self._paged(task)
        finally:
            self._in_hands.discard(task.id)

    async def _paged(self, task: Task) -> bool:
        outcome = await self._post(task)
        if taken := outcome.verdict in _TAKEN:
            await self._journal.finish(task)
        else:
            log.error("page-failed", subject=task.subject, verdict=outcome.verdict, note=outcome.note)
            wait = max(backoff(task.fence), outcome.retry_after or 0.0)
            await self._journal.finish(task, failure=outcome.note, retry_in=wait)
        return taken

    async def _post(self, task: Task) -> Outcome:
        said = _said(task.body)
        body = msgspec.json.encode({"code": said.code, "message": said.message, "subject": task.subject, "at": task.since})
        headers = signed(self._secret, f"page-{task.id}-{digest(body)[:12]}", body, self._now())
        return await self._out.post(self._url, body, media_type="application/json", headers=headers)


def _said(body: bytes) -> Said:
    """Read code and message; words that are not in our form are said as they stand, for no page is lost to its form."""
    try:
        return msgspec.json.decode(body, type=Said)
    except msgspec.MsgspecError:
        return Said(code="page", message=body.decode(errors="replace"))
