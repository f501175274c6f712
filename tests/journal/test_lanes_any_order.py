"""Whatever happens in whatever order, both kinds of lane keep to the lane table; judged by a log of what was handed out."""

import asyncio
import itertools
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.alert import Kind
from gateway.channel import Verdict
from gateway.journal.contract import Journal
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Claimed, DeliveryState
from tests.journal.samples import T0, Real, claim, issue, settle, states, submit, version
from tests.stores import Opener

LATEST, CHAIN = "sms", "cap"
MAY_HAVE_REACHED = {"accepted", "on-air", "partly", "simulated", "ambiguous"}
OVER = MAY_HAVE_REACHED - {"ambiguous"} | {"refused"}
FOR_GOOD = {"nothing-to-cancel", "superseded", "unknown", *OVER}
LEASE_S = 1e6
BACKOFF_S = 100.0
SEEDS = (20260714, 20260715, 20260716)
EXAMPLES = 25

Step = tuple[object, ...]


@dataclass
class Lane:
    """The log of one lane: what was tried, and how each try ended, in order; it knows the table."""

    channel: str
    tries: list[tuple[int, str]] = field(default_factory=list)
    in_flight: Claimed | None = None
    overtaken: list[Claimed] = field(default_factory=list)
    cancelled: bool = False
    undecided: bool = False
    pointless: bool = False

    def reached(self) -> bool:
        """Tell whether any try may have reached."""
        return any(outcome in MAY_HAVE_REACHED for _, outcome in self.tries)

    def last(self, number: int) -> str:
        """Return how the last try of a version ended, "" before any."""
        return next((outcome for tried, outcome in reversed(self.tries) if tried == number), "")

    def tried(self, number: int) -> int:
        """Return how often a version was tried."""
        return sum(tried == number for tried, _ in self.tries)

    def doubted(self, number: int) -> bool:
        """Tell whether any try of a version was ambiguous."""
        return (number, "ambiguous") in self.tries

    def cancel(self) -> None:
        """Decide now, or as soon as nothing is in flight."""
        self.cancelled = True
        self.undecided = self.in_flight is not None
        self.pointless = not self.undecided and not self.reached()

    def end(self, outcome: str) -> None:
        """Write down how the try in flight ended."""
        assert self.in_flight is not None
        self.tries.append((self.in_flight.number, outcome))
        self.in_flight = None
        if self.undecided:
            self.undecided, self.pointless = False, not self.reached()

    def may_go(self, number: int, newest: int) -> None:
        """Assert that the tables let this version go now."""
        assert self.in_flight is None, "two of one lane in flight"
        assert not self.pointless, "there was nothing to cancel, and yet something went"
        assert self.last(number) not in OVER, "what is over was sent again"
        is_cancel = self.cancelled and number == newest
        assert not is_cancel or self.reached(), "a cancel went where nothing had gone"
        if self.channel == LATEST:
            assert number == newest, "an older version went after a newer one was issued"
            return
        for older in range(1, number):
            skipped = self.last(older) not in OVER
            assert not skipped or (self.cancelled and self.doubted(older)), f"{older} was skipped"
        assert is_cancel or not self.cancelled or not self.doubted(number), "an alert known to be wrong was repeated"

    def arrived(self) -> list[int]:
        """Return the versions that may have arrived, in that order."""
        return [number for number, outcome in self.tries if outcome in MAY_HAVE_REACHED]

    def complete(self, newest: int) -> None:
        """Assert that nothing was forgotten, once everything that can go was accepted."""
        assert self.in_flight is None
        assert self.arrived() == sorted(self.arrived()), "something older arrived after something newer"
        if self.pointless:
            assert self.last(newest) == ""
        else:
            assert self.last(newest) in OVER, "the newest version was never told"
        if self.channel == CHAIN and not self.cancelled:
            assert {self.last(number) for number in range(1, newest + 1)} <= OVER


