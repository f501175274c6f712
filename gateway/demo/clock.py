"""A clock for stories: it begins when told and runs as fast as told."""

import time
from datetime import datetime, timedelta


class StoryClock:
    """Call it for the story's time; aware, and it never runs backwards."""

    def __init__(self, start: datetime, speed: float) -> None:
        """Begin at `start`, running `speed` times as fast as a wall clock."""
        self.speed = speed
        self._start = start
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        """Return the story's time."""
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * self.speed)
