"""The far side of every channel: it logs each raw arrival, says what it was told to say, and can keep us waiting."""

import asyncio
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from lxml import etree
from msgspec import Struct

from gateway.channel import Outcome, Verdict
from gateway.out import Rehearsal
from tests.staircase.lane_table import CANCEL, CLEAR, TELL

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
TARGETS = {"http://127.0.0.1:9101/cap": "broadcaster", "http://127.0.0.1:9102/alerts": "city-app"}
TAKES_BACK = {"cancel": CANCEL, "expired": CLEAR}


class Answer(StrEnum):
    """What becomes of a try at the far side; `HELD` keeps it in flight until it is landed."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    BUSY = "busy"
    AWAY = "away"
    LOST_AFTER = "lost after arrival"
    LOST_BEFORE = "lost before arrival"
    HELD = "held"

    @property
    def verdict(self) -> Verdict:
        """Return what the sender can know of it."""
        return _KNOWN[self]

    @property
    def arrives(self) -> bool:
        """Tell whether the bytes get there."""
        return self not in (Answer.AWAY, Answer.LOST_BEFORE)


_KNOWN = {
    Answer.ACCEPTED: Verdict.ACCEPTED,
    Answer.REFUSED: Verdict.REFUSED,
    Answer.BUSY: Verdict.UNREACHABLE,
    Answer.AWAY: Verdict.UNREACHABLE,
    Answer.LOST_AFTER: Verdict.AMBIGUOUS,
    Answer.LOST_BEFORE: Verdict.AMBIGUOUS,
}


class Said(NamedTuple):
    """What a message says it is: which version of which alert, and whether it tells, cancels or clears."""

    alert: str
    number: int
    role: str
    sent: str = ""


class Attempt(Struct):
    """One try as the far side saw it; `verdict` is None while it is in flight."""

    target: str
    said: Said
    body: bytes
    key: str
    arrived: bool
    verdict: Verdict | None = None
    landing: "asyncio.Future[Answer] | None" = None


class FarSide(Rehearsal):
    """An `Out` whose other end is a log; `manner` says how each target answers from now on."""

    def __init__(self) -> None:
        """Accept everything, until told otherwise."""
        self.attempts: list[Attempt] = []
        self.manner: dict[str, Answer] = {}

    async def post(self, url: str, body: bytes, *, media_type: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """Take the bytes, or not."""
        assert media_type in ("application/cap+xml", "application/json")
        target, names = TARGETS[url], headers or {}
        answer = self.manner.get(target, Answer.ACCEPTED)
        key = names.get("Idempotency-Key") or names["webhook-id"]
        attempt = Attempt(target, read(body), body, key, answer.arrives)
        self.attempts.append(attempt)
        if answer is Answer.HELD:
            attempt.landing = asyncio.get_running_loop().create_future()
            answer = await attempt.landing
        attempt.verdict = answer.verdict
        return Outcome(verdict=answer.verdict)

    @property
    def flying(self) -> list[Attempt]:
        """Return what is being held."""
        return [one for one in self.attempts if one.landing is not None and not one.landing.done()]


def read(body: bytes) -> Said:
    """Read a message with decoders that are not ours."""
    if body.startswith(b"<"):
        return _cap(etree.fromstring(body))
    entry = json.loads(body)
    return Said(entry["alert"], entry["version"], TAKES_BACK.get(entry["kind"], TELL))


def unstamped(body: bytes) -> bytes:
    """Return a CAP document as it was approved, before the time sent was written into it."""
    return re.sub(rb"<sent>[^<]*</sent>", b"<sent>1970-01-01T00:00:00-00:00</sent>", body, count=1)


def _cap(root: etree._Element) -> Said:
    alert, _, number = root.findtext(f"{CAP}identifier", "").removesuffix(".w").rpartition(".")
    role = CANCEL if root.findtext(f"{CAP}msgType") == "Cancel" else TELL
    return Said(alert, int(number), role, root.findtext(f"{CAP}sent", ""))
