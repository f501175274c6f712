"""`bongsu serve` as a process of its own, which may be killed, frozen, woken and started again."""

import asyncio
import base64
import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from gateway.access import key_hash, new_key
from gateway.demo.people import Person, River
from gateway.journal.contract import Journal
from gateway.journal.records import Key
from gateway.journal.records import Person as Someone
from tests.staircase.office import Office

ROOT = Path(__file__).parents[2]
SECRET = "whsec_" + base64.b64encode(b"the river by the Hannae bridge..").decode()
PEERS = ("broadcaster", "city-app")
GAUGE = "Hannae Bridge water level"
# No two rivers send a message of the same name
_BLOCKS = itertools.count(0, 100_000)


class Served:
    """The gateway of a folder, and at its door an office and a river."""

    def __init__(self, folder: Path, session: aiohttp.ClientSession, keys: Mapping[str, str]) -> None:
        """Nothing runs yet."""
        self.folder, self.url = folder, ""
        self._session, self._keys = session, keys
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the gateway, after a kill at the same address again."""
        port = self.url.rpartition(":")[2] or "0"
        command = (sys.executable, "-m", "gateway", "serve", "--city", str(self.folder), "--port", port, "--json")
        with self.folder.with_suffix(".stderr").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
        assert self._process.stdout is not None
        said = await self._process.stdout.readline()
        assert said, self.folder.with_suffix(".stderr").read_text(encoding="utf-8")
        self.url = json.loads(said)["url"]
        kim, lee = (Person(self._session, self.url, name, key) for name, key in self._keys.items())
        self.office = Office(kim, lee)
        self.river = River(self._session, self.url, SECRET, lambda: datetime.now(UTC), sent=next(_BLOCKS))

    async def kill(self) -> None:
        """End it without a warning."""
        await self.end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it stand still, with every connection open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on as if nothing had been."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self.wake()
            self._process.send_signal(how)
            await self._process.communicate()


def new_keys() -> Mapping[str, str]:
    """Make keys for Kim and Lee."""
    return {name: new_key() for name in ("kim", "lee")}


async def hire(journal: Journal, keys: Mapping[str, str]) -> None:
    """Make Kim and Lee operators and approvers before a gateway first runs."""
    now = datetime.now(UTC)
    for name, key in keys.items():
        await journal.save_person(Someone(name=name, roles=frozenset({"operator", "approver"}), password=""), "test", now)
        await journal.save_key(Key(id=name, hash=key_hash(key), person=name), "test", now)
