import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import apsw
import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.demo.town import FIRST, settle

ROOT = Path(__file__).parents[2]
HANBAT = ROOT / "gateway" / "demo" / "hanbat"
PASSWORD = "correct horse battery"  # noqa: S105 - a test's
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("BONGSU_", "NO_COLOR"))}

Bongsu = Callable[..., Result]
Program = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def bongsu(monkeypatch: pytest.MonkeyPatch) -> Bongsu:
    """Run a command in this process; stdout and stderr stay apart."""
    monkeypatch.chdir(ROOT)
    for name in ("BONGSU_URL", "BONGSU_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object, given: str | None = None, env: Mapping[str, str] | None = None) -> Result:
        result = CliRunner().invoke(main, [str(word) for word in words], input=given, env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


@pytest.fixture
def program() -> Iterator[Program]:
    """Start commands as processes of their own; what still runs at the test's end is ended."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: object, **more: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "gateway", *(str(word) for word in words)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": ENVIRONMENT}
        started.append(subprocess.Popen(command, cwd=ROOT, **(pipes | more)))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        with process:
            pass


def lines(result: Result) -> list[dict[str, Any]]:
    """Return the JSON objects on stdout, one a line."""
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """Hanbat with secrets of its own, whose peers listen nowhere."""
    folder = tmp_path / "hanbat"
    folder.mkdir()
    settle(folder, {}, "whsec_" + base64.b64encode(bytes(32)).decode(), port=8080, reach=FIRST)
    text = (folder / "city.toml").read_text()
    for port in ("9100", "9101", "9102"):
        text = text.replace(f"127.0.0.1:{port}", "127.0.0.1:1")
    (folder / "city.toml").write_text(text)
    return folder


def add(bongsu: Bongsu, city: Path, name: str, *more: str, password: str = PASSWORD) -> int:
    """Add an operator and return the exit code."""
    words = ("user", "add", name, "--role", "operator", "--password-stdin", "--city", city, *more)
    return int(bongsu(*words, given=f"{password}\n").exit_code)


def rows(city: Path, question: str) -> list[tuple[object, ...]]:
    """Ask the record itself."""
    store = apsw.Connection(str(city / "bongsu.db"))
    try:
        return list(store.execute(question))
    finally:
        store.close()


def change(file: Path, old: str, new: str) -> None:
    """Replace what must stand in a file exactly once."""
    text = file.read_text()
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new))


def incident(**more: object) -> dict[str, object]:
    """Return a fire by the river that began a minute ago."""
    triangle = [[127.35, 36.36], [127.36, 36.36], [127.36, 36.37], [127.35, 36.36]]
    place = {"role": "danger", "name": {"ko": "한내 둔치", "en": "Hannae riverside"}}
    return {
        "source": "fire-service",
        "id": "call-119",
        "hazard": "structure-fire",
        "severity": "severe",
        "urgency": "immediate",
        "certainty": "observed",
        "onset": (datetime.now(UTC) - timedelta(minutes=1)).isoformat(),
        "areas": [place | {"geometry": {"type": "Polygon", "coordinates": [triangle]}}],
        **more,
    }


class FarSide:
    """A peer that gives every request the same answer, and keeps what came."""

    def __init__(self, status: int) -> None:
        """Listen on a free port of this machine."""
        arrived = self.arrived = list[bytes]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                arrived.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def far_side() -> Iterator[Callable[[int], FarSide]]:
    """Open peers; all are closed with the test."""
    opened: list[FarSide] = []

    def listen(status: int) -> FarSide:
        opened.append(FarSide(status))
        return opened[-1]

    yield listen
    for one in opened:
        one.stop()


@pytest.fixture
def serving(program: Program) -> Iterator[Callable[[Path], str]]:
    """Run `bongsu serve` on a city's folder and return its URL; stopped with the test, and it must stop well."""
    running: list[subprocess.Popen[bytes]] = []

    def start(folder: Path) -> str:
        process = program("serve", "--city", folder, "--port", 0, "--json")
        running.append(process)
        assert process.stdout is not None
        url: str = json.loads(process.stdout.readline())["url"]
        return url

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, b""), err.decode()
