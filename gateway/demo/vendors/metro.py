"""The control room of Hanbat's metro, which writes XML and numbers its stations from 101."""

from datetime import datetime

from lxml import etree
from msgspec import Struct

from gateway.demo.people import Answer
from gateway.demo.vendors.line import Line

XML = "application/xml"


class Situation(Struct):
    """What the control room has told of one situation."""

    number: str
    version: int
    impact: str
    began: str
    kind: str
    said: dict[str, str]


class Metro:
    """The control room; every method that tells of something new returns its number and the answer."""

    def __init__(self, line: Line) -> None:
        """Send over this line."""
        self._line = line
        self._told: dict[str, Situation] = {}

    async def train_fails(
        self, start: str, end: str, *, line: str = "L1", direction: str = "down", impact: str = "normal"
    ) -> tuple[str, Answer]:
        """A train stands still between two stations in one direction (down or up)."""
        said = {"Line": line, "Direction": direction, "From": start, "To": end}
        return await self._begins("TrainFailure", said, impact)

    async def line_is_suspended(self, start: str, end: str, *, line: str = "L1", impact: str = "severe") -> tuple[str, Answer]:
        """No train runs between two stations in either direction."""
        return await self._begins("LineSuspended", {"Line": line, "From": start, "To": end}, impact)

    async def station_crowds(self, station: str, *, impact: str = "severe") -> tuple[str, Answer]:
        """The platforms of a station fill."""
        return await self._begins("StationCrowding", {"Station": station}, impact)

    async def station_closes(self, station: str, *, impact: str = "severe") -> tuple[str, Answer]:
        """A station is closed; that is the operator's own fact."""
        return await self._begins("StationClosed", {"Station": station}, impact)

    async def station_burns(self, station: str, *, impact: str = "severe") -> tuple[str, Answer]:
        """There is a fire in a station."""
        return await self._begins("StationFire", {"Station": station}, impact)

    async def changes(self, number: str, *, impact: str) -> Answer:
        """A known situation is slight, normal or severe now."""
        self._told[number].impact = impact
        return await self._tells(self._told[number])

    async def over(self, number: str, *, because: str = "over") -> Answer:
        """A known situation is over, was reported-in-error or reported-twice."""
        return await self._tells(self._told[number], because=because)

    async def stammers(self) -> Answer:
        """Send a document that breaks off in the middle."""
        return await self._line.sends(b'<Situations><Situation number="M-1"><TrainFail', XML)

    async def names_no_such_station(self, station: str = "177") -> Answer:
        """Close a station that nobody knows."""
        return (await self.station_closes(station))[1]

    async def _begins(self, kind: str, said: dict[str, str], impact: str) -> tuple[str, Answer]:
        number = f"M-{self._line.now():%m%d}-{len(self._told) + 1:03d}"
        self._told[number] = Situation(number, 0, impact, self._line.stamp(), kind, said)
        return number, await self._tells(self._told[number])

    async def _tells(self, situation: Situation, *, because: str = "") -> Answer:
        situation.version += 1
        return await self._line.sends(_written(situation, self._line.now(), because), XML)


def _written(situation: Situation, now: datetime, because: str) -> bytes:
    root = etree.Element("Situations")
    attributes = {"number": situation.number, "version": str(situation.version), "impact": situation.impact}
    element = etree.SubElement(root, "Situation", attributes)
    at = now.isoformat(timespec="milliseconds")
    etree.SubElement(element, "Reported").text = at
    etree.SubElement(element, "Began").text = situation.began
    body = etree.SubElement(element, situation.kind)
    for name, value in situation.said.items():
        etree.SubElement(body, name).text = value
    if because:
        etree.SubElement(element, "Ended", because=because).text = at
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
