"""Parts of pages that follow events: the same part again whenever it has changed, over Server-Sent Events."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from gateway.alert import digest
from gateway.fault import Fault, Unavailable

EVERY_S = 1.0
KEEP_ALIVE_S = 15.0
AWAY, ALIVE = b"event: away\ndata:\n\n", b"event: alive\ndata:\n\n"
"""What a reader has is old because the record does not answer; it is as new as can be, and nothing changed."""
CLOSING = web.AppKey("closing", asyncio.Event)


async def stream(request: web.Request, part: Callable[[], Awaitable[str]]) -> web.StreamResponse:
    """Send a part now and whenever it changes, until the reader leaves, its session ends, or the gateway stops."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    with suppress(ConnectionResetError):
        await _follow(response, part, request.app[CLOSING])
    return response


async def _follow(response: web.StreamResponse, part: Callable[[], Awaitable[str]], closing: asyncio.Event) -> None:
    sent, quiet = "", 0.0
    while not closing.is_set():
        try:
            text = await part()
        except Unavailable:
            await response.write(AWAY)
            sent = ""
        except Fault:
            break
        else:
            quiet += EVERY_S
            if (name := digest(text.encode())) != sent:
                await response.write(_event(text))
                sent, quiet = name, 0.0
            elif quiet >= KEEP_ALIVE_S:
                await response.write(ALIVE)
                quiet = 0.0
        await _pause(closing)


async def _pause(closing: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(EVERY_S):
            await closing.wait()
    except TimeoutError:
        pass


def _event(text: str) -> bytes:
    return "".join(f"data: {line}\n" for line in text.splitlines()).encode() + b"\n"
