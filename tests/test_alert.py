"""Stages by their acts, times without fractions, and the hash that a second person approves."""

import hashlib
import itertools
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from gateway.alert import (
    Act,
    Deed,
    IncidentKey,
    Kind,
    Place,
    Reference,
    Refuge,
    Selector,
    Stage,
    Target,
    Text,
    Transit,
    Version,
    approval_hash,
    digest,
    stage,
    whole,
)
from gateway.area import Role
from gateway.fault import Finding
from gateway.incident import Certainty, Scope, Severity, Status, Urgency
from tests import samples
from tests.samples import SQUARE

NOW = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
TEXT = Text(
    language="ko", sender_name="한밭시", event="홍수", headline="한내 홍수", description="물", instruction="대피", short="대피"
)
VERSION = samples.version(
    places=(Place(role=Role.DANGER, name={"ko": "한내"}, polygons=(SQUARE,)),),
    texts=(TEXT,),
    targets=(Target("cap", "centre"),),
    onset=NOW,
    effective=NOW,
    expires=NOW + timedelta(hours=2),
    identifier="",
)
OTHER: dict[str, Any] = {
    "alert": "hanbat-2",
    "number": 2,
    "kind": Kind.UPDATE,
    "status": Status.ACTUAL,
    "scope": Scope.RESTRICTED,
    "hazard": "structure-fire",
    "playbook": "fire",
    "level": "danger",
    "category": ("Fire",),
    "event_codes": (),
    "severity": Severity.MINOR,
    "urgency": Urgency.PAST,
    "certainty": Certainty.LIKELY,
    "responses": ("Avoid", "Evacuate"),
    "places": (Place(role=Role.CLOSURE, name={"ko": "한내"}, polygons=(SQUARE,)),),
    "texts": (msgspec.structs.replace(TEXT, short="피하십시오"),),
    "targets": (Target("cap", "other"),),
    "sender": "other@hanbat.example",
    "onset": NOW + timedelta(seconds=1),
    "effective": NOW + timedelta(seconds=1),
    "expires": NOW + timedelta(hours=3),
    "incident": IncidentKey("river", "G-03", 1),
    "incident_sequence": 1,
    "transit": Transit(cause="WEATHER", effect="DETOUR", selectors=(Selector(stop="S01"),)),
    "withdrawn": (Target("cap", "gone"),),
    "left_out": ("en",),
    "identifier": "hanbat-1.1",
    "references": (Reference(sender="a", identifier="b", sent="c"),),
    "reason": "why",
    "findings": (Finding(rule="r", message="m"),),
    "facts": {"place": "bridge"},
    "contact": "119",
    "web": "https://hanbat.example/",
    "cells": ("450-99-1-1",),
    "people": 1200,
    "shelters": (Refuge(id="s", name={"ko": "학교"}, position=(127.3, 36.3), metres=300, capacity=200),),
}
PART = ("cap", "centre", "message", "application/cap+xml", "00")


def act(deed: Deed, number: int = 1) -> Act:
    return Act(number=number, deed=deed, actor="kim", at=NOW)


@pytest.mark.parametrize(
    ("deeds", "kind", "newest", "after", "expected"),
    [
        ((), Kind.ALERT, 0, 0, Stage.DRAFT),
        ((Deed.DRAFTED, Deed.EDITED), Kind.ALERT, 0, 0, Stage.DRAFT),
        ((Deed.DRAFTED, Deed.SUBMITTED), Kind.ALERT, 0, 0, Stage.SUBMITTED),
        ((Deed.DRAFTED, Deed.SUBMITTED, Deed.APPROVED), Kind.ALERT, 0, 0, Stage.SUBMITTED),
        ((Deed.DRAFTED, Deed.REJECTED), Kind.ALERT, 0, 0, Stage.REJECTED),
        ((Deed.DRAFTED, Deed.SUBMITTED, Deed.VOIDED), Kind.ALERT, 2, 0, Stage.REJECTED),
        ((Deed.SUBMITTED, Deed.ISSUED), Kind.ALERT, 1, 0, Stage.ISSUED),
        ((Deed.SUBMITTED, Deed.ISSUED), Kind.UPDATE, 1, 119, Stage.ISSUED),
        ((Deed.SUBMITTED, Deed.ISSUED), Kind.UPDATE, 1, 120, Stage.EXPIRED),
        ((Deed.SUBMITTED, Deed.ISSUED, Deed.EXPIRED), Kind.ALERT, 1, 0, Stage.EXPIRED),
        ((Deed.SUBMITTED, Deed.ISSUED), Kind.ALERT, 2, 0, Stage.SUPERSEDED),
        ((Deed.SUBMITTED, Deed.ISSUED, Deed.EXPIRED), Kind.ALERT, 2, 0, Stage.SUPERSEDED),
        ((Deed.SUBMITTED, Deed.ISSUED), Kind.CANCEL, 1, 9999, Stage.CANCELLED),
        ((Deed.SUBMITTED, Deed.ISSUED), Kind.END, 1, 9999, Stage.ENDED),
    ],
)
def test_the_stage_of_a_version(deeds: tuple[Deed, ...], kind: Kind, newest: int, after: int, expected: Stage) -> None:
    version = msgspec.structs.replace(VERSION, kind=kind)
    others = [act(deed, 2) for deed in (Deed.REJECTED, Deed.ISSUED)]
    now = NOW + timedelta(minutes=after)
    assert stage(version, [*others, *map(act, deeds)], now, newest_issued=newest) is expected


def test_the_hash_changes_with_everything_a_version_says() -> None:
    assert set(OTHER) == set(Version.__struct_fields__)
    versions = [VERSION, *(msgspec.structs.replace(VERSION, **{field: other}) for field, other in OTHER.items())]
    assert len({approval_hash(version, [PART]) for version in versions}) == len(versions)


def test_the_hash_changes_with_every_part_of_every_payload_and_not_with_their_order() -> None:
    other = ("webhook", "app", "clear", "application/json", "01")
    changed = [list(PART) for _ in PART]
    for place, part in enumerate(changed):
        part[place] = other[place]
    parts = [PART, *((a, b, c, d, e) for a, b, c, d, e in changed)]
    assert len({approval_hash(VERSION, [part]) for part in parts}) == len(parts)
    assert len({approval_hash(VERSION, order) for order in itertools.permutations([PART, other, parts[1]])}) == 1
    assert approval_hash(VERSION, [PART]) != approval_hash(VERSION, [PART, PART])
    assert approval_hash(VERSION, []) != approval_hash(VERSION, [PART])


def test_the_hash_is_that_of_a_version_however_it_was_stored() -> None:
    told = msgspec.structs.replace(VERSION, **OTHER)
    again = msgspec.json.decode(msgspec.json.encode(told), type=Version)
    assert approval_hash(again, [PART]) == approval_hash(told, [PART])


def test_a_digest_is_the_sha256_that_everybody_computes() -> None:
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest("한내".encode()) == hashlib.sha256("한내".encode()).hexdigest()


def test_a_whole_second_keeps_its_zone() -> None:
    seoul = timezone(timedelta(hours=9))
    assert whole(datetime(2026, 7, 14, 18, 20, 59, 999_999, tzinfo=seoul)).isoformat() == "2026-07-14T18:20:59+09:00"


def test_a_text_is_found_by_its_language() -> None:
    assert VERSION.text("ko") is TEXT
    with pytest.raises(KeyError):
        VERSION.text("en")
