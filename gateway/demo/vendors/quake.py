"""The national earthquake feed, which speaks CAP 1.2 in drills as in earnest."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from lxml import etree
from msgspec import Struct

from gateway.demo.people import Answer
from gateway.demo.vendors.line import Line
from gateway.doors.xml import Element

CAP = "application/cap+xml"
NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SENDER = "eew@seismology.example"
HANBAT: Mapping[str, str] = {"99110": "VI", "99140": "VI", "99170": "V", "99200": "VI", "99230": "V"}
"""How strongly each district was shaken, by the agency's own codes."""


class Tremor(Struct):
    """What the agency has told of one earthquake."""

    event: str
    magnitude: float
    intensities: Mapping[str, str]
    onset: datetime
    messages: list[tuple[str, datetime]]


class Quake:
    """The agency; `strikes` returns the earthquake's name and the answer."""

    def __init__(self, line: Line, *, status: str = "Exercise") -> None:
        """Send over this line; CAP's `status` says of which world it is."""
        self._line, self._status = line, status
        self._told: dict[str, Tremor] = {}

    async def strikes(self, magnitude: float, intensities: Mapping[str, str] = HANBAT) -> tuple[str, Answer]:
        """The earth shakes; the districts are the agency's codes with intensities from I to XII."""
        event, onset = f"EQ-{self._line.now():%Y%m%d}-{len(self._told) + 1:02d}", self._line.now() - timedelta(seconds=20)
        self._told[event] = Tremor(event, magnitude, intensities, onset, [])
        return event, await self._tells(self._told[event], "Alert", "Shelter")

    async def revises(self, event: str, magnitude: float, intensities: Mapping[str, str] = HANBAT) -> Answer:
        """The agency knows better now."""
        tremor = self._told[event]
        tremor.magnitude, tremor.intensities = magnitude, intensities
        return await self._tells(tremor, "Update", "Shelter")

    async def cancels(self, event: str) -> Answer:
        """The agency takes it back: there was no earthquake."""
        return await self._tells(self._told[event], "Cancel", "None")

    async def over(self, event: str) -> Answer:
        """The agency says that it is over."""
        return await self._tells(self._told[event], "Update", "AllClear")

    async def stammers(self) -> Answer:
        """Send CAP that is not valid."""
        return await self._line.sends(f'<alert xmlns="{NAMESPACE}"><identifier>EQ</identifier></alert>'.encode(), CAP)

    async def _tells(self, tremor: Tremor, kind: str, response: str) -> Answer:
        """CAP writes whole seconds, and no two messages of one earthquake share one."""
        known = [sent + timedelta(seconds=1) for _, sent in tremor.messages]
        sent = max([self._line.now().replace(microsecond=0), *known])
        root = _message(tremor, sent, self._status, kind)
        _say(root, tremor, response)
        tremor.messages.append((_identifier(tremor), sent))
        return await self._line.sends(etree.tostring(root, xml_declaration=True, encoding="UTF-8"), CAP)


def _identifier(tremor: Tremor) -> str:
    return f"{tremor.event}.{len(tremor.messages) + 1}"


def _message(tremor: Tremor, sent: datetime, status: str, kind: str) -> Element:
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={"cap": NAMESPACE})
    head = {"identifier": _identifier(tremor), "sender": SENDER, "sent": sent.isoformat(), "status": status}
    _put(root, {**head, "msgType": kind, "scope": "Public"})
    if tremor.messages:
        _put(root, {"references": " ".join(f"{SENDER},{identifier},{at.isoformat()}" for identifier, at in tremor.messages)})
    _put(root, {"incidents": tremor.event})
    return root


def _say(root: Element, tremor: Tremor, response: str) -> None:
    info = etree.SubElement(root, f"{{{NAMESPACE}}}info")
    _put(info, {"language": "en", "category": "Geo", "event": "Earthquake", "responseType": response})
    _put(info, {"urgency": "Immediate", "severity": "Severe", "certainty": "Observed"})
    _put(info, {"onset": tremor.onset.isoformat(timespec="seconds"), "senderName": "National Seismological Agency"})
    _named(info, "parameter", {"Magnitude": f"{tremor.magnitude:g}"})
    _put(_area(info, "14 km northwest of Hanbat"), {"circle": "36.45,127.28 60"})
    for district, intensity in tremor.intensities.items():
        _named(_area(info, f"District {district}"), "geocode", {"MMI": intensity, "District": district})


def _area(info: Element, name: str) -> Element:
    area = etree.SubElement(info, f"{{{NAMESPACE}}}area")
    _put(area, {"areaDesc": name})
    return area


def _named(parent: Element, name: str, values: Mapping[str, str]) -> None:
    for key, value in values.items():
        _put(etree.SubElement(parent, f"{{{NAMESPACE}}}{name}"), {"valueName": key, "value": value})


def _put(parent: Element, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = value
