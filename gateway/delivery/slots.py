"""How many tries may be in flight at once, and the share of it that waits for what is urgent."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

from gateway.alert import Target
from gateway.channel import Channel
from gateway.journal.records import Claimed, Free, Priority, Room, Together

RESERVED = 4
"""One slot in so many, and at least one, is never given to anything but cancels and what is Extreme or Immediate."""


class Slots:
    """Counts the tries in flight: in all, of each channel, and of each target.

    Where a channel has several targets, no one of them holds more than half of its slots; nor do all those together that did not
    answer the last time, of any channel or of all slots.
    """

    def __init__(self, channels: Mapping[str, Channel], most: int, per_channel: int) -> None:
        """Begin with nothing in flight."""
        several = [channel for channel in channels.values() if len(channel.targets) > 1]
        self._most = most
        self._channels = dict.fromkeys(channels, per_channel)
        self._targets = {Target(one.name, name): max(per_channel // 2, 1) for one in several for name in one.targets}
        self._taken: Counter[tuple[object, bool]] = Counter()

    def room(self, circuits: Mapping[Target, Free], unheard: frozenset[Target]) -> Room:
        """Return what there is room for, given what the targets' circuits let through and who did not answer the last time."""
        own = {target: self._free(most, [target]) for target, most in self._targets.items()}
        both = own | {target: _less(own.get(target, free), free) for target, free in circuits.items()}
        channels = {name: self._free(most, [name]) for name, most in self._channels.items()}
        together = tuple(self._together(unheard))
        return Room(most=self._free(self._most, [None]), channels=channels, targets=both, together=together)

    def take(self, claimed: Claimed) -> None:
        """Count one more in flight."""
        for level in _levels(claimed):
            self._taken[level] += 1

    def give_back(self, claimed: Claimed) -> None:
        """Count one less."""
        for level in _levels(claimed):
            self._taken[level] -= 1

    def _together(self, unheard: frozenset[Target]) -> Iterator[Together]:
        by_channel = defaultdict[str, set[Target]](set)
        for target in unheard:
            by_channel[target.channel].add(target)
        for most, targets in [(self._most, unheard), *((self._channels[name], some) for name, some in by_channel.items())]:
            yield Together(targets=frozenset(targets), free=self._free(max(most // 2, 1), targets))

    def _free(self, most: int, levels: Collection[object]) -> Free:
        urgent, ordinary = (sum(self._taken[level, which] for level in levels) for which in (True, False))
        return Free(most - _reserved(most) - ordinary, most - ordinary - urgent)


def _reserved(most: int) -> int:
    """A single slot is reserved for nobody, for then nothing ordinary could ever go."""
    return min(max(most // RESERVED, 1), most - 1)


def _less(one: Free, other: Free) -> Free:
    return Free(min(one.ordinary, other.ordinary), min(one.urgent, other.urgent))


def _levels(claimed: Claimed) -> list[tuple[object, bool]]:
    channel, urgent = claimed.payload.channel, claimed.priority <= Priority.URGENT
    return [(level, urgent) for level in (None, channel, Target(channel, claimed.payload.target))]
