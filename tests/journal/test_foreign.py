"""Messages of other agencies: each once, the newest word first, whatever order they come in."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations

import msgspec
import pytest

from gateway.alert import Reference, digest
from gateway.fault import Missing
from gateway.journal.audit import verify
from gateway.journal.contract import Journal, Stale
from gateway.journal.records import Arrival, Foreign, ItemAnswer, Later
from tests.journal.samples import ENDS, T0, foreign, raw, reference


async def hear(journal: Journal, *said: Foreign, at: datetime = T0) -> str:
    body = " ".join(one.message.identifier for one in said).encode()
    answers = (ItemAnswer(index=0, accepted=True, cap=said[0].id),)
    receipt = await journal.accept(Arrival(at=at, raw=raw(body, source="weather", at=at), foreign=said, answers=answers))
    return receipt.id


async def live(journal: Journal, now: datetime = T0) -> Sequence[str]:
    return [one.foreign.message.identifier for one in await journal.heard(now)]


RAIN = foreign("rain", 0)
WORSE = foreign("worse", 10, reference("rain", 0), kind="Update")
OVER = foreign("over", 20, reference("rain", 0), reference("worse", 10), kind="Cancel")


async def test_nothing_was_heard_in_a_quiet_world(journal: Journal) -> None:
    assert await journal.heard() == []
    with pytest.raises(Missing):
        await journal.heard_one("0" * 24)
    with pytest.raises(Missing):
        await journal.heard_bytes("0" * 24)


async def test_a_message_is_kept_whole_with_its_bytes_and_its_receipt(journal: Journal) -> None:
    receipt = await hear(journal, RAIN)

    found = await journal.heard_one(RAIN.id)
    assert (found.foreign, found.source, found.receipt, found.arrived) == (RAIN, "weather", receipt, T0)
    assert (found.later, found.unknown, found.sha256) == ((), (), digest(b"rain"))
    assert await journal.heard_bytes(RAIN.id) == b"rain"
    assert (await journal.receipt(receipt)).items[0].cap == RAIN.id
    assert await journal.heard(T0) == await journal.heard() == [found]


async def test_the_chain_of_the_source_tells_which_messages_came(journal: Journal) -> None:
    await hear(journal, RAIN)

    [entry] = await journal.audit("source:weather")
    assert msgspec.json.decode(entry.body)["heard"] == [RAIN.id]
    assert verify(await journal.audit()) is None


@pytest.mark.parametrize("order", list(permutations((RAIN, WORSE, OVER))))
async def test_the_order_in_which_a_chain_arrives_changes_nothing(journal: Journal, order: tuple[Foreign, ...]) -> None:
    for one in order:
        await hear(journal, one)

    assert await live(journal) == []
    rain, worse, over = [await journal.heard_one(one.id) for one in (RAIN, WORSE, OVER)]
    assert rain.later == (Later("Update", WORSE.id), Later("Cancel", OVER.id))
    assert (worse.later, over.later) == ((Later("Cancel", OVER.id),), ())
    assert (rain.unknown, worse.unknown, over.unknown) == ((), (), ())


async def test_an_update_takes_the_place_of_what_it_names_and_says_what_it_does_not_know(journal: Journal) -> None:
    await hear(journal, WORSE)
    assert await live(journal) == ["worse"]
    assert (await journal.heard_one(WORSE.id)).unknown == (RAIN.id,)

    await hear(journal, RAIN)
    assert await live(journal) == ["worse"]
    assert (await journal.heard_one(WORSE.id)).unknown == ()
    assert [one.foreign.message.identifier for one in await journal.heard()] == ["worse", "rain"]
    assert [one.foreign.message.identifier for one in await journal.heard(most=1)] == ["worse"]


@pytest.mark.parametrize(
    ("other", "left"),
    [
        (foreign("other", 10, reference("rain", 0), kind="Ack"), ["rain"]),
        (foreign("other", 10, reference("rain", 0), kind="Error"), ["rain"]),
        (foreign("other", 10, reference("rain", 0)), ["other", "rain"]),
        (foreign("other", 10, reference("rain", 0), kind="Cancel", status="Test"), ["rain"]),
        (foreign("other", 10, reference("rain", 0), kind="Update", status="Actual"), ["other", "rain"]),
        (foreign("other", -10, reference("rain", 0), kind="Cancel"), ["rain"]),
        (foreign("other", 0, reference("rain", 0), kind="Cancel"), []),
        (foreign("other", 10, reference("rain", 1), kind="Cancel"), ["rain"]),
    ],
)
async def test_only_a_later_word_of_the_same_world_takes_a_place(journal: Journal, other: Foreign, left: list[str]) -> None:
    await hear(journal, RAIN)
    await hear(journal, other)

    assert await live(journal) == left


async def test_a_reference_counts_in_whatever_zone_it_writes_the_time(journal: Journal) -> None:
    elsewhere = Reference(sender="wx@agency.example", identifier="rain", sent="2026-07-14T18:20:00+09:00")
    await hear(journal, RAIN)
    await hear(journal, foreign("over", 10, elsewhere, kind="Cancel"))

    assert await live(journal) == []


@pytest.mark.parametrize("kind", ["Cancel", "Ack", "Error"])
async def test_what_only_speaks_of_others_is_no_alert(journal: Journal, kind: str) -> None:
    await hear(journal, foreign("word", 0, reference("nothing", 0), kind=kind))

    assert (await live(journal), len(await journal.heard())) == ([], 1)


@pytest.mark.parametrize(("status", "counts"), [("Actual", True), ("Exercise", True), ("Test", False), ("System", False)])
async def test_tests_and_machines_talk_are_never_live(journal: Journal, status: str, *, counts: bool) -> None:
    said = foreign("rain", 0, status=status)
    await hear(journal, said)

    assert await live(journal) == (["rain"] if counts else [])
    assert (await journal.heard_one(said.id)).live(T0) is counts


async def test_an_alert_counts_until_the_story_says_that_it_is_over(journal: Journal) -> None:
    await hear(journal, RAIN)

    last = ENDS - timedelta(seconds=1)
    assert (await live(journal, last), await live(journal, ENDS)) == (["rain"], [])
    found = await journal.heard_one(RAIN.id)
    assert (found.live(last), found.live(ENDS)) == (True, False)


async def test_a_message_that_came_before_is_stale_and_changes_nothing(journal: Journal) -> None:
    await hear(journal, RAIN)

    with pytest.raises(Stale):
        await journal.accept(Arrival(at=T0, raw=raw(b"other bytes", source="weather"), foreign=(RAIN,)))
    assert await journal.heard_bytes(RAIN.id) == b"rain"
    assert len(await journal.audit("source:weather")) == 1


async def test_of_two_messages_of_one_name_at_once_one_is_recorded(journal: Journal) -> None:
    arrivals = [Arrival(at=T0, raw=raw(body, source="weather"), foreign=(RAIN,)) for body in (b"one", b"two")]
    came = await asyncio.gather(*(journal.accept(one) for one in arrivals), return_exceptions=True)

    assert sorted(type(one).__name__ for one in came) == ["Receipt", "Stale"]
    assert len(await journal.heard()) == 1
