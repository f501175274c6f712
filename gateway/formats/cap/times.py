"""Times as CAP 1.2 writes them (section 3.3.2): whole seconds, numeric offset, UTC as -00:00."""

import re
from datetime import datetime, timedelta

from gateway.fault import BadInput

SENT_PLACEHOLDER = "1970-01-01T00:00:00-00:00"
WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}")

_WIDEST = timedelta(hours=14)
_MINUTE = timedelta(minutes=1)


def sent_text(at: datetime) -> str:
    """Return a time with the offset it has, its fraction of a second dropped; raises BadInput("cap-time").

    Refused are naive times and offsets that XML Schema cannot write: beyond 14 hours or not whole minutes.
    """
    offset = at.utcoffset()
    if offset is None or abs(offset) > _WIDEST or offset % _MINUTE:
        raise BadInput("cap-time", f"{at.isoformat()} has no offset that CAP can write", hint="give a time with its UTC offset")
    written = at.replace(microsecond=0).isoformat()
    return written if offset else written.removesuffix("+00:00") + "-00:00"


def moment(text: str) -> datetime:
    """Return the time a CAP text means, midnight as 24:00:00 included; raises BadInput("cap-time")."""
    try:
        return _moment(text)
    except (ValueError, OverflowError):
        raise BadInput("cap-time", f"{text!r} is no time", hint="write 2026-07-14T18:20:00+09:00") from None


def _moment(text: str) -> datetime:
    if not WRITTEN.fullmatch(text):
        raise ValueError(text)
    last_midnight = "T24:00:00" in text
    at = datetime.fromisoformat(text.replace("T24:00:00", "T00:00:00"))
    if abs(at.utcoffset() or timedelta()) > _WIDEST:
        raise ValueError(text)
    return at + timedelta(days=last_midnight)
