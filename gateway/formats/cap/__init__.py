"""Common Alerting Protocol 1.2: one document for each version, written, stamped, read back and checked."""

from gateway.formats.cap.check import check
from gateway.formats.cap.ingest import Received, receive
from gateway.formats.cap.message import Area, Circle, Info, Message, NamedValue, Resource
from gateway.formats.cap.read import read
from gateway.formats.cap.times import SENT_PLACEHOLDER, moment, sent_text
from gateway.formats.cap.tree import NAMESPACE
from gateway.formats.cap.write import DISTRICT_CODE, LEVEL, LOCAL_ZONE, MEDIA_TYPE, stamp, write

__all__ = [
    "DISTRICT_CODE",
    "LEVEL",
    "LOCAL_ZONE",
    "MEDIA_TYPE",
    "NAMESPACE",
    "SENT_PLACEHOLDER",
    "Area",
    "Circle",
    "Info",
    "Message",
    "NamedValue",
    "Received",
    "Resource",
    "check",
    "moment",
    "read",
    "receive",
    "sent_text",
    "stamp",
    "write",
]
