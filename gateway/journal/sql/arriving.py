"""Requests that come together, before anything of them is written: pure, and the same for every store of the record."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

from msgspec import Struct

from gateway.alert import digest
from gateway.fault import Fault
from gateway.journal.contract import Stale
from gateway.journal.records import Arrival, Foreign, Placed, Receipt
from gateway.journal.sql.codec import declared
from gateway.journal.sql.times import SAME_BODY_FOR, SAME_KEY_FOR
from gateway.source import Raw

Answer = Receipt | Fault
Revisions = dict[tuple[str, ...], int]
"""Of incidents, by source and id, of watches, by their key, and of other agencies' messages: 1 of one that came, else 0."""


class Request(Struct, frozen=True, eq=False):
    """What came, the receipt it gets when it is new, and the digest of its bytes ("" of a tick).

    `bodies` are its reports as they are kept, `digests` theirs.
    """

    arrival: Arrival
    receipt: Receipt
    sha256: str
    bodies: tuple[str, ...]
    digests: tuple[str, ...]


def request(arrival: Arrival) -> Request:
    """Do what needs no store: hash the bytes and write down the reports."""
    reports = [declared(placed.report) for placed in arrival.reports]
    bodies, digests = tuple(report.decode() for report in reports), tuple(map(digest, reports))
    if (raw := arrival.raw) is None:
        return Request(arrival, Receipt(id="", source="", received_at=arrival.at, items=arrival.answers), "", bodies, digests)
    # Names that grow with time are neighbours on the disk.
    id = f"{int(raw.received_at.timestamp() * 1000) % (1 << 48):012x}{secrets.token_hex(6)}"
    receipt = Receipt(id=id, source=raw.source, received_at=raw.received_at, items=arrival.answers)
    return Request(arrival, receipt, digest(raw.body), bodies, digests)


def raws(requests: Iterable[Request]) -> list[tuple[Request, Raw]]:
    """Return the requests that are no ticks, with what they brought."""
    return [(request, raw) for request in requests if (raw := request.arrival.raw) is not None]


def window(sha256: str, key: str | None) -> tuple[str, timedelta]:
    """Return the name by which a request is known again, and for how long."""
    return (f"body:{sha256}", SAME_BODY_FOR) if key is None else (f"key:{key}", SAME_KEY_FOR)


def moved_on(arrival: Arrival, revisions: Revisions) -> bool:
    """Move the revisions on, unless the request was decided on others.

    Only its first report of an incident is held against the record; those after it were placed after each other.
    """
    expected: Revisions = {incident(placed): placed.expected for placed in reversed(arrival.reports)}
    expected |= {(watched.key,): watched.expected for watched in arrival.watches}
    expected |= {foreign(one.id): 0 for one in arrival.foreign}
    if any(revisions[key] != revision for key, revision in expected.items()):
        return False
    applied = (incident(placed) for placed in arrival.reports if placed.applied)
    for key in [*applied, *((watched.key,) for watched in arrival.watches), *(foreign(one.id) for one in arrival.foreign)]:
        revisions[key] += 1
    return True


def touched(requests: Sequence[Request]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the incidents and the watches that requests would change, sorted."""
    incidents = {incident(placed) for request in requests for placed in request.arrival.reports}
    return sorted(incidents), sorted({watched.key for request in requests for watched in request.arrival.watches})


def reports(requests: Iterable[Request]) -> list[tuple[Request, Placed, str]]:
    """Return all reports in order, each with its request and as it is kept."""
    return [(one, placed, body) for one in requests for placed, body in zip(one.arrival.reports, one.bodies, strict=True)]


def foreigners(requests: Iterable[Request]) -> list[tuple[Request, Foreign]]:
    """Return all messages of other agencies, each with its request, in an order that is the same for everybody."""
    return sorted(((one, said) for one in requests for said in one.arrival.foreign), key=lambda pair: pair[1].id)


def foreign(id: str) -> tuple[str, ...]:
    """Return by what the revision of another agency's message is found."""
    return "heard", "", id


def incident(placed: Placed) -> tuple[str, str]:
    """Return which incident a report is of."""
    return placed.report.source, placed.report.id


def episode(placed: Placed) -> tuple[str, str, int]:
    """Return which episode of its incident a report is of."""
    return placed.report.source, placed.report.id, placed.episode


def unknown(given: Receipt | None) -> Answer:
    """Return the answer that was given before; without one, the request is stale."""
    return given or Stale("what this rests on")
