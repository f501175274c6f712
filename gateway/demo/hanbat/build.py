"""Draws Hanbat from its seed: `python -m gateway.demo.hanbat.build` writes what stands beside this file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gateway.demo.hanbat import radio
from gateway.demo.hanbat.feed import feed
from gateway.demo.hanbat.landmarks import Landmark, landmarks, point, polygon
from gateway.demo.hanbat.layout import Layout
from gateway.demo.hanbat.names import ALIASES, DISTRICTS, ZONES, district
from gateway.demo.hanbat.refuges import Refuge, refuges

SEED = 20260714
HERE = Path(__file__).parent


def build(seed: int = SEED) -> Mapping[str, bytes]:
    """Return every drawn file of the city folder by its name; the same seed gives the same bytes, but for a zip's packing."""
    layout = Layout(seed)
    return {
        "zones.geojson": _collection(_zones(layout)),
        "landmarks.geojson": _collection(map(_landmark, landmarks(layout))),
        "shelters.geojson": _collection(map(_refuge, refuges(layout))),
        "cells.csv": radio.cells(layout),
        "gtfs.zip": feed(layout),
    }


def write(folder: Path = HERE) -> None:
    """Write every drawn file into a folder."""
    for name, body in build().items():
        (folder / name).write_bytes(body)


def _zones(layout: Layout) -> Iterator[object]:
    for code, (korean, english) in DISTRICTS.items():
        yield _feature({"code": code, "name": {"ko": korean, "en": english}}, None)
    for code, outline in layout.zones().items():
        korean, english, population = ZONES[code]
        properties: dict[str, object] = {
            "code": code,
            "district": district(code),
            "name": {"ko": korean, "en": english},
            "population": population,
        }
        if code in ALIASES:
            properties["aliases"] = ALIASES[code]
        yield _feature(properties, polygon(outline))


def _landmark(one: Landmark) -> object:
    return _feature({"id": one.id, "kind": one.kind, "name": {"ko": one.korean, "en": one.english}}, one.geometry)


def _refuge(one: Refuge) -> object:
    korean, english = one.names
    properties = {
        "id": one.id,
        "name": {"ko": korean, "en": english},
        "kind": one.kind,
        "capacity": one.capacity,
        "open": one.open,
        "hazards": list(one.hazards),
        "accessible": one.accessible,
    }
    return _feature(properties, point(one.place))


def _feature(properties: Mapping[str, object], geometry: Mapping[str, object] | None) -> object:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _collection(features: Iterable[object]) -> bytes:
    """Write features one to a line, so that changes can be read."""
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'.encode()


if __name__ == "__main__":
    write()
