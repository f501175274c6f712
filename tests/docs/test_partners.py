"""What the guide for partners tells to write and to run is written and run here, against a gateway of Hanbat."""

import asyncio
import json
import re
import shlex
import textwrap
import urllib.request
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.demo.hanbat import __file__ as hanbat
from gateway.demo.town import FIRST, settle
from gateway.formats.cap.ingest import REJECTED
from gateway.service import Service
from tests.foreign import SENDER, document
from tests.web.town import Clock

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "partners.md").read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"^ *```\w+\n(.*?)^ *```", GUIDE, re.MULTILINE | re.DOTALL)]
COMMANDS = [line for block in BLOCKS[1:] for line in block.splitlines()]
SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hanbat's folder."""
    folder = tmp_path / "town"
    folder.mkdir()
    settle(folder, {name: f"http://127.0.0.1:{9 + number}/" for number, name in enumerate(FIRST)}, SECRET, reach=FIRST)
    return folder


@pytest.fixture
async def service(folder: Path) -> AsyncIterator[Service]:
    async with Service.open(folder, now=Clock()) as opened:
        yield opened


async def run(command: str, *, said: str = "") -> str:
    answer = await asyncio.to_thread(CliRunner().invoke, main, shlex.split(command)[1:], input=said)
    assert answer.exit_code == 0, answer.stderr
    return str(answer.stdout).strip()


async def ask(command: str, **meant: str) -> bytes:
    """Ask as curl would: headers, a body from a file, an address; words of the guide stand for what is meant."""
    for word, place in sorted(meant.items(), key=lambda pair: -len(pair[0])):
        command = command.replace(word, place)
    curl, *words = shlex.split(command)
    headers = dict(given.split(": ", 1) for flag, given in pairwise(words) if flag == "-H")
    files = [given[1:] for flag, given in pairwise(words) if flag == "--data-binary"]
    body = await asyncio.to_thread(Path(files[0]).read_bytes) if files else None
    assert (curl, len(words)) == ("curl", 2 * len(headers) + 2 * len(files) + 1)
    request = urllib.request.Request(words[-1], data=body, headers=headers)  # noqa: S310 - our own gateway on loopback
    return await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=30).read())  # noqa: S310 - the same


def test_what_is_to_be_written_is_what_hanbat_has() -> None:
    assert BLOCKS[0] in Path(hanbat).with_name("city.toml").read_text(encoding="utf-8")
    assert SENDER in BLOCKS[0]
    assert len(COMMANDS) == 5


async def test_every_command_does_what_it_says(folder: Path, service: Service, tmp_path: Path) -> None:
    await run(f"bongsu user add kim --role operator --password-stdin --city {folder}", said="correct horse battery staple\n")
    meant = {
        "PARTNER_KEY": await run(COMMANDS[0].replace("DIR", str(folder))),
        "KEY": await run(f"bongsu key add --person kim --city {folder}"),
        "URL": service.url,
        "FILE": str(tmp_path / "alert.xml"),
    }
    (tmp_path / "alert.xml").write_bytes(document())
    [item] = json.loads(await ask(COMMANDS[1], **meant))["items"]
    assert item["accepted"]
    [one] = json.loads(await ask(COMMANDS[2], **meant))["alerts"]
    assert (one["partner"], one["trust"], one["live"]) == ("weather-service", "none", True)
    assert json.loads(await ask(COMMANDS[3], **meant, ID=one["id"])) == one
    assert await ask(COMMANDS[4], **meant, ID=one["id"]) == document()


def test_every_rule_that_refuses_is_named() -> None:
    refused = next(line for line in GUIDE.splitlines() if line.startswith("| refused"))
    assert {*REJECTED, "D01", "D02", "D03", "D04", "D05", "A02", "A04"} == set(re.findall(r"[A-Z]\d\d", refused))
