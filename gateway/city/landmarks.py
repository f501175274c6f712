"""What a map of the city shows beside its zones: `landmarks.geojson`, for drawing only."""

from collections.abc import Mapping
from operator import attrgetter

import shapely
from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from gateway.city import collection
from gateway.city.collection import Feature
from gateway.fault import BadInput


class Landmark(Struct, frozen=True, kw_only=True):
    """A river, a bridge, a park: `kind` says how to draw it; the shape is in (longitude, latitude)."""

    id: str
    kind: str
    name: Mapping[str, str]
    shape: BaseGeometry


def read(raw: bytes, file: str = "landmarks.geojson") -> tuple[Landmark, ...]:
    """Read a GeoJSON FeatureCollection, each feature with `id`, `kind` and `name`; raises Faults with everything wrong."""
    things = collection.read(raw, file, "landmark", _landmark)
    return tuple(collection.once(things, attrgetter("id"), file, "landmark").values())


def _landmark(feature: Feature) -> Landmark:
    id, kind = feature.properties.get("id"), feature.properties.get("kind")
    if not (isinstance(id, str) and id and isinstance(kind, str) and kind):
        raise BadInput("landmark-invalid", "it needs an id and a kind", path="/properties", hint='such as "kind": "bridge"')
    return Landmark(id=id, kind=kind, name=collection.names(feature.properties, "landmark"), shape=_shape(feature.geometry))


def _shape(geometry: Mapping[str, object] | None) -> BaseGeometry:
    try:
        drawn = shapely.geometry.shape(geometry)
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise BadInput("landmark-invalid", str(error), path="/geometry", hint="give a GeoJSON geometry") from None
    west, south, east, north = drawn.bounds if not drawn.is_empty else (-181, 0, 0, 0)
    if not (west >= -180 and south >= -90 and east <= 180 and north <= 90):
        raise BadInput("landmark-invalid", "it lies nowhere in the world", path="/geometry", hint="longitude, then latitude")
    return drawn
