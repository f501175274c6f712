import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.channel import Outcome, Verdict
from gateway.demo.receivers import Held, Manner, Receiver, answers, garbage, rude, slow, twice
from gateway.out import HttpOut, Peer, Peers

ACCEPTED = (200, 201, 202, 204, 226, 299)
REDIRECTED = (300, 301, 302, 303, 304, 307, 308)
REFUSED = (400, 401, 403, 404, 405, 406, 409, 410, 411, 413, 415, 418, 421, 422, 423, 426, 428, 431, 451, 499)
LATER = (408, 425, 429, 501, 503, 505, 507, 511)
IN_DOUBT = (500, 502, 504, 506, 508, 520, 524, 599)
MEANINGS = [
    *((status, Verdict.ACCEPTED) for status in ACCEPTED),
    *((status, Verdict.REFUSED) for status in (*REDIRECTED, *REFUSED)),
    *((status, Verdict.UNREACHABLE) for status in LATER),
    *((status, Verdict.AMBIGUOUS) for status in IN_DOUBT),
]


@pytest.fixture
async def far() -> AsyncIterator[Receiver]:
    async with Receiver(path="/in?key=canary-query") as receiver:
        yield receiver


async def post(url: str, *, deadline_s: float = 5.0, header: str = "X-Key") -> Outcome:
    headers = {header: "Bearer canary-token"}
    async with HttpOut(Peers([Peer(url=url, private=True)]), deadline_s=deadline_s) as out:
        return await out.post(url, b"bytes", media_type="text/plain", headers=headers)


async def answered(far: Receiver, manner: Manner, *, deadline_s: float = 5.0) -> Outcome:
    far.manner = manner
    return await post(far.url, deadline_s=deadline_s)


@pytest.mark.parametrize(("status", "verdict"), MEANINGS)
async def test_what_each_answer_means(far: Receiver, status: int, verdict: Verdict) -> None:
    outcome = await answered(far, answers(status, headers={"Location": far.url}))
    assert outcome.verdict is verdict
    assert (outcome.evidence["status"], outcome.heard) == (str(status), True)
    assert len(far.arrivals) == 1


async def test_exactly_our_bytes_arrive(far: Receiver) -> None:
    await post(far.url)
    arrived = far.arrivals[0]
    assert (arrived.body, arrived.headers["Content-Type"], arrived.path) == (b"bytes", "text/plain", "/in?key=canary-query")


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "86400"}, 60.0),
        ({"Retry-After": "99999999999999999999"}, 60.0),
        ({"Retry-After": "Tue, 14 Jul 2026 09:00:20 GMT", "Date": "Tue, 14 Jul 2026 09:00:00 GMT"}, 20.0),
        ({"Retry-After": "Tue, 14 Jul 2026 08:00:00 GMT", "Date": "Tue, 14 Jul 2026 09:00:00 GMT"}, 0.0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT", "Date": "Tue, 14 Jul 2026 09:00:00 GMT"}, None),
        ({"Retry-After": "Tue, 14 Jul 2026 09:00:20 +999999999999", "Date": "Tue, 14 Jul 2026 09:00:00 GMT"}, None),
        ({"Retry-After": "٣"}, None),
        ({}, None),
    ],
)
async def test_a_far_side_may_ask_us_to_wait(far: Receiver, headers: dict[str, str], wait: float | None) -> None:
    outcome = await answered(far, answers(503, headers=headers))
    assert (outcome.verdict, outcome.retry_after) == (Verdict.UNREACHABLE, wait)


async def test_a_refusal_asks_for_no_second_try(far: Receiver) -> None:
    assert (await answered(far, answers(410, headers={"Retry-After": "7"}))).retry_after is None


async def test_a_dead_far_side_saw_nothing(far: Receiver) -> None:
    await far.stop()
    assert (await post(far.url)).verdict is Verdict.UNREACHABLE


