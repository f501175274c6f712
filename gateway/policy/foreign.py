"""What messages of other agencies mean to each other, and how long each lasts."""

from datetime import datetime, timedelta

from gateway.alert import Reference, digest
from gateway.fault import BadInput
from gateway.formats.cap import Message, moment

LASTS = timedelta(hours=24)
"""How long a text counts that says no end (CAP 1.2 section 3.2.2 leaves that to who receives it)."""

KEY = 24


def name(reference: Reference) -> str:
    """Return by what a message is known: its sender, its identifier and the moment it was sent, however that is written."""
    try:
        sent = str(moment(reference.sent).timestamp())
    except BadInput:
        sent = reference.sent
    return digest(f"{reference.sender},{reference.identifier},{sent}".encode())[:KEY]


def earlier(message: Message) -> tuple[str, ...]:
    """Return which messages it follows, each once, never itself."""
    own = name(message.reference)
    return tuple(dict.fromkeys(id for reference in message.references if (id := name(reference)) != own))


def expires(message: Message) -> datetime:
    """Return when the last of its texts is over; one without an end lasts 24 h from when it was sent or takes effect."""
    ends = [info.expires or (info.effective or message.sent) + LASTS for info in message.infos]
    return max(ends, default=message.sent + LASTS)
