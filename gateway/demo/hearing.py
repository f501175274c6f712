"""What each receiver makes of what came: read back from raw bytes, in words that a table can hold."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, NamedTuple, cast

from gateway.demo.mailbox import Mailbox
from gateway.demo.receivers import Arrived, Receiver
from gateway.demo.town import RECEIVERS
from gateway.doors import json as door
from gateway.formats import cap
from gateway.formats.cell_broadcast import pages

FarSide = Receiver | Mailbox
PEERS: Mapping[str, str] = {
    "broadcaster": "cap",
    "city-app": "webhook",
    "road-signs": "signs",
    "carriers": "broadcast",
    "wards": "mail",
}
"""Whom the city's channels reach."""
SIGNED = ("city-app", "road-signs", "carriers", "duty")
CRLF = b"\r\n"
CLOCK = re.compile(r"\d\d:\d\d")


class Expected(NamedTuple):
    """One arrival: what it says it is, what it is about, and what else stands in it that matters."""

    kind: str
    about: str
    says: tuple[str, ...] = ()


def far_sides() -> dict[str, FarSide]:
    """Return a receiver of its own for everybody whom Hanbat tells, not yet started."""
    return {name: Mailbox() if url.startswith("smtp") else Receiver(path=f"/{name}") for name, url in RECEIVERS.items()}


def read(name: str, arrival: Arrived) -> Expected:
    """Return what a receiver of that name was told; a clock time in its texts, which the speed decides, reads hh:mm."""
    kind, about, says = _READ[name](arrival)
    return Expected(kind, about, tuple(CLOCK.sub("hh:mm", said) for said in says))


def lines(name: str, arrival: Arrived) -> Mapping[str, str]:
    """Return what people are shown of it, by language."""
    return _LINES[name](arrival)


def unstamped(name: str, body: bytes) -> bytes:
    """Return bytes as they were approved: with the placeholder for the time that CAP says they were sent."""
    if name != "wards":
        return re.sub(rb"<sent>[^<]*</sent>", f"<sent>{cap.SENT_PLACEHOLDER}</sent>".encode(), body, count=1)
    document = attached(mail(body), cap.MEDIA_TYPE)
    return body.replace(_base64(document), _base64(unstamped("broadcaster", document)))


def mail(body: bytes) -> EmailMessage:
    """Take a mail apart."""
    return message_from_bytes(body, policy=policy.SMTP)


def attached(letter: EmailMessage, media_type: str) -> bytes:
    """Return the one part of a mail that is of this type."""
    [part] = [part for part in letter.walk() if part.get_content_type() == media_type]
    return cast("bytes", part.get_payload(decode=True))


def broadcast_text(order: Mapping[str, Any]) -> str:
    """Return what phones show, decoded from the pages alone."""
    return " ".join(pages.read([bytes.fromhex(page) for page in one["pages"]], one["dcs"])[1] for one in order["messages"])


def told(arrival: Arrived) -> dict[str, Any]:
    """Return an arrival's JSON object."""
    read = door.load(arrival.body)
    return read if isinstance(read, dict) else {}


def _base64(document: bytes) -> bytes:
    return base64.encodebytes(document).replace(b"\n", CRLF)


def _cap(arrival: Arrived) -> Expected:
    message = cap.read(arrival.body)
    info = message.infos[0]
    return Expected(message.msg_type, message.identifier, (info.severity, info.urgency, " ".join(info.responses)))


def _app(arrival: Arrived) -> Expected:
    body = told(arrival)
    says = (str(body["severity"]), str(body["urgency"]), " ".join(body["responses"]))
    return Expected(str(body["kind"]), str(body["identifier"]), says)


def _signs(arrival: Arrived) -> Expected:
    body = told(arrival)
    shown = tuple(" / ".join(body["lines"][language]) for language in ("ko", "en") if language in body["lines"])
    return Expected("shows" if shown else "goes dark", f"{body['alert']}.{body['version']}", shown)


def _centre(arrival: Arrived) -> Expected:
    body = told(arrival)
    [message] = body["messages"]
    numbers = f"channel {message['message_id']}, serial {message['serial']:#06x}, {len(body['cells'])} cells"
    return Expected(body["action"], f"{body['alert']}.{body['version']}", (numbers, broadcast_text(body)))


def _wards(arrival: Arrived) -> Expected:
    letter = mail(arrival.body)
    about = letter["Message-ID"].strip("<>").partition("@")[0]
    answers = str(letter["In-Reply-To"] or "").strip("<>").partition("@")[0]
    document = cap.read(attached(letter, cap.MEDIA_TYPE))
    return Expected(document.msg_type, about, (str(letter["Subject"]), f"answers {answers}" if answers else "a new thread"))


def _duty(arrival: Arrived) -> Expected:
    body = told(arrival)
    return Expected(str(body["code"]), str(body["subject"]))


def _cap_lines(arrival: Arrived) -> Mapping[str, str]:
    return {info.language or "": info.headline or "" for info in cap.read(arrival.body).infos}


def _app_lines(arrival: Arrived) -> Mapping[str, str]:
    return {language: str(text["headline"]) for language, text in told(arrival)["texts"].items()}


def _sign_lines(arrival: Arrived) -> Mapping[str, str]:
    shown: Mapping[str, Sequence[str]] = told(arrival)["lines"]
    return {language: " / ".join(rows) for language, rows in shown.items()}


_READ: Mapping[str, Callable[[Arrived], Expected]] = {
    "broadcaster": _cap,
    "city-app": _app,
    "road-signs": _signs,
    "carriers": _centre,
    "wards": _wards,
    "duty": _duty,
}
_LINES: Mapping[str, Callable[[Arrived], Mapping[str, str]]] = {
    "broadcaster": _cap_lines,
    "city-app": _app_lines,
    "road-signs": _sign_lines,
    "carriers": lambda arrival: {"ko": broadcast_text(told(arrival))},
    "wards": lambda arrival: {"ko": str(mail(arrival.body)["Subject"])},
    "duty": lambda arrival: {"": str(told(arrival).get("message", ""))},
}
