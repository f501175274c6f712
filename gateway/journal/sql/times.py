"""How long things count in the record, and when the next publication is."""

import math
from datetime import UTC, datetime, timedelta

SAME_KEY_FOR = timedelta(days=30)
SAME_BODY_FOR = timedelta(minutes=10)
KEPT_FOR = timedelta(hours=48)
_SECOND = timedelta(seconds=1)


def next_publication(before: datetime, now: datetime, expired: datetime | None) -> datetime:
    """Return a whole second later than the publication before, than now, and than the newest expiry feeds have acted on."""
    at = max(before + _SECOND, now.astimezone(UTC).replace(microsecond=0))
    return at if expired is None else max(at, _rounded_up(expired) + _SECOND)


def _rounded_up(at: datetime) -> datetime:
    return at.replace(microsecond=0) + timedelta(seconds=math.ceil(at.microsecond / 1e6))
