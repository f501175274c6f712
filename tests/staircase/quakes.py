"""Earthquakes: the city lets the national feed tell of one by itself, but not where people are being told of another."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.journal.records import AlertRecord, VersionState
from tests.staircase.deeds import Deeds
from tests.staircase.reports import STREET

QUAKES = "earthquake-feed"
TWINS = timedelta(hours=24)


class Quakes:
    """What the feed has told, and what must become of each."""

    def __init__(self) -> None:
        """Nothing has shaken yet."""
        self._count = 0
        self._owed: list[str] = []

    def says(self, now: datetime) -> bytes:
        """Write of one more earthquake, always in the same street."""
        self._count += 1
        self._owed.append(f"quake-{self._count}")
        said = {
            "schema": "1",
            "source": QUAKES,
            "id": self._owed[-1],
            "reported": now.isoformat(),
            "hazard": "earthquake",
            "severity": "severe",
            "urgency": "immediate",
            "certainty": "observed",
            "onset": now.isoformat(),
            "areas": [{"role": "danger", "zones": [], "geometry": {"type": "Polygon", "coordinates": STREET}}],
        }
        return json.dumps(said).encode()

    def drafted(self, before: Sequence[AlertRecord], after: Sequence[AlertRecord], deeds: Deeds, now: datetime) -> None:
        """Hold what was made of each to what had to be: the first goes out alone, the others wait for people."""
        told = any(_tells(record, deeds, now) for record in before)
        for id in self._owed:
            [record] = [one for one in after if _about(one) == id]
            state = record.versions[0].state
            assert state is (VersionState.OPEN if told else VersionState.ISSUED), f"{id} is {state}"
            deeds.paged.add(f"pre-authorised:{record.id}")
            if not told:
                deeds.alone.add((record.id, 1))
            told = True
        self._owed.clear()


def _about(record: AlertRecord) -> str:
    key = record.versions[0].version.incident
    return key.id if key and key.source == QUAKES else ""


def _tells(record: AlertRecord, deeds: Deeds, now: datetime) -> bool:
    """Tell whether people are told of an earthquake by it, or are about to be."""
    if not _about(record):
        return False
    if deeds.live(record.id, now):
        return now - deeds.told[record.id][-1].at < TWINS
    waits = record.open is not None and record.open.state is VersionState.FROZEN
    return waits and record.open is not None and now - record.open.version.effective < TWINS
