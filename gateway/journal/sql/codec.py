"""How values stand in the record: times as sortable UTC text, documents as canonical JSON."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

import msgspec

T = TypeVar("T")

_SORTED = msgspec.json.Encoder(order="sorted")
_DECLARED = msgspec.json.Encoder(order="deterministic")


@lru_cache(maxsize=1024)
def moment(at: datetime) -> str:
    """Return an aware time as UTC text that sorts; raises ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone names no moment")
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def when(text: str) -> datetime:
    """Return the time that `moment` wrote, in UTC."""
    return datetime.fromisoformat(text)


def canonical(value: object) -> str:
    """Return JSON with sorted keys and no white space: same value, same text."""
    return _SORTED.encode(value).decode()


def declared(value: object) -> bytes:
    """Return JSON with fields as they are declared, other keys sorted and no white space: same value, same bytes, sooner."""
    return _DECLARED.encode(value)


def read(text: str, kind: type[T]) -> T:
    """Return the value that `canonical` wrote."""
    return msgspec.json.decode(text, type=kind)
