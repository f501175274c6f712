import asyncio
import json
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from gateway.delivery import Pager
from gateway.delivery.pager import page
from gateway.demo.receivers import Held, answers
from gateway.fault import BadInput, Unavailable
from gateway.journal.records import Arrival, Todo, TodoKind
from gateway.out import HttpOut, Peer, Peers, Rehearsal, Secret

if TYPE_CHECKING:
    from .conftest import Scene

VALUE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def pager(scene: "Scene") -> Pager:
    out = HttpOut(Peers([Peer(url=scene.app.url, private=True)]))
    scene.out = out
    return Pager(scene.journal, out, scene.app.url, Secret(VALUE), lambda: datetime.now(UTC))


async def owe(scene: "Scene", *todos: Todo) -> None:
    await scene.journal.accept(Arrival(at=scene.story, todos=todos))


async def test_a_page_reaches_the_duty_officer_once_and_can_be_verified(scene: "Scene") -> None:
    await owe(scene, page("sensor-silent", "G-03 has said nothing for 10 minutes", "river/G-03"))
    duty = pager(scene)
    assert await duty.round() == 1
    assert await duty.round() == 0
    headers = {name.lower(): value for name, value in scene.app.arrivals[0].headers.items()}
    assert Webhook(VALUE).verify(scene.app.arrivals[0].body, headers) == {
        "code": "sensor-silent",
        "message": "G-03 has said nothing for 10 minutes",
        "subject": "river/G-03",
        "at": "2026-07-14T09:20:00Z",
    }


@pytest.mark.parametrize("status", [503, 404, 302])
async def test_a_page_is_tried_until_it_is_taken(scene: "Scene", status: int) -> None:
    scene.app.manner = answers(status, first=3)
    await owe(scene, page("code", "message", "subject"))
    duty = pager(scene)
    taken = []
    for wait in (0, 1.1, 2.1, 4.1):
        scene.real += wait
        taken.append(await duty.round())
    assert taken == [0, 0, 0, 1]
    assert len({one.headers["webhook-id"] for one in scene.app.arrivals}) == 1
    scene.real += 100
    assert await duty.round() == 0


async def test_a_far_side_that_asks_for_patience_gets_it(scene: "Scene") -> None:
    scene.app.manner = answers(503, headers={"Retry-After": "20"}, first=1)
    await owe(scene, page("code", "message", "subject"))
    duty = pager(scene)
    await duty.round()
    for later, taken in ((19.0, 0), (2.0, 1)):
        scene.real += later
        assert await duty.round() == taken


async def test_newer_words_on_the_same_subject_are_another_message(scene: "Scene") -> None:
    scene.app.manner = answers(503, first=1)
    duty = pager(scene)
    for words in ("first", "second"):
        await owe(scene, page("code", words, "subject"))
        scene.real += 5
        await duty.round()
    assert len({one.headers["webhook-id"] for one in scene.app.arrivals}) == 2


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"reason": "delivery-expired"}', "page", '{"reason": "delivery-expired"}'),
        (b"", "page", ""),
        (b"plain words", "page", "plain words"),
        (b"\xff", "page", "\ufffd"),
        (b"[1]", "page", "[1]"),
    ],
)
async def test_no_page_is_lost_to_its_form(scene: "Scene", body: bytes, code: str, message: str) -> None:
    await owe(scene, Todo(kind=TodoKind.PAGE, subject="s", body=body))
    assert await pager(scene).round() == 1
    headers = {name.lower(): value for name, value in scene.app.arrivals[0].headers.items()}
    said = Webhook(VALUE).verify(scene.app.arrivals[0].body, headers)
    assert (said["code"], said["message"]) == (code, message)


async def test_what_the_record_itself_owes_is_said_in_the_same_form(scene: "Scene") -> None:
    """A delivery nobody carried in time: its page is written where the deadline is noticed, and read here."""
    await scene.issue("a", lasts=timedelta(minutes=1))
    scene.story += timedelta(minutes=1)
    assert await scene.courier().round() == 0
    assert await pager(scene).round() == 2
    pages = [json.loads(one.body) for one in scene.app.arrivals]
    assert {(one["code"], one["message"], one["subject"]) for one in pages} == {
        ("delivery-expired", "centre/only was not told in time of a.1", "delivery/a.1.centre.only"),
        ("delivery-expired", "app/only was not told in time of a.1", "delivery/a.1.app.only"),
    }


async def test_pages_nobody_was_told_of_are_posted_at_once_and_those_on_their_way_are_not_posted_again(
    scene: "Scene", monkeypatch: pytest.MonkeyPatch
) -> None:
    take = scene.journal.take

    async def lost(*words: Any, **more: Any) -> Any:
        await take(*words, **more)
        raise Unavailable("store-answer-late", "the answer was lost")

    await owe(scene, page("code", "message", "subject"))
    duty = pager(scene)
    monkeypatch.setattr(scene.journal, "take", lost)
    with pytest.raises(Unavailable):
        await duty.round()
    monkeypatch.setattr(scene.journal, "take", take)
    scene.app.manner = held = Held()
    posting = asyncio.create_task(duty.round())
    await scene.app.arrival(1)
    assert await duty.round() == 0
    held.release()
    assert await posting == 1
    assert len(scene.app.arrivals) == 1


async def test_a_rehearsed_page_is_done(scene: "Scene") -> None:
    await owe(scene, page("code", "message", "subject"))
    duty = Pager(scene.journal, Rehearsal(), scene.app.url, Secret(VALUE), lambda: datetime.now(UTC))
    assert (await duty.round(), await duty.round(), scene.app.arrivals) == (1, 0, [])


async def test_it_runs_until_told_to_stop_and_outlives_its_store(scene: "Scene") -> None:
    duty, stop = pager(scene), asyncio.Event()
    scene.path.chmod(stat.S_IRUSR)
    with capture_logs() as logs:
        running = asyncio.create_task(duty.run(stop, poll_s=0.05))
        await asyncio.sleep(0.2)
        scene.path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        await owe(scene, page("code", "message", "subject"))
        duty.hint()
        await scene.app.arrival(1)
        stop.set()
        await running
    assert "pages-unknown" in {log["event"] for log in logs}


def test_a_pager_without_a_usable_secret_does_not_start(scene: "Scene") -> None:
    with pytest.raises(BadInput):
        Pager(scene.journal, scene.out, scene.app.url, Secret("x"), lambda: scene.story)
