"""Small sound documents to feed a record with, and a hand to lead an alert through its life."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from gateway.alert import Act, Deed, IncidentKey, Kind, Reference, Target, Version
from gateway.channel import History, Outcome, Part, Payload, Publication, Verdict
from gateway.fault import Finding, Gravity
from gateway.formats.cap import Info, Message, sent_text
from gateway.incident import Incident
from gateway.journal.contract import Journal
from gateway.journal.records import (
    Claimed,
    Consignment,
    DeliveryState,
    Draft,
    Foreign,
    Free,
    Issue,
    Placed,
    Room,
    Settlement,
    Submit,
    Todo,
)
from gateway.policy.foreign import earlier, name
from gateway.source import Raw
from tests import samples

T0 = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Real:
    """The store's own clock, moved by hand."""

    def __init__(self) -> None:
        """Start anywhere."""
        self.at = 1000.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.at


def raw(body: bytes = b"{}", *, source: str = "gauge", at: datetime = T0) -> Raw:
    return Raw(
        source=source, media_type="application/json", body=body, received_at=at, headers={"content-type": "application/json"}
    )


def incident(id: str = "gapcheon", *, source: str = "gauge", sequence: int = 1) -> Incident:
    facts = {"depth": {"value": 4.2, "unit": "m"}}
    return samples.incident(source=source, id=id, onset=T0, sequence=sequence, facts=facts)


def placed(
    report: Incident | None = None, *, episode: int = 1, expected: int = 0, applied: bool = True, closes: bool = False
) -> Placed:
    return Placed(report=report or incident(), episode=episode, expected=expected, applied=applied, closes=closes)


def version(  # noqa: PLR0913 - whatever a test wants to vary, by name
    alert: str = "A1",
    number: int = 1,
    kind: Kind = Kind.ALERT,
    *,
    expires: datetime = T0 + HOUR,
    withdrawn: tuple[Target, ...] = (),
    about: IncidentKey | None = None,
    level: str = "warning",
) -> Version:
    return samples.version(
        alert=alert,
        number=number,
        kind=kind,
        playbook="river",
        level=level,
        places=(),
        texts=(),
        onset=T0,
        effective=T0,
        expires=expires,
        incident=about,
        withdrawn=withdrawn,
        identifier=f"{alert}.{number}",
    )


def act(number: int, deed: Deed, actor: str = "kim", at: datetime = T0, reason: str = "") -> Act:
    return Act(number=number, deed=deed, actor=actor, at=at, reason=reason)


def parts(of: Version, lanes: Iterable[str], *, clears: bool = False) -> tuple[Payload, ...]:
    """Return one message (and one clear) for each lane, written "channel/target"."""
    kinds = (Part.MESSAGE, Part.CLEAR) if clears else (Part.MESSAGE,)
    return tuple(
        Payload(
            channel=lane.partition("/")[0],
            target=lane.partition("/")[2],
            body=f"{of.alert}.{of.number} {of.kind} {part} to {lane}".encode(),
            media_type="text/plain",
            part=part,
        )
        for lane in lanes
        for part in kinds
    )


def submit(of: Version, lanes: Iterable[str] = (), *, clears: bool = False, feeds: Iterable[str] = ("atom",)) -> Submit:
    listed = tuple(
        Payload(channel=name, body=f"{of.alert}.{of.number} in {name}".encode(), media_type="text/plain") for name in feeds
    )
    acts = (act(of.number, Deed.SUBMITTED),)
    return Submit(version=of, hash=f"hash-{of.number}", payloads=parts(of, lanes, clears=clears), feeds=listed, acts=acts)


