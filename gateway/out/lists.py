"""How far a mail has come with a list of which some recipients are still asked to wait."""

from collections.abc import Sequence

from gateway.alert import digest
from gateway.elapsed import elapsed

Mail = tuple[str, str, tuple[str, ...]]


class Progress:
    """Who took one mail, and since when there is anybody who did."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.took = set[str]()
        self.since: float | None = None

    def took_it(self, names: Sequence[str]) -> None:
        """Remember these, who are not to get it again."""
        self.took.update(names)
        self.since = elapsed() if self.since is None else self.since

    def patient(self, seconds: float) -> bool:
        """Tell whether the others may still be waited for."""
        return self.since is not None and elapsed() - self.since < seconds


class Lists:
    """The mails that a part of their list took; forgotten with the process, which then sends to everybody again."""

    def __init__(self, most: int = 1000) -> None:
        """Begin with none, and remember the last so many."""
        self._most = most
        self._progress: dict[Mail, Progress] = {}

    def begun(self, url: str, message: bytes, recipients: Sequence[str]) -> Progress:
        """Return how far these bytes have come with this list."""
        mail = (url, digest(message), tuple(recipients))
        while mail not in self._progress and len(self._progress) >= self._most:
            del self._progress[next(iter(self._progress))]
        return self._progress.setdefault(mail, Progress())
