"""Far sides on this machine: real HTTP receivers that log every raw arrival and can be slow, dead, rude or wrong."""

import asyncio
import base64
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Self

import msgspec
from aiohttp import web
from msgspec import Struct

MOST_BYTES = 16 * 1024 * 1024


class Arrived(Struct, kw_only=True):
    """One request as it came; `at` is monotonic, `answered` the status we sent back, 0 while or where there was none."""

    order: int
    at: float
    path: str
    headers: dict[str, str]
    body: bytes
    answered: int = 0


Manner = Callable[[Arrived, web.Request], Awaitable[web.StreamResponse | None]]
"""How a receiver answers a request that has arrived whole; None when it has cut the connection."""


class Receiver:
    """One HTTP receiver on loopback; what arrived stands in `arrivals`, in order, and in the JSON-lines file `log`.

    A line is on the disk before the far side is answered, so the file may be trusted after a kill. Its lines are an arrival
    (body in base64), and `{"order", "answered"}` once that arrival was answered. Every attribute may be changed at any time.
    """

    def __init__(self, manner: Manner | None = None, *, log: Path | None = None, path: str = "/") -> None:
        """Set how it answers; it reads what comes (`reads`) and loses nothing (`loses`) unless told otherwise."""
        self.manner = manner or ok
        self.reads = True
        self.loses: Callable[[Arrived], bool] = lambda _: False
        self.arrivals: list[Arrived] = []
        self.port = 0
        self._path, self._log = path, log
        self._runner: web.AppRunner | None = None
        self._came = asyncio.Condition()

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.port}{self._path}"

    async def __aenter__(self) -> Self:
        """Start listening."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        await self.stop()

    async def start(self) -> None:
        """Listen, after a stop at the same port again."""
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Be dead: connections are refused from now on."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def arrival(self, number: int, *, within_s: float = 10.0) -> Arrived:
        """Wait for the arrival of that number, from 1; raises TimeoutError."""
        async with asyncio.timeout(within_s), self._came:
            await self._came.wait_for(lambda: len(self.arrivals) >= number)
        return self.arrivals[number - 1]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if not self.reads:
            return _cut(request)
        one = await self._read(request)
        if self.loses(one):
            return web.Response()
        await self._keep(one)
        answer = await self.manner(one, request)
        one.answered = one.answered if answer is None else answer.status
        self._write({"order": one.order, "answered": one.answered})
        return _cut(request) if answer is None else answer

    async def _read(self, request: web.Request) -> Arrived:
        body, headers = await request.read(), dict(request.headers)
        return Arrived(order=len(self.arrivals) + 1, at=time.monotonic(), path=request.path_qs, headers=headers, body=body)

    async def _keep(self, one: Arrived) -> None:
        self.arrivals.append(one)
        self._write(msgspec.structs.asdict(one) | {"body": base64.b64encode(one.body).decode()})
        async with self._came:
            self._came.notify_all()

    def _write(self, line: Mapping[str, object]) -> None:
        if self._log is None:
            return
        with self._log.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _cut(request: web.Request) -> web.Response:
    """Cut the connection; the response returned never leaves."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def ok(_: Arrived, __: web.Request) -> web.Response:
    """Accept."""
    return web.Response()


async def rude(_: Arrived, __: web.Request) -> None:
    """Read everything, then hang up without a word."""


async def garbage(_: Arrived, request: web.Request) -> None:
    """Answer with something that is no HTTP at all."""
    _raw(request, b"\x00\xffnot http\r\n\r\n")


async def twice(one: Arrived, request: web.Request) -> None:
    """Answer the same request two times."""
    one.answered = 200
    _raw(request, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 2)


def slow(seconds: float) -> Manner:
    """Accept, but only after that long."""

    async def manner(_: Arrived, __: web.Request) -> web.Response:
        await asyncio.sleep(seconds)
        return web.Response()

    return manner


def answers(status: int, *, first: int | None = None, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Manner:
    """Answer with a status: always, or only the `first` so many and accept from then on."""

    async def manner(one: Arrived, _: web.Request) -> web.Response:
        if first is not None and one.order > first:
            return web.Response()
        return web.Response(status=status, headers=headers, body=body)

    return manner


class Held:
    """Hold every request until `release`: before answering, or after the answer has left."""

    def __init__(self, *, answered: bool = False) -> None:
        """Choose the side of the answer to hold at."""
        self._answered = answered
        self._released = asyncio.Event()

    def release(self) -> None:
        """Let everything go, now and from now on."""
        self._released.set()

    async def __call__(self, _: Arrived, request: web.Request) -> web.StreamResponse:
        """Accept, and wait on the chosen side."""
        answer = web.Response()
        if self._answered:
            await answer.prepare(request)
            await answer.write_eof()
        await self._released.wait()
        return answer


def _raw(request: web.Request, answer: bytes) -> None:
    if request.transport is not None:
        request.transport.write(answer)
