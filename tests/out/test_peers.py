import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.channel import Verdict
from gateway.fault import BadInput, Refused
from gateway.out import HttpOut, Peer, Peers
from gateway.out.peers import allowed

PUBLIC = ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "2002:0808:0808::1", "64:ff9b::8.8.8.8"]
CITY = [
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:0001::1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.1.2.3",
]
NEVER = [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "0.0.0.0",  # noqa: S104
    "::",
    "224.0.0.1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_everybody_may_be_reached_at_a_public_address(address: str) -> None:
    assert allowed(address, private=False)
    assert allowed(address, private=True)


@pytest.mark.parametrize("address", CITY)
def test_only_private_peers_are_reached_in_the_citys_own_network(address: str) -> None:
    assert not allowed(address, private=False)
    assert allowed(address, private=True)


@pytest.mark.parametrize("address", NEVER)
def test_nobody_is_reached_where_credentials_or_crowds_live(address: str) -> None:
    assert not allowed(address, private=False)
    assert not allowed(address, private=True)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://peer.example/", "url-plain"),
        ("http://10.0.0.1/", "url-plain"),
        ("http://127.0.0.1.peer.example/", "url-plain"),
        ("ftp://peer.example/", "url-scheme"),
        ("file:///etc/passwd", "url-scheme"),
        ("gopher://127.0.0.1/", "url-scheme"),
        ("peer.example", "url-scheme"),
        ("", "url-scheme"),
        ("https:///path", "url-invalid"),
        ("https://[::1", "url-invalid"),
        ("https://peer.example:99999/", "url-invalid"),
    ],
)
def test_urls_that_cannot_be_meant(url: str, code: str) -> None:
    with pytest.raises(BadInput) as bad:
        Peers([Peer(url=url)])
    assert bad.value.code == code


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost/", "http://[::1]/", "https://peer.example/a?b=c"])
def test_urls_that_may_be_meant(url: str) -> None:
    assert Peers([Peer(url=url)]).named(url) == Peer(url=url)


def test_unencrypted_http_is_allowed_knowingly() -> None:
    assert Peers([Peer(url="http://sign.example/", plain=True)]).named("http://sign.example/").plain


def test_one_url_has_one_set_of_rights() -> None:
    with pytest.raises(BadInput) as bad:
        Peers([Peer(url="https://a.example/"), Peer(url="https://a.example/", private=True)])
    assert bad.value.code == "url-twice"


def test_a_url_nobody_configured_is_refused() -> None:
    with pytest.raises(Refused):
        Peers([Peer(url="https://a.example/")]).named("https://a.example/x")


class Flipping(AbstractResolver):
    """A name server that gives a harmless answer first and loopback ever after."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Answer, and count."""
        self.asked += 1
        address = "127.0.0.1" if self.asked > 1 else "192.0.2.1"
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def callers() -> AsyncIterator[tuple[int, list[str]]]:
    """A listener's port, and whoever connected to it."""
    seen: list[str] = []

    async def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append("met")
        writer.close()

    async with await asyncio.start_server(met, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], seen


HIDDEN = [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "127.1",
    "0",
    "[::ffff:127.0.0.1]",
    "[::1]",
    "0.0.0.0",  # noqa: S104
]


@pytest.mark.parametrize("host", HIDDEN)
async def test_no_spelling_of_this_machine_is_connected_to(callers: tuple[int, list[str]], host: str) -> None:
    port, seen = callers
    url = f"http://{host}:{port}/"
    async with HttpOut(Peers([Peer(url=url, plain=True)]), deadline_s=2.0) as out:
        outcome = await out.post(url, b"", media_type="text/plain")
    assert outcome.verdict in (Verdict.UNREACHABLE, Verdict.REFUSED)
    assert seen == []


async def test_a_name_that_changes_its_mind_is_not_followed(callers: tuple[int, list[str]]) -> None:
    port, seen = callers
    url = f"http://rebinding.example:{port}/"
    resolver = Flipping()
    async with HttpOut(Peers([Peer(url=url, plain=True)]), deadline_s=0.5, resolver=resolver) as out:
        outcomes = [await out.post(url, b"", media_type="text/plain") for _ in range(3)]
    assert resolver.asked == 3
    assert {outcome.verdict for outcome in outcomes} == {Verdict.UNREACHABLE}
    assert seen == []


async def test_the_listener_would_have_been_reached_by_a_private_peer(callers: tuple[int, list[str]]) -> None:
    """The test of the tests above: only the missing right kept them away."""
    port, seen = callers
    url = f"http://127.0.0.1:{port}/"
    async with HttpOut(Peers([Peer(url=url, private=True)])) as out:
        await out.post(url, b"", media_type="text/plain")
    assert seen == ["met"]
