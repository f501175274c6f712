"""What sources say: a fire service with whole incidents, and a river gauge; and what must be known of the fire afterwards."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from gateway.alert import IncidentKey
from gateway.doors import json as door
from gateway.journal.records import Head
from gateway.source import Item, Raw, each, read_incident

RANK = {"": 0, "watch": 1, "danger": 2}
SEVERITY = {"watch": "moderate", "danger": "severe"}
STREET = [[[127.3500, 36.3570], [127.3520, 36.3570], [127.3520, 36.3600], [127.3500, 36.3600], [127.3500, 36.3570]]]
ONSET = "2026-07-14T17:59:00+09:00"


class FireService:
    """A vendor that speaks our own incident format."""

    def parse(self, raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:  # noqa: ARG002 - it has none
        """Read one incident."""
        return each([door.load(raw.body)], read_incident)


class Letter(NamedTuple):
    """One report, and what must become of it."""

    body: bytes
    applied: bool
    episode: int


class Fire:
    """One fire as the service tells it, and as it must be known: which episode, how far, at which level."""

    def __init__(self) -> None:
        """Nothing burns yet."""
        self.episode, self.sequence, self.level, self.open = 0, 0, "", False
        self.news = False
        self.last: Letter | None = None

    @property
    def key(self) -> IncidentKey:
        """Name the fire as it burns now."""
        return IncidentKey("fire", "f1", self.episode)

    def says(self, how: str, now: datetime) -> Letter:
        """Write a report: danger, watch, same (known sequence), old (older one), over, or again (the very same letter)."""
        if how == "again" and self.last is not None:
            return self.last
        if how in ("same", "old", "again") and not self.episode:
            how = "danger"
        self.last = self._late(how, now) if how in ("same", "old") else self._newer(how, now)
        return self.last

    def agrees(self, head: Head | None) -> bool:
        """Tell whether this is what is known."""
        if head is None:
            return self.episode == 0
        known = (head.key.episode, head.open, head.report.sequence, head.report.severity)
        return known == (self.episode, self.open, self.sequence, SEVERITY[self.level])

    def above(self, stopped: str) -> bool:
        """Tell whether it is worse than what a person stopped."""
        return RANK[self.level] > RANK[stopped]

    def _late(self, how: str, now: datetime) -> Letter:
        other = "watch" if self.level == "danger" else "danger"
        return Letter(_incident(self.sequence - (how == "old"), other, now), applied=False, episode=self.episode)

    def _newer(self, how: str, now: datetime) -> Letter:
        if how == "over":
            return self._over(now)
        reopened = not self.open
        self.news = self.news or reopened or how != self.level
        self.episode, self.sequence, self.level, self.open = self.episode + reopened, self.sequence + 1, how, True
        return Letter(_incident(self.sequence, how, now), applied=True, episode=self.episode)

    def _over(self, now: datetime) -> Letter:
        if not self.open:
            body = _incident(self.sequence + 1, self.level or "watch", now, over=True)
            return Letter(body, applied=False, episode=max(self.episode, 1))
        self.sequence, self.open = self.sequence + 1, False
        return Letter(_incident(self.sequence, self.level, now, over=True), applied=True, episode=self.episode)


def observation(metres: float, at: datetime) -> bytes:
    """Write one observation of the gauge at Hannae Bridge, as OGC SensorThings has it."""
    stream = {
        "name": "Hannae Bridge water level",
        "unitOfMeasurement": {"symbol": "m"},
        "ObservedProperty": {"name": "water level"},
    }
    said = {"result": metres, "phenomenonTime": at.isoformat(), "resultQuality": "good", "Datastream": stream}
    return json.dumps(said).encode()


def _incident(sequence: int, level: str, now: datetime, *, over: bool = False) -> bytes:
    said: dict[str, object] = {
        "schema": "1",
        "source": "fire",
        "id": "f1",
        "sequence": sequence,
        "reported": now.isoformat(),
        "hazard": "structure-fire",
        "severity": SEVERITY[level],
        "urgency": "immediate",
        "certainty": "observed",
        "onset": ONSET,
        "areas": [
            {
                "role": "danger",
                "name": {"ko": "둔치길", "en": "Riverside Street"},
                "geometry": {"type": "Polygon", "coordinates": STREET},
            }
        ],
    }
    return json.dumps(said | ({"ended": {"reason": "over", "at": now.isoformat()}} if over else {})).encode()
