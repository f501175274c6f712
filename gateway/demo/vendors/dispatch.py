"""The dispatch of Hanbat's fire service, which tells responders first and the public when its dispatcher says so."""

import json
from collections.abc import Mapping

from gateway.demo.people import Answer
from gateway.demo.vendors.line import Line

JSON = "application/json"
MARKET: Mapping[str, object] = {
    "address": {"ko": "동문시장 3문", "en": "Dongmun Market, Gate 3"},
    "location": {"lat": 36.3634, "lon": 127.4088},
}
WORKS: Mapping[str, object] = {
    "address": {"ko": "옥샘정수장", "en": "Oksaem waterworks"},
    "location": {"lat": 36.3905, "lon": 127.4265},
}
CHLORINE: Mapping[str, object] = {"un": "1017", "name": "chlorine"}


class Dispatch:
    """The dispatch system; every method that tells of something new returns its number and the answer."""

    def __init__(self, line: Line) -> None:
        """Send over this line."""
        self._line = line
        self._told: dict[str, dict[str, object]] = {}
        self._reports: dict[str, int] = {}

    async def fire(self, *, alarm: int = 1, public: bool = False, place: Mapping[str, object] = MARKET) -> tuple[str, Answer]:
        """Engines are sent to a fire; for responders only unless it is made public."""
        cameras = [{"name": "gate camera", "url": "https://cctv.hanbat.example/dongmun-3"}]
        return await self._begins({**place, "type_code": "F110", "alarm_level": alarm, "public": public, "cameras": cameras})

    async def hazardous_material(  # noqa: PLR0913 - what a dispatcher says of it, each by its name
        self,
        *,
        alarm: int = 2,
        radius_m: float = 800,
        wind_from_deg: float = 270,
        public: bool = False,
        place: Mapping[str, object] = WORKS,
        substance: Mapping[str, object] = CHLORINE,
    ) -> tuple[str, Answer]:
        """A dangerous substance is leaking; the radius is the commander's."""
        said = {**place, "type_code": "H210", "alarm_level": alarm, "public": public, "evacuation_radius_m": radius_m}
        cameras = [{"name": "tank yard", "url": "https://cctv.hanbat.example/oksaem-tank"}]
        wind = {"from_deg": wind_from_deg, "speed_ms": 3.5}
        return await self._begins({**said, "substance": dict(substance), "wind": wind, "cameras": cameras})

    async def changes(self, number: str, **said: object) -> Answer:
        """Report what is different now: alarm_level, evacuation_radius_m, status, public, wind and so on."""
        self._reports[number] += 1
        self._told[number].update(said, sequence=self._reports[number], updated_at=self._line.stamp())
        return await self._says(self._told[number])

    async def made_public(self, number: str) -> Answer:
        """The dispatcher says that everybody may know."""
        return await self.changes(number, public=True, status="on-scene")

    async def closed(self, number: str) -> Answer:
        """It is over."""
        return await self.changes(number, status="closed")

    async def false_alarm(self, number: str) -> Answer:
        """There was nothing."""
        return await self.changes(number, status="false-alarm")

    async def stammers(self) -> Answer:
        """Send a report without a place, of a type that nobody knows."""
        return await self._says({"incident_no": "2026-0714-0666", "sequence": 1, "type_code": "Z999"})

    async def _begins(self, said: Mapping[str, object]) -> tuple[str, Answer]:
        number = f"{self._line.now():%Y-%m%d}-{len(self._told) + 301:04d}"
        at = self._line.stamp()
        self._reports[number] = 1
        known = {"incident_no": number, "sequence": 1, "status": "dispatched", "called_at": at, "updated_at": at}
        self._told[number] = {**known, **said}
        return number, await self._says(self._told[number])

    async def _says(self, report: Mapping[str, object]) -> Answer:
        return await self._line.sends(json.dumps(report).encode(), JSON)
