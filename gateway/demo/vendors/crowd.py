"""The cameras above Byeolbit Street, which count people."""

import json
from collections.abc import Mapping

from gateway.demo.people import Answer
from gateway.demo.vendors.line import Line

ZONES: Mapping[str, float] = {"bs-gate": 420.0, "bs-west": 400.0, "bs-middle": 400.0, "bs-east": 380.0}
"""The counting zones in square metres."""

JSON = "application/json"


class Crowd:
    """A camera vendor's analytics."""

    def __init__(self, line: Line) -> None:
        """Send over this line."""
        self._line = line

    async def counts(self, zone: str, people: int, *, confidence: float = 0.94) -> Answer:
        """Report how many people stand in a zone now."""
        return await self._says([self._count(zone, people, confidence)])

    async def counts_everywhere(self, density: float, *, confidence: float = 0.94) -> Answer:
        """Report every zone at once, with about so many persons on a square metre."""
        return await self._says([self._count(zone, round(density * area), confidence) for zone, area in ZONES.items()])

    async def stammers(self) -> Answer:
        """Send a count that breaks off in the middle."""
        return await self._line.sends(b'{"zone": "bs-west", "captured_at": "2026-07-14T20:10:00+09:00", "people": 17, "ar', JSON)

    async def counts_nowhere(self, people: int = 1200) -> Answer:
        """Report a zone that nobody knows."""
        return await self._says([{**self._count("bs-gate", people, 0.9), "zone": "bs-harbour"}])

    def _count(self, zone: str, people: int, confidence: float) -> dict[str, object]:
        return {
            "zone": zone,
            "captured_at": self._line.stamp(),
            "people": people,
            "area_m2": ZONES[zone],
            "confidence": confidence,
            "camera": f"cam-{zone}",
        }

    async def _says(self, counts: list[dict[str, object]]) -> Answer:
        return await self._line.sends(json.dumps(counts).encode(), JSON)
