"""A whole gateway on loopback: real engine, real record, real feeds, and people with keys who ask it things over HTTP."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import aiohttp
from aiohttp import web
from msgspec import Struct
from multidict import CIMultiDict
from standardwebhooks import Webhook

from gateway import channels, feeds, playbook, shipped, vendors
from gateway.access import Grant, key_hash, new_key
from gateway.channels import ChannelSettings, Mode, TargetSettings
from gateway.city import City
from gateway.doors import json as door
from gateway.drafting import Desk
from gateway.engine import Gateway, Plan
from gateway.engine.plan import Intake
from gateway.feeds import FeedSettings
from gateway.incident import Status
from gateway.journal.contract import Journal
from gateway.journal.records import Key, Person
from gateway.out import Secret
from gateway.publishing import Feeds
from gateway.source import Item, Raw, each, read_incident
from gateway.web import CAP_TYPES, Door, Limits, Listening, app, listen, secret
from gateway.web.console import Town as Deployment
from gateway.words import Words
from tests import foreign

START = datetime.fromisoformat("2026-07-14T18:20:00+09:00")
HANBAT = shipped.folder("gateway") / "demo" / "hanbat"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD_SECRET = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
DATASTREAM = "Hannae gauge 3 water level"
AREA = {
    "role": "danger",
    "name": {"ko": "한내 둔치", "en": "Hannae riverside"},
    "geometry": {"type": "Polygon", "coordinates": [[[127.352, 36.35], [127.36, 36.35], [127.36, 36.354], [127.352, 36.35]]]},
}

PLAYBOOK = """
hazard = "flash-flood"
title = { ko = "한내 홍수", en = "Flood of the Hannae" }
debounce = "60s"

[[levels]]
name = "evacuate"
severity = "severe"
urgency = "immediate"
certainty = "observed"
responses = ["Evacuate"]
targets = ["partners/province"]
duration = "3h"
of = ["severe", "extreme"]
rise = 4.0
fall = 3.0

[watch]
incident = "hannae"
source = "river-telemetry"
property = "water-level"
unit = "m"
sensors = ["G-03"]
at_least = 1
hold = "0s"
silent_after = "1h"
low = -1.0
high = 12.0

[[watch.areas]]
role = "danger"
name = { ko = "한내 둔치", en = "Hannae riverside" }
zones = ["9920010100"]
"""


class Clock:
    """A story clock that moves when told."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        """Return the story's time."""
        return self.at

    def pass_(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)


