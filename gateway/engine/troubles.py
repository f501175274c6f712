"""What of the gateway's own work is broken just now, so that health can say so."""

import time
from collections.abc import Callable, Mapping

LASTING_S = 30.0


class Troubles:
    """A breakage is remembered until the work is known to go on, or was not seen to break again for 30 s.

    `silent` says which targets, as channel/target, do not answer, and for how many seconds: that is no breakage of ours.
    """

    def __init__(self, real: Callable[[], float] = time.monotonic) -> None:
        """Nothing is broken; `real` is a monotonic clock in seconds."""
        self._real = real
        self._broken: dict[str, tuple[str, float]] = {}
        self.silent: Callable[[], Mapping[str, float]] = dict

    def broke(self, what: str, why: str) -> None:
        """Remember that some work broke."""
        self._broken[what] = (why, self._real())

    def works(self, what: str) -> None:
        """Forget it: the work was done."""
        self._broken.pop(what, None)

    def now(self) -> Mapping[str, str]:
        """Return what is broken, and why."""
        since = self._real() - LASTING_S
        return {what: why for what, (why, at) in sorted(self._broken.items()) if at > since}
