"""The description of this API: hand-kept paths around the published schemas, put into one self-contained document."""

import json
from functools import cache
from typing import Any

import msgspec
from aiohttp import web

from gateway import shipped
from gateway.web.errors import JSON

FILE = "openapi.json"


class Description:
    """`/openapi.json`."""

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get("/openapi.json", self.show)]

    async def show(self, _: web.Request) -> web.Response:
        """Return the OpenAPI 3.1 document."""
        headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
        return web.Response(body=msgspec.json.encode(document()), content_type=JSON, headers=headers)


@cache
def document() -> dict[str, Any]:
    """Return `schemas/openapi.json` with every schema file it names taken in under components/schemas."""
    described: dict[str, Any] = json.loads(shipped.read(f"schemas/{FILE}"))
    files = {name: entry["$ref"] for name, entry in described["components"]["schemas"].items()}
    schemas = {name: json.loads(shipped.read(f"schemas/{file}")) for name, file in files.items()}
    names = {schema["$id"]: name for name, schema in schemas.items()}
    taken = {name: _taken_in(schema, name, names) for name, schema in schemas.items()}
    described["components"]["schemas"] = {name: _bare(schema) for name, schema in taken.items()}
    return described


def _taken_in(node: Any, own: str, names: dict[str, str]) -> Any:
    """Return a schema whose references point into this document."""
    if isinstance(node, list):
        return [_taken_in(part, own, names) for part in node]
    if not isinstance(node, dict):
        return node
    return {key: _pointed(part, own, names) if key == "$ref" else _taken_in(part, own, names) for key, part in node.items()}


def _pointed(reference: str, own: str, names: dict[str, str]) -> str:
    id, _, place = reference.partition("#")
    return f"#/components/schemas/{names[id] if id else own}{place}"


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in schema.items() if key not in ("$id", "$schema")}
