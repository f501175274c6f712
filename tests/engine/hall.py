"""A gateway between a scripted city and scripted far sides: Hanbat's own folder, a real record, real channels."""

import base64
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from gateway.access import Actor, Grant
from gateway.alert import Stage, Version, stage
from gateway.channel import Outcome, Part, Verdict
from gateway.delivery import Courier, Pager
from gateway.demo.town import FIRST, settle
from gateway.engine import Gateway, Plan
from gateway.formats import app, cap
from gateway.incident import Incident
from gateway.journal.contract import Journal
from gateway.journal.records import AlertRecord, Delivery, Receipt
from gateway.out import Rehearsal, Secret
from gateway.publishing import Feeds
from gateway.service import set_up
from gateway.source import Raw, read_incident
from tests.journal.samples import Real

DAWN = datetime.fromisoformat("2026-07-14T18:20:00+09:00")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
KIM = Actor("kim", frozenset({"operator"}))
LEE = Actor("lee", frozenset({"approver"}))
PARK = Actor("park", frozenset({"operator", "approver"}))
GUEST = Actor("guest", frozenset({"viewer"}))

BROADCASTER, CITY_APP, DUTY = "http://127.0.0.1:9101/cap", "http://127.0.0.1:9102/alerts", "http://127.0.0.1:9100/page"
RIVERSIDE = [[[127.352, 36.35], [127.36, 36.35], [127.36, 36.354], [127.352, 36.35]]]
ELSEWHERE = [[[127.33, 36.35], [127.334, 36.35], [127.334, 36.353], [127.33, 36.35]]]
AREA = {
    "role": "danger",
    "name": {"ko": "한내 둔치", "en": "Hannae riverside"},
    "geometry": {"type": "Polygon", "coordinates": RIVERSIDE},
}

ADAPTER = '''"""A control room that sends our own incidents and readings, one or several."""

from collections.abc import Iterable, Mapping

from gateway.doors import json
from gateway.source import Item, Raw, each, read_incident, read_reading


def parse(raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
    """Read a JSON array, item by item; settings may name an item that breaks this reader."""
    parts = json.load(raw.body)
    for part in parts if isinstance(parts, list) else [parts]:
        if isinstance(part, dict) and part.get("id") == settings.get("breaks_at"):
            raise LookupError("a code the vendor never told us of")
        yield from each([part], read_reading if "sensor" in part else read_incident)
'''
MANIFEST = {
    "schema": "1",
    "name": "control_room",
    "title": "Control room",
    "owner": "City of Hanbat",
    "version": "1.0",
    "kind": ["source"],
    "transport": "http",
    "media_types": ["application/json"],
    "auth": "bearer",
    "hazards": [],
    "settings": {"type": "object", "properties": {"breaks_at": {"type": "string"}}},
}
SOURCE = """
[sources.control-room]
adapter = "control_room"
auth = "bearer"
default_status = "exercise"

[sources.control-room.settings]
breaks_at = "boom"
"""


class Clock:
    """A story clock that moves when told, and may step back."""

    def __init__(self) -> None:
        """Begin at dawn."""
        self.at = DAWN

    def __call__(self) -> datetime:
        """Return the story's time."""
        return self.at

    def passes(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)


