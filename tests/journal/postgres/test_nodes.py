"""Several gateways on one database: whatever they race for, one gets it, and the other is told so."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar

import asyncpg
import msgspec
import pytest

from gateway.alert import IncidentKey, Kind
from gateway.channel import Publication, Verdict
from gateway.fault import Unavailable
from gateway.journal.audit import verify
from gateway.journal.contract import Stale
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Arrival, AuditEntry, Claimed, Delivery, Draft, Todo, TodoKind, VersionKey, Watched
from tests.journal.samples import (
    HOUR,
    T0,
    Real,
    claim,
    incident,
    issue,
    placed,
    raw,
    revision,
    settle,
    submit,
    tell,
    version,
)
from tests.stores import UNHURRIED_S

T = TypeVar("T")
SEED = 20260714


@pytest.fixture
def patience_s() -> float:
    """Nothing here is about deadlines, whatever else the machine does."""
    return UNHURRIED_S


async def race(runners: Iterable[Awaitable[T]]) -> tuple[list[T], list[Stale]]:
    """Let everybody run at once; return what was answered, and who was told that it is too late."""
    results = await asyncio.gather(*runners, return_exceptions=True)
    lost = [result for result in results if isinstance(result, Stale)]
    answers = [result for result in results if not isinstance(result, BaseException)]
    assert len(lost) + len(answers) == len(results), results
    return answers, lost


async def test_of_a_hundred_who_issue_at_once_on_two_nodes_one_does(a: PostgresJournal, b: PostgresJournal) -> None:
    await a.draft(Draft(version=version(), expected=0, acts=(), at=T0))
    frozen = submit(version(), ["sms/all", "cap/north"])
    order = issue(frozen, await a.submit(frozen, 1))

    issued, stale = await race(node.issue(order) for _ in range(50) for node in (a, b))

    assert (len(issued), len(stale)) == (1, 99)
    assert issued == [await b.publication()] == [Publication(1, T0)]
    assert len(await b.deliveries()) == 2
    assert [entry.act for entry in await b.audit("alert:A1")].count("issued") == 1


async def test_of_a_hundred_same_requests_on_two_nodes_one_is_applied(a: PostgresJournal, b: PostgresJournal) -> None:
    arrival = Arrival(at=T0, raw=raw(), key="k", reports=(placed(),), refusals=())

    receipts, _ = await race(node.accept(arrival) for _ in range(50) for node in (a, b))

    assert len({receipt.id for receipt in receipts}) == 1
    assert [receipt.again for receipt in receipts].count(False) == 1
    assert (await a.heads([("gauge", "gapcheon")]))["gauge", "gapcheon"].revision == 1


async def test_of_two_first_reports_of_one_incident_one_is_stale(a: PostgresJournal, b: PostgresJournal) -> None:
    for number in range(20):
        report = incident(f"river-{number}")
        arrivals = [Arrival(at=T0, raw=raw(f"{who}{number}".encode()), reports=(placed(report),)) for who in "ab"]
        receipts, stale = await race([a.accept(arrivals[0]), b.accept(arrivals[1])])
        assert (len(receipts), len(stale)) == (1, 1)


async def test_requests_that_bring_the_same_things_in_opposite_order_do_not_stop_each_other(
    a: PostgresJournal, b: PostgresJournal
) -> None:
    names = [f"river-{number}" for number in range(8)]
    reports = tuple(placed(incident(name), applied=False) for name in names)
    todos = tuple(Todo(kind=TodoKind.DRAFT, subject=name) for name in names)
    forth = Arrival(at=T0, raw=raw(b"forth"), reports=reports, todos=todos)
    back = Arrival(at=T0, raw=raw(b"back"), reports=reports[::-1], todos=todos[::-1])

    arrivals = [msgspec.structs.replace(one, key=str(number)) for number, one in enumerate([forth, back] * 20)]
    receipts, stale = await race(node.accept(one) for one, node in zip(arrivals, itertools.cycle((a, b)), strict=False))

    assert (len(receipts), stale) == (40, [])
    assert len(await a.take(TodoKind.DRAFT, 100, 30)) == 8


async def test_of_two_watchers_one_is_stale(a: PostgresJournal, b: PostgresJournal) -> None:
    for expected in range(20):
        ticks = [Arrival(at=T0, watches=(Watched(key="w", expected=expected, state=state),)) for state in (b"a", b"b")]
        _, stale = await race([a.accept(ticks[0]), b.accept(ticks[1])])
        assert len(stale) == 1
    assert (await a.watches(["w"]))["w"][0] == 20


async def test_two_nodes_never_make_two_drafts_of_one_incident(a: PostgresJournal, b: PostgresJournal) -> None:
    for number in range(10):
        await a.accept(Arrival(at=T0, raw=raw(str(number).encode()), reports=(placed(incident(f"i{number}")),)))
        about = IncidentKey("gauge", f"i{number}", 1)
        drafts = [Draft(version=version(f"{who}{number}", about=about), expected=0, acts=(), at=T0) for who in "AB"]
        made, stale = await race([a.draft(drafts[0]), b.draft(drafts[1])])
        assert (made, len(stale)) == ([1], 1)


async def test_two_nodes_never_issue_two_alerts_of_one_incident_by_themselves(
    a: PostgresJournal, b: PostgresJournal, real: Real
) -> None:
    for number in range(10):
        todo = Todo(kind=TodoKind.DRAFT, subject=f"gauge/i{number}")
        report = placed(incident(f"i{number}"))
        await a.accept(Arrival(at=T0, raw=raw(str(number).encode()), reports=(report,), todos=(todo,)))
        [slow] = await a.take(TodoKind.DRAFT, 1, 30)
        real.at += 30
        [task] = await b.take(TodoKind.DRAFT, 1, 30)
        about = IncidentKey("gauge", f"i{number}", 1)
        frozen = {who: submit(version(f"{who}{number}", about=about), ["sms/all"]) for who in "AB"}
        orders = {who: msgspec.structs.replace(issue(frozen[who], 0), task=one) for who, one in (("A", slow), ("B", task))}
        made, stale = await race([a.issue(orders["A"], frozen["A"]), b.issue(orders["B"], frozen["B"])])
        assert (len(made), len(stale)) == (1, 1)
    assert sorted(one.alert for one in await a.deliveries()) == [f"B{number}" for number in range(10)]


async def test_numbers_are_given_once_whichever_node_is_asked(a: PostgresJournal, b: PostgresJournal) -> None:
    given = await asyncio.gather(*(node.allocate("serial") for _ in range(50) for node in (a, b)))

    assert sorted(given) == list(range(1, 101))


async def test_work_is_taken_once_whichever_node_asks(a: PostgresJournal, b: PostgresJournal) -> None:
    todos = tuple(Todo(kind=TodoKind.DRAFT, subject=f"{number:03}") for number in range(100))
    await a.accept(Arrival(at=T0, todos=todos))

    taken = await asyncio.gather(*(node.take(TodoKind.DRAFT, 7, 30) for _ in range(10) for node in (a, b)))
    ids = [task.id for tasks in taken for task in tasks]
    assert len(ids) == len(set(ids)) == 100


async def test_no_delivery_is_claimed_twice(a: PostgresJournal, b: PostgresJournal) -> None:
    for number in range(20):
        await tell(a, version(f"A{number}"), ["sms/x", "sms/y", "cap/z"])

    claimed = [one for _ in range(4) for one in await claim_everywhere(a, b)]
    assert len(claimed) == len({one.id for one in claimed}) == 60
    assert {one.fence for one in claimed} == {1}


async def claim_everywhere(*nodes: PostgresJournal) -> list[Claimed]:
    found = await asyncio.gather(*(claim(node, "sms", "cap", most=7) for node in nodes for _ in range(2)))
    return [one for batch in found for one in batch]


async def test_who_comes_while_several_nodes_are_about_to_claim_finds_what_they_left(a: PostgresJournal, dsn: str) -> None:
    for number in range(30):
        await tell(a, version(f"A{number:02}"), ["sms/all"])
    others = await asyncpg.connect(dsn)
    await others.execute("BEGIN")
    theirs = await others.fetch("SELECT alert FROM delivery ORDER BY id LIMIT 12 FOR UPDATE")

    claimed = await claim(a, "sms", most=4)

    await others.close()
    assert [one.alert for one in claimed] == ["A12", "A13", "A14", "A15"]
    assert {one.alert for one in claimed}.isdisjoint(alert for (alert,) in theirs)


async def test_a_node_that_stood_still_finds_its_delivery_with_another_and_only_leaves_evidence(
    a: PostgresJournal, b: PostgresJournal, real: Real
) -> None:
    await tell(a, version(), ["sms/all"])
    [slow] = await claim(a, "sms", lease_s=30)
    assert await claim(b, "sms") == []
    real.at += 30

    [again] = await claim(b, "sms")
    assert (again.id, again.fence) == (slow.id, 2)
    assert await settle(a, slow, Verdict.REFUSED) is None
    assert await settle(b, again, Verdict.ACCEPTED) == "accepted"
    [delivery] = await a.deliveries("A1")
    told = [(attempt.attempt, attempt.verdict, attempt.late) for attempt in delivery.attempts]
    assert told == [(1, "ambiguous", False), (1, "refused", True), (2, "accepted", False)]


async def test_a_lease_that_ran_out_is_lost_once_whoever_looks(a: PostgresJournal, b: PostgresJournal, real: Real) -> None:
    await tell(a, version(), [f"sms/{number}" for number in range(10)])
    assert len(await claim(a, "sms", most=10, lease_s=30)) == 10
    real.at += 30

    found = await asyncio.gather(*(claim(node, "sms") for _ in range(5) for node in (a, b)))
    assert sorted(one.fence for batch in found for one in batch) == [2] * 10
    assert {len(delivery.attempts) for delivery in await a.deliveries("A1")} == {1}


async def test_a_node_that_starts_frees_what_it_held_and_nothing_of_another(a: PostgresJournal, b: PostgresJournal) -> None:
    await tell(a, version(), ["sms/x", "sms/y"])
    await a.accept(Arrival(at=T0, todos=tuple(Todo(kind=TodoKind.PAGE, subject=subject) for subject in "xy")))
    [ours] = await claim(a, "sms", most=1)
    [theirs] = await claim(b, "sms", most=1)
    [task] = await a.take(TodoKind.PAGE, 1, 30)
    [other] = await b.take(TodoKind.PAGE, 1, 30, in_hands=[])

    assert await a.recover() == 1
    assert await settle(a, ours, Verdict.UNREACHABLE) is None
    assert await settle(b, theirs, Verdict.ACCEPTED) == "accepted"
    assert not await a.finish(task)
    assert await b.finish(other)


async def test_a_lease_has_one_holder_on_all_nodes(a: PostgresJournal, b: PostgresJournal, real: Real) -> None:
    for fence in range(1, 11):
        given = await asyncio.gather(a.lease("timers", "a", 10), b.lease("timers", "b", 10))
        assert sorted(given, key=str) == [fence, None]
        real.at += 10


async def test_the_publication_is_bumped_by_one_of_those_who_find_it_old(a: PostgresJournal, b: PostgresJournal) -> None:
    beats = await asyncio.gather(*(node.heartbeat(T0, 30) for _ in range(10) for node in (a, b)))

    assert set(beats) == {Publication(1, T0)}


async def test_a_snapshot_never_shows_a_change_without_its_publication(a: PostgresJournal, b: PostgresJournal) -> None:
    telling = asyncio.gather(*(tell(a, version(f"A{number:02}")) for number in range(20)))
    seen: dict[Publication, list[Sequence[VersionKey]]] = {}
    while not telling.done():
        snapshot = await b.snapshot()
        seen.setdefault(snapshot.publication, []).append(snapshot.versions)

    await telling
    assert all(len(versions[0]) == publication.revision for publication, versions in seen.items())
    assert all(versions.count(versions[0]) == len(versions) for versions in seen.values())


async def whole(journal: PostgresJournal, page: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    while more := await journal.audit(after=len(entries), most=page):
        entries += more
    return entries


async def test_the_record_verifies_whole_while_two_nodes_write_and_seal_it(a: PostgresJournal, b: PostgresJournal) -> None:
    async def live(node: PostgresJournal, name: str) -> None:
        for number in range(15):
            await node.accept(Arrival(at=T0, raw=raw(f"{name}{number}".encode(), source="gauge")))
            await tell(node, version(f"{name}{number}"))
            await node.note("service", name, "beat", {"number": number}, T0)
            await node.seal(T0)

    living = asyncio.gather(*(live(node, f"{name}{number}-") for name, node in (("a", a), ("b", b)) for number in range(2)))
    looks = 0
    while not living.done():
        assert verify(await whole(a, page=20)) is None
        looks += 1
    await living

    entries = await whole(b, page=50)
    assert verify(entries) is None
    assert [entry.act for entry in entries].count("sealed") == 60
    assert looks > 1


class Story:
    """One alert that is told, changed and cancelled while two nodes carry it."""

    def __init__(self, nodes: tuple[PostgresJournal, PostgresJournal], dice: random.Random) -> None:
        self.nodes = nodes
        self.dice = dice
        self.over = False

    async def live(self, alert: str) -> None:
        """Issue an alert, an update and a cancel, on whichever node."""
        for number, kind in enumerate((Kind.ALERT, Kind.UPDATE, Kind.CANCEL), 1):
            node = self.dice.choice(self.nodes)
            frozen = submit(version(alert, number, kind), ["sms/all", "cap/north", "cap/south"])
            await node.issue(issue(frozen, await revision(node, alert)), frozen)
            await asyncio.sleep(self.dice.uniform(0, 0.02))

    async def carry(self, node: PostgresJournal) -> None:
        """Carry what goes, as long as there is something."""
        verdicts = [Verdict.ACCEPTED, Verdict.UNREACHABLE, Verdict.REFUSED, Verdict.AMBIGUOUS]
        while True:
            over = self.over  # Nothing is issued any more from here on
            try:
                found = await claim(node, "sms", "cap", most=3)
            except Unavailable:
                continue
            if not found and over:
                return
            await asyncio.gather(*(settle(node, one, self.dice.choice(verdicts), retry_in=0) for one in found))


def judge(lane: list[Delivery]) -> None:
    """Hold one lane, oldest first, against the lane table: what was tried, in which order, and whether a cancel had to go."""
    cancel = lane[-1]
    tried = [(one.number, attempt.verdict) for one in lane for attempt in one.attempts]
    reached = any(verdict in ("accepted", "ambiguous") for number, verdict in tried if number != cancel.number)
    assert (cancel.state == "nothing-to-cancel") == (not reached), lane
    assert cancel.state in ("nothing-to-cancel", "accepted", "refused"), lane
    assert bool(cancel.attempts) == reached, lane
    for one in lane:
        settled = [attempt.verdict in ("accepted", "refused") for attempt in one.attempts]
        assert sum(settled[:-1]) == 0, "what was over was sent again"
        assert [attempt.attempt for attempt in one.attempts] == list(range(1, len(one.attempts) + 1))


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
async def test_lanes_keep_to_the_table_while_two_nodes_tell_and_carry(a: PostgresJournal, b: PostgresJournal, seed: int) -> None:
    story = Story((a, b), random.Random(seed))  # noqa: S311 - moments, not secrets
    carrying = asyncio.gather(*(story.carry(node) for _ in range(2) for node in (a, b)))
    await asyncio.gather(*(story.live(f"A{number}") for number in range(8)))
    story.over = True
    await carrying

    for number in range(8):
        deliveries = await a.deliveries(f"A{number}")
        for target in {one.target for one in deliveries}:
            judge([one for one in deliveries if one.target == target])
    assert verify(await whole(a, page=1000)) is None
    assert await claim(a, "sms", "cap", now=T0 + HOUR) == []
