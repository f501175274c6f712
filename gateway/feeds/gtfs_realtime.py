"""Service alerts for journey planners: a GTFS-realtime feed of everything that concerns riders now."""

from collections.abc import Sequence
from datetime import timedelta

from gateway.alert import Version
from gateway.channel import Publication, Published
from gateway.feeds import FeedSettings
from gateway.formats import gtfs_realtime
from gateway.incident import Status


class ServiceAlerts:
    """The feed at /feeds/gtfs-realtime/alerts.pb; a live city's shows nothing but the actual, a drill's no real alert.

    What is over is absent: the feed is a FULL_DATASET, and absence removes.
    """

    name = "gtfs-realtime"
    path = "/feeds/gtfs-realtime/alerts.pb"
    media_type = gtfs_realtime.MEDIA_TYPE
    keeps = timedelta(0)

    def __init__(self, settings: FeedSettings) -> None:
        """Take the world from the city's settings."""
        self._live = settings.mode is Status.ACTUAL

    def render(self, version: Version) -> bytes | None:
        """Return the version's FeedEntity, or None where riders have nothing to be told or it is of another world."""
        if self._live is not (version.status is Status.ACTUAL):
            return None
        return gtfs_realtime.entity(version)

    def join(self, publication: Publication, rows: Sequence[Published], base_url: str) -> bytes:  # noqa: ARG002 - no links
        """Return the whole feed at the publication's second, with the entities of the alerts that are live by then."""
        return gtfs_realtime.join(publication.at, [row.body for row in rows if row.live(publication.at)])


def feed(settings: FeedSettings) -> ServiceAlerts:
    """Return this feed as a city has set it."""
    return ServiceAlerts(settings)
