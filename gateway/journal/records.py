"""What the record takes and gives back: plain data, frozen, with no behaviour of a store in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from msgspec import Struct

from gateway.alert import Act, IncidentKey, Target, Version
from gateway.channel import History, Outcome, Part, Payload, Publication, Verdict
from gateway.fault import Finding
from gateway.formats.cap import Message
from gateway.incident import Incident, Status
from gateway.source import Raw, Refusal

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
    """One report and where it belongs; `expected` is the head's revision by then, 0 where there was none."""

    report: Incident
    episode: int
    expected: int
    applied: bool
    closes: bool = False
    why: str = ""


class Reported(Struct, frozen=True, kw_only=True):
    """One report as recorded: `applied` and otherwise `why` not, whether it `closes` its episode, and the receipt it came in."""

    episode: int
    report: Incident
    arrived: datetime
    applied: bool
    closes: bool
    why: str
    receipt: str


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
    cap: str = ""
    applied: bool = True
    code: str = ""
    message: str = ""
    path: str = ""
    hint: str = ""


class Foreign(Struct, frozen=True, kw_only=True):
    """A message of another agency, with what is to be known about it; it counts until `expires`.

    `id` names its sender, its identifier and when it was sent; `earlier` names in the same way those it follows.
    """

    id: str
    message: Message
    expires: datetime
    findings: tuple[Finding, ...] = ()
    earlier: tuple[str, ...] = ()


class Heard(Struct, frozen=True, kw_only=True):
    """A message of another agency in the record: from which partner, in which bytes, and what became of it.

    `later` names the Updates and Cancels that take its place, in order; `unknown` those of `earlier` that never came.
    """

    foreign: Foreign
    source: str
    receipt: str
    sha256: str
    arrived: datetime
    later: tuple["Later", ...] = ()
    unknown: tuple[str, ...] = ()

    def live(self, now: datetime) -> bool:
        """Tell whether it counts: an Alert or Update of the real world or an exercise, not over, and nothing took its place."""
        said = self.foreign.message
        counts = said.msg_type in ("Alert", "Update") and said.status in ("Actual", "Exercise")
        return counts and not self.later and self.foreign.expires > now


class Later(NamedTuple):
    """A message that takes the place of an earlier one: CAP's msgType, and its name."""

    msg_type: str
    id: str


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
    foreign: tuple[Foreign, ...] = ()
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


class Beside(Struct, frozen=True, kw_only=True):
    """The `alerts` that were seen `at` that time to tell of the same hazard near a version, each as (id, revision)."""

    at: datetime
    alerts: frozenset[tuple[str, int]]


class Submit(Struct, frozen=True, kw_only=True):
    """A version with its identifiers, frozen together with its payload bytes.

    With `beside` it rests on that nobody else tells, or waits to tell, of the same hazard near its places.
    """

    version: Version
    hash: str
    payloads: tuple[Payload, ...]
    feeds: tuple[Payload, ...]
    acts: tuple[Act, ...]
    beside: Beside | None = None


class Priority(IntEnum):
    """How urgent a delivery is, the most urgent first; URGENT and above is what a share of all slots is reserved for."""

    CANCEL = 0
    URGENT = 1
    SEVERE = 2
    OTHER = 3


class Consignment(Struct, frozen=True, kw_only=True):
    """One payload to carry to one target until `deadline`; a lower `priority` (a Priority) goes first.

    A CLEAR part is held back until the version expires; `deadline` then counts from there.
    """

    payload: Payload
    history: History
    priority: int
    deadline: datetime


class Issue(Struct, frozen=True, kw_only=True):
    """The version's public life begins: issued bytes, deliveries, superseded older ones, one new publication.

    `document` is the CAP document that everybody may fetch, None where the version is not for everybody. `task` is
    finished in the same transaction.
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
    task: Task | None = None
    todos: tuple[Todo, ...] = ()


# Deliveries


class Free(NamedTuple):
    """How many deliveries may go: `urgent` in all, and no more than `ordinary` of them less than urgent."""

    ordinary: int
    urgent: int


class Together(Struct, frozen=True, kw_only=True):
    """Targets that have so much free among them all."""

    targets: frozenset[Target]
    free: Free


class Room(Struct, frozen=True, kw_only=True):
    """What may be claimed: `most` in all, of a channel, of a target and of some targets `together` what they have free.

    A channel that is not named gets nothing; a target that is not named is limited by its channel alone.
    """

    most: Free
    channels: Mapping[str, Free]
    targets: Mapping[Target, Free] = {}
    together: tuple[Together, ...] = ()


class DeliveryState(StrEnum):
    """Where a delivery stands, in words that claim no more than is known.

    On its way: HELD until the version expires, WAITING for a try, IN_DOUBT (a try may have arrived, nobody said so, and there
    will be another), SENDING. Taken, in the far side's own words: ACCEPTED, ON_AIR, PARTLY; SIMULATED where nothing was to be
    sent. Not needed any more: SUPERSEDED, NOTHING_TO_CANCEL. Dead, so that a person is paged: REFUSED for good, EXPIRED
    untold, UNKNOWN (in doubt for ever).
    """

    HELD = "held"
    WAITING = "waiting"
    IN_DOUBT = "in-doubt"
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
    """A delivery to try now, under a lease; `key` is the same for every try, `sha256` was recorded at issue.

    `status` is the version's: the world these bytes are for.
    """

    id: int
    key: str
    alert: str
    number: int
    status: Status
    priority: int
    payload: Payload
    sha256: str
    fence: int
    attempt: int
    deadline: datetime


class Settlement(Struct, frozen=True, kw_only=True):
    """What came of a try; an unsettled one is due again in `retry_in` seconds. `page` is owed where the outcome counts."""

    claimed: Claimed
    outcome: Outcome
    retry_in: float
    page: Todo | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """One try to deliver, the `attempt`-th; `late` is one that was overtaken and decided nothing."""

    attempt: int
    at: datetime
    verdict: Verdict
    note: str
    evidence: Mapping[str, str]
    late: bool


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
    attempts: tuple[Attempt, ...]


# Published


VersionKey = tuple[str, int]
"""A version by its alert's id and its number."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """One publication and the versions that it names: the newest issued one of every alert, sorted by alert."""

    publication: Publication
    versions: Sequence[VersionKey]


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
