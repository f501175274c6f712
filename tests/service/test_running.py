"""A whole gateway, started and stopped: nothing in flight is lost, and what breaks inside is seen and goes on."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import apsw
import pytest

from gateway.access import Actor, Role, key_hash, new_key
from gateway.demo.clock import StoryClock
from gateway.demo.receivers import Held, Receiver
from gateway.demo.town import FIRST, settle
from gateway.engine import troubles
from gateway.fault import Unavailable
from gateway.incident import Incident
from gateway.journal.audit import SEALS
from gateway.journal.records import AlertRecord, Arrival, DeliveryState, Key, Person, Receipt
from gateway.journal.sqlite import SqliteJournal
from gateway.service import Service
from gateway.source import read_incident
from tests.engine.hall import AREA, DAWN, SECRET, rewrite
from tests.staircase.served import PEERS

KIM, LEE = Actor("kim", frozenset({"operator"})), Actor("lee", frozenset({"approver"}))
PATIENCE_S = 15.0


class Town:
    """A folder, and the far sides it names."""

    def __init__(self, folder: Path) -> None:
        """Nobody listens yet."""
        self.folder = folder
        self.far = {name: Receiver(path=f"/{name}") for name in ("broadcaster", "city-app", "duty")}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Town"]:
        """Let the far sides listen, and write the folder for them."""
        async with AsyncExitStack() as listening:
            for receiver in self.far.values():
                await listening.enter_async_context(receiver)
            settle(self.folder, {name: receiver.url for name, receiver in self.far.items()}, SECRET, reach=FIRST)
            yield self


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    (tmp_path / "hanbat").mkdir()
    async with Town(tmp_path / "hanbat").opened() as opened:
        yield opened


def call(service: Service) -> Incident:
    """Return an incident that somebody telephones in now."""
    return read_incident(_document(service))


async def issued(service: Service) -> AlertRecord:
    record = await service.gateway.create(call(service), KIM)
    record = await service.gateway.submit(record.id, record.revision, KIM)
    assert record.open is not None
    return await service.gateway.approve(record.id, 1, record.open.hash, LEE)


async def health(service: Service) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"{service.url}/health/ready") as answer:
        document = await answer.json()
        return answer.status, document.get("status") or f"{document['error']['code']}: {document['error']['message']}"


async def until_healthy(service: Service, *, healthy: bool = True) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            status, said = await health(service)
            if (status == 200) is healthy:
                return said
            await asyncio.sleep(0.05)


async def states(folder: Path) -> set[DeliveryState]:
    """Return what the record says of every message to a far side that there is, when nobody has it open any more."""
    journal = await SqliteJournal.open(folder / "bongsu.db")
    told = [one for one in await journal.deliveries() if one.target.target in PEERS and one.state is not DeliveryState.HELD]
    await journal.close()
    return {one.state for one in told}


async def test_the_first_thing_a_feed_says_is_of_today(town: Town) -> None:
    async with (
        Service.open(town.folder) as service,
        aiohttp.ClientSession() as session,
        session.get(f"{service.url}/feeds/cap.atom") as answer,
    ):
        modified = parsedate_to_datetime(answer.headers["Last-Modified"])
    assert abs(service.gateway.now() - modified) < timedelta(seconds=30)


async def test_an_approval_is_on_its_way_at_once(town: Town) -> None:
    async with Service.open(town.folder) as service:
        await issued(service)
        began = time.monotonic()
        for name in ("broadcaster", "city-app"):
            await town.far[name].arrival(1)
        assert time.monotonic() - began < 1.0
        assert await health(service) == (200, "ready")


async def test_stopping_waits_for_what_is_in_flight_and_leaves_nothing_running(town: Town) -> None:
    held = Held()
    town.far["broadcaster"].manner = held
    before = asyncio.all_tasks()
    async with Service.open(town.folder) as service:
        await issued(service)
        await town.far["broadcaster"].arrival(1)
        asyncio.get_running_loop().call_later(0.4, held.release)
        began = time.monotonic()
    assert 0.3 < time.monotonic() - began < 5.0
    assert await states(town.folder) == {DeliveryState.ACCEPTED}
    left = {task for task in asyncio.all_tasks() - before if "Receiver" not in repr(task) and "aiohttp" not in repr(task)}
    assert left == set()


async def test_stopping_answers_the_requests_that_have_come_in(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Service.open(town.folder) as service:
        key, real, inside = await _hired(service), service.journal.accept, asyncio.Event()

        async def slow(arrival: Arrival) -> Receipt:
            inside.set()
            await asyncio.sleep(0.5)
            return await real(arrival)

        monkeypatch.setattr(service.journal, "accept", slow)
        asking = asyncio.create_task(_drafted(service, key, "call-1"))
        await inside.wait()
    assert (await asking)[0] == 201
    journal = await SqliteJournal.open(town.folder / "bongsu.db")
    assert len(await journal.alerts()) == 1
    await journal.close()


async def test_a_courier_that_breaks_is_seen_and_goes_on(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "LASTING_S", 1.5)
    async with Service.open(town.folder) as service:

        async def broken(*_: object, **__: object) -> None:
            raise RuntimeError("a fault of ours")

        with monkeypatch.context() as breaking:
            breaking.setattr(service.journal, "claim", broken)
            await issued(service)
            assert (
                await until_healthy(service, healthy=False)
                == "work-broken: something of the gateway is broken: courier: RuntimeError"
            )
            assert await health(service) != (200, "ready")
        await town.far["broadcaster"].arrival(1)
        assert await until_healthy(service) == "ready"


@pytest.mark.parametrize(
    ("verb", "what"), [("take", "drafts"), ("due_to_expire", "expiries"), ("watches", "watches"), ("lease", "timers")]
)
async def test_work_that_breaks_is_seen_stops_no_other_and_is_done_again(
    town: Town, monkeypatch: pytest.MonkeyPatch, verb: str, what: str
) -> None:
    monkeypatch.setattr(troubles, "LASTING_S", 1.5)
    async with Service.open(town.folder, now=StoryClock(DAWN, 100)) as service:

        async def broken(*_: object, **__: object) -> None:
            raise RuntimeError("a fault of ours")

        with monkeypatch.context() as breaking:
            breaking.setattr(service.journal, verb, broken)
            assert f"{what}: RuntimeError" in await until_healthy(service, healthy=False)
            if verb != "lease":
                await _published(service)
        assert await until_healthy(service) == "ready"
        await _published(service)


async def test_a_full_disk_answers_503_at_once_and_heals(town: Town, small_disk: Path) -> None:
    rewrite(town.folder / "city.toml", lambda text: text.replace("bongsu.db", f"{small_disk}/bongsu.db"))
    async with Service.open(town.folder) as service:
        key = await _hired(service)
        (small_disk / "more").write_bytes(bytes(_free(small_disk)))
        status, code, took = await _drafted(service, key, "call-1")
        assert (status, code) == (503, "store-unavailable")
        assert took < 2.0
        assert (await health(service))[0] == 503
        (small_disk / "more").unlink()
        (small_disk / "ballast").unlink()
        assert await until_healthy(service) == "ready"
        assert (await _drafted(service, key, "call-2"))[0] == 201


async def test_an_address_that_is_taken_leaves_nothing_behind(town: Town) -> None:
    before = asyncio.all_tasks()
    with pytest.raises(OSError, match=r"(?i)address already in use"):
        async with Service.open(town.folder, port=town.far["duty"].port):
            pass
    assert {task for task in asyncio.all_tasks() - before if not task.done()} == set()
    async with Service.open(town.folder) as service:
        assert await health(service) == (200, "ready")


async def test_one_record_has_one_gateway(town: Town) -> None:
    async with Service.open(town.folder):
        with pytest.raises(Unavailable):
            async with Service.open(town.folder):
                pass


async def test_what_was_in_flight_when_it_died_is_taken_up_again(town: Town) -> None:
    town.far["broadcaster"].reads = False
    async with Service.open(town.folder) as service:
        await issued(service)
        await town.far["city-app"].arrival(1)
    town.far["broadcaster"].reads = True
    async with Service.open(town.folder):
        await town.far["broadcaster"].arrival(1)
    assert len(town.far["city-app"].arrivals) == 1


async def test_time_is_told_in_the_citys_zone_and_the_chains_are_sealed(town: Town) -> None:
    async with Service.open(town.folder) as service:
        assert str(service.gateway.now().tzinfo) == "Asia/Seoul"
        await _until(service, "sealed")
    journal = await SqliteJournal.open(town.folder / "bongsu.db")
    assert await journal.lease("timers", "whoever comes next", 1.0) is not None, "who stops lets go"
    await journal.close()


async def test_an_error_of_whoever_runs_it_comes_out_as_it_is(town: Town) -> None:
    with pytest.raises(LookupError, match="mine"):
        async with Service.open(town.folder):
            raise LookupError("mine")


async def test_who_is_cancelled_stops_at_once(town: Town) -> None:
    town.far["broadcaster"].manner = Held()
    running = asyncio.Event()

    async def served() -> None:
        async with Service.open(town.folder) as service:
            await issued(service)
            await town.far["broadcaster"].arrival(1)
            running.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(served())
    await running.wait()
    task.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 5.0
    assert apsw.Connection(str(town.folder / "bongsu.db")).execute("PRAGMA integrity_check").get == "ok"


def _document(service: Service, id: str = "call-1") -> dict[str, object]:
    onset = service.gateway.now().isoformat()
    said = {"source": "operator", "id": id, "hazard": "structure-fire", "severity": "severe", "urgency": "immediate"}
    return said | {"certainty": "observed", "onset": onset, "areas": [AREA]}


async def _until(service: Service, act: str) -> None:
    """Wait for a seal."""
    for _ in range(100):
        await asyncio.sleep(0.05)
        if act in [entry.act for entry in await service.journal.audit(SEALS)]:
            return
    raise AssertionError(f"nothing was {act}")


async def _published(service: Service) -> None:
    """Wait for the heartbeat's next publication."""
    before = (await service.journal.publication()).revision
    for _ in range(100):
        await asyncio.sleep(0.05)
        if (await service.journal.publication()).revision > before:
            return
    raise AssertionError("the heart stands still")


async def _hired(service: Service) -> str:
    """Make Kim an operator, and return the key."""
    key, now = new_key(), service.gateway.now()
    await service.journal.save_person(Person(name="kim", roles=frozenset({Role.OPERATOR}), password=""), "test", now)
    await service.journal.save_key(Key(id="k", hash=key_hash(key), person="kim"), "test", now)
    return key


async def _drafted(service: Service, key: str, id: str) -> tuple[int, str, float]:
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{service.url}/v1/alerts", json=_document(service, id), headers=headers) as answer,
    ):
        document = await answer.json()
        return answer.status, document.get("error", {}).get("code", ""), time.monotonic() - began


def _free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize
