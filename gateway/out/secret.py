"""What must never be printed, and the signature made with it."""

import binascii
from datetime import UTC, datetime

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from gateway.fault import BadInput


class Secret:
    """A value that shows itself only to whoever asks for it by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep the value; surrounding white space, such as a file's last newline, is not part of it."""
        self._value = value.strip()

    def reveal(self) -> str:
        """Return the value, for the one place that must use it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"


def signing_key(secret: Secret) -> Webhook:
    """Return the key that a Standard Webhooks secret means; raises BadInput("secret-invalid").

    The secret is base64, with or without the prefix `whsec_` (Standard Webhooks 1.0.0, "Secret" and "Signature scheme").
    """
    try:
        return Webhook(secret.reveal())
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        raise BadInput("secret-invalid", "the signing secret is not base64", hint="make one of 24 to 64 random bytes") from None


def signed(secret: Secret, id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the three Standard Webhooks headers for these bytes.

    `at` is aware and must be the clock that the far side has, for it refuses what is more than 5 minutes off.
    """
    moment = at.astimezone(UTC)
    signature = signing_key(secret).sign(id, moment, body.decode())
    return {"webhook-id": id, "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}
