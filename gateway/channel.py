"""What a way out promises: a channel, which we push to, and a feed, which others fetch."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct

from gateway.alert import Kind, Version, digest
from gateway.incident import Status


class Part(StrEnum):
    """What a payload is for: the message itself, or taking it off the air when it expires."""

    MESSAGE = "message"
    CLEAR = "clear"


class Payload(Struct, frozen=True, kw_only=True):
    """Exact bytes for one target of one channel (or for one feed, whose target is empty)."""

    channel: str
    body: bytes
    media_type: str
    target: str = ""
    part: Part = Part.MESSAGE

    @property
    def sha256(self) -> str:
        """Name the bytes."""
        return digest(self.body)


class Verdict(StrEnum):
    """What we know of one attempt; only the far side's own word makes it `accepted`."""

    ACCEPTED = "accepted"
    ON_AIR = "on-air"
    PARTLY = "partly"
    SIMULATED = "simulated"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    AMBIGUOUS = "ambiguous"

    @property
    def may_have_reached(self) -> bool:
        """Tell whether people may have seen it, so that a cancel must follow."""
        return self not in (Verdict.REFUSED, Verdict.UNREACHABLE)

    @property
    def settled(self) -> bool:
        """Tell whether trying again is pointless."""
        return self not in (Verdict.UNREACHABLE, Verdict.AMBIGUOUS)


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt's verdict and its evidence; no secret stands in either.

    `answered` tells of an unsettled one that the far side did answer, though not what we hoped for.
    """

    verdict: Verdict
    note: str = ""
    retry_after: float | None = None
    answered: bool = False
    evidence: Mapping[str, str] = {}

    @property
    def heard(self) -> bool:
        """Tell whether the far side said anything at all."""
        return self.answered or self.verdict.settled


class History(StrEnum):
    """What a target needs of the versions before: only the latest, or the whole chain in order."""

    LATEST = "latest"
    CHAIN = "chain"


class Abilities(Struct, frozen=True, kw_only=True):
    """What a channel can do; `accepts` are the worlds whose messages it may carry.

    `classes` name the texts it renders from beside the fields that all share (translations/templates.toml, [classes]).
    """

    history: History
    clears: bool = False
    accepts: frozenset[Status] = frozenset({Status.ACTUAL})
    classes: frozenset[str] = frozenset()


class Out(Protocol):
    """The only door to other machines, as a channel sees it."""

    async def post(self, url: str, body: bytes, *, media_type: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """Send bytes and say what the answer means; never raises for what the far side does."""
        ...

    async def mail(
        self, url: str, message: bytes, sender: str, recipients: Sequence[str], *, login: tuple[str, str] | None = None
    ) -> Outcome:
        """Hand a mail to the server at an smtp or smtps URL and say what its answer means; `login` is a name and its password."""
        ...


class Channel(Protocol):
    """One configured way out that we push to."""

    @property
    def name(self) -> str:
        """The instance's name in the city's settings."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What this channel can do."""
        ...

    @property
    def targets(self) -> tuple[str, ...]:
        """The configured peers or lists."""
        ...

    def render(self, version: Version) -> Sequence[Payload]:
        """Return the payloads of each target of ours that the version names; pure, same version, same bytes."""
        ...

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Try once; `delivery` is the same for every try of the same bytes."""
        ...


class Publication(Struct, frozen=True):
    """One state of everything published; feeds derive their time and ETag from it alone.

    A standby that takes over begins another `line` of the record: what the old one published and had not handed on never was.
    """

    revision: int
    at: datetime
    line: int = 0

    def follows(self, other: "Publication") -> bool:
        """Tell whether this came after another one."""
        return (self.line, self.revision) > (other.line, other.revision)


class Published(Struct, frozen=True, kw_only=True):
    """The newest issued version of one alert as a feed sees it, with that feed's frozen bytes."""

    alert: str
    number: int
    kind: Kind
    issued_at: datetime
    expires: datetime
    body: bytes

    def live(self, at: datetime) -> bool:
        """Tell whether people are to act on it at that time."""
        return self.kind in (Kind.ALERT, Kind.UPDATE) and at < self.expires


class Feed(Protocol):
    """A way out that others fetch."""

    name: str
    path: str
    media_type: str
    keeps: timedelta

    def render(self, version: Version) -> bytes | None:
        """Return this feed's frozen bytes of a version, or None where the version has nothing for it; pure."""
        ...

    def join(self, publication: Publication, rows: Sequence[Published], base_url: str) -> bytes:
        """Return the whole feed; pure, `publication.at` is its only time, rows come sorted by alert."""
        ...


@runtime_checkable
class Narrowing(Feed, Protocol):
    """A feed of which readers may ask for a part."""

    def narrowed(self, asked: Mapping[str, str]) -> Feed:
        """Return the part that a query names, its own `path` naming that part; raises BadInput("parameter-*").

        What it does not know of the query is no wish of ours, and passed over.
        """
        ...
