"""What the audit chains are told, word for word the same by every store of the record."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from gateway.alert import Act, Deed, digest
from gateway.channel import Outcome
from gateway.journal.records import DeliveryState, Issue, Key, Person, Todo, TodoKind
from gateway.journal.sql.arriving import Request
from gateway.journal.sql.codec import canonical
from gateway.journal.sql.lane import Lane

Body = dict[str, object]


class Entry(NamedTuple):
    """What is to be appended to a chain."""

    chain: str
    at: datetime
    actor: str
    act: str
    body: Body


def arrived(request: Request) -> Iterator[Entry]:
    """Yield what a request tells its source's chain, or a tick the chain of each source it reports for."""
    arrival = request.arrival
    if (raw := arrival.raw) is None:
        for source in sorted({placed.report.source for placed in arrival.reports}):
            body: Body = {"reports": list(_reports(request, source))}
            yield Entry(f"source:{source}", arrival.at, arrival.actor, "watched", body)
        return
    told: Body = {"refused": len(arrival.refusals), "reports": list(_reports(request))}
    if arrival.foreign:
        told |= {"heard": [one.id for one in arrival.foreign]}
    body = {"receipt": request.receipt.id, "sha256": request.sha256} | told
    yield Entry(f"source:{raw.source}", arrival.at, arrival.actor, "received", body)


def acted(alert: str, act: Act, payloads: Sequence[str] = ()) -> Entry:
    """Return what was done to an alert, with the digests of the payloads it was done to."""
    body: Body = {"number": act.number, "reason": act.reason, "hash": act.hash, "break_glass": act.break_glass}
    return Entry(f"alert:{alert}", act.at, act.actor, act.deed, body | ({"payloads": payloads} if payloads else {}))


def attempt(key: str, fence: int, outcome: Outcome, *, late: bool) -> Body:
    """Return what came of one attempt, with the digest of its evidence."""
    proof = digest(canonical([outcome.note, outcome.evidence]).encode())
    return {"delivery": key, "attempt": fence, "verdict": outcome.verdict, "late": late, "evidence": proof}


def attempted(alert: str, attempts: Sequence[Body], at: datetime) -> Entry:
    """Return what came of an alert's attempts that are written down together."""
    return Entry(f"alert:{alert}", at, "gateway", "attempted", {"attempts": attempts})


def put_back(deliveries: Iterable[tuple[str, str]], at: datetime) -> list[Entry]:
    """Return which deliveries, each by its alert and key, were claimed and put back without a try: one entry for each alert."""
    told: dict[str, list[str]] = {}
    for alert, key in deliveries:
        told.setdefault(alert, []).append(key)
    return [Entry(f"alert:{alert}", at, "gateway", "put-back", {"deliveries": keys}) for alert, keys in told.items()]


def overdue(lane: Lane, key: str, state: DeliveryState, at: datetime) -> Entry:
    """Return that a delivery's deadline passed."""
    return Entry(f"alert:{lane.alert}", at, "gateway", "delivery-expired", {"delivery": key, "state": state})


def overdue_page(lane: Lane, key: str, number: int, state: DeliveryState) -> Todo:
    """Return the page that is owed when a delivery's deadline passed."""
    known = "was not told in time of" if state is DeliveryState.EXPIRED else "may or may not have been told of"
    page = {"code": f"delivery-{state}", "message": f"{lane.channel}/{lane.target} {known} {lane.alert}.{number}"}
    return Todo(kind=TodoKind.PAGE, subject=f"delivery/{key}", body=canonical(page).encode())


def person_saved(person: Person, actor: str, at: datetime) -> Entry:
    """Return everything of a person but the password."""
    body: Body = {"name": person.name, "roles": sorted(person.roles), "disabled": person.disabled}
    return Entry("people", at, actor, "person-saved", body)


def key_saved(key: Key, actor: str, at: datetime) -> Entry:
    """Return whose a key is, not its hash."""
    body: Body = {"id": key.id, "person": key.person, "source": key.source, "revoked": key.revoked}
    return Entry("people", at, actor, "key-saved", body)


def voiding(issue: Issue) -> Act:
    """Return the act that voids what stood open beside a version that is issued: whoever issues also voids."""
    said = (act for act in reversed(issue.acts) if act.deed in (Deed.ISSUED, Deed.APPROVED))
    actor = next(said, Act(number=issue.number, deed=Deed.ISSUED, actor="gateway", at=issue.at)).actor
    return Act(number=issue.number, deed=Deed.VOIDED, actor=actor, at=issue.at, reason=f"version {issue.number} was issued")


def _reports(request: Request, source: str | None = None) -> Iterator[Body]:
    for placed, name_of_bytes in zip(request.arrival.reports, request.digests, strict=True):
        if source in (None, placed.report.source):
            name: Body = {"source": placed.report.source, "id": placed.report.id, "episode": placed.episode}
            yield name | {"applied": placed.applied, "digest": name_of_bytes}
