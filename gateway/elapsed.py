"""How long ago something was, for whatever somebody else may take over meanwhile."""

import time
from collections.abc import Callable

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Return seconds that never go back and that pass while the machine sleeps, where its system can tell."""
    return time.clock_gettime(_CLOCK)


def steady() -> Callable[[], float]:
    """Return a clock that tells the time of day as it is now and goes on from there, whatever that is set to later."""
    ahead = time.time() - elapsed()
    return lambda: ahead + elapsed()
