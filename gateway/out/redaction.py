"""What may be shown of what was said: never a credential, never a control character."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from yarl import URL

MOST_SHOWN = 200
_PUBLIC_HEADERS = frozenset({"content-type", "idempotency-key", "webhook-id", "webhook-timestamp"})
_SECRET_LOOKS = (
    re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]+"),
    re.compile(r"\bv1a?,[A-Za-z0-9+/=]{16,}"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]+"),
    re.compile(r"(?i)(?<=://)[^/\s@]+@"),
    re.compile(r"\?[^\s\"'<>]+"),
)


def origin(url: str) -> str:
    """Return scheme, host and port of a URL; path and query may be somebody's credential."""
    return str(URL(url).origin())


def credentials(url: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return every string of a request that a far side must not get us to write down, longest first."""
    sent = URL(url)
    hidden = {sent.user, sent.password, sent.raw_query_string, sent.query_string, *sent.query.values()}
    hidden |= {word for name, value in headers.items() if name.lower() not in _PUBLIC_HEADERS for word in (value, *value.split())}
    return tuple(sorted((word for word in hidden if word and len(word) >= 4), key=len, reverse=True))


def excerpt(body: bytes, secrets: Iterable[str]) -> str:
    """Return the beginning of an answer as one harmless line of at most 200 characters."""
    text = body.decode(errors="replace")
    for secret in secrets:
        text = text.replace(secret, "***")
    for looks in _SECRET_LOOKS:
        text = looks.sub("***", text)
    visible = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    return " ".join(visible.split())[:MOST_SHOWN]
