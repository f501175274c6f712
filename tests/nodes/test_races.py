"""A hundred people who want the same thing at once, at two gateways: one gets it, and everybody else is told so."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

import aiohttp
from standardwebhooks import Webhook

from gateway.demo.people import Answer
from gateway.journal.audit import verify
from gateway.journal.postgres import PostgresJournal
from tests.nodes.city import NAMES, City
from tests.nodes.reader import faults, reading
from tests.staircase.office import called
from tests.staircase.reports import observation
from tests.staircase.served import PEERS, SECRET, Served

CROWD = 100
AGAIN_S = 0.5
PATIENCE_S = 30.0

Wish = Callable[[Served], Awaitable[Answer]]


def approving(word: Mapping[str, object], alert: str) -> Wish:
    return lambda node: node.office.lee.post(f"/v1/alerts/{alert}/approve", word)


def cancelling(alert: str) -> Wish:
    return lambda node: node.office.cancel(alert)


def submitting(alert: str, revision: object) -> Wish:
    return lambda node: node.office.kim.post(f"/v1/alerts/{alert}/submit", {"revision": revision, "confirm": True})


def editing(alert: str, revision: object) -> Wish:
    words = {"revision": revision, "texts": {"en": {"headline": "Leave the riverside now"}}}
    return lambda node: node.office.kim._ask("PATCH", f"/v1/alerts/{alert}", json.dumps(words).encode())


TOLD_TWICE = "SELECT delivery FROM attempt WHERE verdict = 'accepted' GROUP BY delivery HAVING count(*) > 1"


async def at_once(city: City, wishes: Sequence[Wish]) -> list[Answer]:
    """Let everybody ask at the same moment, at the two nodes by turns; who is told to ask again does."""
    asked = (asking(city.nodes[NAMES[turn % 2]], wish) for turn, wish in enumerate(wishes))
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*asked)


async def asking(node: Served, wish: Wish) -> Answer:
    while (answer := await wish(node)).status == 503:  # noqa: ASYNC110 - over HTTP
        await asyncio.sleep(AGAIN_S)
    return answer


def told(answers: Sequence[Answer]) -> Counter[str]:
    """Count the answers: done, or the status and code of the refusal."""
    counts = Counter("done" if one.status in (200, 202) else f"{one.status} {_code(one)}" for one in answers)
    print(dict(counts))  # noqa: T201
    return counts


def _code(answer: Answer) -> object:
    error = answer.document["error"]
    return error["code"] if isinstance(error, dict) else ""


def one_and_conflicts(answers: Sequence[Answer]) -> bool:
    """Tell whether one got what it wanted and everybody else a conflict with a code that says which."""
    counts = told(answers)
    return counts["done"] == 1 and all(said == "done" or said.startswith("409 ") for said in counts)


async def test_races_have_one_winner(city: City) -> None:
    """One city for all of them, for it takes longer to start than to race in."""
    for race in (a_hundred_send_the_same_receipt_key, a_hundred_approve_and_a_hundred_cancel, approvals_and_edits_race):
        await race(city)
    assert await city.rows(TOLD_TWICE) == []
    journal = await PostgresJournal.open(city.dsn, node="judge", shared=True)
    entries = await journal.audit(most=100_000)
    await journal.close()
    assert verify(entries) is None
    # Two alerts and their cancels, and the update if its approval was faster than every cancel
    assert sum(entry.act == "issued" for entry in entries) in {4, 5}


async def a_hundred_approve_and_a_hundred_cancel(city: City) -> None:
    """Of each one is done, once at every peer, with feeds that agree meanwhile."""
    office = city.nodes["a"].office
    async with reading(city.nodes) as reader:
        alert = await office.drafted("call-1")
        assert one_and_conflicts(await at_once(city, [approving(await office.seen(alert), alert)] * CROWD))
        for peer in PEERS:
            await city.until(peer, (alert, 1))
        assert one_and_conflicts(await at_once(city, [cancelling(alert)] * CROWD))
        for peer in PEERS:
            await city.until(peer, (alert, 2))
        await office.at_rest()
    assert [len(city.came(peer, (alert, number))) for peer in PEERS for number in (1, 2)] == [1, 1, 1, 1]
    shown = (await office.kim.get(f"/v1/alerts/{alert}")).document["acts"]
    assert isinstance(shown, list)
    assert Counter(act["deed"] for act in shown)["issued"] == 2
    assert [*faults(reader.looks)] == []


async def approvals_and_edits_race(city: City) -> None:
    """Approvals against cancels, submissions against edits."""
    office = city.nodes["b"].office
    alert = await office.drafted("call-2")
    assert (await office.approve(alert)).status == 200
    await office.follow(alert, "update")
    word = await office.seen(alert)
    answers = await at_once(city, [wish for _ in range(CROWD // 2) for wish in (approving(word, alert), cancelling(alert))][::-1])
    approved, cancelled = answers[1::2], answers[::2]
    assert one_and_conflicts(cancelled)
    assert told(approved)["done"] == 0 or one_and_conflicts(approved)
    assert await office.stage(alert) == "cancelled"

    draft = (await office.kim.post("/v1/alerts", called("call-3"))).document
    id, revision = str(draft["id"]), draft["revision"]
    mixed = [wish for _ in range(CROWD // 4) for wish in (editing(id, revision), submitting(id, revision)) for _ in NAMES]
    assert one_and_conflicts(await at_once(city, mixed))
    await office.at_rest()
    for peer in PEERS:
        numbers = [number for number in (1, 2, 3) for _ in city.came(peer, (alert, number))]
        assert numbers == sorted(set(numbers)), "out of order, or told twice"


async def a_hundred_send_the_same_receipt_key(city: City) -> None:
    """All get the answer of the one that was recorded."""
    now = datetime.now(UTC)
    one, other = (observation(metres, now) for metres in (1.0, 1.1))
    answers = await at_once(city, [lambda node: post(node, one)] * (CROWD // 2))
    assert set(told(answers)) == {"done"}
    assert len({answer.document["id"] for answer in answers}) == 1
    assert (await post(city.nodes["b"], other)).status == 409
    assert [tuple(row) for row in await city.rows("SELECT count(*) FROM receipt")] == [(1,)]


async def post(node: Served, body: bytes) -> Answer:
    """Send bytes with the one key there is, signed anew."""
    at = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": "msg_once",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_once", at, body.decode()),
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{node.url}/v1/incidents/river-telemetry", data=body, headers=headers) as answer,
    ):
        return Answer(answer.status, await answer.read(), dict(answer.headers))
