"""How long ago something was, for whatever somebody else may take over meanwhile."""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Return seconds that never go back and that pass while the machine sleeps, where its system can tell."""
    return time.clock_gettime(_CLOCK)
