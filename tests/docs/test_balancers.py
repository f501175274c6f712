"""What the guide for two sites tells a load balancer is read by the balancers themselves, and does what the guide says of it."""

import asyncio
import contextlib
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from tests.docs.test_two_sites import block
from tests.journal.postgres.test_encrypted import certified

HAPROXY = """
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend public
    bind 127.0.0.1:{port}
    default_backend bongsu
"""
NGINX = "daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}} http {{ access_log off; {temp} {guide} }}"
TEMP = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Gateway:
    """The far side of a balancer: it serves until it is gone, and may refuse, or say that it is being stopped."""

    def __init__(self) -> None:
        """It is ready."""
        self.port, self.ready, self.status = unused_port(), 200, 200
        self.asked = Counter[str]()

    async def start(self) -> None:
        """Serve at its port."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Be gone."""
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        if request.path == "/health/ready":
            return web.Response(status=self.ready)
        self.asked[request.method] += 1
        return web.Response(status=self.status)


@pytest.fixture
async def gateways() -> AsyncIterator[Sequence[Gateway]]:
    """Two gateways."""
    both = (Gateway(), Gateway())
    for one in both:
        await one.start()
    yield both
    for one in both:
        await one.stop()


def meant(text: str, gateways: Sequence[Gateway], more: Mapping[str, str]) -> str:
    """Put real addresses and files in place of the guide's."""
    addresses = {f"10.0.{number}.10:8080": f"127.0.0.1:{one.port}" for number, one in enumerate(gateways, 1)}
    for old, new in {**addresses, **more}.items():
        assert text.count(old), old
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def running(*command: str | Path) -> AsyncIterator[None]:
    """Run a program while the block lasts."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def configured(file: Path, text: str) -> None:
    """Write a configuration."""
    file.write_text(text)


async def sound(*command: str | Path) -> None:
    """Let a balancer itself judge its configuration."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def answers(url: str, method: str = "GET", times: int = 10) -> Counter[int]:
    """Ask so often and count the answers."""
    said = Counter[int]()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False, force_close=True)) as session:
        for _ in range(times):
            async with session.request(method, url) as answer:
                said[answer.status] += 1
    return said


async def until(url: str, statuses: set[int]) -> None:
    """Wait until a balancer gives nothing but these answers."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                if set(await answers(url)) == statuses:
                    return
            await asyncio.sleep(0.1)


async def test_haproxy_sends_to_whoever_is_ready(peer: Callable[..., Path], gateways: Sequence[Gateway], tmp_path: Path) -> None:
    program, port, file = peer("haproxy"), unused_port(), tmp_path / "haproxy.cfg"
    configured(file, HAPROXY.format(port=port) + meant(block("backend"), gateways, {}))
    await sound(program, "-c", "-f", file)
    url, (stopping, other) = f"http://127.0.0.1:{port}/", gateways
    async with running(program, "-db", "-f", file):
        await until(url, {200})
        stopping.ready = 503
        async with asyncio.timeout(20):
            while await asked_of(stopping, url):
                pass
        await stopping.stop()
        assert await answers(url, "POST") == {200: 10}
        await stopping.start()
    assert other.asked["POST"] == 10


async def asked_of(gateway: Gateway, url: str) -> int:
    """Return how many of some requests came to a gateway; none of them may fail."""
    gateway.asked.clear()
    assert await answers(url) == {200: 10}
    return gateway.asked.total()


async def test_nginx_passes_what_one_refused_to_the_other(peer: Callable[..., Path], gateways: Sequence[Gateway]) -> None:
    program, port = peer("nginx"), unused_port()
    with tempfile.TemporaryDirectory(prefix="bongsu-nginx-") as name:
        folder, file = Path(name), Path(name, "nginx.conf")
        key = certified(folder, "balancer")
        more = {"listen 443": f"listen 127.0.0.1:{port}", "/etc/bongsu/tls.pem": str(key), "/etc/bongsu/tls.key": str(key)}
        temp = " ".join(f"{one}_temp_path {folder}/{one};" for one in TEMP)
        configured(file, NGINX.format(folder=folder, temp=temp, guide=meant(block("upstream"), gateways, more)))
        await sound(program, "-t", "-e", folder / "errors", "-c", file)
        url, (lame, _) = f"https://127.0.0.1:{port}/", gateways
        async with running(program, "-e", folder / "errors", "-c", file):
            await until(url, {200})
            lame.status = 503
            assert await answers(url) == {200: 10}
            await lame.stop()
            assert await answers(url, "POST") == {200: 10}
            await lame.start()
