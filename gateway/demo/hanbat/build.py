"""Draws Hanbat from its seed: `python -m gateway.demo.hanbat.build` writes what stands beside this file."""

import json
from collections.abc import Mapping
from pathlib import Path

from gateway.demo.hanbat.feed import feed
from gateway.demo.hanbat.layout import Layout, Line, degrees
from gateway.demo.hanbat.names import ALIASES, BRIDGE, RIVER, RIVERSIDE, SENSOR, ZONES

SEED = 20260714
HERE = Path(__file__).parent


def build(seed: int = SEED) -> Mapping[str, bytes]:
    """Return every drawn file of the city folder by its name; the same seed gives the same bytes."""
    layout = Layout(seed)
    bridge = [(-160.0, 0.0), (160.0, 0.0)]
    return {
        "zones.geojson": _json(_collection([_zone(code, outline) for code, outline in layout.zones().items()])),
        "riverside.geojson": _json(_feature(RIVERSIDE, _polygon(layout.riverside()))),
        "landmarks.geojson": _json(
            _collection(
                [
                    _feature(RIVER, _polygon(layout.water())),
                    _feature(BRIDGE, {"type": "LineString", "coordinates": [degrees(end) for end in bridge]}),
                    _feature(SENSOR, {"type": "Point", "coordinates": degrees((layout.river(0), 0.0))}),
                ]
            )
        ),
        "gtfs.zip": feed(layout),
    }


def write(folder: Path = HERE) -> None:
    """Write every drawn file into a folder."""
    for name, body in build().items():
        (folder / name).write_bytes(body)


def _zone(code: str, outline: Line) -> object:
    korean, english, population = ZONES[code]
    properties: dict[str, object] = {"code": code, "name": {"ko": korean, "en": english}, "population": population}
    if code in ALIASES:
        properties["aliases"] = ALIASES[code]
    return _feature(properties, _polygon(outline))


def _collection(features: list[object]) -> object:
    return {"type": "FeatureCollection", "features": features}


def _feature(properties: Mapping[str, object], geometry: Mapping[str, object]) -> object:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _polygon(outline: Line) -> Mapping[str, object]:
    return {"type": "Polygon", "coordinates": [[degrees(place) for place in outline]]}


def _json(document: object) -> bytes:
    """Write a document with one feature's outline to a line, so that changes can be read."""
    return (json.dumps(document, ensure_ascii=False).replace('{"type": "Feature",', '\n{"type": "Feature",') + "\n").encode()


if __name__ == "__main__":
    write()
