"""Connections are opened in one room, outside bytes are read at the doors; exceptions are named here, with a reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

OPENING = {
    "aiohttp.ClientSession",
    "aiohttp.TCPConnector",
    "aiohttp.UnixConnector",
    "aiohttp.request",
    "aiosmtplib",
    "aiomqtt",
    "asyncio.open_connection",
    "asyncio.open_unix_connection",
    "asyncpg",
    "ftplib",
    "http.client",
    "httpx",
    "imaplib",
    "nats",
    "paho",
    "poplib",
    "requests",
    "smtplib",
    "socket.create_connection",
    "socket.socket",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "websockets",
    "xmlrpc",
}
OPENING_METHODS = {"create_connection", "create_unix_connection", "create_datagram_endpoint", "sock_connect", "ws_connect"}

READING = {
    "json.load",
    "json.loads",
    "lxml.etree.HTML",
    "lxml.etree.XML",
    "lxml.etree.XMLParser",
    "lxml.etree.XMLPullParser",
    "lxml.etree.fromstring",
    "lxml.etree.fromstringlist",
    "lxml.etree.iterparse",
    "lxml.etree.parse",
    "lxml.html",
    "marshal",
    "msgspec.json.Decoder",
    "msgspec.json.decode",
    "msgspec.msgpack",
    "msgspec.toml",
    "msgspec.yaml",
    "orjson.loads",
    "pickle",
    "shelve",
    "tomllib.load",
    "tomllib.loads",
    "xml",
    "yaml",
}

MAY_OPEN = {
    "gateway/out/": "the door out",
    "gateway/cli/": "the operator's own client of a gateway's HTTP interface",
    "gateway/demo/": "the people and machines of a demonstration, who speak to a gateway from outside",
    "gateway/web/server.py": "where the gateway itself listens",
    "gateway/journal/postgres/": "the city's own database, which holds the record",
    "gateway/journal/copy/postgres.py": "the same database, to which a record moves",
}
MAY_READ = {
    "gateway/doors/": "the doors in",
    "gateway/hazard.py": "our own table, shipped with the code",
    "gateway/formats/app.py": "our own frozen entries",
    "gateway/vendors.py": "an answer of our own, compared with the one a vendor expects",
    "gateway/formats/cell_broadcast/plan.py": "our own tables of countries, shipped with the code",
    "gateway/words/templates.py": "the wording's own table, shipped with the code",
    "gateway/web/openapi.py": "our own schemas, shipped with the code",
    "gateway/journal/": "the record's own stored state, which we wrote",
    "gateway/delivery/pager.py": "owed pages, which we wrote into the record",
    "gateway/engine/intake.py": "a watch's state, which we wrote into the record",
    "gateway/feeds/cap_atom.py": "frozen rows, which we wrote into the record",
}

Use = tuple[str, int, str]


def names(tree: ast.AST) -> dict[str, str]:
    """Return what each imported name of a file stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                found[one.asname or one.name.partition(".")[0]] = one.name if one.asname else one.name.partition(".")[0]
        if isinstance(node, ast.ImportFrom) and not node.level:
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return found


def dotted(node: ast.AST, imported: dict[str, str]) -> str:
    """Return the full name of an attribute chain that starts at an import, or nothing."""
    if isinstance(node, ast.Name):
        return imported.get(node.id, "")
    if isinstance(node, ast.Attribute) and (start := dotted(node.value, imported)):
        return f"{start}.{node.attr}"
    return ""


def spoken(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every outside name that a file imports or uses, with its line."""
    imported = names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, one.name) for one in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{one.name}") for one in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.lineno, dotted(node, imported) or f".{node.attr}"


def uses(code: str, wanted: set[str], methods: set[str]) -> list[tuple[int, str]]:
    """Return each line that speaks one of the wanted names, or calls one of the methods on whatever."""
    forbidden = wanted | {f".{method}" for method in methods}
    heard = spoken(ast.parse(code))
    return sorted({(line, name) for line, name in heard if any(name == one or name.startswith(f"{one}.") for one in forbidden)})


def offences(wanted: set[str], methods: set[str], allowed: dict[str, str]) -> list[Use]:
    """Return where code outside the allowed places does what only they may do."""
    files = [file for room in ("gateway", "adapters") for file in sorted((ROOT / room).rglob("*.py"))]
    places = [(file, file.relative_to(ROOT).as_posix()) for file in files]
    strangers = [(file, place) for file, place in places if not place.startswith(tuple(allowed))]
    return [(place, line, name) for file, place in strangers for line, name in uses(file.read_text(), wanted, methods)]


def test_only_the_door_out_opens_connections() -> None:
    assert offences(OPENING, OPENING_METHODS, MAY_OPEN) == []


def test_only_the_doors_read_documents() -> None:
    assert offences(READING, set(), MAY_READ) == []


@pytest.mark.parametrize("place", [*MAY_OPEN, *MAY_READ])
def test_every_exception_is_still_needed(place: str) -> None:
    wanted, methods = (OPENING, OPENING_METHODS) if place in MAY_OPEN else (READING, set[str]())
    files = [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))
    assert any(uses(file.read_text(), wanted, methods) for file in files), f"{place} no longer needs its exception"


@pytest.mark.parametrize(
    "code",
    [
        "import aiohttp\nasync def f():\n    async with aiohttp.ClientSession() as s: pass",
        "from aiohttp import ClientSession",
        "from aiohttp import ClientSession as S",
        "import aiohttp as web\nweb.request('GET', 'x')",
        "import asyncio\nasyncio.open_connection('x', 1)",
        "from asyncio import open_connection",
        "import urllib.request",
        "from urllib import request",
        "import requests",
        "import socket as s\ns.socket()",
        "async def f(loop):\n    await loop.create_connection(None, 'x', 1)",
        "import paho.mqtt.client",
    ],
)
def test_the_scan_finds_whoever_opens(code: str) -> None:
    assert uses(code, OPENING, OPENING_METHODS)


@pytest.mark.parametrize(
    "code",
    [
        "import json\njson.loads(b'')",
        "from json import loads",
        "import orjson\norjson.loads(b'')",
        "import msgspec\nmsgspec.json.decode(b'')",
        "from msgspec import json\njson.decode(b'')",
        "from msgspec.json import Decoder",
        "from lxml import etree\netree.fromstring(b'')",
        "import lxml.etree as tree\ntree.parse('x')",
        "import xml.dom.minidom",
        "from xml.etree import ElementTree",
        "import tomllib\ntomllib.loads('')",
        "import pickle",
    ],
)
def test_the_scan_finds_whoever_reads(code: str) -> None:
    assert uses(code, READING, set())


@pytest.mark.parametrize(
    "code",
    [
        "from aiohttp import web\nweb.Application()",
        "import asyncio\nasyncio.start_server(print)",
        "from gateway.doors import json\njson.load(b'')",
        "import json\njson.dumps({})",
        "import msgspec\nmsgspec.json.encode({})\nmsgspec.convert({}, dict)",
        "from lxml import etree\netree.tostring(etree.Element('a'))",
        "import urllib.parse",
    ],
)
def test_the_scan_leaves_everybody_else_alone(code: str) -> None:
    assert not uses(code, OPENING | READING, OPENING_METHODS)