def issue(frozen: Submit, expected: int, at: datetime = T0, *, stopped: str | None = None, priority: int = 1) -> Issue:
    """Return the order to issue what was frozen; a channel whose name starts with "cap" keeps the whole chain."""
    of = frozen.version
    return Issue(
        alert=of.alert,
        number=of.number,
        hash=frozen.hash,
        expected=expected,
        at=at,
        acts=(act(of.number, Deed.APPROVED, "lee", at), act(of.number, Deed.ISSUED, "gateway", at)),
        consignments=tuple(consignment(payload, of, priority) for payload in frozen.payloads),
        feeds=frozen.feeds,
        document=f"<alert>{of.identifier}</alert>".encode(),
        stopped=stopped,
    )


def consignment(payload: Payload, of: Version, priority: int = 1) -> Consignment:
    history = History.CHAIN if payload.channel.startswith("cap") else History.LATEST
    return Consignment(payload=payload, history=history, priority=priority, deadline=of.expires + HOUR)


async def tell(  # noqa: PLR0913 - whatever a test wants to vary, by name
    journal: Journal,
    of: Version,
    lanes: Iterable[str] = (),
    *,
    at: datetime = T0,
    clears: bool = False,
    feeds: Iterable[str] = ("atom",),
    priority: int = 1,
) -> Publication:
    """Draft, submit and issue a version."""
    expected = await revision(journal, of.alert)
    drafted = Draft(version=of, expected=expected, acts=(act(of.number, Deed.DRAFTED),), at=at)
    expected = await journal.draft(drafted)
    frozen = submit(of, lanes, clears=clears, feeds=feeds)
    expected = await journal.submit(frozen, expected)
    return await journal.issue(issue(frozen, expected, at, priority=priority))


async def revision(journal: Journal, alert: str) -> int:
    known = {record.id: record.revision for record in await journal.alerts()}
    return known.get(alert, 0)


async def claim(journal: Journal, *channels: str, most: int = 10, lease_s: float = 30, now: datetime = T0) -> list[Claimed]:
    return list(await journal.claim(room(dict.fromkeys(channels, most), most), lease_s, now))


def room(channels: Mapping[str, int], most: int) -> Room:
    """Return a room with no share that is reserved."""
    return Room(most=Free(most, most), channels={name: Free(free, free) for name, free in channels.items()})


async def settle(
    journal: Journal, claimed: Claimed, verdict: Verdict, *, retry_in: float = 8.0, at: datetime = T0
) -> DeliveryState | None:
    [state] = await journal.settle([settlement(claimed, verdict, retry_in=retry_in)], at)
    return state


def settlement(claimed: Claimed, verdict: Verdict, *, retry_in: float = 8.0, page: Todo | None = None) -> Settlement:
    outcome = Outcome(verdict=verdict, note="as the far side said")
    return Settlement(claimed=claimed, outcome=outcome, retry_in=retry_in, page=page)


async def states(journal: Journal, alert: str = "A1") -> dict[str, str]:
    """Return the state of every delivery by its key."""
    return {delivery.key: delivery.state.value for delivery in await journal.deliveries(alert)}


FLAG = Finding(rule="T01", message="it never expires", severity=Gravity.WARNING, path="/alert/info", line=9)
ENDS = T0 + 3 * HOUR


def reference(id: str, minute: int) -> Reference:
    """Name a message of the weather agency, sent so many minutes after T0."""
    return Reference(sender="wx@agency.example", identifier=id, sent=sent_text(T0 + minute * MINUTE))


def foreign(id: str, minute: int, *after: Reference, kind: str = "Alert", status: str = "Exercise") -> Foreign:
    """A message of the weather agency that follows others."""
    info = Info(language="en", categories=("Met",), event="Rain", urgency="Expected", severity="Severe", certainty="Likely")
    own = reference(id, minute)
    said = Message(
        identifier=id,
        sender=own.sender,
        sent=datetime.fromisoformat(own.sent),
        sent_text=own.sent,
        status=status,
        msg_type=kind,
        scope="Public",
        references=after,
        infos=(info,),
    )
    return Foreign(id=name(own), message=said, expires=ENDS, findings=(FLAG,), earlier=earlier(said))
