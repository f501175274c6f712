"""What can be wrong with what somebody handed us: always a code, a place and a way to mend it."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class Gravity(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a person should know about a document, a draft or a city folder."""

    rule: str
    message: str
    severity: Gravity = Gravity.ERROR
    path: str = ""
    hint: str = ""
    file: str = ""
    line: int = 0


class Fault(Exception):
    """Something was refused; `code` is stable and listed, `hint` says how to mend it."""

    def __init__(self, code: str, message: str, *, path: str = "", hint: str = "") -> None:
        """Keep the parts apart, so that every road out can print them in its own form."""
        super().__init__(f"{code}: {message}" + (f" (at {path})" if path else ""))
        self.code = code
        self.message = message
        self.path = path
        self.hint = hint


class BadInput(Fault):
    """The bytes or values themselves are wrong; the same input will be refused again."""


class Refused(Fault):
    """Well formed, but not allowed: this caller, this scope, this world."""


class Conflict(Fault):
    """Well formed and allowed, but the state moved on or says no: read again and decide again."""


class Missing(Fault):
    """There is no such thing."""


class Unavailable(Fault):
    """We cannot answer now; nothing was accepted, and trying again later is right."""


ANSWER_LATE = "store-answer-late"
"""The code of the one Unavailable of which nobody knows whether it was done: look before asking again."""
INTERNAL = "internal"
NOT_KNOWN = frozenset({ANSWER_LATE, INTERNAL})
"""Codes that leave open whether what was asked for was done: the answer came too late, or something of ours broke on the way."""


class Unreachable(Unavailable):
    """Another machine that we need does not answer, or not now."""


def answer_late(whose: str) -> Unavailable:
    """Return what is told when the answer of whoever keeps the record came too late, or not at all."""
    return answer_unknown(f"{whose} did not answer in time")


def answer_unknown(why: str) -> Unavailable:
    """Return what is told when nobody knows whether it was done."""
    message = f"{why}, so it is not known whether it was done"
    return Unavailable(ANSWER_LATE, message, hint="look at it again before doing it once more")


class Faults(BadInput):
    """Every fault of one document at once, so that it is mended in one go."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Speak with the voice of the first finding; `findings` holds them all."""
        self.findings = tuple(findings)
        first = self.findings[0]
        super().__init__(first.rule, first.message, path=first.path, hint=first.hint)
