"""What nobody may keep is nowhere in the record: not in its rows, not in its file, not in a digest that would give it away."""

import hashlib
import json
from pathlib import Path

import pytest

from gateway.access import Grant
from gateway.journal.records import Receipt
from gateway.source import Raw
from gateway.vendors import find
from tests.engine.hall import Hall

FEW = 23


def _body(people: int) -> bytes:
    count = {"zone": "bs-west", "captured_at": "2026-07-14T18:19:50+09:00", "people": people, "area_m2": 413, "confidence": 0.9}
    return json.dumps(count).encode()


async def _sends(hall: Hall, body: bytes, key: str | None = "one") -> Receipt:
    raw = Raw(source="crowd-counter", media_type="application/json", body=body, received_at=hall.clock())
    return await hall.gateway.receive(raw, key, Grant(source="crowd-counter"))


def _stored(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*.db*")))


async def test_a_small_count_is_nowhere_in_the_file(hall: Hall, tmp_path: Path) -> None:
    await _sends(hall, _body(FEW))
    await _sends(hall, _body(FEW)[:-3], key="broken")
    stored = _stored(tmp_path)
    assert b'"people":"<30"' in stored
    assert b'"people": ##' in stored
    for body in (_body(FEW), _body(FEW)[:-3]):
        digest = hashlib.sha256(body)
        assert not any(found in stored for found in (body, digest.digest(), digest.hexdigest().encode()))
    assert not any(f'"people":{gap}{FEW}'.encode() in stored for gap in ("", " "))
    assert str(FEW / 413)[:6].encode() not in stored


async def test_a_large_count_is_kept(hall: Hall, tmp_path: Path) -> None:
    await _sends(hall, _body(1239))
    assert b'"people":1239' in _stored(tmp_path)


async def test_small_counts_cannot_be_told_apart_by_their_receipts(hall: Hall) -> None:
    first = await _sends(hall, _body(4))
    second = await _sends(hall, _body(23))
    assert (first.id, second.again) == (second.id, True)


async def test_where_redacting_breaks_nothing_is_kept(hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> bytes:
        raise LookupError(FEW)

    monkeypatch.setattr(find()["crowd_counter"].source, "redact", broken)
    receipt = await _sends(hall, _body(FEW))
    assert [(one.accepted, one.code) for one in receipt.items] == [(False, "redaction-broke")]
    assert b"bs-west" not in _stored(tmp_path)
    assert await hall.codes() == ["redaction-broke"]
