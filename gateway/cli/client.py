"""Talking to a running gateway with a personal key (BONGSU_URL, BONGSU_KEY)."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any, NoReturn

import aiohttp
import click
import msgspec

from gateway.doors import json as door
from gateway.fault import NOT_KNOWN, BadInput, Conflict, Fault, Faults, Finding, Missing, Refused, Unreachable

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
    429: Unreachable,
    500: Fault,
    503: Unreachable,
}
BY_HAND = "warn by hand now, as your plan for a failed gateway says; look at the alert before you try again"


class Unanswered(Unreachable):
    """It was asked, and what came of it is not known."""


def call(method: str, path: str, body: object = None) -> dict[str, Any]:
    """Ask the gateway and return its answer; raises the Fault that its error stands for, Unreachable when it is away.

    Where more than a look was asked for, that message begins with NOT SENT, or with NOT KNOWN where the answer was lost or late,
    or the gateway broke on the way to it.
    """
    try:
        return _call(method, path, body)
    except Fault as fault:
        if method == "GET" or not (isinstance(fault, Unreachable) or fault.code in NOT_KNOWN):
            raise
        raise _undone(fault) from None


def _call(method: str, path: str, body: object) -> dict[str, Any]:
    url, key = _setting("BONGSU_URL"), _setting("BONGSU_KEY")
    status, raw = asyncio.run(_ask(method, url.rstrip("/") + path, key, body))
    answer = _read(url, raw)
    if not 200 <= status < 300:
        _refuse(status, answer)
    return answer


def _undone(fault: Fault) -> Unreachable:
    open_ = isinstance(fault, Unanswered) or fault.code in NOT_KNOWN
    what = "NOT KNOWN WHETHER SENT" if open_ else "NOT SENT"
    hint = f"{fault.hint}; {BY_HAND}" if fault.hint else BY_HAND
    return Unreachable(fault.code, f"{what}: {fault.message}", path=fault.path, hint=hint)


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
        never_asked = isinstance(error, aiohttp.ClientConnectorError | aiohttp.InvalidURL)
        kind = Unreachable if never_asked else Unanswered
        raise kind("gateway-away", f"no answer from {url}: {type(error).__name__}", hint="is it running?") from None


def _read(url: str, raw: bytes) -> dict[str, Any]:
    try:
        answer = door.load(raw, most_bytes=MOST_BYTES)
    except BadInput:
        answer = None
    if not isinstance(answer, dict):
        raise Unanswered("gateway-answer", f"{url} does not answer as a gateway does", hint="is BONGSU_URL the gateway's?")
    return answer


def _refuse(status: int, answer: dict[str, Any]) -> NoReturn:
    error = answer.get("error", {})
    details = error.get("details", {})
    kind = KINDS.get(status, Unanswered)
    if kind is BadInput and details.get("findings"):
        raise Faults(msgspec.convert(details["findings"], tuple[Finding, ...]))
    code, message = error.get("code", f"http-{status}"), error.get("message", "the gateway said no")
    raise kind(code, message, path=error.get("path", ""), hint=details.get("hint", ""))


def _setting(name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise click.UsageError(f"{name} is not set. Set BONGSU_URL, and BONGSU_KEY from `bongsu key add --person`.")
