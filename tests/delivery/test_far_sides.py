"""Far sides that are dead, slow, rude, forgetful or final, and a courier that was made to stand still: all of them real."""

import asyncio
import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from gateway.demo.receivers import Manner, answers, garbage, ok, rude, slow, twice
from gateway.journal.records import DeliveryState, TodoKind
from gateway.journal.sqlite import SqliteJournal

from .conftest import KEY

if TYPE_CHECKING:
    from .conftest import Scene

S = DeliveryState
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("manner", "state", "verdict"),
    [
        (ok, S.ACCEPTED, "accepted"),
        (twice, S.ACCEPTED, "accepted"),
        (answers(400), S.REFUSED, "refused"),
        (answers(503), S.WAITING, "unreachable"),
        (answers(502), S.IN_DOUBT, "ambiguous"),
        (rude, S.IN_DOUBT, "ambiguous"),
        (garbage, S.IN_DOUBT, "ambiguous"),
        (slow(60.0), S.IN_DOUBT, "ambiguous"),
    ],
    ids=["accepts", "answers twice", "refuses", "is busy", "is in doubt itself", "hangs up", "talks garbage", "is slow"],
)
async def test_the_book_says_no_more_than_is_known(scene: "Scene", manner: Manner, state: DeliveryState, verdict: str) -> None:
    scene.app.manner = manner
    await scene.issue("a")
    await scene.courier(send_s=1.0).round()
    [told] = [one for one in await scene.messages("a") if one.target.channel == "app"]
    assert (told.state, [one.verdict for one in told.attempts]) == (state, [verdict])
    assert (await scene.states("a"))["centre", 1] is S.ACCEPTED


async def test_in_doubt_ends_as_unknown_and_never_as_expired(scene: "Scene") -> None:
    """A later try that certainly did not arrive takes no doubt away."""
    scene.app.manner = rude
    await scene.issue("a", lasts=timedelta(minutes=1))
    courier = scene.courier()
    await courier.round()
    scene.app.manner = answers(503)
    scene.real += 1.1
    await courier.round()
    assert (await scene.states("a"))["app", 1] is S.IN_DOUBT
    scene.story += timedelta(minutes=1)
    await courier.round()
    assert (await scene.states("a"))["app", 1] is S.UNKNOWN


async def test_a_permanent_no_pages_once_for_each_delivery(scene: "Scene") -> None:
    scene.app.manner = answers(410)
    courier = scene.courier()
    for alert in ("a", "b"):
        await scene.issue(alert)
        await courier.round()
        await courier.round()
    pages = {page.subject: json.loads(page.body) for page in await scene.journal.take(TodoKind.PAGE, 10, 30)}
    said = {"code": "delivery-refused", "message": "app/only was not told of a.1: HTTP 410"}
    assert pages == {
        "delivery/a.1.app.only": said,
        "delivery/b.1.app.only": said | {"message": said["message"].replace("a.1", "b.1")},
    }


async def test_a_claim_from_before_a_standstill_is_not_sent(scene: "Scene") -> None:
    """Whoever claims stands still for longer than a try may take; by then the lease may be another's."""
    await scene.issue("a")
    courier = scene.courier()
    errands = await courier._claim()
    scene.real += 10.1
    with capture_logs() as logs:
        await asyncio.gather(*(courier._carry(errand) for errand in errands))
    assert scene.app.arrivals == scene.cap_peer.arrivals == []
    assert {log["event"] for log in logs} == {"not-sent", "tried"}
    scene.real += 1.1
    assert await courier.round() == 2
    assert (len(scene.app.arrivals), len(scene.cap_peer.arrivals)) == (1, 1)


async def test_what_is_over_since_it_was_claimed_is_not_sent(scene: "Scene") -> None:
    await scene.issue("a", lasts=timedelta(minutes=1))
    courier = scene.courier()
    errands = await courier._claim()
    scene.story += timedelta(minutes=1)
    await asyncio.gather(*(courier._carry(errand) for errand in errands))
    await courier.round()
    assert scene.app.arrivals == scene.cap_peer.arrivals == []
    assert set((await scene.states("a")).values()) == {S.EXPIRED}


@pytest.mark.parametrize(("when", "verdict"), [("claimed", "unreachable"), ("sending", "ambiguous")])
async def test_a_process_that_was_really_stopped_sends_nothing_when_it_wakes(scene: "Scene", when: str, verdict: str) -> None:
    """In a process of its own, for all of ours would stand still with it."""
    await scene.issue("a")
    await scene.journal.close()
    napper = (Path(__file__).with_name("napper.py"), scene.path, scene.app.url, KEY.reveal(), when)
    child = await asyncio.create_subprocess_exec(sys.executable, *napper, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert await asyncio.wait_for(child.wait(), 60) == 0
    scene.journal = await SqliteJournal.open(scene.path)
    [told] = [one for one in await scene.messages("a") if one.target.channel == "app"]
    assert [attempt.verdict for attempt in told.attempts] == [verdict]
    assert scene.app.arrivals == []
    await scene.journal.close()
