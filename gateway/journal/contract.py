"""What the record promises: whole-transaction verbs, data in and data out; no closure ever runs inside a store.

Every verb is one transaction and durable when it returns. Verbs that change something read before carry the revision that was
read; when it moved on they raise Stale and nothing happened. Times named `at` or `now` are the story clock's and aware; leases,
backoff (`retry_in`) and `due` run on the store's own real clock. A store that is silent for 2 s raises Unavailable.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from gateway.alert import Act, Target, Version
from gateway.channel import Payload, Publication, Published
from gateway.fault import Conflict
from gateway.journal.records import (
    AlertRecord,
    Arrival,
    AuditEntry,
    Claimed,
    Delivery,
    DeliveryState,
    Draft,
    Head,
    Heard,
    Issue,
    Key,
    Person,
    Quarantined,
    Receipt,
    Reported,
    Room,
    Settlement,
    Snapshot,
    Submit,
    Task,
    TodoKind,
    VersionKey,
)
from gateway.source import Raw


class Stale(Conflict):
    """What was read has changed since; read again and decide again."""

    def __init__(self, what: str) -> None:
        """Name what moved on."""
        super().__init__("stale", f"{what} changed meanwhile", hint="read it again and decide again")


class Journal(Protocol):
    """The record. Verbs are named for what happens in the city, not for tables."""

    @property
    def node(self) -> str:
        """Return the name of this gateway, which no other that is at work on the record has."""
        ...

    # Intake
    async def heads(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Head]:
        """Return the newest episode of each incident (source, id) that is known."""
        ...

    async def watches(self, keys: Sequence[str]) -> Mapping[str, tuple[int, bytes]]:
        """Return (revision, state) of each watch that is known."""
        ...

    async def accept(self, arrival: Arrival) -> Receipt:
        """Record everything a request or a tick brings; on the same receipt the first answer comes back with `again`.

        A header key dedupes for 30 days, a body hash for 10 minutes (story time). Raises Stale, and
        Conflict("receipt-conflict") for the same header key with other bytes. A tick's receipt has the id "".
        """
        ...

    async def known(self, raw: Raw, key: str | None) -> Receipt | None:
        """Return the answer this request was given before, if it was; raises as `accept` does."""
        ...

    async def receipt(self, id: str) -> Receipt:
        """Return a receipt; raises Missing."""
        ...

    async def quarantine(self, *, settled: bool = False) -> Sequence[Quarantined]:
        """Return refused items, oldest first; without `settled` only those that still wait for a person."""
        ...

    async def quarantined(self, id: int) -> Quarantined:
        """Return one refused item; raises Missing."""
        ...

    async def settle_quarantine(self, id: int, how: str, actor: str, at: datetime) -> None:
        """Record that a person replayed or raised a refused item; raises Missing, Conflict when that was done before."""
        ...

    async def incidents(self, *, most: int = 200) -> Sequence[Head]:
        """Return open incidents, the one reported last first."""
        ...

    async def reports(self, source: str, id: str, *, most: int = 200) -> Sequence[Reported]:
        """Return the newest reports of an incident, whatever its episode, in the order in which they came."""
        ...

    # Other agencies
    async def heard(self, now: datetime | None = None, *, most: int = 200) -> Sequence[Heard]:
        """Return messages of other agencies, the one sent last first: those that count at `now`, or without it all."""
        ...

    async def heard_one(self, id: str) -> Heard:
        """Return one message of another agency; raises Missing."""
        ...

    async def heard_bytes(self, id: str) -> bytes:
        """Return the document it came in, byte for byte; raises Missing."""
        ...

    # Work owed
    async def take(self, kind: TodoKind, most: int, lease_s: float, *, in_hands: Collection[int] | None = None) -> Sequence[Task]:
        """Lease pieces of work, the longest due first: what is new before what was put back to be tried again.

        Whoever names what it has in hands, as one caller for each kind may, gets anew what was leased to this process without its
        being told so.
        """
        ...

    async def finish(self, task: Task, *, failure: str = "", retry_in: float | None = None) -> bool:
        """Close a piece of work, or put it back for `retry_in` seconds; False when the lease was lost."""
        ...

    async def failures(self) -> Sequence[Task]:
        """Return drafts that could not be made and have not been made since, newest first; `body` is the reason."""
        ...

    # Alerts
    async def allocate(self, scope: str) -> int:
        """Return the next number of a scope, from 1, never given before."""
        ...

    async def alert(self, id: str) -> AlertRecord:
        """Return one alert; raises Missing."""
        ...

    async def alerts(self, *, most: int = 200) -> Sequence[AlertRecord]:
        """Return alerts, newest first."""
        ...

    async def neighbours(self, version: Version, now: datetime) -> Sequence[AlertRecord]:
        """Return every other alert that tells, or waits to tell, of the same hazard near the version's places, newest first.

        Near is where the boxes around both meet; what has expired at `now` is left out.
        """
        ...

    async def draft(self, draft: Draft) -> int:
        """Record a draft and return the alert's new revision; raises Stale."""
        ...

    async def edit(self, version: Version, expected: int, act: Act) -> int:
        """Replace the open version's content and return the new revision; raises Stale, Conflict("frozen")."""
        ...

    async def submit(self, submit: Submit, expected: int) -> int:
        """Freeze the open version with its payload rows and return the new revision; raises Stale, Conflict("frozen").

        Stale is also what somebody else tells, or waits to tell, nearby who was not seen `beside`; of two at once one is seen.
        """
        ...

    async def reject(self, alert: str, number: int, expected: int, act: Act) -> int:
        """Void the open version and return the new revision; raises Stale."""
        ...

    async def issue(self, issue: Issue, submit: Submit | None = None) -> Publication:
        """Issue a frozen version, exactly once; with `submit` it is frozen in the same transaction.

        Any other open version of the alert is voided. Older waiting deliveries of `latest` lanes are superseded; a cancel obeys
        the lane table (docs/decisions/lanes.md). Raises Stale, also when somebody else has the `task` by now, an alert that
        begins is about an incident that has one, or `submit` is stale; Conflict("hash") when the frozen bytes are not those
        approved.
        """
        ...

    async def frozen(self, alert: str, number: int) -> tuple[Sequence[Payload], Sequence[Payload]]:
        """Return the frozen payloads of a submitted version: channels', then feeds'."""
        ...

    async def due_to_expire(self, now: datetime) -> Sequence[AlertRecord]:
        """Return alerts whose newest issued version is live in the record but expired at `now`."""
        ...

    async def expire(self, alert: str, number: int, expected: int, at: datetime) -> Publication:
        """Record the expiry, void an open version, release held CLEAR deliveries, bump the publication; raises Stale."""
        ...

    # Deliveries
    async def claim(self, room: Room, lease_s: float, now: datetime) -> Sequence[Claimed]:
        """Lease the eligible head of each lane, by priority, due time and age, as far as there is room for it.

        First, on every channel, what cannot go any more is settled: past its deadline (`expired`, or `unknown` after an
        ambiguous attempt; a page is owed), a cancel or clear with nothing to take back (`nothing-to-cancel`). A lease that ran
        out counts as an ambiguous attempt and its delivery is due again.
        """
        ...

    async def put_back(self, times: Collection[datetime], in_hands: Collection[tuple[int, int]], now: datetime) -> bool:
        """Free what this process claimed at these times and was never told of, so that nothing of it was sent.

        `in_hands` names the claims that it was told of, by id and fence. What is freed was not tried: it waits as before, due at
        once, and the lane table decides as after a try that settled nothing. False while a claim may still be on its way, or
        somebody is at one of the alerts: ask again. Raises Conflict on a shared store.
        """
        ...

    async def settle(self, tries: Sequence[Settlement], at: datetime) -> Sequence[DeliveryState | None]:
        """Record what came of tries and return the new states; None where the fence was overtaken (kept as evidence only).

        An unsettled outcome waits `retry_in` seconds, at most 1 s when a cancel waits in a chain lane; is superseded when a
        newer version of a `latest` lane exists; becomes `unknown` when ambiguous and a cancel waits.
        """
        ...

    async def deliveries(self, alert: str | None = None, states: frozenset[DeliveryState] = frozenset()) -> Sequence[Delivery]:
        """Return deliveries with their attempts, newest alert first; only those in one of `states`, where there are any."""
        ...

    async def backlog(self) -> Mapping[Target, int]:
        """Return how many deliveries wait for a try, of each target that any wait for."""
        ...

    # Published
    async def publication(self) -> Publication:
        """Return the newest publication; cheap enough for every request."""
        ...

    async def snapshot(self) -> Snapshot:
        """Return the newest publication and which versions it names, read in one transaction.

        Those are of alerts that are live or were until 48 hours before it: until they were cancelled, ended or expired.
        """
        ...

    async def published(self, versions: Sequence[VersionKey]) -> Sequence[tuple[str, Published]]:
        """Return the rows of issued versions, each with its feed's name; a row never changes, so nobody reads it twice."""
        ...

    async def heartbeat(self, now: datetime, every_s: float) -> Publication:
        """Bump the publication when it is `every_s` old, else return it unchanged; at = max(previous + 1 s, now)."""
        ...

    async def document(self, identifier: str) -> tuple[bytes, datetime]:
        """Return the issued CAP document and when it was issued; raises Missing."""
        ...

    # People, keys, audit
    async def save_person(self, person: Person, actor: str, at: datetime) -> None:
        """Add or change a person."""
        ...

    async def person(self, name: str) -> Person:
        """Return a person; raises Missing."""
        ...

    async def people(self) -> Sequence[Person]:
        """Return everybody, by name."""
        ...

    async def save_key(self, key: Key, actor: str, at: datetime) -> None:
        """Add or revoke a key."""
        ...

    async def key(self, hash: str) -> Key | None:
        """Find the key with this hash that is not revoked."""
        ...

    async def keys(self) -> Sequence[Key]:
        """Return every key, revoked ones too."""
        ...

    async def note(self, chain: str, actor: str, act: str, body: Mapping[str, Any], at: datetime) -> None:
        """Append to an audit chain what no other verb records."""
        ...

    async def audit(self, chain: str | None = None, *, after: int = 0, most: int = 1000) -> Sequence[AuditEntry]:
        """Return audit entries in the order they were written."""
        ...

    async def seal(self, at: datetime) -> str:
        """Append the digest of all chain heads to the chain `heads` and return it."""
        ...

    # Running it
    async def lease(self, name: str, holder: str, seconds: float) -> int | None:
        """Take or renew a singleton's lease; a fence that only grows, or None while another holds it."""
        ...

    async def changed(self, patience_s: float) -> bool:
        """Return True as soon as another node said that something is due, False when the patience ran out."""
        ...

    async def recover(self) -> int:
        """Free what an earlier process of this store held; call once at start; returns how many deliveries were in flight."""
        ...

    async def check(self) -> None:
        """Prove that the store commits; raises Unavailable."""
        ...

    async def close(self) -> None:
        """Finish what is queued and let go of the store."""
        ...
