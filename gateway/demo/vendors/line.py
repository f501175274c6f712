"""The line of a vendor to the gateway: bytes of one media type, signed as Standard Webhooks or with a bearer key."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import aiohttp
from standardwebhooks import Webhook

from gateway.demo.people import Answer

BEARER = "bongsu_"


class Line:
    """Who speaks as one source; a secret that is a bearer key is shown, any other one signs."""

    def __init__(  # noqa: PLR0913 - who speaks to whom, and how
        self, session: aiohttp.ClientSession, url: str, source: str, secret: str, now: Callable[[], datetime], *, path: str = ""
    ) -> None:
        """Send to the gateway at `url` as `source`, signing at the story clock's time; `path` is where, if not as incidents."""
        self.now = now
        self._session, self._url = session, f"{url}{path or f'/v1/incidents/{source}'}"
        self._key = secret if secret.startswith(BEARER) else ""
        self._webhook = None if self._key else Webhook(secret)
        self._source = source
        self._sent = 0

    async def sends(self, body: bytes, media_type: str) -> Answer:
        """Send any bytes as a message of its own."""
        self._sent += 1
        headers = {"Content-Type": media_type, **self._proof(f"{self._source}-{self._sent:04d}", body)}
        async with self._session.post(self._url, data=body, headers=headers) as answer:
            return Answer(answer.status, await answer.read(), dict(answer.headers))

    def stamp(self) -> str:
        """Return the story's time as vendors write it."""
        return self.now().isoformat(timespec="milliseconds")

    def _proof(self, id: str, body: bytes) -> Mapping[str, str]:
        if self._webhook is None:
            return {"Authorization": f"Bearer {self._key}", "Idempotency-Key": id}
        at = self.now().astimezone(UTC)
        signature = self._webhook.sign(id, at, body.decode())
        return {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
