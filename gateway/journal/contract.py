"""What the record promises: whole-transaction verbs, data in and data out; no closure ever runs inside a store.

Every verb is one transaction and durable when it returns. Verbs that change something read before carry the revision that was
read; when it moved on they raise Stale and nothing happened. Times named `at` or `now` are the story clock's and aware; leases,
backoff (`retry_in`) and `due` run on the store's own real clock. A store that cannot commit raises Unavailable within 2 s.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from gateway.alert import Act, IncidentKey, Target, Version
from gateway.channel import History, Outcome, Part, Payload, Publication, Published
from gateway.fault import Conflict
from gateway.incident import Incident
from gateway.source import Raw, Refusal


class Stale(Conflict):
    """What was read has changed since; read again and decide again."""

    def __init__(self, what: str) -> None:
        """Name what moved on."""
        super().__init__("stale", f"{what} changed meanwhile", hint="read it again and decide again")


# Intake


class Head(Struct, frozen=True, kw_only=True):
    """What is known of an incident's newest episode; `stopped` is the level a person cancelled or ended it at."""

    key: IncidentKey
    revision: int
    open: bool
    report: Incident
    arrived: datetime
    alert: str | None = None
    stopped: str | None = None


class Placed(Struct, frozen=True, kw_only=True):
    """One report and where it belongs; `expected` is the head's revision, 0 where there was none."""

    report: Incident
    episode: int
    expected: int
    applied: bool
    closes: bool = False
    why: str = ""


class Watched(Struct, frozen=True, kw_only=True):
    """A watch's new state; `expected` is the revision it was computed from, 0 where there was none."""

    key: str
    expected: int
    state: bytes


class TodoKind(StrEnum):
    """Work the gateway owes."""

    DRAFT = "draft"
    PAGE = "page"


class Todo(Struct, frozen=True, kw_only=True):
    """Work that outlives the process; at most one unfinished piece per kind and subject, the newest body wins."""

    kind: TodoKind
    subject: str
    body: bytes = b""


class ItemAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one item of a request."""

    index: int
    accepted: bool
    incident: str = ""
    episode: int = 0
    sensor: str = ""
    applied: bool = True
    code: str = ""
    message: str = ""
    path: str = ""
    hint: str = ""


class Arrival(Struct, frozen=True, kw_only=True):
    """Everything one authenticated request brings (`raw`), or one tick of the watches (`raw` is None).

    `key` is the sender's own receipt key; without it the body's hash serves. `refusals` pair the item's index with the reason.
    """

    at: datetime
    raw: Raw | None = None
    key: str | None = None
    actor: str = "gateway"
    reports: tuple[Placed, ...] = ()
    watches: tuple[Watched, ...] = ()
    refusals: tuple[tuple[int, Refusal], ...] = ()
    answers: tuple[ItemAnswer, ...] = ()
    todos: tuple[Todo, ...] = ()


class Receipt(Struct, frozen=True, kw_only=True):
    """The durable answer to a request; `again` tells that it had been given before."""

    id: str
    source: str
    received_at: datetime
    items: tuple[ItemAnswer, ...]
    again: bool = False


class Quarantined(Struct, frozen=True, kw_only=True):
    """An item that was refused, with the bytes it came in; `settled` is "", "replayed" or "raised"."""

    id: int
    receipt: str
    index: int
    refusal: Refusal
    raw: Raw
    settled: str = ""


class Task(Struct, frozen=True, kw_only=True):
    """A piece of work taken under a lease."""

    id: int
    kind: TodoKind
    subject: str
    body: bytes
    fence: int
    since: datetime


# Alerts


class VersionState(StrEnum):
    """How far the record has taken a version."""

    OPEN = "open"
    FROZEN = "frozen"
    ISSUED = "issued"
    VOID = "void"


class VersionRecord(Struct, frozen=True, kw_only=True):
    """One version as recorded; `hash` is set from submit on."""

    version: Version
    state: VersionState
    hash: str = ""
    issued_at: datetime | None = None


class AlertRecord(Struct, frozen=True, kw_only=True):
    """One alert with all its versions in order of number, and its acts in order of time."""

    id: str
    revision: int
    created_at: datetime
    versions: tuple[VersionRecord, ...]
    acts: tuple[Act, ...]
    finding: str = ""

    @property
    def open(self) -> VersionRecord | None:
        """The one version that is still a draft or waits for approval."""
        return next((v for v in self.versions if v.state in (VersionState.OPEN, VersionState.FROZEN)), None)

    @property
    def newest_issued(self) -> VersionRecord | None:
        """What people have been told last."""
        return next((v for v in reversed(self.versions) if v.state is VersionState.ISSUED), None)


class Draft(Struct, frozen=True, kw_only=True):
    """A new version, or the machine's new text for an open one; `expected` 0 creates the alert.

    `task` is finished in the same transaction. The version's incident, if any, is bound to the alert.
    """

    version: Version
    expected: int
    acts: tuple[Act, ...]
    at: datetime
    task: Task | None = None
    todos: tuple[Todo, ...] = ()


class Submit(Struct, frozen=True, kw_only=True):
    """A version with its identifiers, frozen together with its payload bytes."""

    version: Version
    hash: str
    payloads: tuple[Payload, ...]
    feeds: tuple[Payload, ...]
    acts: tuple[Act, ...]


class Consignment(Struct, frozen=True, kw_only=True):
    """One payload to carry to one target until `deadline`; a lower `priority` goes first.

    A CLEAR part is held back until the version expires; `deadline` then counts from there.
    """

    payload: Payload
    history: History
    priority: int
    deadline: datetime


class Issue(Struct, frozen=True, kw_only=True):
    """The version's public life begins: issued bytes, deliveries, superseded older ones, one new publication.

    `document` is the CAP document that everybody may fetch, None where the version is not for everybody.
    """

    alert: str
    number: int
    hash: str
    expected: int
    at: datetime
    acts: tuple[Act, ...]
    consignments: tuple[Consignment, ...]
    feeds: tuple[Payload, ...]
    document: bytes | None
    stopped: str | None = None
    todos: tuple[Todo, ...] = ()


# Deliveries


class DeliveryState(StrEnum):
    """Where a delivery stands, in words that claim no more than is known."""

    HELD = "held"
    WAITING = "waiting"
    SENDING = "sending"
    ACCEPTED = "accepted"
    ON_AIR = "on-air"
    PARTLY = "partly"
    SIMULATED = "simulated"
    REFUSED = "refused"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    NOTHING_TO_CANCEL = "nothing-to-cancel"
    UNKNOWN = "unknown"


class Claimed(Struct, frozen=True, kw_only=True):
    """A delivery to try now, under a lease; `key` is the same for every try, `sha256` was recorded at issue."""

    id: int
    key: str
    alert: str
    number: int
    payload: Payload
    sha256: str
    fence: int
    attempt: int
    deadline: datetime


class Delivery(Struct, frozen=True, kw_only=True):
    """One version's way to one target, with its attempts so far."""

    id: int
    key: str
    alert: str
    number: int
    target: Target
    part: Part
    state: DeliveryState
    deadline: datetime
    attempts: tuple[Mapping[str, Any], ...]


