"""Reads a GTFS-realtime feed back."""

from google.protobuf.message import DecodeError
from google.transit.gtfs_realtime_pb2 import FeedMessage

from gateway.fault import BadInput


def read(feed: bytes) -> FeedMessage:
    """Return what a feed says; raises BadInput("gtfs-realtime-unreadable") for bytes that are no complete FeedMessage."""
    message = FeedMessage()
    try:
        message.ParseFromString(feed)
    except DecodeError as error:
        raise _unreadable(str(error)) from None
    if lacking := message.FindInitializationErrors():
        raise _unreadable(f"{', '.join(lacking)} is missing")
    return message


def _unreadable(why: str) -> BadInput:
    return BadInput("gtfs-realtime-unreadable", why, hint="give the whole feed as the protocol buffer it was published as")
