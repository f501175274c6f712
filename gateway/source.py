"""What a way in promises: a vendor's bytes become incidents, readings and refusals, item by item."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from msgspec import Struct

from gateway.fault import BadInput
from gateway.incident import Incident, Reading

T = TypeVar("T")


class Raw(Struct, frozen=True, kw_only=True):
    """Bytes as they came; `headers` are lower-case and hold no credentials."""

    source: str
    media_type: str
    body: bytes
    received_at: datetime
    headers: Mapping[str, str] = {}


class Refusal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item that could not be read; kept, shown and replayable."""

    code: str
    message: str
    path: str = ""
    hint: str = ""


Item = Incident | Reading | Refusal


class Source(Protocol):
    """A vendor's way in."""

    def parse(self, raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
        """Give meaning to bytes; pure, an unknown code is refused, never guessed."""
        ...


def each(parts: Iterable[T], read: Callable[[T], Incident | Reading]) -> Iterator[Item]:
    """Read every part, so that one bad item loses no good one; the path of a refusal starts with the item's index."""
    for index, part in enumerate(parts):
        try:
            yield read(part)
        except BadInput as fault:
            yield refusal(fault, at=f"/{index}")


def refusal(fault: BadInput, *, at: str = "") -> Refusal:
    """Turn a fault into an item that is kept."""
    return Refusal(code=fault.code, message=fault.message, path=at + fault.path, hint=fault.hint)
