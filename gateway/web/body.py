"""A request's body: read whole within its time, then held against its schema."""

import asyncio
from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from gateway.doors import json
from gateway.fault import BadInput
from gateway.web.errors import JSON, Undeliverable, too_large

T = TypeVar("T")
BODY_S = 30.0


class Empty(Struct, frozen=True):
    """Nothing to say."""


async def bytes_of(request: web.Request) -> bytes:
    """Return the exact bytes; raises Undeliverable 408 when they take longer than 30 s, 413 beyond the limit, 415 if encoded."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Undeliverable(415, "content-encoding", "encoded bodies are not read", hint="send the body as it is")
    if (request.content_length or 0) > request.client_max_size:
        raise too_large()
    try:
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except TimeoutError:
        raise Undeliverable(408, "body-timeout", "the body did not arrive in time", hint="send it at once") from None


async def document_of(request: web.Request) -> object:
    """Return a JSON body; raises BadInput("json-..."), Undeliverable."""
    if request.content_type != JSON:
        raise Undeliverable(415, "media-type", f"this is {request.content_type}", hint=f"send {JSON}")
    return json.load(await bytes_of(request))


async def body_of(request: web.Request, schema: str, kind: type[T]) -> T:
    """Return a JSON body that is valid against `schemas/api/<schema>`; raises Faults with every violation, else as above."""
    document = await document_of(request)
    json.check(document, f"api/{schema}.schema.json")
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise BadInput("document-invalid", str(error), hint="send whole numbers, and a time that the calendar has") from None
