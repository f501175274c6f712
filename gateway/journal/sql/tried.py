"""What came of a try, before it is written down: pure, and the same for every store of the record."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from gateway.channel import Outcome, Verdict
from gateway.journal.records import DeliveryState, Settlement
from gateway.journal.sql import entries
from gateway.journal.sql.entries import Body, Entry
from gateway.journal.sql.lane import Lane

Turn = tuple[int, int]
"""A delivery and the fence it was claimed with."""

LEASE_OVER = Outcome(verdict=Verdict.AMBIGUOUS, note="the lease ran out before the attempt was settled")


class Tried(NamedTuple):
    """One try of a delivery, under the fence it was claimed with."""

    id: int
    fence: int
    lane: Lane
    key: str
    outcome: Outcome
    retry_in: float
    at: datetime

    @property
    def turn(self) -> Turn:
        """Name this one try of all."""
        return self.id, self.fence


class News(NamedTuple):
    """What a try makes of its delivery, as long as nobody else has taken that since; it is due again in `wait` seconds.

    What settles it for good counts also when its lease has run out and it waits for another try.
    """

    id: int
    fence: int
    state: DeliveryState
    wait: float
    reached: bool
    doubt: bool
    for_good: bool

    @property
    def leads(self) -> bool:
        """Tell whether the delivery is still the one its lane waits for."""
        return self.state is DeliveryState.WAITING


def tried(one: Settlement, at: datetime) -> Tried:
    """Return the try that a settlement speaks of."""
    claimed = one.claimed
    lane = Lane(claimed.alert, claimed.payload.channel, claimed.payload.target)
    return Tried(claimed.id, claimed.fence, lane, claimed.key, one.outcome, one.retry_in, at)


def news(one: Tried, state: DeliveryState, wait: float) -> News:
    """Return what becomes of a delivery that is in this state after its try."""
    verdict = one.outcome.verdict
    return News(one.id, one.fence, state, wait, verdict.may_have_reached, verdict is Verdict.AMBIGUOUS, verdict.settled)


def settled(tries: Iterable[Tried]) -> list[News]:
    """Return what becomes of those whose outcome needs no look at their lane."""
    return [news(one, DeliveryState(one.outcome.verdict), 0.0) for one in tries if one.outcome.verdict.settled]


def unsettled(tries: Iterable[Tried]) -> list[Tried]:
    """Return those whose lane decides what becomes of them."""
    return [one for one in tries if not one.outcome.verdict.settled]


def attempted(tries: Iterable[Tried], counting: Collection[Turn]) -> list[Entry]:
    """Return what the audit is told of tries: one entry for those of an alert that are written down together."""
    told: dict[tuple[str, datetime], list[Body]] = defaultdict(list)
    for one in tries:
        late = one.turn not in counting
        told[one.lane.alert, one.at].append(entries.attempt(one.key, one.fence, one.outcome, late=late))
    return [entries.attempted(alert, attempts, at) for (alert, at), attempts in told.items()]


def late_but_reaching(tries: Iterable[Tried], counting: Collection[Turn]) -> list[int]:
    """Return the deliveries that these tries decide nothing of any more, but that may have reached the far side by them."""
    return [one.id for one in tries if one.turn not in counting and one.outcome.verdict.may_have_reached]
