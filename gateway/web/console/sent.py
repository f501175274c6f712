"""Deliveries as a person reads them: each with what came of its last try; and the remarks that the record keeps in English."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache

from msgspec import Struct

from gateway.journal.records import Delivery


def _(words: str) -> str:
    return words


REMARKS = (
    _("deadline passed {where}"),
    _("name not found {where}"),
    _("no connection {where}"),
    _("connection lost {where}"),
    _("no answer of SMTP {where}"),
    _("the request could not be put into HTTP {where}"),
    _("before our bytes left"),
    _("after our bytes left"),
    _("before the mail left"),
    _("after the mail left"),
    _("the channel broke off: {where}"),
    _("not sent: {where}"),
    _("this process stops"),
    _("this process stood still"),
    _("its time is over"),
    _("the lease ran out before the attempt was settled"),
    _("a backup was restored that was made before this was settled"),
    _("it ends what was never reported"),
    _("this episode is already closed"),
    _("sequence {number} is known already"),
    _("sequence {number} is older than {known}"),
    _("it was reported at {time}, not after {known}"),
    _("url-not-configured"),
    _("bytes-changed"),
    _("wrong-world"),
)
"""What couriers and the order of reports note; what fills a slot is a remark again, or stays as it is."""


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
    return Sent(one, last.verdict, last.note, last.at)


def remark(note: str, gettext: Callable[[str], str]) -> str:
    """Return a note in a reader's words, as far as we have any."""
    for words in REMARKS:
        if match := _pattern(words).fullmatch(note):
            return gettext(words).format_map({slot: remark(value, gettext) for slot, value in match.groupdict().items()})
    return note


@cache
def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(words)))
