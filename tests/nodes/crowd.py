"""Everybody at work at once: a river that reports to both nodes, and people who go to whichever node answers."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager

import aiohttp
from msgspec import Struct

from gateway.demo.people import Answer
from tests.nodes.city import NAMES, City
from tests.staircase.office import called
from tests.staircase.served import GAUGE

REPORTS_EVERY_S = 0.25
STORIES_EVERY_S = 0.2
ANSWER_S = 3.0
PATIENCE_S = 40.0
AGAIN_S = 0.2
AWAY = frozenset({0, 503})
CANCEL = "cancel"


class Acknowledged(Struct, frozen=True):
    """A request that was answered with 200, 201 or 202, and by whom; `at` is monotonic."""

    what: str
    node: str
    name: str
    at: float


class Crowd:
    """Keeps what it was promised, and the alerts that were told with the number that must have been told last."""

    def __init__(self, city: City) -> None:
        """Nobody is at work yet."""
        self.acknowledged: list[Acknowledged] = []
        self.told: dict[str, int] = {}
        self.refused: list[str] = []
        self.closing = False
        self._city = city
        self._turns = itertools.count()
        self._letters = itertools.count()

    async def reports(self, node: str) -> None:
        """Report harmless levels of the river to one node, until it is time to close."""
        while not self.closing:
            answer = await self._tried(self._city.nodes[node].river.measures(GAUGE, 1 + next(self._letters) / 1000))
            if answer.status == 202:
                self._keep("receipt", node, str(answer.document["id"]))
            elif answer.status not in AWAY:
                self.refused.append(f"report: {answer.status} {answer.body!r}")
            await asyncio.sleep(REPORTS_EVERY_S)

    async def stories(self, who: int) -> None:
        """Bring alert after alert to the public, with what follows: nothing, an update, or a cancel."""
        for number in itertools.takewhile(lambda _: not self.closing, itertools.count()):
            alert = await self._raised(f"call-{who}-{number}")
            await self._told(alert, 1)
            if number % 3 == 1:
                await self._does(f"/v1/alerts/{alert}/update", {})
                await self._told(alert, 2)
            elif number % 3 == 2:
                await self._does(f"/v1/alerts/{alert}/{CANCEL}", {"reason": "it was a log"})
                self.told[alert] = 2
            await asyncio.sleep(STORIES_EVERY_S)

    def since(self, at: float, what: str, node: str) -> list[float]:
        """Return when a node acknowledged something after a moment, in seconds after it."""
        return [one.at - at for one in self.acknowledged if (one.what, one.node) == (what, node) and one.at > at]

    async def _raised(self, id: str) -> str:
        answer = await self._does("/v1/alerts", called(id))
        if answer.status == 201:
            return str(answer.document["id"])
        error = answer.document["error"]
        assert isinstance(error, dict)
        return str(error["path"])

    async def _told(self, alert: str, number: int) -> None:
        path = f"/v1/alerts/{alert}"
        await self._does(f"{path}/submit", {"revision": (await self._reads(path))["revision"], "confirm": True})
        await self._does(f"{path}/approve", {"version": number, "hash": (await self._reads(path))["hash"]}, who="lee")
        self.told[alert] = number

    async def _reads(self, path: str) -> Mapping[str, object]:
        """Read at whichever node answers."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await self._tried(self._city.nodes[self._turn()].office.kim.get(path))
                if answer.status == 200:
                    return answer.document
                await asyncio.sleep(AGAIN_S)

    async def _does(self, path: str, body: Mapping[str, object], *, who: str = "kim") -> Answer:
        """Do something once: whoever gets no answer asks the other node, and a 409 then says that it was done before."""
        doubt = False
        async with asyncio.timeout(PATIENCE_S):
            while True:
                node = self._turn()
                office = self._city.nodes[node].office
                answer = await self._tried((office.kim if who == "kim" else office.lee).post(path, body))
                if answer.status in (200, 201):
                    self._keep("act", node, path)
                if answer.status in (200, 201) or (doubt and answer.status == 409):
                    return answer
                assert answer.status in AWAY, f"{path}: {answer.status} {answer.body!r}"
                doubt = True
                await asyncio.sleep(AGAIN_S)

    async def _tried(self, asking: Awaitable[Answer]) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await asking
        except (aiohttp.ClientError, TimeoutError):
            return Answer(0, b"{}", {})

    def _turn(self) -> str:
        return NAMES[next(self._turns) % 2]

    def _keep(self, what: str, node: str, name: str) -> None:
        self.acknowledged.append(Acknowledged(what, node, name, time.monotonic()))


@asynccontextmanager
async def at_work(city: City, *, desks: int = 2) -> AsyncIterator[Crowd]:
    """Keep everybody busy while the block lasts; then people finish what they have begun."""
    crowd = Crowd(city)
    async with asyncio.TaskGroup() as busy:
        for node in NAMES:
            busy.create_task(crowd.reports(node))
        for who in range(desks):
            busy.create_task(crowd.stories(who))
        yield crowd
        crowd.closing = True
