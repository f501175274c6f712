"""What an HTTP answer means for a delivery."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gateway.channel import Verdict

MOST_RETRY_AFTER_S = 60.0
_NOT_DONE = frozenset({408, 425, 429, 501, 503, 505, 507, 511})


def verdict(status: int) -> Verdict:
    """Return what a status says: 2xx accepted; 408, 425, 429 and 5xx ask again; the rest, redirects included, refuses.

    A 5xx is ambiguous but for those that say that nothing was done: whoever broke down over our bytes, or stood before one that
    fell silent (502, 504), does not know whether they were acted on (RFC 9110 section 15.6).
    """
    if 200 <= status < 300:
        return Verdict.ACCEPTED
    if status in _NOT_DONE:
        return Verdict.UNREACHABLE
    return Verdict.AMBIGUOUS if status >= 500 else Verdict.REFUSED


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a far side asks us to wait, at most 60, or None (RFC 9110 section 10.2.3).

    A date is measured against the answer's own Date, so that no clock of ours has to agree with theirs.
    """
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked), MOST_RETRY_AFTER_S)
    until, said = _date(asked), _date(headers.get("Date", ""))
    if until is None or said is None:
        return None
    return min(max((until - said).total_seconds(), 0.0), MOST_RETRY_AFTER_S)


def _date(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
