"""What every shipped adapter promises, whoever wrote it."""

import re
from pathlib import Path

import jsonschema
import msgspec
import pytest

from gateway import shipped, vendors
from gateway.doors import json
from gateway.incident import Incident, Reading
from gateway.source import Refusal
from gateway.vendors import Vendor

VENDORS = vendors.find()
SAMPLES = [
    (name, file) for name, one in sorted(VENDORS.items()) for file in sorted(one.samples.iterdir()) if file.stem[0] in "gbo"
]
INPUTS = [pytest.param(VENDORS[name], file, id=f"{name}/{file.name}") for name, file in SAMPLES if ".expected" not in file.name]


def read(vendor: Vendor, body: bytes) -> tuple[object, ...]:
    settings = json.load((vendor.samples / "settings.json").read_bytes())
    assert isinstance(settings, dict)
    return vendors.items(vendor, vendors._raw(vendor, body), settings)


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_it_keeps_every_promise_of_its_samples(vendor: Vendor) -> None:
    assert vendors.check(vendor) == ()


@pytest.mark.parametrize(("vendor", "sample"), INPUTS)
def test_what_it_makes_is_valid_and_what_it_refuses_can_be_mended(vendor: Vendor, sample: Path) -> None:
    for item in read(vendor, sample.read_bytes()):
        if isinstance(item, Refusal):
            assert item.hint
            assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*|D04", item.code)
            continue
        assert isinstance(item, Incident | Reading)
        schema = msgspec.json.decode(shipped.read(f"schemas/{type(item).__name__.lower()}.schema.json"))
        checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        checker.validate(msgspec.json.decode(msgspec.json.encode(item)))
