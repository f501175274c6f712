"""A gateway that is killed at the worst moments, as a process of its own: nothing acknowledged is lost, and the story goes on."""

import asyncio
import base64
import itertools
import json
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from gateway.access import key_hash, new_key
from gateway.demo.people import Answer, Person, River
from gateway.demo.receivers import Held, Manner, Receiver, ok
from gateway.demo.town import RECEIVERS, settle
from gateway.journal import audit
from gateway.journal.records import Key
from gateway.journal.records import Person as Someone
from gateway.journal.sqlite import SqliteJournal
from tests.staircase.far_side import Said, read
from tests.staircase.lane_table import CANCEL, TELL

ROOT = Path(__file__).parents[2]
SEED = 20260714
SECRET = "whsec_" + base64.b64encode(b"the river by the Hannae bridge..").decode()
PEERS = ("broadcaster", "city-app")
PATIENCE_S = 20.0
GAUGE = "Hannae Bridge water level"
CALL = {
    "source": "call-centre",
    "hazard": "hazardous-material",
    "severity": "severe",
    "urgency": "immediate",
    "certainty": "observed",
    "areas": [
        {
            "role": "danger",
            "name": {"ko": "둔치길", "en": "Riverside Street"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[127.35, 36.357], [127.352, 36.357], [127.352, 36.36], [127.35, 36.36], [127.35, 36.357]]],
            },
        }
    ],
}


class Came(NamedTuple):
    """One raw arrival at a peer, as its log has it."""

    said: Said
    body: bytes
    key: str


