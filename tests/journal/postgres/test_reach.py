"""What is asked for all day is found without reading all that ever happened."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from gateway.alert import Deed, IncidentKey
from gateway.journal.postgres import PostgresJournal, alerts, audit, deliveries, incidents, work
from gateway.journal.records import Arrival, DeliveryState, Draft
from tests.journal.effort import Counting
from tests.journal.samples import T0, act, incident, placed, raw, tell, version

KEY = IncidentKey("gauge", "gapcheon", 1)
DRAFTED = (
    "INSERT INTO todo (kind, subject, body, since, done, failure)"
    " SELECT 'draft', $1, '', now(), true, $2 FROM generate_series(1, $3::int)"
)


@pytest.fixture
async def cx(dsn: str) -> AsyncIterator[Any]:
    """A connection of nobody's."""
    cx = await asyncpg.connect(dsn)
    yield cx
    await cx.close()


async def about_an_incident(journal: PostgresJournal) -> None:
    """Let A1 be drafted about an incident."""
    await journal.accept(Arrival(at=T0, raw=raw(), reports=(placed(),)))
    await journal.draft(Draft(version=version(about=KEY), expected=0, acts=(act(1, Deed.DRAFTED),), at=T0))


@pytest.mark.parametrize("then", ["ANALYZE todo", "SELECT"], ids=["counted", "not-counted-yet"])
async def test_an_alert_about_an_incident_that_was_reported_for_years_is_read_as_fast_as_any(
    a: PostgresJournal, cx: Any, then: str
) -> None:
    await about_an_incident(a)
    await cx.execute(DRAFTED, "gauge/gapcheon", b"", 50_000)
    await cx.execute(DRAFTED, "gauge/gapcheon", b"no playbook", 1)
    await cx.execute(then)
    counting = Counting(cx)

    [record] = await alerts.records(counting, ["A1"])

    assert record.finding == "no playbook"
    assert counting.blocks < 60


async def test_an_alert_is_read_as_fast_where_all_that_was_ever_drafted_was_of_another_incident(
    a: PostgresJournal, cx: Any
) -> None:
    await about_an_incident(a)
    await cx.execute(DRAFTED, "gauge/daejeoncheon", b"", 50_000)
    await cx.execute("ANALYZE todo")
    counting = Counting(cx)

    [record] = await alerts.records(counting, ["A1"])

    assert not record.finding
    assert counting.blocks < 60


async def test_what_could_not_be_drafted_is_found_by_its_newest_failure(cx: Any) -> None:
    for subject, failure in (("s/1", b"old"), ("s/2", b"x"), ("s/1", b"newest"), ("s/2", b"")):
        await cx.execute(DRAFTED, subject, failure, 20_000)
    await cx.execute("ANALYZE todo")
    counting = Counting(cx)

    [task] = await work.failures(counting)

    assert (task.subject, task.body) == ("s/1", b"newest")
    assert counting.blocks < 60


async def test_the_whole_audit_is_read_page_by_page_and_none_is_read_twice(a: PostgresJournal, cx: Any) -> None:
    """Every third id was given out for nothing."""
    await cx.execute(
        "INSERT INTO audit (id, chain, number, at, actor, act, body, previous, digest) OVERRIDING SYSTEM VALUE"
        " SELECT n + n / 2, 'river', n, now(), 'kim', 'noted', '', '', '' FROM generate_series(1, 20000) n"
    )
    await cx.execute("SELECT setval('audit_id_seq', 30000)")
    await cx.execute("ANALYZE audit")
    counting, numbers = Counting(cx), list[int]()

    while page := await audit.read(counting, after=len(numbers)):
        numbers += [entry.number for entry in page]

    assert numbers == list(range(1, 20_001))
    assert counting.blocks < 1_000
    assert [entry.number for entry in await a.audit(after=4_321, most=2)] == [4322, 4323]


async def test_a_place_in_the_audit_is_kept_by_whoever_reads(a: PostgresJournal, cx: Any) -> None:
    await cx.execute(
        "INSERT INTO audit (chain, number, at, actor, act, body, previous, digest)"
        " SELECT 'river', n, now(), 'kim', 'noted', '', '', '' FROM generate_series(1, 2500) n"
    )
    for after in (0, 300, 600, 900, 1200):
        assert next(entry.number for entry in await a.audit(after=after, most=300)) == after + 1

    assert [tuple(row) for row in await cx.fetch("SELECT entries, id FROM audit_place")] == [(1200, 1200)]


async def test_what_died_is_found_among_the_alerts_of_years(a: PostgresJournal, cx: Any) -> None:
    await tell(a, version("A1"), ["sms/all", "cap/north"])
    await cx.execute("UPDATE delivery SET state = 'expired' WHERE channel = 'sms'")
    await cx.execute("INSERT INTO alert (id, revision, created_at) SELECT 'B' || n, 1, now() FROM generate_series(1, 10000) n")
    await cx.execute(
        "INSERT INTO version SELECT (jsonb_populate_record(v, jsonb_build_object('alert', b.id))).*"
        " FROM version v, alert b WHERE b.id LIKE 'B%'"
    )
    await cx.execute(
        "INSERT INTO delivery (alert, number, channel, target, part, role, history, priority, deadline, state, due)"
        " SELECT id, 1, 'cap', 'north', 'message', 'tell', 'chain', 1, now(), 'accepted', 0 FROM alert WHERE id LIKE 'B%'"
    )
    await cx.execute("ANALYZE")
    counting = Counting(cx)

    [dead] = await deliveries.deliveries(counting, states=frozenset({DeliveryState.EXPIRED, DeliveryState.UNKNOWN}))

    assert (dead.alert, dead.target.channel) == ("A1", "sms")
    assert counting.blocks < 60


async def test_what_is_open_is_found_among_the_incidents_of_years(a: PostgresJournal, cx: Any) -> None:
    await a.accept(Arrival(at=T0, raw=raw(), reports=(placed(), placed(incident("yudeungcheon")))))
    await cx.execute("INSERT INTO incident SELECT 'gauge', 'g' || n FROM generate_series(1, 20000) n")
    await cx.execute(
        "INSERT INTO episode SELECT 'gauge', 'g' || n, 1, false, report, arrived, NULL, NULL"
        " FROM episode, generate_series(1, 20000) n WHERE id = 'gapcheon'"
    )
    await cx.execute("ANALYZE")
    counting = Counting(cx)

    assert [head.key.id for head in await incidents.incidents(counting)] == ["gapcheon", "yudeungcheon"]
    assert counting.blocks < 60
