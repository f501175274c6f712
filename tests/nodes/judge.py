"""Holding what two nodes sent, and what their record says of it, to the lane table and to what they acknowledged."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gateway.journal import audit
from gateway.journal.postgres import PostgresJournal
from tests.nodes.city import City
from tests.nodes.crowd import Crowd
from tests.staircase.lane_table import CANCEL, CHAIN
from tests.staircase.raw_log import Came, lanes
from tests.staircase.roads import HISTORY
from tests.staircase.served import PEERS

BOOK = """
SELECT d.target, d.alert, d.number, d.role, d.state, count(t.delivery) FROM delivery d LEFT JOIN attempt t ON t.delivery = d.id
WHERE d.part = 'message' GROUP BY d.id ORDER BY d.id
"""
ARRIVED = "accepted"
NEWEST = frozenset({ARRIVED, "nothing-to-cancel"})
OLDER = {
    CHAIN: frozenset({ARRIVED, "unknown", "nothing-to-cancel"}),
    "latest": frozenset({ARRIVED, "unknown", "superseded", "nothing-to-cancel"}),
}


class Booked(NamedTuple):
    """What the record says of one message to one peer."""

    peer: str
    alert: str
    number: int
    role: str
    state: str
    attempts: int


async def judged(city: City, crowd: Crowd) -> None:
    """Let everything come to rest; then raw logs, record and promises must agree."""
    await city.nodes["b"].office.at_rest()
    booked = [Booked(*row) for row in await city.rows(BOOK)]
    for peer in PEERS:
        came = lanes(city.folder / f"{peer}.log")
        told = _by_alert([one for one in booked if one.peer == peer])
        assert came.keys() <= told.keys()
        wrong = {alert: [*faults(came.get(alert, ()), told[alert], city.stops)] for alert in told}
        assert not any(wrong.values()), {alert: said for alert, said in wrong.items() if said}
        missing = {alert for alert, number in crowd.told.items() if alert not in told or told[alert][-1].number < number}
        assert missing == set(), "acknowledged, and not in the record"
    receipts = {str(id) for (id,) in await city.rows("SELECT id FROM receipt")}
    assert {one.name for one in crowd.acknowledged if one.what == "receipt"} <= receipts
    assert crowd.refused == [], crowd.refused
    journal = await PostgresJournal.open(city.dsn, node="judge", shared=True)
    assert audit.verify(await journal.audit(most=100_000)) is None
    await journal.close()


def faults(came: Sequence[Came], told: Sequence[Booked], stops: int) -> Iterator[str]:
    """Judge one lane: in order, only what was tried, whole where it was accepted, and no repeat but the same bytes for a stop."""
    numbers = [one.said.number for one in came]
    if numbers != sorted(numbers):
        yield f"out of order: {numbers}"
    if len(set(came)) != len(set(numbers)):
        yield f"a repeat was changed: {numbers}"
    if len(numbers) - len(set(numbers)) > stops:
        yield f"more repeats than stops: {numbers}"
    for one in told:
        if numbers.count(one.number) > one.attempts or (one.state == ARRIVED and one.number not in numbers):
            yield f"{one} came {numbers.count(one.number)} times"
    yield from _states(told)


def _states(told: Sequence[Booked]) -> Iterator[str]:
    *older, newest = told
    if newest.state not in NEWEST or any(one.state not in OLDER[HISTORY[one.peer]] for one in older):
        yield f"{newest.alert} ends as {[one.state for one in told]}"
    tried = any(one.attempts for one in older)
    if newest.role == CANCEL and (newest.state == ARRIVED) != tried:
        yield f"a cancel that is {newest.state} after {[one.attempts for one in older]} tries"


def _by_alert(booked: Sequence[Booked]) -> Mapping[str, list[Booked]]:
    found = defaultdict[str, list[Booked]](list)
    for one in booked:
        found[one.alert].append(one)
    return found
