"""What this process was given to carry: all else that stands as claimed by it was claimed for nobody, and is put back."""

from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.journal.contract import Journal
from gateway.journal.records import Claimed, Room


class Hands:
    """Claims, and remembers what it got until that is let go; a process has one pair, used by one caller at a time."""

    def __init__(self, journal: Journal, now: Callable[[], datetime]) -> None:
        """Begin with nothing in hands."""
        self._journal, self._now = journal, now
        self._held = set[tuple[int, int]]()
        self._unheard = set[datetime]()

    async def put_back(self) -> None:
        """Put back what was claimed without our being told so, if that may have happened; raises Unavailable.

        To be called again before every claim: the record says when nothing more of a claim that failed can come to light.
        """
        if self._unheard and await self._journal.put_back(frozenset(self._unheard), frozenset(self._held), self._now()):
            self._unheard.clear()

    async def claim(self, room: Room, lease_s: float) -> Sequence[Claimed]:
        """Claim what there is room for; raises Unavailable, and then it may have been claimed nevertheless."""
        at = self._now()
        try:
            batch = await self._journal.claim(room, lease_s, at)
        except BaseException:
            self._unheard.add(at)
            raise
        self._held.update(_turn(one) for one in batch)
        return batch

    def let_go(self, claimed: Claimed) -> None:
        """Forget a claim whose outcome is written down; what is never let go may have been sent, and is never put back."""
        self._held.discard(_turn(claimed))


def _turn(claimed: Claimed) -> tuple[int, int]:
    return claimed.id, claimed.fence
