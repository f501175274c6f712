"""Where people are told of something now, as GeoJSON (RFC 7946) for maps: one feature for each area of each live alert."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

from gateway.alert import Place, Version, whole
from gateway.channel import Publication, Published
from gateway.feeds import FeedSettings
from gateway.feeds.app import shown


class AlertAreas:
    """The feed at /feeds/alerts.geojson, of its own world only; what is over is absent."""

    name = "geojson"
    path = "/feeds/alerts.geojson"
    media_type = "application/geo+json"
    keeps = timedelta(0)

    def __init__(self, settings: FeedSettings) -> None:
        """Take the world and the default language from the city's settings."""
        self._mode = settings.mode

    def render(self, version: Version) -> bytes | None:
        """Return the features of a public version of this world, one a line; None of any other."""
        if not shown(version, self._mode):
            return None
        return ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in _features(version)).encode()

    def join(self, publication: Publication, rows: Sequence[Published], base_url: str) -> bytes:  # noqa: ARG002 - no links
        """Return one feature collection of the alerts that are live by the publication's time."""
        live = b",\n".join(row.body for row in rows if row.live(publication.at) and row.body)
        head = {"type": "FeatureCollection", "status": self._mode, "updated": whole(publication.at).isoformat()}
        return json.dumps(head)[:-1].encode() + b', "features": [\n' + live + b"\n]}\n"


def feed(settings: FeedSettings) -> AlertAreas:
    """Return this feed as a city has set it."""
    return AlertAreas(settings)


def _features(version: Version) -> Iterator[dict[str, object]]:
    told = {text.language: text.headline for text in version.texts}
    for number, place in enumerate(version.places):
        properties = {
            "alert": version.alert,
            "version": version.number,
            "status": version.status,
            "hazard": version.hazard,
            "severity": version.severity,
            "urgency": version.urgency,
            "role": place.role,
            "name": place.name,
            "headline": told,
            "onset": whole(version.onset).isoformat(),
            "expires": whole(version.expires).isoformat(),
        }
        yield {"type": "Feature", "id": f"{version.identifier}.{number}", "properties": properties, "geometry": _geometry(place)}


def _geometry(place: Place) -> dict[str, object] | None:
    surfaces = [polygon.coordinates for polygon in place.polygons]
    if not surfaces:
        return None
    return (
        {"type": "Polygon", "coordinates": surfaces[0]}
        if len(surfaces) == 1
        else {"type": "MultiPolygon", "coordinates": surfaces}
    )