# Published


class Snapshot(Struct, frozen=True, kw_only=True):
    """One publication with the newest issued version of every alert, by feed name, sorted by alert."""

    publication: Publication
    feeds: Mapping[str, tuple[Published, ...]]


# People


class Person(Struct, frozen=True, kw_only=True):
    """A person who may use the gateway; the password is an argon2 hash."""

    name: str
    roles: frozenset[str]
    password: str
    disabled: bool = False


class Key(Struct, frozen=True, kw_only=True):
    """A bearer key, known only by its hash; it speaks for a person or for a source."""

    id: str
    hash: str
    person: str | None = None
    source: str | None = None
    created_at: datetime | None = None
    revoked: bool = False


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One link of a chain; `digest` covers everything else in it, `previous` included."""

    chain: str
    number: int
    at: datetime
    actor: str
    act: str
    body: bytes
    previous: str
    digest: str


class Journal(Protocol):
    """The record. Verbs are named for what happens in the city, not for tables."""

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

    # Work owed
    async def take(self, kind: TodoKind, most: int, lease_s: float) -> Sequence[Task]:
        """Lease due pieces of work, oldest first."""
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

    async def draft(self, draft: Draft) -> int:
        """Record a draft and return the alert's new revision; raises Stale."""
        ...

    async def edit(self, version: Version, expected: int, act: Act) -> int:
        """Replace the open version's content and return the new revision; raises Stale, Conflict("frozen")."""
        ...

    async def submit(self, submit: Submit, expected: int) -> int:
        """Freeze the open version with its payload rows and return the new revision; raises Stale, Conflict("frozen")."""
        ...

    async def reject(self, alert: str, number: int, expected: int, act: Act) -> int:
        """Void the open version and return the new revision; raises Stale."""
        ...

    async def issue(self, issue: Issue, submit: Submit | None = None) -> Publication:
        """Issue a frozen version, exactly once; with `submit` it is frozen in the same transaction.

        Any other open version of the alert is voided. Older waiting deliveries of `latest` lanes are superseded; a cancel obeys
        the lane table (docs/decisions/lanes.md). Raises Stale, Conflict("hash") when the frozen bytes are not those approved.
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
    async def claim(self, channels: Sequence[str], most: int, lease_s: float, now: datetime) -> Sequence[Claimed]:
        """Lease the eligible head of each lane, by priority, due time and age.

        First settles what cannot go any more: past its deadline (`expired`, and a page is owed), a cancel or clear with nothing
        to take back (`nothing-to-cancel`). A lease that ran out counts as an ambiguous attempt.
        """
        ...

    async def settle(self, claimed: Claimed, outcome: Outcome, *, retry_in: float, at: datetime) -> DeliveryState | None:
        """Record an attempt and return the new state; None when the fence was overtaken (kept as evidence only).

        An unsettled outcome waits `retry_in` seconds, at most 1 s when a cancel waits in a chain lane; is superseded when a
        newer version of a `latest` lane exists; becomes `unknown` when ambiguous and a cancel waits.
        """
        ...

    async def deliveries(self, alert: str | None = None) -> Sequence[Delivery]:
        """Return deliveries with their attempts, newest alert first."""
        ...

    # Published
    async def publication(self) -> Publication:
        """Return the newest publication; cheap enough for every request."""
        ...

    async def snapshot(self) -> Snapshot:
        """Return the newest publication and what it publishes, read in one transaction."""
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

    async def recover(self) -> int:
        """Free what an earlier process of this store held; call once at start; returns how many deliveries were in flight."""
        ...

    async def check(self) -> None:
        """Prove that the store commits; raises Unavailable."""
        ...

    async def close(self) -> None:
        """Finish what is queued and let go of the store."""
        ...
