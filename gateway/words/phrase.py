"""A phrase's blanks: named slots such as {place}, in Korean with a particle that fits, such as {place|이/가}."""

import re
from collections.abc import Iterable, Mapping

from gateway.words.particles import particle

_SLOT = re.compile(r"\{([a-z][a-z0-9_]*)(?:\|([^{}|]+))?\}")
_FULL_WIDTH_SPACE = re.compile("(?<=[\u3002\uff01\uff1f\uff1a\u3011]) ")


def slots(text: str) -> tuple[str, ...]:
    """Return the names of the slots in a phrase, in order, repeated as often as they stand there."""
    return tuple(match[1] for match in _SLOT.finditer(text))


def particles(text: str) -> tuple[str, ...]:
    """Return the particle pairs that a phrase asks for."""
    return tuple(match[2] for match in _SLOT.finditer(text) if match[2])


def plain(text: str) -> str:
    """Return a phrase without its slots; a brace that is left in it belongs to none."""
    return _SLOT.sub("", text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a phrase with its slots filled; raises KeyError for a slot without a value."""
    return _SLOT.sub(lambda slot: values[slot[1]] + (particle(values[slot[1]], slot[2]) if slot[2] else ""), text)


def told(phrases: Iterable[str]) -> str:
    """Return filled phrases one after another, with a space between them unless a full-width mark already makes it."""
    return _FULL_WIDTH_SPACE.sub("", " ".join(phrases))
