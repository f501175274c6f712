"""How long to wait before trying again: seconds, for what we carry is about lives."""

SCHEDULE_S = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


def backoff(attempt: int, luck: float = 0.0) -> float:
    """Return the seconds to wait after so many failed attempts: 0, 1, 2, 4, 8, 15, 30, then always 30.

    `luck` in 0..1 adds up to a tenth, so that many lanes that failed together do not come back together.
    """
    return SCHEDULE_S[min(attempt, len(SCHEDULE_S) - 1)] * (1 + luck / 10)
