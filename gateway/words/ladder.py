"""The shortening ladder: what is given up, step by step and visibly, when a text is too long; nothing is ever cut."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from gateway.fault import BadInput

Roles = tuple[str, ...]


class Fitted(Struct, frozen=True):
    """A text that fits, the roles it tells, and those that were given up for it."""

    text: str
    roles: Roles
    dropped: Roles


def fit(write: Callable[[Roles], str], roles: Roles, *, drop: Sequence[str], shorter: Sequence[Roles], most: int) -> Fitted:
    """Return the first text on the ladder of at most `most` characters; raises BadInput("words-too-long") below the last step.

    First everything is told, then each role of `drop` is given up in turn, then each order of `shorter` is tried. Whole phrases
    are left out, so that no grapheme is ever split.
    """
    text = ""
    for step in _steps(roles, drop, shorter):
        if len(text := write(step)) <= most:
            return Fitted(text, step, tuple(role for role in roles if role not in step))
    message = f"{len(text)} characters at its shortest, at most {most} fit: {text!r}"
    raise BadInput("words-too-long", message, hint="give the place a shorter name")


def _steps(roles: Roles, drop: Sequence[str], shorter: Sequence[Roles]) -> Iterator[Roles]:
    yield roles
    for given_up in drop:
        if given_up in roles:
            roles = tuple(role for role in roles if role != given_up)
            yield roles
    yield from shorter
