"""Reads a GTFS-realtime feed back."""

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from google.transit.gtfs_realtime_pb2 import FeedMessage

from gateway.fault import BadInput


def read(feed: bytes) -> FeedMessage:
    """Return what a feed says; raises BadInput("gtfs-realtime-unreadable") for bytes that are no complete FeedMessage."""
    message = FeedMessage()
    try:
        message.ParseFromString(feed)
    except DecodeError as error:
        hint = "give the feed as the protocol buffer it was published as"
        raise BadInput("gtfs-realtime-unreadable", str(error), hint=hint) from None
    return message
