"""Phrases of one language, read from a gettext file: msgctxt is the phrase, msgid its English, a comment its review state."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po
from msgspec import Struct

from gateway.fault import Faults, Finding

FILE = "messages.po"
SOURCE = "en"

_LINE = re.compile(r'#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d\]) )?"(?:[^"\\]|\\.)*"|')
_REVIEW = re.compile(r"review: (?P<state>\S+) source: (?P<hash>[0-9a-f]{12})(?: by: (?P<by>.+) on: (?P<on>\d{4}-\d{2}-\d{2}))?")


class Review(StrEnum):
    """What is known about a phrase in one language; only a named person can have reviewed it."""

    UNREVIEWED = "unreviewed"
    MACHINE = "machine"
    REVIEWED = "reviewed"


class Entry(Struct, frozen=True, kw_only=True):
    """One entry as it stands in the file; `review` is None and `hash` empty where its comment cannot be read."""

    id: str
    source: str
    text: str
    line: int
    fuzzy: bool = False
    plural: bool = False
    review: Review | None = None
    hash: str = ""


def source_hash(source: str) -> str:
    """Return what stands in a review comment for the English text that was reviewed."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def read(document: bytes, file: str = FILE) -> tuple[Entry, ...]:
    """Read a gettext file, entry by entry, without its obsolete ones.

    Raises Faults with file and line: words-file for a line that gettext would misread, words-duplicate for a phrase that stands
    twice.
    """
    try:
        lines = document.decode().split("\n")
        _strict(lines, file)
        return tuple(_entry(message) for message in read_po(lines, abort_invalid=True, ignore_obsolete=True) if message.id)
    except (ValueError, PoFileError) as error:
        hint = "save it as a gettext file in UTF-8"
        raise Faults([Finding(rule="words-file", message=str(error), file=file, hint=hint)]) from None


def files(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield language tag, name to show and path of each gettext file in a folder of translations."""
    for path in sorted(folder.glob(f"*/{FILE}")):
        yield path.parent.name, f"{path.parent.name}/{FILE}", path


def _strict(lines: Sequence[str], file: str) -> None:
    findings, seen = [], set()
    for number, line in enumerate(lines, start=1):
        if not _LINE.fullmatch(line.strip()):
            findings.append(Finding(rule="words-file", message=f"not a gettext line: {line!r:.60}", file=file, line=number))
        elif line.startswith("msgctxt"):
            if line in seen:
                findings.append(Finding(rule="words-duplicate", message=f"a second {line}", file=file, line=number))
            seen.add(line)
    if findings:
        raise Faults(findings)


def _entry(message: Message) -> Entry:
    plural = not isinstance(message.id, str)
    review = next((found for comment in message.auto_comments if (found := _REVIEW.fullmatch(comment))), None)
    return Entry(
        id=message.context or "",
        source=message.id[0] if plural else str(message.id),
        text=str(message.string or "") if not plural else "",
        line=message.lineno or 0,
        fuzzy=message.fuzzy,
        plural=plural,
        review=_state(review) if review else None,
        hash=review["hash"] if review else "",
    )


def _state(comment: re.Match[str]) -> Review | None:
    """Return the review state, or None for an unknown one and for a review that nobody signed."""
    if comment["state"] not in {*Review} or (comment["state"] == Review.REVIEWED and not comment["by"]):
        return None
    return Review(comment["state"])
