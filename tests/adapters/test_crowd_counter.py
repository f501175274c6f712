"""Counts become densities, and the exact number of a few people is in nothing that leaves the adapter."""

import json

import pytest

from gateway import vendors
from gateway.incident import Reading
from gateway.source import Refusal
from gateway.vendors import Vendor

SETTINGS = {"zones": {"bs-west": "C-01"}}


@pytest.fixture
def crowd() -> Vendor:
    return vendors.find()["crowd_counter"]


def count(people: object, **changes: object) -> dict[str, object]:
    seen = {"zone": "bs-west", "captured_at": "2026-07-14T20:10:00+09:00", "people": people, "area_m2": 400, "confidence": 0.9}
    return seen | changes


def redacted(vendor: Vendor, body: bytes) -> bytes:
    answer: bytes = vars(vendor.source)["redact"](body)
    return answer


@pytest.mark.parametrize(("people", "value"), [(0, 0.0), (1, 0.0), (29, 0.0), ("<30", 0.0), (30, 0.07), (1240, 3.1)])
def test_the_density_of_fewer_than_thirty_people_is_none(crowd: Vendor, people: object, value: float) -> None:
    (reading,) = vendors.items(crowd, vendors._raw(crowd, json.dumps(count(people)).encode()), SETTINGS)
    assert isinstance(reading, Reading)
    assert (reading.sensor, reading.property, reading.value, reading.quality) == ("C-01", "crowd-density", value, "good")


@pytest.mark.parametrize("people", range(30))
def test_every_small_count_leaves_the_same_bytes(crowd: Vendor, people: int) -> None:
    kept = redacted(crowd, json.dumps([count(people, exact=people, density=people / 400)]).encode())
    assert json.loads(kept) == [count("<30")]


@pytest.mark.parametrize("people", [17.0, "17", True, [17], {"n": 17}, -17, None])
def test_what_is_no_count_is_masked_and_refused(crowd: Vendor, people: object) -> None:
    body = json.dumps(count(people)).encode()
    assert json.loads(redacted(crowd, body))["people"] == "#"
    (refusal,) = vendors.items(crowd, vendors._raw(crowd, body), SETTINGS)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.path) == ("count-invalid", "/0/people")


@pytest.mark.parametrize("body", [b'{"people": 17', b'{"people": 17, "people": 17}', b"17", b"[17]", b'"17"', b"\xff17"])
def test_of_anything_else_no_digit_is_kept(crowd: Vendor, body: bytes) -> None:
    kept = redacted(crowd, body)
    assert not any(chr(byte).isdigit() for byte in kept)
    assert redacted(crowd, kept) == kept
