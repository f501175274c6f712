"""Posting over HTTP: one connection a try, one deadline, one meaning for whatever happens."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver

from gateway.channel import Outcome, Verdict
from gateway.fault import Refused
from gateway.out.answers import retry_after, verdict
from gateway.out.lists import Lists
from gateway.out.mail import Envelope, Way, mail
from gateway.out.names import Names
from gateway.out.peers import Peer, Peers, guarded
from gateway.out.redaction import credentials, excerpt

MOST_READ = 4096


class HttpOut:
    """The Out of a running gateway; close it, or use it as an async context manager."""

    def __init__(
        self, peers: Peers, *, deadline_s: float = 5.0, resolver: AbstractResolver | None = None, patience_s: float = 30.0
    ) -> None:
        """Post only to `peers`, each try within `deadline_s` seconds, names of HTTP's looked up by `resolver`.

        A mail that some of its list took is tried for the others alone, for `patience_s` seconds.
        """
        self._peers = peers
        self._deadline_s = deadline_s
        self._names = Names()
        self._resolver = resolver or self._names
        self._way = Way(deadline_s=deadline_s, names=self._names, lists=Lists(), patience_s=patience_s)
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        """Open nothing yet; a session is made when the first bytes go."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of what is open."""
        await self.close()

    async def close(self) -> None:
        """Let go of what is open."""
        while self._sessions:
            await self._sessions.popitem()[1].close()
        await self._names.close()

    async def post(self, url: str, body: bytes, *, media_type: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """Send bytes once and say what came of it; never raises for what the far side does.

        Broken off before our bytes left is `unreachable`, afterwards `ambiguous`: the far side may have acted on them.
        """
        try:
            session = self._session(self._peers.named(url))
        except Refused as fault:
            return Outcome(verdict=Verdict.REFUSED, note=fault.code)
        trip = _Trip(url, headers or {})
        wanted = {**trip.headers, "Content-Type": media_type}
        try:
            async with session.post(url, data=body, headers=wanted, allow_redirects=False, trace_request_ctx=trip) as answer:
                return await trip.answered(answer)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return trip.broken(error)

    async def mail(
        self, url: str, message: bytes, sender: str, recipients: Sequence[str], *, login: tuple[str, str] | None = None
    ) -> Outcome:
        """Hand a mail to a server once and say what came of it; never raises for what the far side does."""
        try:
            peer = self._peers.named(url)
        except Refused as fault:
            return Outcome(verdict=Verdict.REFUSED, note=fault.code)
        envelope = Envelope(sender=sender, recipients=recipients, login=login)
        return await mail(peer, message, envelope, self._way)

    def _session(self, peer: Peer) -> aiohttp.ClientSession:
        if peer.private not in self._sessions:
            self._sessions[peer.private] = self._opened(private=peer.private)
        return self._sessions[peer.private]

    def _opened(self, *, private: bool) -> aiohttp.ClientSession:
        # A kept connection may be dead already; only on a fresh one is "our bytes left" exact.
        connector = aiohttp.TCPConnector(
            force_close=True, limit=0, use_dns_cache=False, resolver=self._resolver, socket_factory=guarded(private=private)
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._deadline_s),
            trace_configs=[_watching()],
            headers={"User-Agent": "bongsu", "Accept-Encoding": "identity"},
            auto_decompress=False,
        )


class _Trip:
    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self.left = False
        self._secrets = credentials(url, headers)
        self._began = time.monotonic()

    async def answered(self, answer: aiohttp.ClientResponse) -> Outcome:
        meaning = verdict(answer.status)
        wait = None if meaning.settled else retry_after(answer.headers)
        evidence = {"status": str(answer.status), "body": excerpt(await _beginning(answer), self._secrets), "ms": self._ms()}
        return Outcome(verdict=meaning, note=f"HTTP {answer.status}", retry_after=wait, answered=True, evidence=evidence)

    def broken(self, error: Exception) -> Outcome:
        meaning = Verdict.AMBIGUOUS if self.left else Verdict.REFUSED if isinstance(error, ValueError) else Verdict.UNREACHABLE
        where = "after our bytes left" if self.left else "before our bytes left"
        return Outcome(
            verdict=meaning, note=f"{_reason(error)} {where}", evidence={"error": type(error).__name__, "ms": self._ms()}
        )

    def _ms(self) -> str:
        return str(round((time.monotonic() - self._began) * 1000))


def _watching() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_bytes_left)
    return trace


async def _bytes_left(_: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceRequestHeadersSentParams) -> None:
    context.trace_request_ctx.left = True


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """Read what is there, at most 4 KiB; the status has spoken already, so a body that breaks off changes nothing."""
    read = b""
    try:
        while len(read) < MOST_READ and (more := await answer.content.read(MOST_READ - len(read))):
            read += more
    except (aiohttp.ClientError, OSError, TimeoutError, asyncio.IncompleteReadError):
        pass
    finally:
        answer.close()
    return read


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "deadline passed"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "name not found"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no connection"
    if isinstance(error, ValueError):
        return "the request could not be put into HTTP"
    return "connection lost"