@dataclass
class Story:
    """One alert to one target; every step is a method of the same name."""

    journal: Journal
    real: Real
    alert: str
    lane: Lane
    newest: int = 0

    async def update(self) -> None:
        """Issue the first or the next version, unless there is a cancel."""
        if not self.lane.cancelled:
            await self._tell(Kind.UPDATE if self.newest else Kind.ALERT)

    async def cancel(self) -> None:
        """Issue the cancel, the last version there is; whatever goes then goes at once."""
        if not self.lane.cancelled:
            self.lane.cancel()
            await self._tell(Kind.CANCEL)
            going = await self.claim()
            assert going or self.lane.pointless or self.lane.undecided, "a cancel waited behind a backoff"

    async def claim(self) -> bool:
        """Take what may go, and judge it."""
        claims = await claim(self.journal, self.lane.channel, lease_s=LEASE_S)
        for claimed in claims:
            assert claimed.alert == self.alert
            self.lane.may_go(claimed.number, self.newest)
            self.lane.in_flight = claimed
        return bool(claims)

    async def settle(self, verdict: Verdict) -> None:
        """End the try in flight, if there is one."""
        if (claimed := self.lane.in_flight) is not None:
            self.lane.end(verdict)
            assert await settle(self.journal, claimed, verdict, retry_in=BACKOFF_S) is not None

    async def attempt(self, verdict: Verdict) -> None:
        """Take what may go, and end the try."""
        await self.claim()
        await self.settle(verdict)

    async def late(self, verdict: Verdict) -> None:
        """An overtaken worker comes home; what it says changes nothing, unless it settles what nobody took since."""
        for claimed in self.lane.overtaken[-1:]:
            before = await states(self.journal, self.alert)
            if verdict.settled and before[claimed.key] == "in-doubt" and self.lane.tried(claimed.number) == claimed.fence:
                self.lane.tries.append((claimed.number, verdict))
                assert await settle(self.journal, claimed, verdict) == DeliveryState(verdict)
            else:
                assert await settle(self.journal, claimed, verdict) is None
                assert await states(self.journal, self.alert) == before

    async def lapse(self) -> None:
        """Every lease runs out, and somebody looks for work on no channel at all."""
        self.real.at += LEASE_S
        self._lose()
        assert await claim(self.journal) == []

    async def unheard(self, meanwhile: str = "") -> None:
        """What may go is claimed, but nobody is told so; whatever is issued meanwhile, that is as if it had waited."""
        held, before = self.lane.in_flight, await states(self.journal, self.alert)
        await claim(self.journal, self.lane.channel, lease_s=LEASE_S)
        if meanwhile and not self.lane.cancelled:
            await self._meanwhile(meanwhile)
        assert await self.journal.put_back([T0], [] if held is None else [(held.id, held.fence)], T0)
        assert meanwhile or await states(self.journal, self.alert) == before

    async def recover(self) -> None:
        """Start again after a crash."""
        assert await self.journal.recover() == self._lose()

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.real.at += seconds

    async def come_to_rest(self) -> None:
        """Accept everything that still goes; where a cancel waits in a chain, a second is all that has to pass."""
        await self.settle(Verdict.ACCEPTED)
        while True:
            hurry = self.lane.channel == CHAIN and self.lane.cancelled and not self.lane.last(self.newest)
            self.real.at += 1.0 if hurry else BACKOFF_S
            if not await self.claim():
                break
            await self.settle(Verdict.ACCEPTED)
        at_rest = await states(self.journal, self.alert)
        assert set(at_rest.values()) <= FOR_GOOD
        self.lane.complete(self.newest)
        assert (at_rest[f"{self.alert}.{self.newest}.{self.lane.channel}.all"] == "nothing-to-cancel") == self.lane.pointless

    async def _meanwhile(self, what: str) -> None:
        if what == "cancel":
            self.lane.cancel()
        await self._tell(Kind(what))

    async def _tell(self, kind: Kind) -> None:
        frozen = submit(version(self.alert, self.newest + 1, kind), [f"{self.lane.channel}/all"])
        await self.journal.issue(issue(frozen, self.newest), frozen)
        self.newest += 1

    def _lose(self) -> int:
        if self.lane.in_flight is None:
            return 0
        self.lane.overtaken.append(self.lane.in_flight)
        self.lane.end("ambiguous")
        return 1


async def live(story: Story, schedule: Iterable[Step]) -> None:
    await story.update()
    for name, *values in schedule:
        await getattr(story, str(name))(*values)
    await story.come_to_rest()


LETTERS: dict[str, Step] = {
    "U": ("update",),
    "C": ("cancel",),
    "c": ("claim",),
    "+": ("attempt", Verdict.ACCEPTED),
    "-": ("attempt", Verdict.UNREACHABLE),
    "?": ("attempt", Verdict.AMBIGUOUS),
}


def words(length: int) -> Iterator[str]:
    """Yield every schedule of so many steps in which nothing is issued after the cancel."""
    for letters in itertools.product(LETTERS, repeat=length):
        word = "".join(letters)
        if not set(word.partition("C")[2]) & {"U", "C"}:
            yield word


def enough(journal: Journal) -> Iterator[str]:
    """Yield all schedules of four steps; where each takes long, those without a cancel have three."""
    if not isinstance(journal, PostgresJournal):
        return words(4)
    return itertools.chain((word for word in words(3) if "C" not in word), (word for word in words(4) if "C" in word))


@pytest.mark.parametrize("channel", [LATEST, CHAIN])
@pytest.mark.parametrize("first", LETTERS)
async def test_every_schedule_of_four_steps_keeps_to_the_table(journal: Journal, real: Real, first: str, channel: str) -> None:
    broken, lived = dict[str, str](), 0
    for word in (word for word in enough(journal) if word.startswith(first)):
        try:
            await live(Story(journal, real, word, Lane(channel)), [LETTERS[letter] for letter in word])
        except AssertionError as said:
            broken[word] = str(said)
        lived += 1
    assert broken == {}
    assert lived > len(LETTERS)


async def alone(opener: Opener, channel: str, schedule: Iterable[Step]) -> None:
    """Live in a store of one's own."""
    with tempfile.TemporaryDirectory() as folder:
        real = Real()
        journal = await opener(Path(folder), real)
        try:
            await live(Story(journal, real, "A1", Lane(channel)), schedule)
        finally:
            await journal.close()


verdicts = st.sampled_from([*Verdict, Verdict.ACCEPTED, Verdict.UNREACHABLE, Verdict.UNREACHABLE, Verdict.AMBIGUOUS])
steps = st.one_of(
    st.just(("update",)),
    st.tuples(st.sampled_from(["attempt", "attempt", "settle", "late"]), verdicts),
    st.sampled_from([("claim",), ("lapse",), ("recover",), ("unheard",), ("unheard", "update")]),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 1.0, BACKOFF_S])),
)
cancels = st.lists(st.sampled_from([("cancel",), ("unheard", "cancel")]), max_size=1)
schedules = st.tuples(st.lists(steps, min_size=2, max_size=15), cancels, st.lists(steps, max_size=10))


@pytest.mark.parametrize("channel", [LATEST, CHAIN])
@pytest.mark.parametrize("number", SEEDS)
def test_long_schedules_keep_to_the_table(opener: Opener, channel: str, number: int) -> None:
    lived = []

    @seed(number)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True)
    @given(schedule=schedules)
    def keeps(schedule: tuple[list[Step], ...]) -> None:
        asyncio.run(alone(opener, channel, itertools.chain(*schedule)))
        lived.append(schedule)

    keeps()
    assert len(lived) >= EXAMPLES
