import ast
import fnmatch
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiohttp import web

from gateway import shipped
from gateway.web.openapi import document
from tests.web.town import Town, incident, observation

DOCUMENT = document()
FAULTS = {"BadInput", "Refused", "Conflict", "Missing", "Unavailable", "Unauthorised", "Undeliverable", "TooMany"}


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        place: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        node = place
    return node


def faults(instance: object, schema: dict[str, Any]) -> list[str]:
    """Return what an outside validator finds wrong with an instance of a schema of the served document, formats included."""
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOCUMENT["components"]} | schema
    judge = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
    return [f"{fault.json_path}: {fault.message}" for fault in judge.iter_errors(instance)]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def bodies(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    contents = [operation.get("requestBody", {}).get("content", {})]
    contents += [resolved(response).get("content", {}) for response in operation["responses"].values()]
    for content in contents:
        yield from content.values()


async def test_it_is_served(town: Town) -> None:
    answer = await town.ask("GET", "/openapi.json")
    assert answer.status == 200
    assert answer.json == json.loads(json.dumps(DOCUMENT))


async def test_routes_are_paths(town: Town) -> None:
    served = routes(town.app)
    described = {(method.upper(), path) for method, path, _ in operations()}
    generic = {("GET", "/feeds/{path}"), ("OPTIONS", "/feeds/{path}")}
    feeds = {(method, path) for method, path in described if path.startswith("/feeds/") and "{" not in path}
    assert served - generic == described - feeds
    for _, path in feeds:
        assert (await town.ask("GET", path)).status == 200


def routes(built: web.Application) -> set[tuple[str, str]]:
    found = {(route.method, route.resource.canonical) for route in built.router.routes() if route.resource is not None}
    return {(method, path) for method, path in found if method != "HEAD"}


def test_every_reference_leads_somewhere() -> None:
    for reference in re.findall(r'"\$ref": "([^"]*)"', json.dumps(DOCUMENT)):
        assert reference.startswith("#/")
        assert resolved({"$ref": reference}) is not None


def test_every_schema_is_one() -> None:
    judge = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA)
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas
    assert {
        name: wrong for name, schema in schemas.items() if (wrong := [one.message for one in judge.iter_errors(schema)])
    } == {}


@pytest.mark.parametrize("place", [f"{method} {path}" for method, path, _ in operations()])
def test_every_example_is_valid(place: str) -> None:
    (operation,) = [operation for method, path, operation in operations() if f"{method} {path}" == place]
    for content in bodies(operation):
        examples = [resolved(example)["value"] for example in content.get("examples", {}).values()]
        for example in examples + ([content["example"]] if "example" in content else []):
            assert faults(example, content["schema"]) == []


def test_operations_are_named_once() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_every_parameter_in_a_path_is_described() -> None:
    for _, path, operation in operations():
        described = {
            resolved(parameter)["name"] for parameter in operation.get("parameters", ()) if resolved(parameter)["in"] == "path"
        }
        assert described == set(re.findall(r"{(\w+)}", path)), path


def raised(folder: Path) -> Iterator[str]:
    """Yield every code that is written where a fault is raised; for a code that is put together, its beginning and a star."""
    files = [folder] if folder.is_file() else sorted(folder.rglob("*.py"))
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FAULTS:
            for value in node.args[: 2 if node.func.id == "Undeliverable" else 1]:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value


def test_every_code_of_the_web_is_listed() -> None:
    listed = {code for codes in DOCUMENT["x-error-codes"].values() for code in codes}
    rooms = [
        shipped.folder("gateway") / room
        for room in ("web", "engine", "access.py", "source.py", "policy/admit.py", "doors/json.py")
    ]
    elsewhere = {"secret-invalid", "password-too-short", "password-too-long"}
    pages = shipped.folder("gateway") / "web" / "console"
    elsewhere |= {*raised(pages), *raised(pages.with_name("sessions.py"))}
    codes = {code for room in rooms for code in raised(room)} - elsewhere
    assert "two-people" in codes
    assert {code for code in codes if not any(fnmatch.fnmatch(code, pattern) for pattern in listed)} == set()


async def test_real_answers_are_as_described(town: Town) -> None:
    """Play one story and hold every answer, refusals too, against the schema of its status."""
    alert = await town.draft()
    path = f"/v1/alerts/{alert['id']}"
    seen: list[tuple[str, str, Any]] = [("get", "/v1/alerts/{id}", await town.ask("GET", path, "guest"))]
    seen.append(
        ("patch", "/v1/alerts/{id}", await town.ask("PATCH", path, "kim", {"revision": 99, "expires": "2026-07-14T20:00:00Z"}))
    )
    seen.append(("patch", "/v1/alerts/{id}", await town.ask("PATCH", path, "kim", {"revision": 1, "x": 1})))
    issued = await town.issue(alert)
    seen += [
        ("get", "/v1/alerts", await town.ask("GET", "/v1/alerts", "guest")),
        ("get", "/v1/alerts/{id}/payloads", await town.ask("GET", f"{path}/payloads", "guest")),
        ("get", "/v1/alerts/{id}/preview-cancel", await town.ask("GET", f"{path}/preview-cancel", "guest")),
        ("get", "/v1/deliveries", await town.ask("GET", "/v1/deliveries", "guest")),
        ("post", "/v1/alerts/{id}/cancel", await town.ask("POST", f"{path}/cancel", "lee", {"reason": "wrong river"})),
        ("post", "/v1/alerts/{id}/update", await town.ask("POST", f"{path}/update", "kim", {})),
        ("post", "/v1/alerts", await town.ask("POST", "/v1/alerts", "guest", incident())),
    ]
    batch = json.dumps([observation(2.0), observation(2.0, resultQuality="?")]).encode()
    seen += [
        ("post", "/v1/incidents/{source}", await town.signed(batch)),
        ("post", "/v1/incidents/{source}", await town.signed(b"{", id="msg_2")),
        ("post", "/v1/incidents/{source}", await town.signed(b"[]", id="msg_2")),
        (
            "post",
            "/v1/incidents/{source}",
            await town.ask("POST", "/v1/incidents/control-room", "control-room", incident(hazard="gas-leak")),
        ),
        ("post", "/v1/incidents/{source}", await town.ask("POST", "/v1/incidents/control-room", "", b"")),
        ("get", "/v1/quarantine", await town.ask("GET", "/v1/quarantine", "kim")),
        ("post", "/v1/quarantine/{id}/replay", await town.ask("POST", "/v1/quarantine/1/replay", "kim", {})),
        ("get", "/health/ready", await town.ask("GET", "/health/ready")),
    ]
    assert issued["stage"] == "issued"
    statuses = set()
    for method, place, answer in seen:
        response = resolved(DOCUMENT["paths"][place][method]["responses"][str(answer.status)])
        assert faults(answer.json, response["content"]["application/json"]["schema"]) == []
        statuses.add(answer.status)
    assert statuses == {200, 202, 401, 403, 409, 422}
