import asyncio
import contextlib
import time

import pytest

from tests.web.conftest import FEW
from tests.web.town import Town

LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


async def talk(town: Town, *parts: bytes, pause: float = 0.0) -> tuple[bytes, float]:
    """Send raw bytes and return what came back until the server hung up, and how long that took."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", town.port)
    for part in parts:
        writer.write(part)
        await asyncio.sleep(pause)
    with contextlib.suppress(ConnectionError):
        heard = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return heard, time.monotonic() - began
    writer.close()
    return b"", time.monotonic() - began


async def test_a_connection_without_a_whole_header_is_closed(hasty_town: Town) -> None:
    for parts in ((), (b"GET /health/live HT",), (b"GET /health/live HTTP/1.1\r\nHost: x\r\n",)):
        heard, took = await talk(hasty_town, *parts)
        assert heard == b""
        assert 0.25 < took < 2


async def test_dribbling_a_header_buys_no_time(hasty_town: Town) -> None:
    _, took = await talk(hasty_town, *[b"X-A: 1\r\n"] * 5, pause=0.2)
    assert took < 2


async def test_an_idle_connection_is_closed(hasty_town: Town) -> None:
    heard, took = await talk(hasty_town, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 200")
    assert 0.5 < took < 3


async def test_a_working_connection_lives_on(hasty_town: Town) -> None:
    request = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    heard, _ = await talk(hasty_town, *[request] * 4, pause=0.3)
    assert heard.count(b"HTTP/1.1 200") == 4


async def test_many_half_open_connections_leave_room_for_others(hasty_town: Town) -> None:
    lost = [asyncio.create_task(talk(hasty_town, b"GET / HT")) for _ in range(300)]
    answers = await asyncio.gather(*(hasty_town.ask("GET", "/health/live") for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert max([took for _, took in await asyncio.gather(*lost)]) < 8


async def hung_up(town: Town, said: bytes) -> bytes:
    """Say something, hear as much as one answer begins with, and hang up; b"" when we were cut off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", town.port)
    writer.write(said)
    heard = b""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        heard = await asyncio.wait_for(reader.readexactly(12), 10) if said else b""
    writer.close()
    return heard


async def test_who_hung_up_takes_nobodys_place(small_town: Town) -> None:
    for _ in range(3 * FEW):
        assert await hung_up(small_town, LIVE) == b"HTTP/1.1 200"
        await hung_up(small_town, b"")


async def test_who_is_one_too_many_is_cut_off_until_another_hangs_up(small_town: Town) -> None:
    idle = [await asyncio.open_connection("127.0.0.1", small_town.port) for _ in range(FEW)]
    assert await hung_up(small_town, LIVE) == b""
    idle.pop()[1].close()
    await asyncio.sleep(0.05)
    assert await hung_up(small_town, LIVE) == b"HTTP/1.1 200"
    for _, writer in idle:
        writer.close()


@pytest.mark.parametrize("path", ["/v1/incidents/control-room", "/v1/alerts"])
async def test_a_body_beyond_the_limit_is_413(hasty_town: Town, path: str) -> None:
    who = "control-room" if "incidents" in path else "kim"
    answer = await hasty_town.ask("POST", path, who, b"[" + b" " * 5000 + b"]", Content_Type="application/json")
    assert (answer.status, answer.code) == (413, "body-too-large")


async def test_a_body_of_unknown_length_is_cut_off_too(hasty_town: Town) -> None:
    head = b"POST /v1/alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    key = f"Authorization: Bearer {hasty_town.keys['kim']}\r\n\r\n".encode()
    heard, _ = await talk(hasty_town, head + key, *[b"400\r\n" + b" " * 1024 + b"\r\n"] * 6)
    assert heard.startswith(b"HTTP/1.1 413")
    assert b"body-too-large" in heard


async def test_a_body_that_does_not_come_is_408(hasty_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.body.BODY_S", 0.2)
    head = b"POST /v1/alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n"
    key = f"Authorization: Bearer {hasty_town.keys['kim']}\r\n\r\n".encode()
    heard, took = await talk(hasty_town, head + key + b"{")
    assert heard.startswith(b"HTTP/1.1 408")
    assert b"body-timeout" in heard
    assert took < 5


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/v1/nothing", 404, "not-found"),
        ("DELETE", "/v1/alerts", 405, "method-not-allowed"),
    ],
)
async def test_every_refusal_has_the_one_shape(town: Town, method: str, path: str, status: int, code: str) -> None:
    answer = await town.ask(method, path, "kim")
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Content-Type"].startswith("application/json")


async def test_what_nobody_foresaw_says_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        message = "secret of the house"
        raise RuntimeError(message)

    monkeypatch.setattr(type(town.journal), "alerts", broken)
    answer = await town.ask("GET", "/v1/alerts", "kim")
    assert (answer.status, answer.code) == (500, "internal")
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body


async def test_no_answer_tells_what_we_are_made_of(town: Town) -> None:
    for path in ("/health/live", "/feeds/cap.atom", "/nothing"):
        answer = await town.ask("GET", path)
        assert answer.headers["Server"] == "bongsu"


async def test_health(town: Town) -> None:
    assert (await town.ask("GET", "/health/live")).json == {"status": "live"}
    assert (await town.ask("GET", "/health/ready")).json == {"status": "ready", "silent": {}}


async def test_a_store_that_hangs_is_not_ready(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.health.CHECK_S", 0.2)
    monkeypatch.setattr(type(town.journal), "check", lambda _: asyncio.sleep(30))
    answer = await town.ask("GET", "/health/ready")
    assert (answer.status, answer.code) == (503, "store-slow")
    assert answer.headers["Retry-After"] == "2"
    assert (await town.ask("GET", "/health/live")).status == 200


async def test_a_closed_store_accepts_nothing(town: Town) -> None:
    await town.journal.close()
    asked = [await town.ask("GET", path) for path in ("/health/ready", "/feeds/cap.atom", "/feeds/app.json", "/events")]
    for answer in (*asked, await town.ask("GET", "/v1/alerts", "kim"), await town.signed(b"[]")):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")


async def test_who_is_busy_says_when_to_come_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.taking.MOST_AT_ONCE", 0)
    monkeypatch.setattr("gateway.web.events.MOST_READERS", 0)
    for answer in (await town.signed(b"[]"), await town.ask("GET", "/events")):
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "busy", "2")


async def test_who_stops_says_so_first_and_serves_on_and_keeps_no_connection(town: Town) -> None:
    draining = asyncio.create_task(town.listening.drain(0.3))
    await asyncio.sleep(0)
    ready = await town.ask("GET", "/health/ready")
    assert (ready.status, ready.code, ready.headers["Retry-After"]) == (503, "stopping", "2")
    assert (await town.ask("GET", "/health/live")).status == 200
    heard, took = await talk(town, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Connection: close" in heard
    assert took < 0.3
    assert not draining.done()
    await draining


async def test_who_stops_refuses_new_connections_and_finishes_what_it_has(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = asyncio.Event()

    async def slow(_: object) -> None:
        inside.set()
        await asyncio.sleep(0.5)

    monkeypatch.setattr(type(town.journal), "check", slow)
    _, idle = await asyncio.open_connection("127.0.0.1", town.port)
    asked = asyncio.create_task(town.ask("GET", "/health/ready"))
    await inside.wait()
    stopping = asyncio.create_task(town.listening.stop())
    await asyncio.sleep(0.1)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", town.port)
    assert (await asked).status == 200
    await stopping
    idle.close()
