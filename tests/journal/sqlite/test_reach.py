"""What is asked for all day is found without reading all that ever happened."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from gateway.alert import Deed, IncidentKey
from gateway.journal.audit import SEALS, heads_digest
from gateway.journal.records import Arrival, DeliveryState, Draft
from gateway.journal.sqlite import SqliteJournal, alerts, audit, deliveries, incidents, work
from tests.journal.effort import steps
from tests.journal.samples import T0, act, placed, raw, version

KEY = IncidentKey("gauge", "gapcheon", 1)
DRAFTED = (
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)"
    " INSERT INTO todo (kind, subject, body, since, done, failure)"
    " SELECT 'draft', ?, x'', '2026-07-14T09:20:00.000000Z', 1, ? FROM n"
)


@pytest.fixture
async def cx(tmp_path: Path) -> AsyncIterator[apsw.Connection]:
    """A connection to a record in which A1 was drafted about an incident."""
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    await journal.accept(Arrival(at=T0, raw=raw(), reports=(placed(),)))
    await journal.draft(Draft(version=version(about=KEY), expected=0, acts=(act(1, Deed.DRAFTED),), at=T0))
    await journal.close()
    cx = apsw.Connection(str(tmp_path / "journal.db"))
    yield cx
    cx.close()


def test_an_alert_about_an_incident_that_was_reported_for_years_is_read_as_fast_as_any(cx: apsw.Connection) -> None:
    cx.execute(DRAFTED, (50_000, "gauge/gapcheon", ""))
    cx.execute(DRAFTED, (1, "gauge/gapcheon", "no playbook"))

    with steps(cx) as counted:
        record = alerts.alert(cx, "A1")

    assert record.finding == "no playbook"
    assert 0 < counted() < 500


def test_an_alert_is_read_as_fast_where_all_that_was_ever_drafted_was_of_another_incident(cx: apsw.Connection) -> None:
    cx.execute(DRAFTED, (50_000, "gauge/daejeoncheon", ""))

    with steps(cx) as counted:
        record = alerts.alert(cx, "A1")

    assert not record.finding
    assert 0 < counted() < 500


def test_what_could_not_be_drafted_is_found_by_its_newest_failure(cx: apsw.Connection) -> None:
    for subject, failure in (("s/1", "old"), ("s/2", "x"), ("s/1", "newest"), ("s/2", "")):
        cx.execute(DRAFTED, (20_000, subject, failure))

    with steps(cx) as counted:
        [task] = work.failures(cx)

    assert (task.subject, task.body) == ("s/1", b"newest")
    assert 0 < counted() < 500


def test_what_died_is_found_among_the_alerts_of_years(cx: apsw.Connection) -> None:
    cx.execute(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)"
        " INSERT INTO alert (id, revision, created_at) SELECT 'B' || n, 1, created_at FROM alert, n"
    )
    cx.execute(
        "INSERT INTO delivery (alert, number, channel, target, part, role, history, priority, deadline, state, due)"
        " SELECT id, 1, 'sms', 'all', 'message', 'tell', 'chain', 1, '2026-07-14T09:20:00.000000Z',"
        " CASE id WHEN 'A1' THEN 'expired' ELSE 'accepted' END, 0 FROM alert"
    )

    with steps(cx) as counted:
        [dead] = deliveries.deliveries(cx, states=frozenset({DeliveryState.EXPIRED, DeliveryState.UNKNOWN}))

    assert dead.alert == "A1"
    assert 0 < counted() < 500


def test_what_is_open_is_found_among_the_incidents_of_years(cx: apsw.Connection) -> None:
    cx.execute(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)"
        " INSERT INTO incident SELECT source, id || n, 1, 1, 0, newest, arrived, NULL, NULL FROM incident, n"
    )

    with steps(cx) as counted:
        [head] = incidents.incidents(cx)

    assert head.key.id == "gapcheon"
    assert 0 < counted() < 500


def test_a_seal_of_a_long_record_reads_its_chains_and_not_their_entries(cx: apsw.Connection) -> None:
    heard = (
        "WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < ?)"
        " INSERT INTO audit (chain, number, at, actor, act, body, previous, digest)"
        " SELECT 'source:gauge', n, '2026-07-14T09:20:00.000000Z', 'gauge', 'received', x'7b7d', '', 'd' || n FROM n"
    )
    cx.execute(heard, (50_000,))

    with steps(cx) as counted:
        audit.seal(cx, T0)

    [sealed] = audit.read(cx, SEALS)
    [(newest,)] = cx.execute("SELECT digest FROM audit WHERE chain = 'alert:A1' ORDER BY number DESC LIMIT 1")
    heads = {"alert:A1": (1, str(newest)), "source:gauge": (50_000, "d50000")}
    assert json.loads(sealed.body) == {"chains": 2, "digest": heads_digest(heads)}
    assert 0 < counted() < 500