class Arrived(Struct, frozen=True):
    """What one far side was sent."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class FarSides(Rehearsal):
    """Every far side at once; `verdicts` says how a URL answers, and what is not named accepts."""

    def __init__(self) -> None:
        """Nothing has arrived."""
        self.arrived: list[Arrived] = []
        self.verdicts: dict[str, Verdict] = {}

    async def post(self, url: str, body: bytes, *, media_type: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """Keep what was sent."""
        assert media_type
        self.arrived.append(Arrived(url, body, headers or {}))
        return Outcome(verdict=self.verdicts.get(url, Verdict.ACCEPTED))

    def cap(self, url: str = BROADCASTER) -> list[cap.Message]:
        """Return the CAP messages that a far side was sent."""
        return [cap.read(one.body) for one in self.arrived if one.url == url]

    def sent(self, url: str = BROADCASTER) -> list[str]:
        """Return the text of `sent` in every CAP document, as it stands there."""
        return [re.findall(rb"<sent>([^<]*)</sent>", one.body)[0].decode() for one in self.arrived if one.url == url]

    def app(self, url: str = CITY_APP) -> list[app.Entry]:
        """Return the entries that a far side was sent."""
        return [app.read(one.body) for one in self.arrived if one.url == url]

    def pages(self) -> list[dict[str, Any]]:
        """Return what the duty officer was told."""
        return [json.loads(one.body) for one in self.arrived if one.url == DUTY]


class Hall:
    """The town hall: the gateway, and whoever works around it."""

    def __init__(self, plan: Plan, journal: Journal, clock: Clock, real: Real | None = None, far: FarSides | None = None) -> None:
        """Put the parts together."""
        self.plan, self.journal, self.clock = plan, journal, clock
        self.far = far or FarSides()
        self._real = real or Real()
        self.gateway = Gateway(plan, journal, clock)
        self.feeds = Feeds(journal, plan.feeds, "https://hanbat.example", clock)
        self.courier = Courier(journal, plan.channels, self.far, clock, luck=lambda: 0.0)
        self.pager = Pager(journal, self.far, DUTY, Secret(SECRET), clock)
        self.letters = 0

    def waits(self, seconds: float) -> None:
        """Let time pass for leases and for whoever tries again."""
        self._real.at += seconds

    # What comes in

    async def sends(
        self, *items: object, key: str | None = None, source: str = "control-room", grant: Grant | None = None
    ) -> Receipt:
        """Let the control room send items."""
        self.letters += 1
        raw = Raw(
            source=source,
            media_type="application/json",
            body=json.dumps(list(items)).encode(),
            received_at=self.clock(),
        )
        return await self.gateway.receive(raw, key or f"letter-{self.letters}", grant or Grant(source=source))

    async def measures(self, metres: float) -> Receipt:
        """Let the gauge at the bridge read the same level until it has lasted; the receipt is the last reading's."""
        for _ in range(2):
            await self.sends(observation(metres, self.clock()), source="river-telemetry")
            self.clock.passes(seconds=31)
        return await self.sends(observation(metres, self.clock()), source="river-telemetry")

    async def drafts(self) -> list[AlertRecord]:
        """Let the gateway draft what it owes, and return all alerts, oldest first."""
        await self.gateway.draft_due()
        return list(reversed(await self.journal.alerts()))

    # What people do

    async def drafted(self, **changes: object) -> AlertRecord:
        """Draft an alert by hand, as Kim."""
        return await self.gateway.create(incident(**changes), KIM)

    async def submitted(self, record: AlertRecord) -> AlertRecord:
        """Submit the open version, as Kim."""
        return await self.gateway.submit(record.id, record.revision, KIM, confirm=True)

    async def issued(self, record: AlertRecord) -> AlertRecord:
        """Let Kim submit the open version and Lee approve what she sees."""
        waiting = (await self.submitted(record)).open
        assert waiting is not None
        return await self.gateway.approve(record.id, waiting.version.number, waiting.hash, LEE)

    async def told(self, **changes: object) -> AlertRecord:
        """Draft, submit, approve and deliver an alert."""
        record = await self.issued(await self.drafted(**changes))
        await self.delivers()
        return record

    async def delivers(self) -> None:
        """Carry everything that is due."""
        while await self.courier.round():
            pass

    async def paged(self) -> list[dict[str, Any]]:
        """Post what is owed to the duty officer, and return everything he was told so far."""
        while await self.pager.round():
            pass
        return self.far.pages()

    async def codes(self) -> list[str]:
        """Return the codes of everything the duty officer was told so far."""
        return [str(page["code"]) for page in await self.paged()]

    def stage(self, record: AlertRecord) -> Stage:
        """Return where an alert stands by now."""
        newest = record.newest_issued
        return stage(version(record), record.acts, self.clock(), newest_issued=newest.version.number if newest else 0)

    async def deliveries(self, alert: str) -> dict[tuple[int, str, str], str]:
        """Return the state of every delivery of an alert by version, target and part."""
        found: Sequence[Delivery] = await self.journal.deliveries(alert)
        return {
            (one.number, f"{one.target.channel}/{one.target.target}", one.part.value): one.state.value
            for one in found
            if one.part is Part.MESSAGE or one.state.value != "held"
        }


def version(record: AlertRecord) -> Version:
    """Return the open version, else what was told last."""
    newest = record.open or record.newest_issued
    assert newest is not None
    return newest.version


def incident(**changes: object) -> Incident:
    """Return an incident as an operator reports it from a telephone call."""
    return read_incident(report(**({"source": "operator", "id": "call-1"} | changes)))


def report(**changes: object) -> dict[str, object]:
    """Return an incident as the control room sends it."""
    said: dict[str, object] = {
        "source": "control-room",
        "id": "fire-1",
        "hazard": "structure-fire",
        "severity": "severe",
        "urgency": "immediate",
        "certainty": "observed",
        "onset": "2026-07-14T18:19:00+09:00",
        "areas": [AREA],
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def area(coordinates: object, **changes: object) -> dict[str, object]:
    """Return an area of danger drawn elsewhere."""
    return AREA | {"geometry": {"type": "Polygon", "coordinates": coordinates}} | changes


def reading(value: float, at: datetime, **changes: object) -> dict[str, object]:
    """Return a reading of the gauge as the control room would send it."""
    said: dict[str, object] = {
        "source": "control-room",
        "sensor": "C-01",
        "property": "water-level",
        "value": value,
        "unit": "m",
        "at": at.isoformat(),
        "quality": "good",
    }
    return said | changes


def observation(metres: float, at: datetime) -> dict[str, object]:
    """Return what the gauge at the bridge sends."""
    return {
        "result": metres,
        "phenomenonTime": at.isoformat(),
        "resultQuality": "good",
        "Datastream": {
            "name": "Hannae Bridge water level",
            "unitOfMeasurement": {"symbol": "m"},
            "ObservedProperty": {"name": "water level"},
        },
    }


def build(folder: Path) -> Path:
    """Write Hanbat's folder with a control room beside its river, and return it."""
    folder.mkdir()
    settle(folder, {}, SECRET, reach=FIRST)
    rewrite(folder / "city.toml", lambda text: text + SOURCE)
    adapter = folder / "adapters" / "control_room"
    adapter.mkdir(parents=True)
    (adapter / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    (adapter / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    return folder


def rewrite(file: Path, change: Callable[[str], str]) -> None:
    """Change a text file; a change that changes nothing is a mistake of the test."""
    before = file.read_text(encoding="utf-8")
    after = change(before)
    assert after != before, f"nothing changed in {file}"
    file.write_text(after, encoding="utf-8")


def copied(folder: Path, to: Path) -> Path:
    """Return a copy of a city's folder."""
    return shutil.copytree(folder, to)


def plan_of(folder: Path, clock: Clock) -> Plan:
    """Read a folder the way the service does."""
    return set_up(folder, clock).plan
