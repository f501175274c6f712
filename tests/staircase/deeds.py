"""What was done, written down beside the record: who touched, saw and approved which version, and what the public was told."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from gateway.alert import Act, Deed, IncidentKey, Kind, Version
from gateway.channel import Part, Payload
from gateway.journal.contract import Journal
from gateway.journal.records import AlertRecord, VersionRecord, VersionState
from tests.staircase.far_side import Attempt, unstamped
from tests.staircase.lane_table import CLEAR

NOTHING = "0" * 64

Nth = tuple[str, int]
"""A version: the alert and the number."""


class Told(Struct, frozen=True, kw_only=True):
    """One version as the public was told it."""

    alert: str
    number: int
    kind: Kind
    at: datetime
    expires: datetime
    level: str
    targets: frozenset[str]
    incident: IncidentKey | None
    on_transit: bool

    def live(self, now: datetime) -> bool:
        """Tell whether people are to act on it."""
        return self.kind in (Kind.ALERT, Kind.UPDATE) and now < self.expires


class Seen(Struct, frozen=True):
    """What stood there to be approved: its hash, and the digest of every payload by target and part."""

    hash: str
    digests: Mapping[tuple[str, str], str]


class Approval(Struct, frozen=True):
    """Whose word let a version out, by its hash; `glass` is the reason of who did it alone."""

    hash: str
    who: str
    glass: str


class Deeds:
    """Everything that was done."""

    def __init__(self) -> None:
        """Nobody has done anything."""
        self.told: dict[str, list[Told]] = defaultdict(list)
        self.expired: set[str] = set()
        self.hands: dict[Nth, set[str]] = defaultdict(set)
        self.alone: set[Nth] = set()
        self.paged: set[str] = set()
        self._seen: dict[Nth, Seen] = {}
        self._approved: dict[Nth, Approval] = {}
        self._cancelled: set[str] = set()

    def touch(self, alert: str, number: int, who: str) -> None:
        """Somebody made, edited or submitted a version."""
        self.hands[alert, number].add(who)

    async def see(self, journal: Journal, alert: str, number: int) -> None:
        """Read what was submitted, as whoever approves it does."""
        self._seen[alert, number] = await self._read(journal, await journal.alert(alert), number)

    def approve(self, alert: str, number: int, hash: str, who: str, glass: str = "") -> None:
        """Somebody approved a version by its hash, or broke the `glass` for it, which everybody is told."""
        self._approved[alert, number] = Approval(hash, who, glass)
        if glass:
            self.paged.add(f"break-glass:{alert}.{number}")

    def cancel(self, alert: str) -> None:
        """Somebody took an alert back, with a reason."""
        self._cancelled.add(alert)
        self.paged.add(f"cancel:{alert}")

    def hash(self, record: AlertRecord) -> str:
        """Return the hash of what waits for approval, as it was seen."""
        seen = self._seen.get((record.id, record.open.version.number)) if record.open else None
        return seen.hash if seen else NOTHING

    def newest(self) -> Iterator[Told]:
        """Yield what was told last of every alert."""
        return (told[-1] for told in self.told.values())

    def live(self, alert: str, now: datetime) -> bool:
        """Tell whether an alert is on the air."""
        return alert not in self.expired and alert in self.told and self.told[alert][-1].live(now)

    def over(self, now: datetime) -> list[str]:
        """Return the alerts whose time is over and has not been recorded."""
        on_air = (told for told in self.newest() if told.kind in (Kind.ALERT, Kind.UPDATE))
        return sorted(told.alert for told in on_air if told.expires <= now and told.alert not in self.expired)

    def stopped(self, key: IncidentKey) -> str:
        """Return the level at which people stopped what was told of an incident, or ""."""
        stops = [told for told in self.newest() if told.incident == key and told.kind in (Kind.END, Kind.CANCEL)]
        return max(stops, key=lambda told: told.alert).level if stops else ""

    def untouched(self, before: Sequence[AlertRecord], after: Sequence[AlertRecord]) -> None:
        """Hold the machine to leaving alone what a person has touched, and what is frozen."""
        now = {record.id: record for record in after}
        for record in before:
            if record.open and (self.hands[record.id, record.open.version.number] or record.open.state is VersionState.FROZEN):
                assert now[record.id].open == record.open, "a machine changed what a person had touched"

    async def issued(self, journal: Journal, now: datetime) -> list[Told]:
        """Return what is newly told; every version of it was seen, and approved by somebody else or taken back with a reason."""
        fresh = []
        for record in await journal.alerts():
            for one in record.versions:
                if one.state is VersionState.ISSUED and one.version.number > self._last(record.id):
                    await self._judge(journal, record, one)
                    assert one.issued_at == now.replace(microsecond=0), "issued at another time than now"
                    fresh.append(_told(one.version, one.issued_at))
                    self.told[record.id].append(fresh[-1])
        return fresh

    def promised(self, attempt: Attempt) -> None:
        """Hold the bytes of a try to those that were approved, with nothing but the time sent written into them."""
        said = attempt.said
        part = Part.CLEAR if said.role == CLEAR else Part.MESSAGE
        seen = self._seen[said.alert, said.number]
        assert digest(unstamped(attempt.body)) == seen.digests[attempt.target, part], f"{said} is not what was approved"
        told = next(one for one in self.told[said.alert] if one.number == said.number)
        assert not said.sent or datetime.fromisoformat(said.sent) == told.at, "sent is not when it was issued"

    async def _judge(self, journal: Journal, record: AlertRecord, one: VersionRecord) -> None:
        name = record.id, one.version.number
        assert all(told.kind in (Kind.ALERT, Kind.UPDATE) for told in self.told[record.id]), "told after it was over"
        seen = await self._read(journal, record, one.version.number)
        if one.version.kind is Kind.CANCEL:
            assert record.id in self._cancelled, "cancelled by nobody"
            assert one.version.reason, "cancelled without a reason"
        elif name in self.alone:
            assert [act.actor for act in _acts(record, name, Deed.APPROVED)] == ["playbook:earthquake"]
        else:
            self._approves(self._approved.pop(name), record, one, seen)
        self._seen[name] = seen
        assert len(_acts(record, name, Deed.ISSUED)) == 1

    def _approves(self, word: Approval, record: AlertRecord, one: VersionRecord, seen: Seen) -> None:
        name = record.id, one.version.number
        assert seen == self._seen[name], "what was issued is not what was submitted"
        assert word.hash == one.hash, "what was issued is not what was approved"
        assert word.glass or word.who not in self.hands[name], "approved by whoever made it"
        [act] = _acts(record, name, Deed.APPROVED)
        assert (act.actor, act.reason, act.break_glass) == (word.who, word.glass, bool(word.glass))

    async def _read(self, journal: Journal, record: AlertRecord, number: int) -> Seen:
        one = next(one for one in record.versions if one.version.number == number)
        payloads, feeds = await journal.frozen(record.id, number)
        assert one.hash == covered(one.version, (*payloads, *feeds)), "the hash does not cover what is frozen"
        return Seen(one.hash, {(payload.target, payload.part): digest(payload.body) for payload in payloads})

    def _last(self, alert: str) -> int:
        return self.told[alert][-1].number if self.told.get(alert) else 0


def _acts(record: AlertRecord, name: Nth, deed: Deed) -> list[Act]:
    return [act for act in record.acts if (record.id, act.number) == name and act.deed is deed]


def covered(version: Version, payloads: Iterable[Payload]) -> str:
    """Work out the hash anew: the whole version, and of every payload where it goes, what it is and its bytes."""
    parts = sorted([p.channel, p.target, p.part.value, p.media_type, digest(p.body)] for p in payloads)
    return digest(msgspec.json.encode([version, parts], order="sorted"))


def digest(body: bytes) -> str:
    """Name bytes."""
    return hashlib.sha256(body).hexdigest()


def _told(version: Version, at: datetime) -> Told:
    return Told(
        alert=version.alert,
        number=version.number,
        kind=version.kind,
        at=at,
        expires=version.expires,
        level=version.level,
        targets=frozenset(target.target for target in version.targets),
        incident=version.incident,
        on_transit=version.transit is not None,
    )
