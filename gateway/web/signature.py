"""Standard Webhooks 1.0.0 as a source signs them: identifier, timestamp and the exact bytes, by HMAC-SHA256."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from gateway.fault import BadInput
from gateway.web.errors import Unauthorised

TOLERANCE = timedelta(minutes=5)
MOST_SIGNATURES = 16
PREFIX = "whsec_"


def secret(text: str) -> bytes:
    """Return the key of a `whsec_...` secret; raises BadInput("secret-invalid") unless it has 24 to 64 bytes."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise BadInput("secret-invalid", "this is no webhook secret", hint="whsec_ and 24 to 64 random bytes in base64")
    return key


def verify(secrets: Iterable[bytes], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the message's webhook-id when one of its signatures is by one of our secrets, made within 5 minutes of `now`.

    `now` is the story clock's. Raises Unauthorised("signature-missing", "signature-wrong" or "signature-time").
    """
    id, stamp, given = (headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not (id and stamp and given):
        raise Unauthorised("signature-missing", "webhook-id, webhook-timestamp and webhook-signature belong together")
    if "." in id or not (stamp.isascii() and stamp.isdigit()):
        raise Unauthorised("signature-wrong", "a full stop ends the identifier, and the timestamp is in whole seconds")
    signed = f"{id}.{stamp}.".encode("utf-8", "surrogateescape") + body
    expected = [b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256")) for key in secrets]
    offered = [part.encode("utf-8", "surrogateescape") for part in given.split(" ")[:MOST_SIGNATURES]]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in offered):
        raise Unauthorised("signature-wrong", "no signature fits these bytes")
    _timely(stamp, now)
    return id


def _timely(stamp: str, now: datetime) -> None:
    """The timestamp was signed, so by now its sender is known."""
    try:
        signed_at = datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise Unauthorised("signature-time", "the calendar has no such webhook-timestamp") from None
    if abs(signed_at - now) > TOLERANCE:
        raise Unauthorised(
            "signature-time", f"signed {signed_at.isoformat()}, more than 5 minutes from now", hint="set the clock"
        )
