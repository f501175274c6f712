"""Handing a mail to a server (RFC 5321): one connection a try, one deadline, one meaning for whatever happens."""

import asyncio
import socket
import ssl
import time
from collections.abc import Sequence

import aiosmtplib
from msgspec import Struct
from yarl import URL

from gateway.channel import Outcome, Verdict
from gateway.out.peers import Peer, guarded

PORTS = {"smtp": 25, "smtps": 465}
TEMPORARY = range(400, 500)


class Envelope(Struct, frozen=True, kw_only=True):
    """Who sends and who gets a mail; `login`, a name and its password, is for servers that ask who we are."""

    sender: str
    recipients: Sequence[str]
    login: tuple[str, str] | None = None


async def mail(peer: Peer, message: bytes, envelope: Envelope, deadline_s: float) -> Outcome:
    """Hand one mail to a server and say what came of it; never raises for what the far side does.

    Encrypted by TLS (smtps) or STARTTLS, unless the peer is knowingly plain. Some recipients refused for good and some accepted
    is `partly`; broken off after the message left is `ambiguous`.
    """
    trip = _Trip()
    try:
        async with asyncio.timeout(deadline_s):
            return await _handed(peer, message, envelope, trip)
    except aiosmtplib.SMTPResponseException as error:
        return trip.answered(error.code)
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ssl.SSLError) as error:
        return trip.broken(error)


class _Trip:
    def __init__(self) -> None:
        self.left = False
        self._began = time.monotonic()

    def answered(self, code: int, *, refused: Sequence[int] = ()) -> Outcome:
        verdict = Verdict.UNREACHABLE if code in TEMPORARY else Verdict.ACCEPTED if code < TEMPORARY.start else Verdict.REFUSED
        if verdict is Verdict.ACCEPTED and refused:
            verdict = Verdict.PARTLY
        evidence = {"status": str(code), "ms": self._ms()}
        told = {"refused": ", ".join(map(str, refused))} if refused else {}
        return Outcome(verdict=verdict, note=f"SMTP {code}", answered=True, evidence=evidence | told)

    def broken(self, error: Exception) -> Outcome:
        verdict = Verdict.AMBIGUOUS if self.left else Verdict.UNREACHABLE
        where = "after the mail left" if self.left else "before the mail left"
        return Outcome(
            verdict=verdict, note=f"connection lost {where}", evidence={"error": type(error).__name__, "ms": self._ms()}
        )

    def _ms(self) -> str:
        return str(round((time.monotonic() - self._began) * 1000))


async def _handed(peer: Peer, message: bytes, envelope: Envelope, trip: _Trip) -> Outcome:
    url = URL(peer.url)
    user, password = envelope.login or (None, None)
    server = aiosmtplib.SMTP(
        hostname=url.host,
        sock=await _connected(url, private=peer.private),
        use_tls=url.scheme == "smtps",
        start_tls=None if peer.plain else url.scheme == "smtp" and not _here(url),
        username=user,
        password=password,
        local_hostname="bongsu",
    )
    async with server:
        await server.mail(envelope.sender)
        answers = [await _recipient(server, name) for name in envelope.recipients]
        refused = [code for code in answers if code >= TEMPORARY.start]
        if any(code in TEMPORARY for code in refused) or len(refused) == len(answers):
            return trip.answered(next((code for code in refused if code in TEMPORARY), refused[0]))
        trip.left = True
        return trip.answered((await server.data(message)).code, refused=refused)


async def _recipient(server: aiosmtplib.SMTP, name: str) -> int:
    try:
        return (await server.rcpt(name)).code
    except aiosmtplib.SMTPResponseException as error:
        return error.code


async def _connected(url: URL, *, private: bool) -> socket.socket:
    """Return a connection to the first address that may be used and answers."""
    loop = asyncio.get_running_loop()
    port = url.explicit_port or PORTS[url.scheme]
    lost: OSError = ConnectionError("the name leads nowhere")
    for info in await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM):
        try:
            opened = guarded(private=private)(info)
        except PermissionError as error:
            lost = error
            continue
        opened.setblocking(False)
        try:
            await loop.sock_connect(opened, info[4])
        except OSError as error:
            opened.close()
            lost = error
        else:
            return opened
    raise lost


def _here(url: URL) -> bool:
    return url.host in ("127.0.0.1", "::1", "localhost")
