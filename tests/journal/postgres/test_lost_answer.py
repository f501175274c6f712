"""Where the answer to a commit is lost, asking again finds out what happened, and nothing happens twice."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.alert import Kind
from gateway.channel import Verdict
from gateway.fault import ANSWER_LATE, Unavailable
from gateway.journal.contract import Stale
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Arrival
from tests.journal.postgres.server import Server
from tests.journal.postgres.standing import Heard, courier
from tests.journal.samples import T0, claim, incident, issue, placed, raw, settle, submit, tell, version

LASTS_S = 20.0
SOCKET = ".s.PGSQL.5432"


class Cutter:
    """A door to the server that hands a commit on and, once armed, cuts the line before its answer comes back."""

    def __init__(self, server: Server, home: Path) -> None:
        """Listen in a folder."""
        self.home = home
        self.armed = False
        self.cuts = 0
        self._server = str(server.home / SOCKET)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        far_reader, far_writer = await asyncio.open_unix_connection(self._server)
        cut = asyncio.Event()
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(self._out(reader, far_writer, cut), self._back(far_reader, writer, cut))

    async def _out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event) -> None:
        while some := await reader.read(1 << 16):
            if self.armed and b"COMMIT\0" in some:
                self.armed = False
                cut.set()
            writer.write(some)
        writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event) -> None:
        while some := await reader.read(1 << 16):
            if cut.is_set():
                self.cuts += 1
                writer.transport.abort()
                return
            writer.write(some)
        writer.close()


@pytest.fixture
async def cutter(server: Server) -> AsyncIterator[Cutter]:
    with tempfile.TemporaryDirectory() as home:
        cutter = Cutter(server, Path(home))
        listening = await asyncio.start_unix_server(cutter.serve, Path(home) / SOCKET)
        yield cutter
        listening.close()


@pytest.fixture
async def far(cutter: Cutter, dsn: str) -> AsyncIterator[PostgresJournal]:
    """A node whose every connection goes by the cutter."""
    journal = await PostgresJournal.open(f"{dsn.partition('host=')[0]}host={cutter.home}", node="far")
    yield journal
    await journal.close()
    assert cutter.cuts == 1


async def test_the_receipt_is_the_first_one(far: PostgresJournal, cutter: Cutter) -> None:
    arrival = Arrival(at=T0, raw=raw(b"once"), key="once", reports=(placed(incident("once")),))
    cutter.armed = True
    with pytest.raises(Unavailable, match=ANSWER_LATE):
        await far.accept(arrival)

    again = await far.accept(arrival)
    assert again.again
    assert await far.accept(arrival) == again
    [head] = (await far.heads([("gauge", "once")])).values()
    assert head.revision == 1


async def test_what_was_issued_is_stale_and_stands_once(far: PostgresJournal, cutter: Cutter) -> None:
    before = await far.publication()
    frozen = submit(version(), ["sms/all"])
    cutter.armed = True
    with pytest.raises(Unavailable, match=ANSWER_LATE):
        await far.issue(issue(frozen, 0), frozen)

    with pytest.raises(Stale):
        await far.issue(issue(frozen, 0), frozen)
    assert (await far.publication()).revision == before.revision + 1
    assert [one.key for one in await far.deliveries()] == ["A1.1.sms.all"]


async def test_an_outcome_that_was_written_down_is_evidence_the_second_time(far: PostgresJournal, cutter: Cutter) -> None:
    await tell(far, version(), ["sms/all"])
    await tell(far, version(number=2, kind=Kind.UPDATE), ["sms/all"])
    [claimed] = await claim(far, "sms")
    cutter.armed = True
    with pytest.raises(Unavailable, match=ANSWER_LATE):
        await settle(far, claimed, Verdict.ACCEPTED)

    assert await settle(far, claimed, Verdict.ACCEPTED) is None
    assert await claim(far, "sms") == []
    [delivery] = [one for one in await far.deliveries() if one.number == 2]
    assert delivery.state == "accepted"
    assert [attempt.late for attempt in delivery.attempts] == [False, True]


async def test_what_was_claimed_is_put_back_and_never_was_an_attempt(far: PostgresJournal, cutter: Cutter) -> None:
    await tell(far, version("A1"), ["sms/all"], priority=0)
    await tell(far, version("A2"), ["cap/north"], priority=0)
    cutter.armed = True
    with pytest.raises(Unavailable, match=ANSWER_LATE):
        await claim(far, "sms", "cap")

    assert await far.put_back([T0], [], T0)
    again = await claim(far, "sms", "cap")
    assert [(one.key, one.fence) for one in again] == [("A1.1.sms.all", 2), ("A2.1.cap.north", 2)]
    assert [one.attempts for one in await far.deliveries()] == [(), ()]


async def test_a_courier_carries_what_it_claimed_and_was_not_told_of_before_the_lease_is_over(
    far: PostgresJournal, cutter: Cutter
) -> None:
    channel, stop = Heard("sms"), asyncio.Event()
    await tell(far, version(), ["sms/all"], priority=0)
    cutter.armed = True
    running = asyncio.create_task(courier(far, channel).run(stop))
    async with asyncio.timeout(LASTS_S):
        assert await channel.carried.get() == "A1.1.sms.all"
    stop.set()
    await running

    [delivery] = await far.deliveries()
    assert [attempt.verdict for attempt in delivery.attempts] == ["accepted"]
    assert [entry.act for entry in await far.audit("alert:A1")][-2:] == ["put-back", "attempted"]
