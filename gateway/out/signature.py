"""How a far side knows that it was us: Standard Webhooks signatures."""

import base64
from datetime import UTC, datetime

from standardwebhooks import Webhook

from gateway.config import Secret
from gateway.fault import BadInput

SHORTEST_KEY = 24


def signing_key(secret: Secret) -> Webhook:
    """Return the key that a Standard Webhooks secret means; raises BadInput("secret-invalid").

    The secret is base64 of at least 24 bytes, with or without the prefix `whsec_` (Standard Webhooks 1.0.0, signature scheme).
    """
    try:
        key = base64.b64decode(secret.reveal().removeprefix("whsec_") + "==")
    except ValueError:
        key = b""
    if len(key) < SHORTEST_KEY:
        message = f"the signing secret is not base64 of at least {SHORTEST_KEY} bytes"
        raise BadInput("secret-invalid", message, hint="make one of 24 to 64 random bytes")
    return Webhook(key)


def signed(secret: Secret, id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the three Standard Webhooks headers for these bytes; in the id a full stop becomes a colon.

    A full stop separates what is signed, so an id that held one could pass for another message. `at` is aware and must be the
    clock that the far side has, for it refuses what is more than 5 minutes off.
    """
    name, moment = id.replace(".", ":"), at.astimezone(UTC)
    signature = signing_key(secret).sign(name, moment, body.decode())
    return {"webhook-id": name, "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}
