"""Hanbat with a control room beside its river gauge, both free to send as often as they like; and what they send, signed."""

import base64
import json
import math
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct
from standardwebhooks import Webhook

from gateway.demo import town

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
RIVER, CONTROL_ROOM = "river-telemetry", "control-room"
SOURCE = """
[sources.control-room]
adapter = "control_room"
auth = "standard-webhooks"
secret_file = "secrets/river-telemetry"
rate_per_minute = 1000000
default_status = "exercise"
"""


def ring(corners: int) -> list[list[float]]:
    """Return a ring of so many corners by the river, as real outlines are: with 70 of them a report is 2 KB of JSON."""
    turns = [2 * math.pi * (corner % corners) / corners for corner in range(corners + 1)]
    return [[round(127.356 + 0.004 * math.cos(turn), 6), round(36.352 + 0.002 * math.sin(turn), 6)] for turn in turns]


RIVERSIDE = {
    "role": "danger",
    "name": {"ko": "한내 둔치", "en": "Hannae riverside"},
    "geometry": {"type": "Polygon", "coordinates": [ring(70)]},
}


class Message(Struct, frozen=True):
    """What a source sends."""

    body: bytes
    headers: Mapping[str, str]


def settle(folder: Path, urls: Mapping[str, str] = {}, store: str = "") -> None:
    """Make the city's folder, with these URLs for its receivers, its record in a file or in the database of that address."""
    town.settle(folder, urls, SECRET, reach=town.FIRST, store=store)
    shutil.copytree(Path(__file__).parent / "control_room", folder / "adapters" / "control_room")
    file = folder / "city.toml"
    text = file.read_text(encoding="utf-8").replace("rate_per_minute = 600", "rate_per_minute = 1000000")
    file.write_text(text + SOURCE, encoding="utf-8")


def readings(now: datetime, count: int) -> list[Message]:
    """Return readings of a calm river, a microsecond apart."""
    return _signed(now, "reading", (_observation(1.2 + n % 2 / 10, now + timedelta(microseconds=n)) for n in range(count)))


def fires(now: datetime, count: int) -> list[Message]:
    """Return the first reports of as many fires."""
    return _signed(now, "fire", (fire(f"fire-{now.timestamp()}-{number}", now) for number in range(count)))


def reports(now: datetime, id: str, count: int) -> list[Message]:
    """Return reports of one fire, of which only the first is news."""
    return _signed(now, id, (fire(id, now) | {"sequence": number} for number in range(count)))


def fire(id: str, now: datetime) -> dict[str, object]:
    """Return an incident."""
    return {
        "source": CONTROL_ROOM,
        "id": id,
        "hazard": "structure-fire",
        "severity": "severe",
        "urgency": "immediate",
        "certainty": "observed",
        "onset": now.isoformat(),
        "areas": [RIVERSIDE],
    }


def _observation(metres: float, at: datetime) -> dict[str, object]:
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


def _signed(now: datetime, name: str, documents: Iterable[object]) -> list[Message]:
    key, at = Webhook(SECRET), now.astimezone(UTC)
    given = {"content-type": "application/json", "webhook-timestamp": str(int(at.timestamp()))}
    messages = []
    for number, document in enumerate(documents):
        id, text = f"{name}-{at.timestamp()}-{number}".replace(".", "-"), json.dumps(document, ensure_ascii=False)
        messages.append(Message(text.encode(), given | {"webhook-id": id, "webhook-signature": key.sign(id, at, text)}))
    return messages
