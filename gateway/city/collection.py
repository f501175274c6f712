"""A GeoJSON FeatureCollection of the city's own, read feature by feature, so that every fault is told at once."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from gateway.doors import json, text
from gateway.fault import BadInput, Faults, Finding

T = TypeVar("T")

MOST_BYTES = 64 << 20


class Feature(Struct, frozen=True):
    """One feature; its geometry is whatever stands there, None where nothing was drawn."""

    properties: Mapping[str, object]
    geometry: Mapping[str, object] | None


def read(raw: bytes, file: str, kind: str, made: Callable[[Feature], T]) -> list[tuple[int, T]]:
    """Return what `made` makes of each feature, with the feature's number from 0.

    Raises BadInput("<kind>s-empty") for what holds no features, and Faults with file and JSON pointer of everything wrong.
    """
    document = json.load(raw, most_bytes=MOST_BYTES)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        hint = f"give a FeatureCollection of {kind}s"
        raise BadInput(f"{kind}s-empty", f"{file} holds no features", path="/features", hint=hint)
    things, findings = [], []
    for index, feature in enumerate(features):
        try:
            things.append((index, made(_feature(feature, kind))))
        except BadInput as fault:
            findings.append(found(fault, file, index))
    if findings:
        raise Faults(findings)
    return things


def found(fault: BadInput, file: str, index: int) -> Finding:
    """Return a fault of one feature as a finding of its file."""
    return Finding(rule=fault.code, message=fault.message, path=f"/features/{index}{fault.path}", hint=fault.hint, file=file)


def once(things: list[tuple[int, T]], id: Callable[[T], str], file: str, kind: str) -> dict[str, T]:
    """Return things by their ids; raises Faults("<kind>-duplicate") where an id stands there twice."""
    known: dict[str, T] = {}
    findings = []
    for index, thing in things:
        if id(thing) in known:
            fault = BadInput(f"{kind}-duplicate", f"{id(thing)} stands there twice", path="/properties/id", hint="rename one")
            findings.append(found(fault, file, index))
        known[id(thing)] = thing
    if findings:
        raise Faults(findings)
    return known


def names(properties: Mapping[str, object], kind: str) -> Mapping[str, str]:
    """Return a name by language, from an object `name` or from `name:ko` and the like; raises BadInput("<kind>-name")."""
    plain = properties.get("name")
    given = dict(plain) if isinstance(plain, dict) else {}
    given |= {key.removeprefix("name:"): value for key, value in properties.items() if key.startswith("name:")}
    if not given or not all(isinstance(name, str) for name in given.values()):
        hint = 'write "name:ko" and "name:en", or an object "name"'
        raise BadInput(f"{kind}-name", f"a {kind} needs its name by language", path="/properties/name", hint=hint)
    return dict(_clean(given))


def _clean(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for language, name in given.items():
        yield language, text.one_line(name, path=f"/properties/name:{language}")


def _feature(feature: object, kind: str) -> Feature:
    try:
        return msgspec.convert(feature, Feature)
    except msgspec.ValidationError as error:
        raise BadInput(f"{kind}-invalid", str(error), hint=f"a {kind} has properties and a geometry") from None
