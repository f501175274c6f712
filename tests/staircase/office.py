"""Kim and Lee at work over HTTP: what they raise, submit, read and approve at one gateway."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from gateway.demo.people import Answer, Person

PATIENCE_S = 20.0
THERE = ("cap/broadcaster", "webhook/city-app")
CALL = {
    "source": "call-centre",
    "hazard": "hazardous-material",
    "severity": "severe",
    "urgency": "immediate",
    "certainty": "observed",
    "areas": [
        {
            "role": "danger",
            "name": {"ko": "둔치길", "en": "Riverside Street"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[127.35, 36.357], [127.352, 36.357], [127.352, 36.36], [127.35, 36.36], [127.35, 36.357]]],
            },
        }
    ],
}


class Office:
    """Kim, who drafts and submits, and Lee, who approves."""

    def __init__(self, kim: Person, lee: Person) -> None:
        """Let them work where their keys open the door."""
        self.kim, self.lee = kim, lee

    async def drafted(self, id: str) -> str:
        """Let Kim raise and submit an alert; return its name."""
        made = await self.kim.post("/v1/alerts", called(id))
        assert made.status == 201, made.body
        alert = str(made.document["id"])
        await self.submit(alert)
        return alert

    async def submit(self, alert: str) -> None:
        """Let Kim submit what stands there."""
        submitted = await self.kim.post(f"/v1/alerts/{alert}/submit", {"revision": await self.revision(alert), "confirm": True})
        assert submitted.status == 200, submitted.body

    async def follow(self, alert: str, verb: str) -> None:
        """Let Kim draft and submit an update or an end."""
        made = await self.kim.post(f"/v1/alerts/{alert}/{verb}", {"reason": "over"} if verb == "end" else {})
        assert made.status == 200, made.body
        await self.submit(alert)

    async def seen(self, alert: str) -> Mapping[str, object]:
        """Let Lee read what waits for her; return her word on it."""
        shown = (await self.lee.get(f"/v1/alerts/{alert}")).document
        return {"version": shown["version"], "hash": shown["hash"]}

    async def approve(self, alert: str) -> Answer:
        """Let Lee approve what she sees."""
        return await self.lee.post(f"/v1/alerts/{alert}/approve", await self.seen(alert))

    async def cancel(self, alert: str) -> Answer:
        """Let Kim take an alert back."""
        return await self.kim.post(f"/v1/alerts/{alert}/cancel", {"reason": "the gauge was hit by a log"})

    async def stage(self, alert: str) -> object:
        """Return where the newest version stands."""
        return (await self.kim.get(f"/v1/alerts/{alert}")).document["stage"]

    async def revision(self, alert: str) -> object:
        """Return how often the alert was changed."""
        return (await self.kim.get(f"/v1/alerts/{alert}")).document["revision"]

    async def at_rest(self) -> None:
        """Wait until no delivery to a far side that there is here is on its way; raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                listed = json.loads((await self.kim.get("/v1/deliveries")).body)
                carried = [one for one in listed["deliveries"] if one["target"] in THERE]
                states = {one["state"] for one in carried}
                if not states & {"waiting", "in-doubt", "sending"}:
                    break
                await asyncio.sleep(0.05)


def called(id: str) -> Mapping[str, object]:
    """Return an incident as somebody telephones it in now."""
    return {**CALL, "id": id, "onset": (datetime.now(UTC) - timedelta(minutes=1)).isoformat()}