async def test_a_name_that_does_not_exist_saw_nothing() -> None:
    class Nobody(AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
            raise OSError(host, port, family)

        async def close(self) -> None:
            pass

    url = "https://nobody.example/"
    async with HttpOut(Peers([Peer(url=url)]), resolver=Nobody()) as out:
        outcome = await out.post(url, b"", media_type="text/plain")
    assert (outcome.verdict, outcome.note) == (Verdict.UNREACHABLE, "name not found before our bytes left")


async def test_a_far_side_that_accepts_no_connection_saw_nothing() -> None:
    """A full backlog: the connection never completes, so the deadline passes before our bytes left."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        outcome = await post(f"http://127.0.0.1:{port}/", deadline_s=0.3)
        for one in waiting:
            one.close()
    assert (outcome.verdict, outcome.note) == (Verdict.UNREACHABLE, "deadline passed before our bytes left")


@pytest.mark.parametrize("manner", [rude, garbage, slow(30.0), Held()], ids=["rude", "garbage", "slow", "held"])
async def test_whoever_read_our_bytes_and_said_nothing_may_have_acted(far: Receiver, manner: Manner) -> None:
    outcome = await answered(far, manner, deadline_s=0.3)
    assert outcome.verdict is Verdict.AMBIGUOUS
    assert far.arrivals[0].body == b"bytes"


async def test_a_far_side_that_hangs_up_before_reading_may_have_read(far: Receiver) -> None:
    far.reads = False
    assert (await post(far.url)).verdict is Verdict.AMBIGUOUS


@pytest.mark.parametrize("manner", [twice, Held(answered=True)], ids=["twice", "held"])
async def test_one_answer_is_enough(far: Receiver, manner: Manner) -> None:
    assert (await answered(far, manner)).verdict is Verdict.ACCEPTED


async def test_an_answer_whose_body_never_ends_is_still_an_answer() -> None:
    """The status has spoken; only the beginning of the body is kept."""
    gone = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n")
        await reader.read()
        writer.close()
        gone.set()

    async with await asyncio.start_server(endless, "127.0.0.1", 0) as server:
        outcome = await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", deadline_s=0.3)
        await gone.wait()
    assert (outcome.verdict, outcome.evidence["body"]) == (Verdict.ACCEPTED, "hello")


async def test_a_flood_of_an_answer_is_cut(far: Receiver) -> None:
    outcome = await answered(far, answers(200, body=b"x" * 5_000_000))
    assert (outcome.verdict, len(outcome.evidence["body"])) == (Verdict.ACCEPTED, 200)


async def test_a_redirect_is_not_followed(far: Receiver) -> None:
    async with Receiver() as elsewhere:
        outcome = await answered(far, answers(307, headers={"Location": elsewhere.url}))
        assert elsewhere.arrivals == []
    assert outcome.verdict is Verdict.REFUSED


async def test_only_configured_urls_are_posted_to(far: Receiver) -> None:
    async with HttpOut(Peers([Peer(url=far.url, private=True)])) as out:
        for url in (far.url + "&more", far.url.replace("/in", "/out"), "file:///etc/passwd", ""):
            outcome = await out.post(url, b"", media_type="text/plain")
            assert (outcome.verdict, outcome.note) == (Verdict.REFUSED, "url-not-configured")
    assert far.arrivals == []


ECHOES = [
    b"you said Bearer canary-token",
    b"canary-token",
    b"POST /in?key=canary-query",
    b"canary-query",
    b"user: canary-user:canary-password",
    b"https://canary-user:canary-password@peer.example/x",
]


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_no_secret_of_ours_is_written_down_when_it_is_echoed(far: Receiver, echo: bytes, status: int) -> None:
    far.manner = answers(status, body=echo)
    outcome = await post(far.url.replace("http://", "http://canary-user:canary-password@"))
    assert far.arrivals
    assert "canary" not in repr(outcome)


async def test_no_secret_of_ours_stands_in_a_failure(far: Receiver) -> None:
    url = far.url.replace("http://", "http://canary-user:canary-password@")
    far.manner = garbage
    broken = await post(url)
    await far.stop()
    assert "canary" not in repr([broken, await post(url)])


async def test_an_answer_cannot_write_lines_of_its_own_into_our_record(far: Receiver) -> None:
    outcome = await answered(far, answers(400, body="one\r\n\x1b[31mtwo\u202ethree\x00\xff".encode("latin-1", "replace")))
    assert outcome.evidence["body"].isprintable()
    assert "one [31mtwo" in outcome.evidence["body"]


async def test_two_credentials_for_one_request_are_refused_before_they_leave(far: Receiver) -> None:
    outcome = await post(far.url.replace("http://", "http://canary-user:canary-password@"), header="Authorization")
    assert (outcome.verdict, far.arrivals) == (Verdict.REFUSED, [])
    assert "canary" not in repr(outcome)


async def test_nothing_stays_open_between_two_tries(far: Receiver) -> None:
    """A kept connection could be dead already, and a try on it ambiguous without need."""
    async with HttpOut(Peers([Peer(url=far.url, private=True)])) as out:
        assert (await out.post(far.url, b"", media_type="text/plain")).verdict is Verdict.ACCEPTED
        await far.stop()
        assert (await out.post(far.url, b"", media_type="text/plain")).verdict is Verdict.UNREACHABLE
        await far.start()
        assert (await out.post(far.url, b"", media_type="text/plain")).verdict is Verdict.ACCEPTED
