"""What the page on the public's files tells to write is read by those who must: the gateway, and nginx."""

import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import config
from gateway.cli import main
from gateway.demo.town import FIRST, settle
from gateway.web.public_pages.files import TOPS
from tests.engine.hall import SECRET

PAGE = (Path(__file__).parents[2] / "docs" / "public-pages.md").read_text(encoding="utf-8")
PATIENCE_S = 20.0
KINDS = {
    "now/en/": "text/html",
    "feeds/cap.atom": "application/atom+xml",
    "feeds/gtfs-realtime/alerts.pb": "application/x-protobuf",
    "feeds/app.json": "application/json",
}


def block(kind: str) -> str:
    """Return what stands in the page's block of a kind."""
    (found,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def town(folder: Path) -> Path:
    """Return a city's folder that has the page's settings too."""
    folder.mkdir()
    settle(folder, {far: f"http://127.0.0.1:{9 + number}/" for number, far in enumerate(FIRST)}, SECRET, reach=FIRST)
    with (folder / "city.toml").open("a") as settings:
        settings.write("\n" + block("toml"))
    return folder


def test_the_settings_are_read(tmp_path: Path) -> None:
    folder = town(tmp_path / "hanbat")
    assert config.read(folder).public == folder / "public"


def test_every_folder_that_is_ours_is_named() -> None:
    assert [top for top in TOPS if f"`{top}`" not in PAGE] == []


def test_nginx_serves_the_folder(tmp_path: Path, peer: Callable[..., Path], unused_tcp_port: int) -> None:
    program, city = peer("nginx"), town(tmp_path / "hanbat")
    with tempfile.TemporaryDirectory(prefix="bongsu-nginx-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        told("user", "add", "kim", "--role", "operator", "--password-stdin", "--city", str(city))
        told("public", "render", "--city", str(city), "--out", str(folder / "public"))
        (folder / "public" / ".bongsu-folder").write_text("x")
        said = block("nginx").replace("8088", f"127.0.0.1:{unused_tcp_port}").replace("/srv/bongsu/public", f"{folder}/public")
        logs = f"error_log {folder}/error.log; pid {folder}/pid;"
        types = "types { text/html html; text/css css; application/json json; }"
        (folder / "nginx.conf").write_text(f"{logs} daemon off; events {{}} http {{ {types} access_log off; {said} }}")
        with subprocess.Popen([program, "-p", name, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL) as running:
            try:
                kinds = _kinds(f"http://127.0.0.1:{unused_tcp_port}")
            finally:
                running.terminate()
    assert kinds == KINDS


def _kinds(url: str) -> dict[str, str]:
    """Look at the city's first page and its style, and return as what the rest is served."""
    headers, page = asked(f"{url}/")
    assert "한밭시" in page.decode()
    assert headers["Cache-Control"] == "public, max-age=5"
    assert "immutable" in asked(f"{url}/static/public.css")[0]["Cache-Control"]
    with pytest.raises(urllib.error.HTTPError):
        asked(f"{url}/.bongsu-folder")
    return {path: asked(f"{url}/{path}")[0]["Content-Type"] for path in KINDS}


def told(*words: str) -> None:
    """Run a command of ours."""
    done = CliRunner().invoke(main, words, input="correct horse battery staple\n")
    assert done.exit_code == 0, done.output


def asked(url: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an address, as soon as somebody answers there."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:  # noqa: S310 - a server of our own
                return dict(answer.headers), answer.read()
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError) or time.monotonic() > until:
                raise
            time.sleep(0.05)
