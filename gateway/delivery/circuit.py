"""Circuits: a target that does not answer is asked by one try at a time, until it answers again.

Circuits delay, they never drop: what waits goes on waiting until its deadline, and a cancel takes back what it can. Times are
monotonic seconds that are handed in; nothing here waits or looks at a clock.
"""

from collections import defaultdict
from collections.abc import Mapping

from gateway.alert import Target
from gateway.journal.records import Free

OPENS_AFTER = 5
PROBES_S = (1.0, 2.0, 4.0, 5.0)
LONGEST_REST_S = 30.0
PAGED_AFTER_S = 30.0


class Circuit:
    """One target's. It opens after so many unanswered tries in a row, and rests where the target asked for patience.

    While open it lets one probe through at a time, 1, 2, 4 and from then on 5 seconds apart; while resting the same, but only for
    what is urgent. Any answer closes it, a refusal too.
    """

    def __init__(self, opens_after: int = OPENS_AFTER) -> None:
        """Begin closed."""
        self.opened: float | None = None
        self.paged = False
        self._opens_after = opens_after
        self._misses = 0
        self._rests_until = 0.0
        self._probes = 0
        self._next_probe = 0.0
        self._probing = False

    def free(self, now: float) -> Free | None:
        """Return what may go now, None where that is not ours to limit."""
        if not self._holds(now):
            return None
        probes = 0 if self._probing or now < self._next_probe else 1
        return Free(0 if self.opened is None else probes, probes)

    @property
    def unheard(self) -> bool:
        """Tell whether the last try got no answer."""
        return self._misses > 0

    def probe_in(self, now: float) -> float | None:
        """Return the seconds until a probe may go, None where none is waited for."""
        return self._next_probe - now if self._holds(now) and not self._probing and now < self._next_probe else None

    def goes(self, now: float) -> bool:
        """Hear that a try is about to be made; True where it is the probe."""
        self._probing = self._probing or self._holds(now)
        return self._holds(now)

    def comes_back(self, *, probe: bool) -> None:
        """Hear that a try is over, whatever came of it."""
        self._probing = self._probing and not probe

    def answered(self, now: float, rest_s: float | None) -> float | None:
        """Hear that the target answered, and how long it wants to be left alone; return for how long it had been silent."""
        silent = None if self.opened is None else now - self.opened
        again = self._probing and rest_s is not None
        self.opened, self.paged, self._misses, self._probing = None, False, 0, False
        if rest_s is None:
            self._rests_until = 0.0
        else:
            self._rest(now, rest_s, again=again)
        return silent

    def missed(self, now: float, *, probe: bool) -> bool:
        """Hear that a try got no answer; True where that opened the circuit."""
        self._misses += 1
        if probe:
            self._probing = False
            self._probe_later(now, self._probes + 1)
        if self.opened is not None or self._misses < self._opens_after:
            return False
        self.opened = now
        self._probe_later(now, 0)
        return True

    def _holds(self, now: float) -> bool:
        return self.opened is not None or now < self._rests_until

    def _rest(self, now: float, seconds: float, *, again: bool) -> None:
        if again or now >= self._rests_until:
            self._probe_later(now, self._probes + 1 if again else 0)
        self._rests_until = max(self._rests_until, now + seconds)

    def _probe_later(self, now: float, probes: int) -> None:
        self._probes = probes
        self._next_probe = now + PROBES_S[min(probes, len(PROBES_S) - 1)]


class Circuits:
    """The circuits of all targets that were tried."""

    def __init__(self, opens_after: int = OPENS_AFTER) -> None:
        """Begin with all of them closed."""
        self._circuits = defaultdict[Target, Circuit](lambda: Circuit(opens_after))

    def __getitem__(self, target: Target) -> Circuit:
        """Return a target's circuit."""
        return self._circuits[target]

    def free(self, now: float) -> Mapping[Target, Free]:
        """Return what may go now to each target that does not get whatever is due."""
        limits = {target: circuit.free(now) for target, circuit in self._circuits.items()}
        return {target: free for target, free in limits.items() if free is not None}

    def unheard(self) -> frozenset[Target]:
        """Return the targets whose last try got no answer."""
        return frozenset(target for target, circuit in self._circuits.items() if circuit.unheard)

    def next_probe_in(self, now: float, otherwise: float) -> float:
        """Return the seconds until any target may be probed, at most `otherwise`."""
        waits = (one.probe_in(now) for one in self._circuits.values())
        return min([otherwise, *(wait for wait in waits if wait is not None)])

    def silent(self, now: float) -> Mapping[Target, float]:
        """Return the targets whose circuit is open, and for how many seconds it has been."""
        return {target: now - one.opened for target, one in sorted(self._circuits.items()) if one.opened is not None}

    def unpaged(self, now: float) -> list[Target]:
        """Return the targets that have been silent for so long that a person must know, and nobody was told yet."""
        long = [target for target, seconds in self.silent(now).items() if seconds >= PAGED_AFTER_S]
        return [target for target in long if not self._circuits[target].paged]
