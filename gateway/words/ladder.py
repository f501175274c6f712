"""The shortening ladder: what is given up, step by step and visibly, when a text is too long; nothing is ever cut."""

from collections.abc import Callable, Iterator, Sequence
from unicodedata import category, east_asian_width

from msgspec import Struct

from gateway.fault import BadInput

Roles = tuple[str, ...]


class Fitted(Struct, frozen=True):
    """A text that fits, the roles it tells, and those that were given up for it."""

    text: str
    roles: Roles
    dropped: Roles


def fit(
    write: Callable[[Roles], str], steps: Sequence[Roles], *, drop: Sequence[str], most: int, measure: Callable[[str], int] = len
) -> Fitted:
    """Return the first text on the ladder that measures at most `most`; raises BadInput("words-too-long") below the last step.

    The first of `steps` tells everything; then each role of `drop` is given up in turn, then each further step is tried. Whole
    phrases are left out, so that no grapheme is ever split.
    """
    text, roles = "", steps[0]
    for step in _steps(roles, drop, steps[1:]):
        if measure(text := write(step)) <= most:
            return Fitted(text, step, tuple(role for role in roles if role not in step))
    message = f"{measure(text)} {'characters' if measure is len else 'columns'} at its shortest, at most {most} fit: {text!r}"
    raise BadInput("words-too-long", message, hint="give the place a shorter name")


def columns(text: str) -> int:
    """Return how many half-width cells of a sign a text takes: a wide letter two, a mark above or below none."""
    return sum(2 if east_asian_width(one) in "WF" else category(one) not in {"Mn", "Me", "Cf"} for one in text)


def _steps(roles: Roles, drop: Sequence[str], shorter: Sequence[Roles]) -> Iterator[Roles]:
    yield roles
    for given_up in drop:
        if given_up in roles:
            roles = tuple(role for role in roles if role != given_up)
            yield roles
    yield from shorter
