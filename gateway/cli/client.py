"""Talking to a running gateway with a personal key (BONGSU_URL, BONGSU_KEY)."""

import asyncio
import os
from collections.abc import Mapping

import aiohttp
import orjson

from gateway.doors import json as door
from gateway.fault import BadInput, Conflict, Fault, Missing, Refused, Unavailable

DEADLINE = aiohttp.ClientTimeout(total=15)
KINDS: Mapping[int, type[Fault]] = {
    400: BadInput,
    401: Refused,
    403: Refused,
    404: Missing,
    409: Conflict,
    413: BadInput,
    422: BadInput,
}


def call(method: str, path: str, body: object = None) -> dict[str, object]:
    """Ask the gateway and return its answer; raises the Fault that its error stands for, Unavailable when it is away."""
    url, key = _setting("BONGSU_URL"), _setting("BONGSU_KEY")
    return asyncio.run(_call(method, url.rstrip("/") + path, key, body))


async def _call(method: str, url: str, key: str, body: object) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = None if method == "GET" else orjson.dumps(body if body is not None else {})
    try:
        async with (
            aiohttp.ClientSession(timeout=DEADLINE) as session,
            session.request(method, url, headers=headers, data=data, allow_redirects=False) as answer,
        ):
            return _read(answer.status, await answer.content.read())
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unavailable("gateway-away", f"no answer from {url}: {type(error).__name__}", hint="is it running?") from None


def _read(status: int, raw: bytes) -> dict[str, object]:
    answer = door.load(raw, most_bytes=16_000_000) if raw else {}
    if not isinstance(answer, dict):
        raise Unavailable("gateway-answer", "the gateway's answer is not an object", hint="is BONGSU_URL the gateway?")
    if status < 400:
        return answer
    error = answer.get("error", {})
    kind = KINDS.get(status, Unavailable)
    hint = error.get("details", {}).get("hint", "") if isinstance(error.get("details"), dict) else ""
    raise kind(error.get("code", f"http-{status}"), error.get("message", "refused"), path=error.get("path", ""), hint=hint)


def _setting(name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise Refused("not-configured", f"{name} is not set", hint="set BONGSU_URL, and BONGSU_KEY from `bongsu key add`")
