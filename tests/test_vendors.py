import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import shipped, vendors
from gateway.fault import Faults
from gateway.vendors import Vendor

Change = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the river adapter under another name, to be broken."""
    copy = tmp_path / "adapters" / "creek"
    shutil.copytree(shipped.folder("adapters") / "river_sensorthings", copy, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"name": "creek"}))
    return copy


def found(folder: Path) -> Vendor:
    return vendors.find([folder.parent])["creek"]


def rewrite(name: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return change


def remove(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def test_a_folder_handed_in_is_found_beside_the_shipped_ones(folder: Path) -> None:
    assert set(vendors.find([folder.parent])) >= {"creek", "river_sensorthings"}
    assert vendors.check(found(folder)) == ()


def test_an_adapter_may_spread_over_several_files(folder: Path) -> None:
    (folder / "codes.py").write_text('NAMES = ("G-03",)\n')
    rewrite("adapter.py", "from gateway.incident", "from .codes import NAMES\nfrom gateway.incident")(folder)
    assert vars(found(folder).source)["NAMES"] == ("G-03",)


def test_finding_again_gives_the_folder_as_it_lies_there_now(folder: Path, tmp_path: Path) -> None:
    before = found(folder).source
    assert found(folder).source is before
    shutil.move(folder.parent, tmp_path / "elsewhere")
    again = vendors.find([tmp_path / "elsewhere"])["creek"]
    assert again.source is not before
    assert str(tmp_path / "elsewhere") in str(sys.modules["adapters.creek.adapter"].__file__)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (rewrite("manifest.json", '"creek"', '"brook"'), "manifest-name"),
        (rewrite("manifest.json", '"http"', '"carrier-pigeon"'), "schema-enum"),
        (rewrite("manifest.json", '"owner"', '"boss"'), "schema-required"),
        (rewrite("manifest.json", "{", "{{"), "json-syntax"),
        (rewrite("adapter.py", "def parse(", "def parser("), "adapter-parse"),
        (rewrite("adapter.py", "from typing import", "from typing import Nothing,"), "adapter-import"),
        (remove("adapter.py"), "adapter-import"),
        (lambda folder: folder.rename(folder.with_name("creek-2")), "adapter-name"),
        (lambda folder: shutil.copytree(folder, folder.with_name("river_sensorthings")), "adapter-twice"),
    ],
)
def test_a_broken_folder_is_refused_with_its_place(folder: Path, change: Change, rule: str) -> None:
    change(folder)
    with pytest.raises(Faults) as faults:
        vendors.find([folder.parent])
    rules = {finding.rule for finding in faults.value.findings}
    assert rule in rules
    assert all(str(folder.parent) in finding.file for finding in faults.value.findings)


def over_with_incident(folder: Path) -> None:
    """Make the adapter report incidents that never end."""
    code = """
from gateway.source import read_incident
def parse(raw, settings):
    return each([{}], lambda part: read_incident({
        "source": raw.source, "id": "x", "hazard": "flash-flood", "severity": "severe", "urgency": "immediate",
        "certainty": "observed", "onset": "2026-07-14T18:20:00+09:00", "areas": [{"role": "danger", "zones": ["yuseong"]}]}))
"""
    with (folder / "adapter.py").open("a") as file:
        file.write(code)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (remove("README.md"), "adapter-readme"),
        (remove("samples/over-receded.json"), "sample-missing"),
        (remove("samples/good-single.expected.json"), "sample-expected"),
        (rewrite("samples/good-single.expected.json", "4.2", "4.3"), "sample-differs"),
        (rewrite("samples/bad-unit.expected.json", "/0/Datastream", "/1/Datastream"), "sample-differs"),
        (rewrite("samples/bad-unit.json", '"ft"', '"m"'), "sample-accepted"),
        (rewrite("samples/good-single.json", '"m"', '"ft"'), "sample-refused"),
        (rewrite("samples/settings.json", '"G-03"', '"G 03"'), "schema-pattern"),
        (
            rewrite("manifest.json", '"datastreams": {"description"', '"datastreams": {"$ref": "file:///x", "description"'),
            "manifest-settings",
        ),
        (rewrite("adapter.py", "value=float(", "value=__import__('time').monotonic_ns() + float("), "sample-impure"),
        (rewrite("adapter.py", "explained = ", "raw.body[2000]\n    explained = "), "sample-crash"),
        (rewrite("adapter.py", "explained = ", "raw.body[0]\n    explained = "), "garbage-crash"),
        (rewrite("adapter.py", "explained = ", 'if raw.body == b"{":\n        return []\n    explained = '), "garbage-accepted"),
        (over_with_incident, "sample-over"),
        (rewrite("adapter.py", "def parse", 'def redact(body):\n    return body + b" "\n\n\ndef parse'), "sample-redacted"),
    ],
)
def test_a_broken_promise_is_found(folder: Path, change: Change, rule: str) -> None:
    change(folder)
    assert rule in {finding.rule for finding in vendors.check(found(folder))}