class City:
    """Hanbat's gateway as a process that may be killed and started again, with the people and far sides around it."""

    def __init__(self, folder: Path, session: aiohttp.ClientSession, receivers: Mapping[str, Receiver]) -> None:
        """Nothing runs yet."""
        self.folder, self.receivers = folder, receivers
        self.kills = 0
        self._session = session
        self._process: asyncio.subprocess.Process | None = None
        self._keys = {name: new_key() for name in ("kim", "lee")}
        self._url = ""

    async def hire(self) -> None:
        """Make Kim and Lee operators and approvers before the gateway first runs."""
        now = datetime.now(UTC)
        journal = await SqliteJournal.open(self.folder / "bongsu.db")
        for name, key in self._keys.items():
            await journal.save_person(Someone(name=name, roles=frozenset({"operator", "approver"}), password=""), "test", now)
            await journal.save_key(Key(id=name, hash=key_hash(key), person=name), "test", now)
        await journal.close()

    async def start(self) -> None:
        """Start the gateway, after a kill at the same address again."""
        port = self._url.rpartition(":")[2] or "0"
        command = (sys.executable, "-m", "gateway", "serve", "--city", str(self.folder), "--port", port, "--json")
        self._process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        self._url = json.loads(await self._process.stdout.readline())["url"]
        self.kim, self.lee = (Person(self._session, self._url, name, key) for name, key in self._keys.items())
        self.river = River(self._session, self._url, SECRET, lambda: datetime.now(UTC))

    async def kill(self) -> None:
        """End it without a warning."""
        self.kills += 1
        await self.end(signal.SIGKILL)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.communicate()

    async def drafted(self, id: str) -> str:
        """Let Kim raise and submit an alert; return its name."""
        onset = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        made = await self.kim.post("/v1/alerts", {**CALL, "id": id, "onset": onset})
        assert made.status == 201, made.body
        alert = str(made.document["id"])
        await self.submit(alert)
        return alert

    async def submit(self, alert: str) -> None:
        """Let Kim submit what stands there."""
        shown = (await self.kim.get(f"/v1/alerts/{alert}")).document
        submitted = await self.kim.post(f"/v1/alerts/{alert}/submit", {"revision": shown["revision"], "confirm": True})
        assert submitted.status == 200, submitted.body

    async def follow(self, alert: str, verb: str) -> None:
        """Let Kim draft and submit an update or an end."""
        made = await self.kim.post(f"/v1/alerts/{alert}/{verb}", {"reason": "over"} if verb == "end" else {})
        assert made.status == 200, made.body
        await self.submit(alert)

    async def seen(self, alert: str) -> Mapping[str, object]:
        """Let Lee read what waits for her; return her word on it."""
        shown = (await self.lee.get(f"/v1/alerts/{alert}")).document
        return {"version": shown["version"], "hash": shown["hash"]}

    async def approve(self, alert: str) -> Answer:
        """Let Lee approve what she sees."""
        return await self.lee.post(f"/v1/alerts/{alert}/approve", await self.seen(alert))

    async def stage(self, alert: str) -> object:
        """Return where the newest version stands."""
        return (await self.kim.get(f"/v1/alerts/{alert}")).document["stage"]

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

    def lanes(self, name: str) -> Mapping[str, Sequence[Came]]:
        """Return what a peer's log on the disk says it got, by alert."""
        found: dict[str, list[Came]] = {}
        log = self.folder.parent / f"{name}.log"
        for line in log.read_bytes().splitlines() if log.exists() else ():
            if "body" in (entry := json.loads(line)):
                body, headers = base64.b64decode(entry["body"]), {key.lower(): value for key, value in entry["headers"].items()}
                said = read(body)
                found.setdefault(said.alert, []).append(Came(said, body, headers.get("idempotency-key") or headers["webhook-id"]))
        return found

    async def at_rest(self) -> None:
        """Wait until no delivery is on its way; raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                listed = json.loads((await self.kim.get("/v1/deliveries")).body)
                states = {one["state"] for one in (listed["deliveries"] if isinstance(listed, dict) else listed)}
                if not states & {"waiting", "sending"}:
                    break
                await asyncio.sleep(0.05)


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    """Hanbat at work, with far sides whose logs outlive everything."""
    folder = tmp_path / "hanbat"
    folder.mkdir()
    async with AsyncExitStack() as opened:
        receivers = {
            name: await opened.enter_async_context(Receiver(log=tmp_path / f"{name}.log", path=f"/{name}")) for name in RECEIVERS
        }
        settle(folder, {name: receiver.url for name, receiver in receivers.items()}, SECRET)
        connector = aiohttp.TCPConnector(force_close=True)
        session = await opened.enter_async_context(aiohttp.ClientSession(connector=connector))
        found = City(folder, session, receivers)
        await found.hire()
        await found.start()
        opened.push_async_callback(found.end)
        yield found


async def test_every_item_that_was_acknowledged_is_in_the_record(city: City) -> None:
    """The gateway dies while many signed requests are under way."""
    dice = random.Random(SEED)  # noqa: S311 - moments, not secrets
    acknowledged: dict[str, Answer] = {}
    for _ in range(4):
        posts = [asyncio.create_task(reported(city.river, 1 + dice.random() / 100)) for _ in range(24)]
        for answered in itertools.islice(asyncio.as_completed(posts), dice.randint(1, 12)):
            await answered
        await city.kill()
        acknowledged |= {str(one.document["id"]): one for one in await asyncio.gather(*posts) if one is not None}
        await city.start()
    print(f"seed {SEED}: {len(acknowledged)} acknowledged in {city.kills} kills")  # noqa: T201

    assert 0 < len(acknowledged) < 96, "it was never killed in the middle of its work"
    for id, answer in acknowledged.items():
        assert (await city.kim.get(f"/v1/receipts/{id}")).document["items"] == answer.document["items"]
    await sound(city)


async def test_an_approval_happens_once_or_not_at_all(city: City) -> None:
    """The gateway dies when an approval comes in."""
    dice = random.Random(SEED)  # noqa: S311 - moments, not secrets
    outcomes = []
    for number in range(5):
        alert = await city.drafted(f"call-{number}")
        word = await city.seen(alert)
        approving = asyncio.create_task(perhaps(city.lee.post(f"/v1/alerts/{alert}/approve", word)))
        await asyncio.sleep(dice.uniform(0.0, 0.02))
        await city.kill()
        answer = await approving
        await city.start()
        stage = await city.stage(alert)
        outcomes.append((answer is not None, stage))
        assert stage == "issued" or (answer is None and stage == "submitted")
        if stage == "submitted":
            assert (await city.approve(alert)).status == 200
        assert (await city.approve(alert)).status == 409
        await city.told(alert, 1)
    await city.at_rest()
    print(f"seed {SEED}: answered and stage after each kill: {outcomes}")  # noqa: T201

    await sound(city)


async def test_a_story_goes_on_through_every_kill(city: City) -> None:
    """The gateway dies while peers hold its messages, before and after they have answered."""
    flood = await city.drafted("flood")
    await killed_in_flight(city, flood, 1, Held())
    await city.told(flood, 1, times=2)
    await city.follow(flood, "update")
    await killed_in_flight(city, flood, 2, Held(answered=True))
    await city.at_rest()
    await city.follow(flood, "end")
    await killed_in_flight(city, flood, 3, Held())
    await city.told(flood, 3, times=2)

    mistake = await city.drafted("mistake")
    assert (await city.approve(mistake)).status == 200
    await city.told(mistake, 1)
    await killed_cancelling(city, mistake)
    await city.told(mistake, 2)
    await city.at_rest()

    assert (await city.stage(flood), await city.stage(mistake)) == ("ended", "cancelled")
    await sound(city)
    for name in PEERS:
        said = {alert: dict.fromkeys(one.said[1:3] for one in lane) for alert, lane in city.lanes(name).items()}
        assert {alert: list(once) for alert, once in said.items()} == {
            flood: [(1, TELL), (2, TELL), (3, TELL)],
            mistake: [(1, TELL), (2, CANCEL)],
        }


async def killed_in_flight(city: City, alert: str, number: int, held: Held) -> None:
    """Approve, and kill as soon as both peers have the message and keep the gateway waiting."""
    city.answering(held)
    assert (await city.approve(alert)).status == 200
    await city.told(alert, number)
    await city.kill()
    held.release()
    city.answering(ok)
    await city.start()


async def killed_cancelling(city: City, alert: str) -> None:
    """Cancel, and kill while both peers hold the message."""
    held = Held()
    city.answering(held)
    cancelled = await city.kim.post(f"/v1/alerts/{alert}/cancel", {"reason": "the gauge was hit by a log"})
    assert cancelled.status == 200
    await city.told(alert, 2)
    await city.kill()
    held.release()
    city.answering(ok)
    await city.start()


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
        lanes = city.lanes(name)
        assert [fault for lane in lanes.values() for fault in faults(lane)] == []
        assert sum(len(lane) - len(set(lane)) for lane in lanes.values()) <= city.kills, "more repeats than kills"
    await city.end()
    journal = await SqliteJournal.open(city.folder / "bongsu.db")
    assert audit.verify(await journal.audit(most=100_000)) is None
    await journal.close()


def faults(lane: Sequence[Came]) -> Iterator[str]:
    """Judge what one peer got of one alert: in order, none skipped, a repeat is the same to the last byte, a cancel not first."""
    numbers = [one.said.number for one in lane]
    if numbers != sorted(numbers):
        yield f"out of order: {numbers}"
    if set(numbers) != set(range(1, max(numbers) + 1)):
        yield f"skipped: {numbers}"
    if len(set(lane)) != len(set(numbers)):
        yield f"a repeat was changed: {numbers}"
    if lane[0].said.role == CANCEL:
        yield "a cancel of nothing"


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
