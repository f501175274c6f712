"""Choosing among what may go, in order of urgency: never more than there is room for, on any level."""

from collections.abc import Iterable

from gateway.alert import Target
from gateway.journal.records import Claimed, Free, Priority, Room


class Filling:
    """What is left of a room while it fills; what is refused once is refused from then on."""

    def __init__(self, room: Room, claimed: Iterable[Claimed] = ()) -> None:
        """Begin with all of the room, less what was claimed already."""
        self._all = _Left(room.most)
        self._channels = {channel: _Left(free) for channel, free in room.channels.items()}
        self._targets = {target: _Left(free) for target, free in room.targets.items()}
        for one in claimed:
            self.take(Target(one.payload.channel, one.payload.target), one.priority)

    def left(self, to: Target, priority: int) -> int:
        """Return how many more of this priority may go to this target."""
        return min(left.of(priority) for left in self._for(to))

    def take(self, to: Target, priority: int) -> bool:
        """Let one more go, if it may."""
        if self.left(to, priority) <= 0:
            return False
        for left in self._for(to):
            left.take(priority)
        return True

    def _for(self, to: Target) -> list["_Left"]:
        levels = [self._all, self._channels.get(to.channel, _NOTHING)]
        return [*levels, self._targets[to]] if to in self._targets else levels


class _Left:
    def __init__(self, free: Free) -> None:
        self._ordinary, self._urgent = free

    def of(self, priority: int) -> int:
        return self._urgent if priority <= Priority.URGENT else min(self._ordinary, self._urgent)

    def take(self, priority: int) -> None:
        self._urgent -= 1
        if priority > Priority.URGENT:
            self._ordinary -= 1


_NOTHING = _Left(Free(0, 0))
