"""Talking to a running gateway with a personal key (BONGSU_URL, BONGSU_KEY)."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any, NoReturn

import aiohttp
import click
import msgspec

from gateway.cli.say import Unreachable
from gateway.doors import json as door
from gateway.fault import BadInput, Conflict, Fault, Faults, Finding, Missing, Refused

DEADLINE = aiohttp.ClientTimeout(total=15)
MOST_BYTES = 16_000_000
KINDS: Mapping[int, type[Fault]] = {
    400: BadInput,
    401: Refused,
    403: Refused,
    404: Missing,
    409: Conflict,
    413: BadInput,
    415: BadInput,
    422: BadInput,
    500: Fault,
}


def call(method: str, path: str, body: object = None) -> dict[str, Any]:
    """Ask the gateway and return its answer; raises the Fault that its error stands for, Unreachable when it is away."""
    url, key = _setting("BONGSU_URL"), _setting("BONGSU_KEY")
    status, raw = asyncio.run(_ask(method, url.rstrip("/") + path, key, body))
    answer = _read(url, raw)
    if not 200 <= status < 300:
        _refuse(status, answer)
    return answer


async def _ask(method: str, url: str, key: str, body: object) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {key}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    data = None if body is None else msgspec.json.encode(body)
    try:
        async with (
            aiohttp.ClientSession(timeout=DEADLINE) as session,
            session.request(method, url, headers=headers, data=data, allow_redirects=False) as answer,
        ):
            return answer.status, await answer.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable("gateway-away", f"no answer from {url}: {type(error).__name__}", hint="is it running?") from None


def _read(url: str, raw: bytes) -> dict[str, Any]:
    try:
        answer = door.load(raw, most_bytes=MOST_BYTES)
    except BadInput:
        answer = None
    if not isinstance(answer, dict):
        raise Unreachable("gateway-answer", f"{url} does not answer as a gateway does", hint="is BONGSU_URL the gateway's?")
    return answer


def _refuse(status: int, answer: dict[str, Any]) -> NoReturn:
    error = answer.get("error", {})
    details = error.get("details", {})
    kind = KINDS.get(status, Unreachable)
    if kind is BadInput and details.get("findings"):
        raise Faults(msgspec.convert(details["findings"], tuple[Finding, ...]))
    code, message = error.get("code", f"http-{status}"), error.get("message", "the gateway said no")
    raise kind(code, message, path=error.get("path", ""), hint=details.get("hint", ""))


def _setting(name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise click.UsageError(f"{name} is not set. Set BONGSU_URL, and BONGSU_KEY from `bongsu key add --person`.")
