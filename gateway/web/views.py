"""What the API shows of the record, in the bodies of schemas/api/."""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.alert import Reference, Stage, Target, Version, stage
from gateway.channel import Payload
from gateway.journal.records import AlertRecord, Delivery, Heard, Quarantined, VersionRecord
from gateway.policy.foreign import name

Frozen = tuple[Sequence[Payload], Sequence[Payload]]

NOT_VERIFIED = "not verified: signature checking is not built"
FIRST = ("kind", "status", "scope", "hazard", "level", "expires", "texts", "left_out", "findings")


def alert(record: AlertRecord, now: datetime) -> dict[str, Any]:
    """Return an alert: its open version, else the newest issued one, in the words that matter first; then every version."""
    newest = record.open or record.newest_issued or record.versions[-1]
    shown: dict[str, Any] = {
        "id": record.id,
        "revision": record.revision,
        "created_at": record.created_at,
        "version": newest.version.number,
        "stage": _stage(record, newest, now),
        "hash": newest.hash,
        **{field: getattr(newest.version, field) for field in FIRST},
        "targets": _names(newest.version.targets),
        "acts": [{"break_glass": False, "reason": "", "hash": ""} | msgspec.to_builtins(act) for act in record.acts],
        "versions": [_version(record, one, now) for one in record.versions],
    }
    return shown | ({"finding": record.finding} if record.finding else {})


def content(version: Version) -> dict[str, Any]:
    """Return everything a version says; targets are named as channel/target, as an edit names them."""
    told = {field: getattr(version, field) for field in version.__struct_fields__ if getattr(version, field) is not None}
    return told | {"targets": _names(version.targets), "withdrawn": _names(version.withdrawn)}


def _version(record: AlertRecord, one: VersionRecord, now: datetime) -> dict[str, Any]:
    shown = {"stage": _stage(record, one, now), "hash": one.hash} | content(one.version)
    return shown | ({"issued_at": one.issued_at} if one.issued_at else {})


def payloads(record: AlertRecord, one: VersionRecord, frozen: Frozen) -> dict[str, Any]:
    """Return the exact bytes that a version's hash covers: channels' first, then feeds'."""
    ways = [("channel", payload) for payload in frozen[0]] + [("feed", payload) for payload in frozen[1]]
    shown = [_payload(way, payload) for way, payload in ways]
    return {"alert": record.id, "version": one.version.number, "hash": one.hash, "payloads": shown}


def _payload(way: str, one: Payload) -> dict[str, Any]:
    shown = {"way": way, "channel": one.channel, "target": one.target, "part": one.part, "media_type": one.media_type}
    return shown | {"sha256": one.sha256} | _bytes(one.body)


def _bytes(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


def delivery(one: Delivery) -> dict[str, Any]:
    """Return one delivery with its attempts; `reason` is what the last attempt that counted said, "" before any."""
    counted = [attempt.note for attempt in one.attempts if not attempt.late]
    return {field: getattr(one, field) for field in one.__struct_fields__} | {
        "target": f"{one.target.channel}/{one.target.target}",
        "reason": counted[-1] if counted else "",
    }


def heard(one: Heard, now: datetime) -> dict[str, Any]:
    """Return a message of another agency: what it says, what became of it, and that nobody has verified it."""
    said = one.foreign
    shown: dict[str, Any] = {"id": said.id, "partner": one.source, "received_at": one.arrived, "live": one.live(now)}
    shown |= {"expires": said.expires, "trust": "none", "trust_note": NOT_VERIFIED, "findings": said.findings}
    shown |= {"replaced_by": [{"msg_type": later.msg_type, "id": later.id} for later in one.later]}
    shown |= {"unknown": _unknown(one)}
    return shown | {"document": f"/v1/cap/{said.id}.xml", "sha256": one.sha256, "message": said.message}


def _unknown(one: Heard) -> list[Reference]:
    unknown = set(one.unknown)
    return [reference for reference in one.foreign.message.references if name(reference) in unknown] if unknown else []


def quarantined(one: Quarantined) -> dict[str, Any]:
    """Return a refused item with the bytes it came in: `body` as text, or `body_base64` where it is none."""
    raw = one.raw
    shown = {"id": one.id, "receipt": one.receipt, "index": one.index, "refusal": one.refusal, "settled": one.settled}
    shown |= {"source": raw.source, "media_type": raw.media_type, "received_at": raw.received_at}
    return shown | _bytes(raw.body)


def _names(targets: Iterable[Target]) -> list[str]:
    return [f"{one.channel}/{one.target}" for one in targets]


def _stage(record: AlertRecord, one: VersionRecord, now: datetime) -> Stage:
    newest = record.newest_issued
    return stage(one.version, record.acts, now, newest_issued=newest.version.number if newest else 0)
