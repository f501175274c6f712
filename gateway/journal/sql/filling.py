"""Choosing among what may go, in order of urgency: never more than there is room for, on any level."""

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import NamedTuple

from gateway.alert import Target
from gateway.journal.records import Claimed, Free, Priority, Room

_SPARE = 2
_MORE = 8


class Filling:
    """What is left of a room while it fills; what is refused once is refused from then on."""

    def __init__(self, room: Room, claimed: Iterable[Claimed] = (), *, times: int = 1) -> None:
        """Begin with all of the room, or with so many times as much, less what was claimed already."""
        self._all = _Left(room.most, times)
        self._channels = {channel: _Left(free, times) for channel, free in room.channels.items()}
        self._targets = {target: _Left(free, times) for target, free in room.targets.items()}
        self._together = [(one.targets, _Left(one.free, times)) for one in room.together]
        self._levels = _Levels(self._for)
        for one in claimed:
            self.take(Target(one.payload.channel, one.payload.target), one.priority)

    def left(self, to: Target, priority: int) -> int:
        """Return how many more of this priority may go to this target."""
        return min(left.of(priority) for left in self._levels[to])

    def take(self, to: Target, priority: int) -> bool:
        """Let one more go, if it may."""
        levels = self._levels[to]
        for left in levels:
            if left.of(priority) <= 0:
                return False
        for left in levels:
            left.take(priority)
        return True

    def share(self, priority: int, targets: int) -> int:
        """Return how many of each of so many targets fill what is left, and a few more."""
        return self._all.of(priority) // targets + _SPARE

    def _for(self, to: Target) -> list["_Left"]:
        own = [self._targets[to]] if to in self._targets else []
        together = [left for targets, left in self._together if to in targets]
        return [self._all, self._channels.get(to.channel, _NOTHING), *own, *together]


class _Levels(dict[Target, list["_Left"]]):
    """Looks up once what limits a target; this is asked for every head of every lane."""

    def __init__(self, find: Callable[[Target], list["_Left"]]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, to: Target) -> list["_Left"]:
        self[to] = levels = self._find(to)
        return levels


class Head(NamedTuple):
    """A delivery that may go, in the order in which those of one priority go."""

    due: float
    id: int
    alert: str
    to: Target


class Wanted(NamedTuple):
    """The next so many heads of a target that are due after this one."""

    to: Target
    most: int
    due: float
    id: int


class Merging:
    """Merges the queues of several targets, all of one priority, and reads each no further than it has to.

    As long as something is `wanted`, find and `bring` it; then the heads that there is room for have been `chosen`.
    """

    def __init__(self, filling: Filling, priority: int, targets: Iterable[Target]) -> None:
        """Begin to fill; a target that there is no room for is not asked."""
        self._filling, self._priority = filling, priority
        open_ = [to for to in targets if filling.left(to, priority) > 0]
        self._page = filling.share(priority, len(open_)) if open_ else 0
        self.wanted = [Wanted(to, self._page, float("-inf"), 0) for to in open_]
        self.chosen: list[Head] = []
        self._read: dict[Target, deque[Head]] = {to: deque() for to in open_}
        self._ends: dict[Target, Head] = {}
        self._next: list[Head] = []

    def bring(self, heads: Iterable[Head]) -> None:
        """Take what was found of what was wanted, and go on."""
        asked, self.wanted = self.wanted, []
        for head in heads:
            self._read[head.to].append(head)
        for one in asked:
            if len(queue := self._read[one.to]) == one.most:
                self._ends[one.to] = queue[-1]
            self._follow(one.to)
        while self._next and not self.wanted:
            head = heappop(self._next)
            if self._filling.take(head.to, self._priority):
                self.chosen.append(head)
                self._follow(head.to)

    def _follow(self, to: Target) -> None:
        """Let a target's next head stand for it; where what was read of it is used up, there may be more."""
        if self._read[to]:
            heappush(self._next, self._read[to].popleft())
        elif (end := self._ends.pop(to, None)) and self._filling.left(to, self._priority) > 0:
            self._page *= _MORE
            self.wanted.append(Wanted(to, self._page, end.due, end.id))


class _Left:
    def __init__(self, free: Free, times: int) -> None:
        self._ordinary, self._urgent = free.ordinary * times, free.urgent * times

    def of(self, priority: int) -> int:
        return self._urgent if priority <= Priority.URGENT else min(self._ordinary, self._urgent)

    def take(self, priority: int) -> None:
        self._urgent -= 1
        if priority > Priority.URGENT:
            self._ordinary -= 1


_NOTHING = _Left(Free(0, 0), 1)
