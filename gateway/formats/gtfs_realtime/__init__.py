"""GTFS Realtime 2.0 service alerts: one entity for each alert, written for readers old and new."""

from gateway.formats.gtfs_realtime.gate import effect
from gateway.formats.gtfs_realtime.reading import read
from gateway.formats.gtfs_realtime.writing import entity, join

MEDIA_TYPE = "application/x-protobuf"

__all__ = ["MEDIA_TYPE", "effect", "entity", "join", "read"]
