"""What every way in for machines has in common: what of a request is kept, how many go in at once, how a receipt is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from aiohttp import web

from gateway.fault import BadInput, Unavailable
from gateway.journal.records import Receipt
from gateway.source import Raw
from gateway.web.auth import Door
from gateway.web.errors import Undeliverable, answer

KEPT_HEADERS = ("content-type", "date", "idempotency-key", "user-agent", "webhook-id", "webhook-timestamp", "x-request-id")
LONGEST_HEADER = 255
MOST_AT_ONCE = 32


class Turnstile:
    """Lets MOST_AT_ONCE requests in at once; raises Unavailable("busy") for one more."""

    def __init__(self) -> None:
        """Begin with nobody inside."""
        self._inside = 0

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Count somebody as inside until the block ends."""
        if self._inside >= MOST_AT_ONCE:
            raise Unavailable("busy", "too many requests at once; nothing was accepted", hint="send it again")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1


def raw_of(request: web.Request, source: str, body: bytes, now: datetime) -> Raw:
    """Return proven bytes with the headers that are kept beside them."""
    kept = {name: request.headers[name][:LONGEST_HEADER] for name in KEPT_HEADERS if name in request.headers}
    return Raw(source=source, media_type=request.content_type, body=body, received_at=now, headers=kept)


def receipt_key(text: str | None) -> str | None:
    """Return the sender's own key of a request; raises BadInput("idempotency-key-invalid") for what cannot be kept."""
    if text is not None and not (text.isascii() and text.isprintable() and 0 < len(text) <= LONGEST_HEADER):
        hint = f"1 to {LONGEST_HEADER} printable ASCII characters"
        raise BadInput("idempotency-key-invalid", "the receipt key cannot be kept", hint=hint)
    return text


def shown_key(request: web.Request) -> str | None:
    """Return the receipt key that a request shows in its headers; raises as `receipt_key` does."""
    return receipt_key(request.headers.get("Idempotency-Key") or request.headers.get("webhook-id"))


def expect(request: web.Request, door: Door) -> None:
    """Let a body of a type pass that this source sends; raises Undeliverable(415)."""
    if door.media_types and request.content_type not in door.media_types:
        hint = f"send {' or '.join(sorted(door.media_types))}"
        raise Undeliverable(415, "media-type", f"{door.grant.source} does not send {request.content_type}", hint=hint)


def told(receipt: Receipt) -> web.Response:
    """Answer with a receipt: 202 when any item was accepted, else 422, or 403 when all of it was out of scope."""
    location = {"Location": f"/v1/receipts/{receipt.id}"}
    if any(item.accepted for item in receipt.items):
        return answer(receipt, status=202, headers=location)
    beyond = all(item.code.startswith("scope-") for item in receipt.items) and bool(receipt.items)
    return answer(receipt, status=403 if beyond else 422, headers=location)
