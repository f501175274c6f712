"""What is claimed where there is not room for everything: judged by a plain list of what waits, on every store."""

import itertools
import random

from gateway.alert import Kind, Target
from gateway.channel import Verdict
from gateway.journal.contract import Journal
from gateway.journal.records import Claimed, Free, Room, Together
from tests.journal.samples import T0, Real, claim, issue, room, settle, submit, tell, version

MUCH = Free(99, 99)

Waiting = list[tuple[int, int, str, str]]
"""What waits, in the order in which it may go: priority, age, alert and lane."""


async def keys(journal: Journal, given_room: Room) -> list[str]:
    return [one.key for one in await journal.claim(given_room, 30, T0)]


async def test_the_reserved_share_goes_to_what_is_urgent_only(journal: Journal) -> None:
    for number, priority in enumerate((3, 2, 3, 1), 1):
        await tell(journal, version(f"A{number}"), ["sms/all"], priority=priority)
    kept = Room(most=MUCH, channels={"sms": Free(1, 3)})
    assert await keys(journal, kept) == ["A4.1.sms.all", "A2.1.sms.all"]
    await tell(journal, version("A5"), ["sms/all"], priority=0)
    assert await keys(journal, Room(most=Free(0, 2), channels={"sms": MUCH})) == ["A5.1.sms.all"]
    assert await keys(journal, Room(most=MUCH, channels={"sms": Free(0, 2)})) == []


async def test_a_target_may_have_a_limit_of_its_own(journal: Journal) -> None:
    for number, priority in enumerate((3, 1, 3), 1):
        await tell(journal, version(f"A{number}"), ["cap/north", "cap/south"], priority=priority)
    shut = Room(most=MUCH, channels={"cap": MUCH}, targets={Target("cap", "north"): Free(0, 0)})
    assert await keys(journal, shut) == ["A2.1.cap.south", "A1.1.cap.south", "A3.1.cap.south"]
    probe = Room(most=MUCH, channels={"cap": MUCH}, targets={Target("cap", "north"): Free(1, 1)})
    assert await keys(journal, probe) == ["A2.1.cap.north"]
    urgent_only = Room(most=MUCH, channels={"cap": MUCH}, targets={Target("cap", "north"): Free(0, 1)})
    assert await keys(journal, urgent_only) == []


async def test_what_stands_before_something_urgent_in_its_lane_is_as_urgent(journal: Journal) -> None:
    """A chain keeps its order, so a cancel would else wait for a slot behind whatever its own first message waits for."""
    await tell(journal, version("A1"), ["cap/north", "cap/south"], priority=3)
    [north] = await claim(journal, "cap", most=1)
    await settle(journal, north, Verdict.ACCEPTED)
    await tell(journal, version("A1", 2, Kind.UPDATE), ["cap/north", "cap/south"], priority=1)
    urgent = Room(most=MUCH, channels={"cap": Free(0, 9)})
    assert await keys(journal, urgent) == ["A1.1.cap.south", "A1.2.cap.north"]


async def test_a_try_that_fails_behind_something_urgent_comes_back_urgent(journal: Journal, real: Real) -> None:
    await tell(journal, version("A1"), ["cap/north"], priority=3)
    [first] = await claim(journal, "cap")
    await tell(journal, version("A1", 2, Kind.UPDATE), ["cap/north"], priority=1)
    await settle(journal, first, Verdict.UNREACHABLE, retry_in=1)
    real.at += 1
    assert await keys(journal, Room(most=MUCH, channels={"cap": Free(0, 9)})) == ["A1.1.cap.north"]


def expected(waiting: Waiting, given_room: Room) -> Waiting:
    """Go through what waits, the most urgent first, and take what there is room for on every level."""
    taken: Waiting = []
    for one in sorted(waiting):
        channel, _, target = one[3].partition("/")
        free = [given_room.most, given_room.channels.get(channel, Free(0, 0))]
        free.append(given_room.targets.get(Target(channel, target), MUCH))
        before = [taken, [t for t in taken if t[3].startswith(f"{channel}/")], [t for t in taken if t[3] == one[3]]]
        for some in given_room.together:
            if Target(channel, target) in some.targets:
                free.append(some.free)
                before.append([t for t in taken if Target(*t[3].split("/")) in some.targets])
        if all(fits(one, *level) for level in zip(before, free, strict=True)):
            taken.append(one)
    return taken


