"""Handing a mail to a server (RFC 5321): one connection a try, one deadline, one meaning for whatever happens."""

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import aiosmtplib
from aiohttp.connector import AddrInfoType
from msgspec import Struct
from yarl import URL

from gateway.channel import Outcome, Verdict
from gateway.out.lists import Lists, Progress
from gateway.out.names import Names
from gateway.out.peers import Peer, guarded

PORTS = {"smtp": 25, "smtps": 465}
TAKEN, TEMPORARY, PERMANENT = range(200, 300), range(400, 500), range(500, 600)
LATER, CLOSING = 450, 421
LEAVE_S = 0.5


class Envelope(Struct, frozen=True, kw_only=True):
    """Who sends and who gets a mail; `login`, a name and its password, is for servers that ask who we are."""

    sender: str
    recipients: Sequence[str]
    login: tuple[str, str] | None = None


class Way(Struct, frozen=True, kw_only=True):
    """What a try has: its deadline, who looks names up, and what is remembered of lists for `patience_s`."""

    deadline_s: float
    names: Names
    lists: Lists
    patience_s: float


async def mail(peer: Peer, message: bytes, envelope: Envelope, way: Way) -> Outcome:
    """Hand one mail to a server and say what came of it; never raises for what the far side does.

    Encrypted by TLS (smtps) or STARTTLS, unless the peer is knowingly plain. Whoever of the recipients can be served is served at
    once. While the server asks others to wait the outcome is `ambiguous`, and the next try is for those alone, for `patience_s`;
    then, and where some are refused for good, it is `partly`. Only the server's word after the mail itself makes it `accepted`:
    broken off after it left, or answered by what is not SMTP, it is `ambiguous`.
    """
    trip = _Trip(way.lists.begun(peer.url, message, envelope.recipients), way.patience_s)
    server = _server(peer, envelope)
    try:
        async with asyncio.timeout(way.deadline_s):
            await server.connect(sock=await _connected(peer, way))
            outcome = await _handed(server, message, envelope, trip)
        await _parted(server)
    except aiosmtplib.SMTPResponseException as error:
        return trip.failed(error.code)
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ssl.SSLError) as error:
        return trip.broken(error)
    finally:
        server.close()
    return outcome


class _Trip:
    def __init__(self, progress: Progress, patience_s: float) -> None:
        self.left = False
        self.progress = progress
        self._patience_s = patience_s
        self._began = time.monotonic()

    def told(self, answers: Mapping[str, int]) -> Outcome:
        """Say what the server's last word about each recipient means."""
        later = [code for code in answers.values() if code in TEMPORARY]
        refused = [code for code in answers.values() if code in PERMANENT]
        if not self.progress.took:
            return self.failed((later or refused)[0])
        partly = Verdict.PARTLY if later or refused else Verdict.ACCEPTED
        verdict = Verdict.AMBIGUOUS if later and self.progress.patient(self._patience_s) else partly
        untold = ", ".join(map(str, [*later, *refused]))
        return self._said(verdict, (later or [250])[0], {"refused": untold} if untold else {})

    def failed(self, code: int) -> Outcome:
        """Say what it means that a code ended the talk before everything was done; such a code never tells of success."""
        if code not in TEMPORARY and code not in PERMANENT:
            return self._in_doubt(note=f"no answer of SMTP {self._where()}", evidence={"status": str(code)})
        if self.progress.took:
            verdict = Verdict.AMBIGUOUS if code in TEMPORARY else Verdict.PARTLY
        else:
            verdict = Verdict.UNREACHABLE if code in TEMPORARY else Verdict.REFUSED
        return self._said(verdict, code, {})

    def broken(self, error: Exception) -> Outcome:
        return self._in_doubt(note=f"connection lost {self._where()}", evidence={"error": type(error).__name__})

    def _where(self) -> str:
        return "after the mail left" if self.left else "before the mail left"

    def _in_doubt(self, *, note: str, evidence: Mapping[str, str]) -> Outcome:
        verdict = Verdict.AMBIGUOUS if self.left or self.progress.took else Verdict.UNREACHABLE
        return Outcome(verdict=verdict, note=note, evidence={**evidence, "ms": self._ms()})

    def _said(self, verdict: Verdict, code: int, more: Mapping[str, str]) -> Outcome:
        evidence = {"status": str(code), **more, "ms": self._ms()}
        return Outcome(verdict=verdict, note=f"SMTP {code}", answered=True, evidence=evidence)

    def _ms(self) -> str:
        return str(round((time.monotonic() - self._began) * 1000))


def _server(peer: Peer, envelope: Envelope) -> aiosmtplib.SMTP:
    url = URL(peer.url)
    user, password = envelope.login or (None, None)
    return aiosmtplib.SMTP(
        hostname=url.host,
        use_tls=url.scheme == "smtps",
        start_tls=None if peer.plain else url.scheme == "smtp" and not _here(url),
        username=user,
        password=password,
        local_hostname="bongsu",
    )


async def _handed(server: aiosmtplib.SMTP, message: bytes, envelope: Envelope, trip: _Trip) -> Outcome:
    """Hand the mail to whoever can be served, then again to those who had to wait, as long as that serves anybody."""
    answers = {name: LATER for name in envelope.recipients if name not in trip.progress.took}
    while waiting := [name for name, code in answers.items() if code in TEMPORARY]:
        await server.mail(envelope.sender)
        answers |= {name: await _recipient(server, name) for name in waiting}
        served = [name for name in waiting if answers[name] in TAKEN]
        if not served:
            break
        trip.left = True
        await server.data(message)
        trip.progress.took_it(served)
    return trip.told(answers)


async def _recipient(server: aiosmtplib.SMTP, name: str) -> int:
    """Return the code for one recipient; raises where it ends the talk, or is none."""
    try:
        return (await server.rcpt(name)).code
    except aiosmtplib.SMTPResponseException as error:
        if error.code == CLOSING or error.code not in (*TAKEN, *TEMPORARY, *PERMANENT):
            raise
        return error.code


async def _parted(server: aiosmtplib.SMTP) -> None:
    """Take leave, as is polite; what was said before stays said, whether that is answered or not."""
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        await server.quit(timeout=LEAVE_S)


async def _connected(peer: Peer, way: Way) -> socket.socket:
    """Return a connection to the first address that may be used and answers; a silent one leaves time for the others."""
    url = URL(peer.url)
    infos = await way.names.addresses(url.host or "", url.explicit_port or PORTS[url.scheme])
    share = way.deadline_s / 2 / max(len(infos), 1)
    lost: OSError = ConnectionError("the name leads nowhere")
    for info in infos:
        try:
            async with asyncio.timeout(None if info is infos[-1] else share):
                return await _opened(info, private=peer.private)
        except OSError as error:
            lost = error
    raise lost


async def _opened(info: AddrInfoType, *, private: bool) -> socket.socket:
    opened = guarded(private=private)(info)
    try:
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, info[4])
    except BaseException:
        opened.close()
        raise
    return opened


def _here(url: URL) -> bool:
    return url.host in ("127.0.0.1", "::1", "localhost")
