from datetime import UTC, datetime

import jsonschema
import msgspec
import pytest

from gateway import shipped, vendors
from gateway.incident import Reading
from gateway.source import Raw, Refusal
from gateway.vendors import Vendor

SETTINGS = {"datastreams": {"Gapcheon 3 water level": "G-03"}, "quality": {"1": "good", "4": "bad"}}


@pytest.fixture
def river() -> Vendor:
    return vendors.find()["river_sensorthings"]


def raw(document: object) -> Raw:
    at = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
    return Raw(source="river-telemetry", media_type="application/json", body=msgspec.json.encode(document), received_at=at)


def observation(**changes: object) -> dict[str, object]:
    stream = {
        "name": "Gapcheon 3 water level",
        "unitOfMeasurement": {"symbol": "cm"},
        "ObservedProperty": {"name": "water level"},
    }
    seen = {"result": 420, "phenomenonTime": "2026-07-14T09:19:50Z", "resultQuality": 1, "Datastream": stream}
    return seen | changes


def test_it_keeps_every_promise_of_its_samples(river: Vendor) -> None:
    assert vendors.check(river) == ()


def test_a_reading_is_in_the_citys_own_terms_and_valid(river: Vendor) -> None:
    (reading,) = vendors.items(river, raw(observation()), SETTINGS)
    assert isinstance(reading, Reading)
    assert (reading.source, reading.sensor, reading.property) == ("river-telemetry", "G-03", "water-level")
    assert (reading.value, reading.unit, reading.quality) == (4.2, "m", "good")
    assert reading.at == datetime(2026, 7, 14, 9, 19, 50, tzinfo=UTC)
    schema = msgspec.json.decode(shipped.read("schemas/reading.schema.json"))
    jsonschema.Draft202012Validator(schema).validate(msgspec.to_builtins(reading))


@pytest.mark.parametrize(
    ("part", "code", "path"),
    [
        (observation(resultQuality="good"), "quality-unknown", "/0/resultQuality"),
        (observation(result=None), "observation-invalid", "/0/result"),
        (observation(result=True), "observation-invalid", "/0/result"),
        (observation(phenomenonTime="2026-07-14T09:10:00Z/2026-07-14T09:20:00Z"), "observation-invalid", "/0/phenomenonTime"),
        (observation(Datastream={"name": "Gapcheon 3 water level"}), "observation-invalid", "/0/Datastream"),
        (observation(Datastream="Datastreams(3)"), "observation-invalid", "/0/Datastream"),
        ([[]], "observation-invalid", "/0"),
        ("flood!", "observation-invalid", "/0"),
    ],
)
def test_what_it_does_not_know_it_refuses_with_the_place(river: Vendor, part: object, code: str, path: str) -> None:
    (refusal,) = vendors.items(river, raw(part), SETTINGS)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.path) == (code, path)
    assert refusal.hint


def test_one_bad_item_loses_no_good_one(river: Vendor) -> None:
    batch = [observation(), observation(resultQuality=9), observation(result=300)]
    kinds = [type(item) for item in vendors.items(river, raw(batch), SETTINGS)]
    assert kinds == [Reading, Refusal, Reading]


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({}, ""),
        ({"datastreams": {"a": "G 03"}}, "/datastreams/a"),
        ({"datastreams": {"a": "G-03"}, "quality": {"1": "fine"}}, "/quality/1"),
        ({"datastreams": {"a": "G-03"}, "datastream": {}}, "/datastream"),
    ],
)
def test_its_settings_are_held_against_the_manifest(river: Vendor, settings: dict[str, object], path: str) -> None:
    findings = vendors.settings_faults(river, settings)
    assert [finding.path for finding in findings] == [path]
    assert vendors.settings_faults(river, SETTINGS) == ()
