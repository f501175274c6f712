import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.channel import Outcome, Verdict
from gateway.demo.receivers import Receiver
from gateway.out import HttpOut, Peer, Peers


@pytest.fixture
def silent_servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The system's look-up, in which every name under `silent.example` hangs; yields those that were asked for."""
    real, over, asked = socket.getaddrinfo, threading.Event(), list[str]()

    def look(host: str, *rest: Any, **more: Any) -> object:
        if host.endswith("silent.example"):
            asked.append(host)
            if not host.startswith("gone"):
                over.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return real("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look)
    yield asked
    over.set()


async def test_a_name_that_hangs_holds_up_no_other_and_nothing_else(silent_servers: list[str]) -> None:
    async with Receiver(path="/") as far:
        url = far.url.replace("127.0.0.1", "alive.example")
        hanging = [f"http://{host}.silent.example/" for host in ("a", "b")]
        peers = Peers([Peer(url=one, private=True, plain=True) for one in (url, *hanging)])
        async with HttpOut(peers, deadline_s=2.0) as out, asyncio.TaskGroup() as tasks:
            stuck = [tasks.create_task(post(out, one)) for one in hanging for _ in range(50)]
            await asyncio.sleep(0.1)
            async with asyncio.timeout(1.0):
                assert (await post(out, url)).verdict is Verdict.ACCEPTED
                await asyncio.to_thread(int)
    assert {(one.result().verdict, one.result().note) for one in stuck} == {
        (Verdict.UNREACHABLE, "deadline passed before our bytes left")
    }
    assert sorted(silent_servers) == ["a.silent.example", "b.silent.example"]


async def test_a_name_that_was_not_found_is_asked_for_again(silent_servers: list[str]) -> None:
    url = "http://gone.silent.example/"
    async with HttpOut(Peers([Peer(url=url, private=True, plain=True)])) as out:
        notes = {(await post(out, url)).note for _ in range(2)}
    assert (notes, len(silent_servers)) == ({"name not found before our bytes left"}, 2)


async def post(out: HttpOut, url: str) -> Outcome:
    return await out.post(url, b"", media_type="text/plain")
