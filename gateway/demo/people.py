"""The people and machines that speak to the gateway in a demonstration, over real HTTP."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import aiohttp
from msgspec import Struct
from standardwebhooks import Webhook

from gateway.doors import json as door


class Answer(Struct, frozen=True):
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def document(self) -> dict[str, object]:
        """Return the body as a JSON object."""
        read = door.load(self.body, most_bytes=16_000_000)
        return read if isinstance(read, dict) else {}


class Person:
    """Somebody with a personal key."""

    def __init__(self, session: aiohttp.ClientSession, url: str, name: str, key: str) -> None:
        """Speak as `name` to the gateway at `url`."""
        self.name = name
        self._session, self._url, self._headers = session, url, {"Authorization": f"Bearer {key}"}

    async def get(self, path: str) -> Answer:
        """Read something."""
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """Do something."""
        return await self._ask("POST", path, json.dumps(body).encode())

    async def _ask(self, method: str, path: str, body: bytes | None) -> Answer:
        headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
        async with self._session.request(method, self._url + path, data=body, headers=headers) as answer:
            return Answer(answer.status, await answer.read(), dict(answer.headers))


class River:
    """The telemetry of a river: OGC SensorThings observations, signed as Standard Webhooks."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, secret: str, now: Callable[[], datetime], *, sent: int = 0
    ) -> None:
        """Send to the gateway at `url`, with the story clock's time; so many messages were `sent` before."""
        self._session, self._url, self._now = session, f"{url}/v1/incidents/river-telemetry", now
        self._webhook = Webhook(secret)
        self._sent = sent

    async def measures(self, datastream: str, metres: float, *, unit: str = "m") -> Answer:
        """Report one water level."""
        observation = {
            "result": metres,
            "phenomenonTime": self._now().isoformat(timespec="milliseconds"),
            "resultQuality": "good",
            "Datastream": {
                "name": datastream,
                "unitOfMeasurement": {"symbol": unit},
                "ObservedProperty": {"name": "water level"},
            },
        }
        return await self.says(json.dumps(observation).encode())

    async def says(self, body: bytes) -> Answer:
        """Send any bytes, properly signed."""
        self._sent += 1
        id, at = f"msg_{self._sent:04d}", self._now().astimezone(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._webhook.sign(id, at, body.decode()),
        }
        async with self._session.post(self._url, data=body, headers=headers) as answer:
            return Answer(answer.status, await answer.read(), dict(answer.headers))
