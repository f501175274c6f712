"""The vendors we know: adapter folders found by being there, and their promises tried on their own samples."""

import importlib
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import msgspec
from jsonschema_rs import Draft202012Validator, ReferencingError, RegexOptions, ValidationError
from msgspec import Struct

from gateway import shipped
from gateway.doors import json
from gateway.doors.complaint import complaints
from gateway.fault import BadInput, Faults, Finding
from gateway.incident import Incident
from gateway.source import Item, Raw, Refusal, Source, redacted, refusal


class Manifest(Struct, frozen=True, kw_only=True):
    """What a vendor says of its adapter, valid against `schemas/manifest.schema.json`."""

    name: str
    title: str
    owner: str
    version: str
    kind: tuple[str, ...]
    transport: str
    media_types: tuple[str, ...]
    auth: str
    hazards: tuple[str, ...]
    settings: Mapping[str, Any]
    schema: str = "1"


class Vendor(Struct, frozen=True):
    """One adapter folder: what it says of itself, what reads its bytes, and the samples that prove it."""

    name: str
    manifest: Manifest
    source: Source
    samples: Path


def find(folders: Iterable[Path] = ()) -> Mapping[str, Vendor]:
    """Return every adapter of the shipped folder and of `folders` by its name; their code is run.

    A folder with a manifest.json is an adapter. Raises Faults with the file of everything that is wrong.
    """
    found: dict[str, Vendor] = {}
    findings: list[Finding] = []
    for folder in _adapters((shipped.folder("adapters"), *folders)):
        try:
            found[folder.name] = load(folder, known=found)
        except BadInput as fault:
            findings.extend(_located(fault, folder))
    if findings:
        raise Faults(findings)
    return found


def load(folder: Path, *, known: Collection[str] = ()) -> Vendor:
    """Return the adapter in one folder; raises BadInput("manifest-...", "adapter-...") or Faults of its manifest."""
    if folder.name in known:
        raise BadInput("adapter-twice", f"two adapters are called {folder.name}", hint="rename one of the folders")
    if not folder.name.isidentifier():
        raise BadInput("adapter-name", f"{folder.name!r} is no Python identifier", hint="use letters, digits and underscores")
    manifest = _manifest(folder)
    if manifest.name != folder.name:
        raise BadInput("manifest-name", f"{manifest.name!r} stands in the folder {folder.name!r}", path="/name")
    module = _module(folder)
    if not callable(getattr(module, "parse", None)):
        raise BadInput("adapter-parse", "adapter.py has no parse(raw, settings)", hint="see gateway/source.py")
    return Vendor(folder.name, manifest, cast("Source", module), folder / "samples")


def _adapters(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        yield from sorted(file.parent for file in root.glob("*/manifest.json"))


def _manifest(folder: Path) -> Manifest:
    document = json.load((folder / "manifest.json").read_bytes())
    json.check(document, "manifest.schema.json")
    return msgspec.convert(document, Manifest)


def _module(folder: Path) -> ModuleType:
    """Import adapter.py as adapters.<folder>.adapter, so that its relative imports work wherever the folder lies."""
    name = f"adapters.{folder.name}"
    if list(getattr(sys.modules.get(name), "__path__", ())) != [str(folder)]:
        for stale in [module for module in sys.modules if module == name or module.startswith(name + ".")]:
            del sys.modules[stale]
        package = sys.modules[name] = ModuleType(name)
        package.__path__ = [str(folder)]
    try:
        return importlib.import_module(f"{name}.adapter")
    except Exception as error:  # a vendor's file may fail in any way
        raise BadInput("adapter-import", f"{type(error).__name__}: {error}", hint="mend adapter.py") from error


def _located(fault: BadInput, folder: Path) -> Iterator[Finding]:
    findings = fault.findings if isinstance(fault, Faults) else (_finding(fault),)
    for finding in findings:
        yield msgspec.structs.replace(finding, file=finding.file or str(folder))


def _finding(fault: BadInput) -> Finding:
    return Finding(rule=fault.code, message=fault.message, path=fault.path, hint=fault.hint)


# What an adapter promises, tried on its samples

GARBAGE = (b"", b"\x00\xff\xfe", b"{", b"null", b'"text"', b"<a/>", b"[" * 10_000, b'{"value": [[]]}')
SORTS = ("good", "bad", "over")
_AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)


def check(vendor: Vendor) -> tuple[Finding, ...]:
    """Try every promise of an adapter and return what is broken.

    It has a README.md; samples/ holds `good*`, `bad*` and `over*` inputs, each with its `<stem>.expected.json`, and the
    settings they are read with; reading is pure; good samples give their items, bad ones are refused, and garbage never crashes.
    What redacts its bytes finds nothing more to redact in them.
    """
    return tuple(_checked(vendor))