def fits(one: tuple[int, int, str, str], before: Waiting, free: Free) -> bool:
    return len(before) < free.urgent and (one[0] <= 1 or sum(other[0] > 1 for other in before) < free.ordinary)


class Dice:
    """One example after the other, each on channels of its own, so that all of them share one store."""

    def __init__(self, seed: int) -> None:
        """Throw the same with the same seed."""
        self._luck = random.Random(seed)  # noqa: S311 - chance with a seed
        self.lanes = [f"cap{seed}/north", f"cap{seed}/south", f"sms{seed}/all"]
        self.channels = [f"cap{seed}", f"sms{seed}"]

    def told(self) -> list[tuple[int, list[str]]]:
        """Return alerts: the priority and the lanes of each."""
        some = range(1, self._luck.randint(2, 9))
        return [(self._luck.randint(0, 3), sorted(self._some(self.lanes, least=1))) for _ in some]

    def room(self) -> Room:
        """Return a room with limits on every level, or on none."""
        own = {Target(*name.split("/")): self._free() for name in self._some(self.lanes) if self._luck.random() < 0.5}
        return Room(
            most=self._free(),
            channels={name: self._free() for name in self._some(self.channels)},
            targets=own,
            together=tuple(Together(targets=self._targets(), free=self._free()) for _ in range(self._luck.randint(0, 2))),
        )

    def _targets(self) -> frozenset[Target]:
        return frozenset(Target(*name.split("/")) for name in self._some(self.lanes))

    def _some(self, names: list[str], *, least: int = 0) -> list[str]:
        return self._luck.sample(names, self._luck.randint(least, len(names)))

    def _free(self) -> Free:
        urgent = self._luck.randint(0, 6)
        return Free(self._luck.randint(0, urgent), urgent)


async def test_priority_is_respected_among_heads_as_far_as_there_is_room(journal: Journal) -> None:
    """Nothing is settled, so each lane gives its head and no more; in the end whatever is left goes."""
    for seed in range(60):
        dice = Dice(seed)
        waiting = await issued(journal, f"A{seed}", dice.told())
        for _ in range(3):
            there = dice.room()
            now = expected(waiting, there)
            claimed = await journal.claim(there, 1e6, T0)
            assert [(one.priority, one.alert, lane(one)) for one in claimed] == [(p, alert, to) for p, _, alert, to in now], seed
            waiting = [one for one in waiting if one not in now]
        rest = await journal.claim(room(dict.fromkeys(dice.channels, 99), 99), 1e6, T0)
        assert sorted((one.alert, lane(one)) for one in rest) == sorted((alert, to) for _, _, alert, to in waiting), seed


async def issued(journal: Journal, name: str, told: list[tuple[int, list[str]]]) -> Waiting:
    age, waiting = itertools.count(), []
    for number, (priority, lanes) in enumerate(told):
        frozen = submit(version(f"{name}-{number}"), lanes)
        await journal.issue(issue(frozen, 0, priority=priority), frozen)
        waiting += [(priority, next(age), f"{name}-{number}", to) for to in lanes]
    return waiting


def lane(one: Claimed) -> str:
    return f"{one.payload.channel}/{one.payload.target}"


async def test_what_was_told_first_goes_first_where_one_target_has_far_more_to_hear(journal: Journal) -> None:
    to_north = [f"A{number}" for number in range(14)]
    for name in to_north:
        await tell(journal, version(name), ["cap/north"])
    for name in ("B0", "B1"):
        await tell(journal, version(name), ["cap/east", "cap/south"])
    given_room = room({"cap": 12}, 12)
    assert [one.alert for one in await journal.claim(given_room, 30, T0)] == to_north[:12]
    assert await keys(journal, given_room) == [
        *("A12.1.cap.north", "A13.1.cap.north", "B0.1.cap.east", "B0.1.cap.south", "B1.1.cap.east", "B1.1.cap.south")
    ]
