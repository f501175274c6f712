"""Static GTFS: the network that a service alert speaks about."""

from gateway.formats.gtfs.network import Agency, Course, Network, Pattern, Route, Stop, StopKind, Trip
from gateway.formats.gtfs.reading import load

__all__ = ["Agency", "Course", "Network", "Pattern", "Route", "Stop", "StopKind", "Trip", "load"]
