"""Deliveries as a person reads them: each with what came of its last try."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from gateway.journal.records import Delivery


class Sent(Struct, frozen=True):
    """A delivery; `verdict`, `note` and `at` are those of its last try, `at` is None before any."""

    one: Delivery
    verdict: str = ""
    note: str = ""
    at: datetime | None = None


def sent(deliveries: Iterable[Delivery]) -> list[Sent]:
    """Return deliveries with their last tries."""
    return [_sent(one) for one in deliveries]


def _sent(one: Delivery) -> Sent:
    if not one.attempts:
        return Sent(one)
    last = one.attempts[-1]
    return Sent(one, last["verdict"], last["note"], datetime.fromisoformat(last["at"]))
