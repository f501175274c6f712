"""A version becomes the exact bytes of every way out."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from gateway.alert import Version
from gateway.channel import Channel, Feed, Payload
from gateway.formats import cap, mail

DOCUMENT = "cap.document"
_STAMPED = {cap.MEDIA_TYPE: cap.stamp, mail.MEDIA_TYPE: mail.stamp}


def render(
    version: Version, channels: Iterable[Channel], feeds: Iterable[Feed]
) -> tuple[tuple[Payload, ...], tuple[Payload, ...]]:
    """Return the exact bytes of every channel, then of every feed and the CAP document that peers and feed share."""
    sent = tuple(payload for channel in channels for payload in channel.render(version))
    document = Payload(channel=DOCUMENT, body=cap.write(version), media_type=cap.MEDIA_TYPE)
    bodies = ((feed, feed.render(version)) for feed in feeds)
    fetched = (Payload(channel=feed.name, body=body, media_type=feed.media_type) for feed, body in bodies if body is not None)
    return sent, (document, *fetched)


def stamp(payload: Payload, sent: datetime) -> Payload:
    """Return the bytes as issued: a CAP document gets its `sent`, also one in a mail; anything else stays as approved."""
    if (stamped := _STAMPED.get(payload.media_type)) is None:
        return payload
    return msgspec.structs.replace(payload, body=stamped(payload.body, sent))