class Answer(Struct, frozen=True):
    """What came back over the wire."""

    status: int
    headers: CIMultiDict[str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """Return the body as an object."""
        return dict(json.loads(self.body))

    @property
    def code(self) -> str:
        """Return the code of the refusal."""
        return str(self.json["error"]["code"])


class Town(Struct):
    """The gateway and everybody who talks to it."""

    url: str
    port: int
    listening: Listening
    session: aiohttp.ClientSession
    clock: Clock
    gateway: Gateway
    journal: Journal
    keys: dict[str, str]
    app: web.Application

    async def ask(self, method: str, path: str, who: str = "", body: object = None, **headers: str) -> Answer:
        """Ask as somebody; a body of bytes goes as it is, anything else as JSON; `_` in a header's name is `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who:
            sent["Authorization"] = f"Bearer {self.keys[who]}"
        if body is not None and not isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        async with self.session.request(method, self.url + path, data=body, headers=sent) as answer:
            return Answer(answer.status, answer.headers.copy(), await answer.read())

    async def signed(
        self, body: bytes, *, id: str = "msg_1", secret: str = SECRET, at: datetime | None = None, **headers: str
    ) -> Answer:
        """Send river telemetry, signed by an outside implementation."""
        at = at or self.clock()
        stamp = datetime.fromtimestamp(int(at.timestamp()), tz=at.tzinfo)
        signature = Webhook(secret).sign(id, stamp.astimezone(UTC), body.decode())
        given = {"Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": str(int(at.timestamp()))}
        given |= {"webhook-signature": signature} | {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.url}/v1/incidents/river-telemetry"
        async with self.session.post(url, data=body, headers=given) as answer:
            return Answer(answer.status, answer.headers.copy(), await answer.read())

    async def hire(self, name: str, *roles: str, disabled: bool = False) -> None:
        """Give somebody a key."""
        person = Person(name=name, roles=frozenset(roles), password="", disabled=disabled)
        await self.journal.save_person(person, "admin", self.clock())
        await self.give_key(name, person=name)

    async def give_key(self, who: str, *, person: str | None = None, source: str | None = None) -> None:
        """Make a key that speaks for a person or for a source."""
        self.keys[who] = new_key()
        key = Key(id=f"key-{who}", hash=key_hash(self.keys[who]), person=person, source=source)
        await self.journal.save_key(key, "admin", self.clock())

    async def draft(self, id: str = "call-1", **changes: object) -> dict[str, Any]:
        """Draft an alert by hand, as Kim."""
        answer = await self.ask("POST", "/v1/alerts", "kim", incident("operator", id=id, **changes))
        assert answer.status == 201, answer.body
        return answer.json

    async def issue(self, alert: Mapping[str, Any]) -> dict[str, Any]:
        """Let Kim submit and Lee approve."""
        path = f"/v1/alerts/{alert['id']}"
        submitted = await self.ask("POST", f"{path}/submit", "kim", {"revision": alert["revision"], "confirm": True})
        assert submitted.status == 200, submitted.body
        seen = {"version": submitted.json["version"], "hash": submitted.json["hash"]}
        issued = await self.ask("POST", f"{path}/approve", "lee", seen)
        assert issued.status == 200, issued.body
        return issued.json


def incident(source: str = "control-room", **changes: object) -> dict[str, Any]:
    """Return an incident as a source would send it."""
    return {
        "source": source,
        "id": "call-1",
        "hazard": "flash-flood",
        "severity": "severe",
        "urgency": "immediate",
        "certainty": "observed",
        "status": "exercise",
        "reported": "2026-07-14T18:19:58+09:00",
        "onset": "2026-07-14T18:19:00+09:00",
        "areas": [AREA],
    } | changes


def observation(result: object = 2.0, **changes: object) -> dict[str, object]:
    """Return a river gauge's SensorThings Observation."""
    seen: dict[str, object] = {
        "result": result,
        "phenomenonTime": "2026-07-14T18:19:50+09:00",
        "resultQuality": "good",
        "Datastream": {
            "name": DATASTREAM,
            "unitOfMeasurement": {"symbol": "m"},
            "ObservedProperty": {"name": "water level"},
        },
    }
    return seen | changes


class ControlRoom:
    """A vendor that sends our own incident schema, one or several."""

    def parse(self, raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
        """Read one incident or an array of them."""
        assert settings == {}
        document = door.load(raw.body)
        return each(document if isinstance(document, list) else [document], read_incident)


async def opened(journal: Journal, limits: Limits, clock: Clock, pages: Deployment | None = None) -> AsyncIterator[Town]:
    made = [
        maker(FeedSettings(title={"ko": "한밭"}, sender="한밭시", mode=Status.EXERCISE, language="ko")) for maker in feeds.find()
    ]
    gateway = Gateway(_plan(made, clock), journal, clock)
    served = Feeds(journal, made, "http://127.0.0.1", clock)
    built = app(gateway, served, DOORS, limits, town=pages)
    listening = await listen(built, "127.0.0.1", 0)
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        url = f"http://127.0.0.1:{listening.port}"
        town = Town(
            url=url,
            port=listening.port,
            listening=listening,
            session=session,
            clock=clock,
            gateway=gateway,
            journal=journal,
            keys={},
            app=built,
        )
        await _peopled(town)
        yield town
    await listening.stop()


async def _peopled(town: Town) -> None:
    await town.hire("kim", "operator")
    await town.hire("lee", "approver")
    await town.hire("park", "operator", "approver")
    await town.hire("guest", "viewer")
    await town.hire("gone", "admin", "operator", "approver", disabled=True)
    await town.give_key("control-room", source="control-room")
    await town.give_key("river-telemetry", source="river-telemetry")
    await town.give_key("weather-service", source="weather-service")
    await town.give_key("province", source="province")


DOORS = {
    "river-telemetry": Door(
        grant=Grant(source="river-telemetry", rate_per_minute=6000),
        secrets=(secret(SECRET), secret(OLD_SECRET)),
        media_types=frozenset({"application/json"}),
    ),
    "control-room": Door(
        grant=Grant(
            source="control-room",
            hazards=frozenset({"flash-flood"}),
            zones=frozenset({"9920010100", "9920010200"}),
            rate_per_minute=60,
        )
    ),
}


DOORS |= {
    "weather-service": Door(
        grant=Grant(source="weather-service", senders=frozenset({foreign.SENDER, "sea@weather.example"}), rate_per_minute=6000),
        media_types=CAP_TYPES,
    ),
    "province": Door(
        grant=Grant(source="province", senders=frozenset({"eoc@province.example"})),
        secrets=(secret(SECRET),),
        media_types=CAP_TYPES,
    ),
}
PARTNERS = {name: door.grant for name, door in DOORS.items() if door.grant.senders}


@cache
def _city() -> City:
    """Return the city, read once for all gateways."""
    return City.load(HANBAT)


@cache
def _words() -> Words:
    """Return what ships, read once for all gateways."""
    return Words.load(shipped.folder("translations"))


def _plan(made: list[Any], now: Callable[[], datetime]) -> Plan:
    status = Status.EXERCISE
    accepts = frozenset({status})
    partners = channels.find()["webhook"](
        "partners",
        ChannelSettings(targets={"province": _peer()}, accepts=accepts, mode=Mode.EXERCISE, now=now),
    )
    desk = Desk(
        city=_city(),
        words=_words(),
        status=status,
        sender="safety@hanbat.example",
        sender_name={"ko": "한밭시", "en": "Hanbat City"},
        contact="",
        web="",
        languages=("ko", "en"),
        timezone="Asia/Seoul",
        channels={"partners": partners},
        reviewed_only=False,
    )
    river = Intake(
        source=vendors.find()["river_sensorthings"].source,
        settings={"datastreams": {DATASTREAM: "G-03"}},
        default_status=status,
    )
    return Plan(
        code="KR-HB",
        status=status,
        desk=desk,
        playbooks={"flood": playbook.read(PLAYBOOK.encode(), "flood.toml")},
        channels={"partners": partners},
        feeds=made,
        intakes={"river-telemetry": river, "control-room": Intake(source=ControlRoom(), settings={})},
        partners=PARTNERS,
    )


def _peer() -> TargetSettings:
    return TargetSettings(url="http://127.0.0.1:9/alerts", secret=Secret(SECRET), private=True, plain=True)
