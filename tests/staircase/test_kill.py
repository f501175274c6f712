"""A gateway that is killed at the worst moments, as a process of its own: nothing acknowledged is lost, and the story goes on."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from gateway.demo.people import Answer, River
from gateway.demo.receivers import Held, Manner, Receiver, ok
from gateway.demo.town import FIRST, settle
from gateway.journal import audit
from gateway.journal.sqlite import SqliteJournal
from tests.staircase.far_side import Said, read
from tests.staircase.lane_table import CANCEL, TELL
from tests.staircase.office import Office
from tests.staircase.raw_log import Came, faults, lanes, repeats
from tests.staircase.served import GAUGE, PEERS, SECRET, Served, hire, new_keys

SEED = 20260714
PATIENCE_S = 20.0


class City:
    """Hanbat's gateway as a process that may be killed and started again, with the people and far sides around it."""

    def __init__(self, served: Served, receivers: Mapping[str, Receiver]) -> None:
        """Nothing runs yet."""
        self.served, self.receivers = served, receivers
        self.kills = 0

    @property
    def office(self) -> Office:
        """Where Kim and Lee work."""
        return self.served.office

    async def kill(self) -> None:
        """End the gateway without a warning."""
        self.kills += 1
        await self.served.kill()

    def answering(self, manner: Manner) -> None:
        """Let both peers answer so from now on."""
        for name in PEERS:
            self.receivers[name].manner = manner

    async def told(self, alert: str, number: int, *, times: int = 1) -> None:
        """Wait until both peers have had a version so many times; raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            for name in PEERS:
                receiver = self.receivers[name]
                while sum(read(one.body)[:2] == (alert, number) for one in receiver.arrivals) < times:  # noqa: ASYNC110 - HTTP
                    await asyncio.sleep(0.01)

    def log(self, name: str) -> Path:
        """Return where a peer writes down what it gets."""
        return self.served.folder.parent / f"{name}.log"


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    """Hanbat at work, with far sides whose logs outlive everything."""
    folder = tmp_path / "hanbat"
    folder.mkdir()
    async with AsyncExitStack() as opened:
        receivers = {
            name: await opened.enter_async_context(Receiver(log=tmp_path / f"{name}.log", path=f"/{name}")) for name in FIRST
        }
        settle(folder, {name: receiver.url for name, receiver in receivers.items()}, SECRET, reach=FIRST)
        connector = aiohttp.TCPConnector(force_close=True)
        session = await opened.enter_async_context(aiohttp.ClientSession(connector=connector))
        keys = new_keys()
        journal = await SqliteJournal.open(folder / "bongsu.db")
        await hire(journal, keys)
        await journal.close()
        served = Served(folder, session, keys)
        await served.start()
        opened.push_async_callback(served.end)
        yield City(served, receivers)


async def test_every_item_that_was_acknowledged_is_in_the_record(city: City) -> None:
    """The gateway dies while many signed requests are under way."""
    dice = random.Random(SEED)  # noqa: S311 - moments, not secrets
    acknowledged: dict[str, Answer] = {}
    for _ in range(4):
        posts = [asyncio.create_task(reported(city.served.river, 1 + dice.random() / 100)) for _ in range(24)]
        for answered in itertools.islice(asyncio.as_completed(posts), dice.randint(1, 12)):
            await answered
        await city.kill()
        acknowledged |= {str(one.document["id"]): one for one in await asyncio.gather(*posts) if one is not None}
        await city.served.start()
    print(f"seed {SEED}: {len(acknowledged)} acknowledged in {city.kills} kills")  # noqa: T201

    assert 0 < len(acknowledged) < 96, "it was never killed in the middle of its work"
    for id, answer in acknowledged.items():
        assert (await city.office.kim.get(f"/v1/receipts/{id}")).document["items"] == answer.document["items"]
    await sound(city)


async def test_an_approval_happens_once_or_not_at_all(city: City) -> None:
    """The gateway dies when an approval comes in."""
    dice = random.Random(SEED)  # noqa: S311 - moments, not secrets
    outcomes = []
    for number in range(5):
        alert = await city.office.drafted(f"call-{number}")
        word = await city.office.seen(alert)
        approving = asyncio.create_task(perhaps(city.office.lee.post(f"/v1/alerts/{alert}/approve", word)))
        await asyncio.sleep(dice.uniform(0.0, 0.02))
        await city.kill()
        answer = await approving
        await city.served.start()
        stage = await city.office.stage(alert)
        outcomes.append((answer is not None, stage))
        assert stage == "issued" or (answer is None and stage == "submitted")
        if stage == "submitted":
            assert (await city.office.approve(alert)).status == 200
        assert (await city.office.approve(alert)).status == 409
        await city.told(alert, 1)
    await city.office.at_rest()
    print(f"seed {SEED}: answered and stage after each kill: {outcomes}")  # noqa: T201

    await sound(city)


async def test_a_story_goes_on_through_every_kill(city: City) -> None:
    """The gateway dies while peers hold its messages, before and after they have answered."""
    flood = await city.office.drafted("flood")
    await killed_in_flight(city, flood, 1, Held())
    await city.told(flood, 1, times=2)
    await city.office.follow(flood, "update")
    await killed_in_flight(city, flood, 2, Held(answered=True))
    await city.office.at_rest()
    await city.office.follow(flood, "end")
    await killed_in_flight(city, flood, 3, Held())
    await city.told(flood, 3, times=2)

    mistake = await city.office.drafted("mistake")
    assert (await city.office.approve(mistake)).status == 200
    await city.told(mistake, 1)
    await killed_cancelling(city, mistake)
    await city.told(mistake, 2)
    await city.office.at_rest()

    assert (await city.office.stage(flood), await city.office.stage(mistake)) == ("ended", "cancelled")
    await sound(city)
    for name in PEERS:
        said = {alert: dict.fromkeys(one.said[1:3] for one in lane) for alert, lane in lanes(city.log(name)).items()}
        assert {alert: list(once) for alert, once in said.items()} == {
            flood: [(1, TELL), (2, TELL), (3, TELL)],
            mistake: [(1, TELL), (2, CANCEL)],
        }


async def killed_in_flight(city: City, alert: str, number: int, held: Held) -> None:
    """Approve, and kill as soon as both peers have the message and keep the gateway waiting."""
    city.answering(held)
    assert (await city.office.approve(alert)).status == 200
    await city.told(alert, number)
    await city.kill()
    held.release()
    city.answering(ok)
    await city.served.start()


async def killed_cancelling(city: City, alert: str) -> None:
    """Cancel, and kill while both peers hold the message."""
    held = Held()
    city.answering(held)
    assert (await city.office.cancel(alert)).status == 200
    await city.told(alert, 2)
    await city.kill()
    held.release()
    city.answering(ok)
    await city.served.start()


async def reported(river: River, metres: float) -> Answer | None:
    """Report a level; return the answer only when it was acknowledged."""
    answer = await perhaps(river.measures(GAUGE, metres))
    return answer if answer is not None and answer.status == 202 else None


async def perhaps(asking: Awaitable[Answer]) -> Answer | None:
    """Return the answer, or None where the gateway died on the way."""
    try:
        return await asking
    except aiohttp.ClientError:
        return None


async def sound(city: City) -> None:
    """Hold every peer's raw log to the lane table, every repeat to a kill, and the record to its own digests."""
    for name in PEERS:
        assert [fault for lane in lanes(city.log(name)).values() for fault in faults(lane)] == []
        assert repeats(city.log(name)) <= city.kills, "more repeats than kills"
    await city.served.end()
    journal = await SqliteJournal.open(city.served.folder / "bongsu.db")
    assert audit.verify(await journal.audit(most=100_000)) is None
    await journal.close()


ONE, TWO = Said("a", 1, "tell"), Said("a", 2, "cancel")


@pytest.mark.parametrize(
    ("lane", "wrong"),
    [
        ([Came(ONE, b"1", "k1"), Came(ONE, b"1", "k1"), Came(TWO, b"2", "k2")], 0),
        ([Came(ONE, b"1", "k1"), Came(ONE, b"one", "k1")], 1),
        ([Came(ONE, b"1", "k1"), Came(ONE, b"1", "k2")], 1),
        ([Came(TWO, b"2", "k2"), Came(ONE, b"1", "k1")], 2),
        ([Came(TWO, b"2", "k2")], 2),
    ],
)
def test_the_judge_of_a_log(lane: Sequence[Came], wrong: int) -> None:
    assert len(list(faults(lane))) == wrong