def settings_faults(vendor: Vendor, settings: Mapping[str, object]) -> tuple[Finding, ...]:
    """Return what is wrong with a source's settings by the manifest's schema, which may refer to nothing outside itself."""
    schema = vendor.manifest.settings
    try:
        validator = Draft202012Validator(dict(schema), validate_formats=True, pattern_options=RegexOptions(), offline=True)
    except (ValidationError, ReferencingError) as error:
        return (Finding(rule="manifest-settings", message=f"settings is no JSON Schema: {error.message}", path="/settings"),)
    return tuple(complaints(validator.iter_errors(dict(settings)), schema, {}))


def items(vendor: Vendor, raw: Raw, settings: Mapping[str, object]) -> tuple[Item, ...]:
    """Return what the adapter reads; what it cannot read at all is one refusal."""
    try:
        return tuple(vendor.source.parse(redacted(raw, vendor.source), settings))
    except BadInput as fault:
        return (refusal(fault),)


def _checked(vendor: Vendor) -> Iterator[Finding]:
    if not (vendor.samples.parent / "README.md").is_file():
        yield _wrong("adapter-readme", "README.md is missing", vendor.samples.parent)
    settings = _settings(vendor)
    yield from settings_faults(vendor, settings)
    for sort in SORTS:
        samples = _samples(vendor, sort)
        if not samples:
            yield _wrong("sample-missing", f"no sample is called {sort}*", vendor.samples)
        for sample in samples:
            yield from _tried(vendor, sample, sort, settings)
    for body in GARBAGE:
        yield from _survived(vendor, body, settings)


def _settings(vendor: Vendor) -> Mapping[str, object]:
    file = vendor.samples / "settings.json"
    return cast("Mapping[str, object]", json.load(file.read_bytes())) if file.is_file() else {}


def _samples(vendor: Vendor, sort: str) -> list[Path]:
    return sorted(file for file in vendor.samples.glob(f"{sort}*") if not file.name.endswith(".expected.json"))


def _tried(vendor: Vendor, sample: Path, sort: str, settings: Mapping[str, object]) -> Iterator[Finding]:
    expected = sample.with_name(f"{sample.stem}.expected.json")
    if not expected.is_file():
        yield _wrong("sample-expected", f"{expected.name} is missing", sample)
        return
    try:
        first, second = (items(vendor, _raw(vendor, sample.read_bytes()), settings) for _ in range(2))
    except Exception as error:  # noqa: BLE001 - a vendor's code may fail in any way
        yield _wrong("sample-crash", f"{type(error).__name__}: {error}", sample)
        return
    if first != second:
        yield _wrong("sample-impure", "reading the same bytes twice gave different items", sample)
    kept = redacted(_raw(vendor, sample.read_bytes()), vendor.source)
    if redacted(kept, vendor.source) != kept:
        yield _wrong("sample-redacted", "redacting these bytes a second time changed them again", sample)
    if [told(item) for item in first] != json.load(expected.read_bytes()):
        yield _wrong("sample-differs", "the items are not the expected ones", sample)
    yield from _meant(first, sort, sample)


def _meant(found: tuple[Item, ...], sort: str, sample: Path) -> Iterator[Finding]:
    refused = [item for item in found if isinstance(item, Refusal)]
    if sort == "bad" and not refused:
        yield _wrong("sample-accepted", "nothing in this bad sample was refused", sample)
    if sort != "bad" and (refused or not found):
        yield _wrong("sample-refused", "an item was refused, or there is none", sample)
    incidents = [item for item in found if isinstance(item, Incident)]
    if sort == "over" and incidents and not any(incident.ended for incident in incidents):
        yield _wrong("sample-over", "no incident has ended in this sample", sample)


def _survived(vendor: Vendor, body: bytes, settings: Mapping[str, object]) -> Iterator[Finding]:
    try:
        found = items(vendor, _raw(vendor, body), settings)
    except Exception as error:  # noqa: BLE001 - a vendor's code may fail in any way
        yield _wrong("garbage-crash", f"{body[:20]!r} gave {type(error).__name__}: {error}", vendor.samples.parent)
        return
    if not found or not all(isinstance(item, Refusal) and item.code for item in found):
        yield _wrong("garbage-accepted", f"{body[:20]!r} was not refused", vendor.samples.parent)


def told(item: Item) -> dict[str, object]:
    """Return an item as an expected.json tells it; of a refusal only the code and the path count."""
    if isinstance(item, Refusal):
        return {"refusal": {"code": item.code, "path": item.path}}
    return {type(item).__name__.lower(): msgspec.json.decode(msgspec.json.encode(item))}


def _raw(vendor: Vendor, body: bytes) -> Raw:
    return Raw(source="sample", media_type=vendor.manifest.media_types[0], body=body, received_at=_AT)


def _wrong(rule: str, message: str, file: Path) -> Finding:
    return Finding(rule=rule, message=message, file=str(file))
