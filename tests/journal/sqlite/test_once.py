"""A store of an earlier release, which held bytes and reports twice, is read as before once it is brought up to date."""

from pathlib import Path

import apsw
import pytest

from gateway.alert import digest
from gateway.fault import Unavailable
from gateway.journal.sql.codec import canonical
from gateway.journal.sqlite import SqliteJournal, migrate
from gateway.source import Refusal
from tests.journal.samples import incident

BODY = b"[1, 2]"
AT = "2026-07-14T09:20:00.000000Z"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Make a store as the release before left it, with an incident that rose twice and an item that was refused."""
    path = tmp_path / "old.db"
    cx = apsw.Connection(str(path))
    migrate.apply(cx, [step for step in migrate.pending(cx) if step.number < 8])
    cx.execute("INSERT INTO blob VALUES (?, ?)", (digest(BODY), BODY))
    receipt = ("r1", "gauge", None, digest(BODY), "application/json", "{}", "gauge", AT, "[]")
    cx.execute("INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", receipt)
    cx.execute("INSERT INTO quarantine VALUES (1, 'r1', 0, ?, '')", (canonical(Refusal(code="c", message="m")),))
    for position, (episode, sequence, applied) in enumerate([(1, 1, 1), (1, 2, 1), (1, 0, 0), (2, 3, 1)], 1):
        body = canonical(incident("g", sequence=sequence))
        cx.execute("INSERT INTO report VALUES (?, 'gauge', 'g', ?, 'r1', ?, ?, 0, '', ?)", (position, episode, AT, applied, body))
    for episode, sequence, revision, open_ in ((1, 2, 2, 0), (2, 3, 3, 1)):
        values = (episode, revision, open_, canonical(incident("g", sequence=sequence)), AT)
        cx.execute("INSERT INTO incident VALUES ('gauge', 'g', ?, ?, ?, ?, ?, NULL, NULL)", values)
    cx.close()
    return path


async def test_incidents_have_their_newest_report_and_refused_items_their_bytes(old: Path) -> None:
    journal = await SqliteJournal.open(old)

    head = (await journal.heads([("gauge", "g")]))["gauge", "g"]
    assert (head.key.episode, head.revision, head.open, head.report.sequence) == (2, 3, True, 3)
    assert [one.report.sequence for one in await journal.reports("gauge", "g")] == [1, 2, 0, 3]
    assert (await journal.quarantined(1)).raw.body == BODY
    await journal.close()

    cx = apsw.Connection(str(old))
    named = cx.execute("SELECT r.body FROM incident i JOIN report r ON r.position = i.newest ORDER BY i.episode").fetchall()
    assert named == [(canonical(incident("g", sequence=2)),), (canonical(incident("g", sequence=3)),)]
    cx.close()


async def test_an_incident_whose_report_is_not_in_the_list_keeps_it(old: Path) -> None:
    cx = apsw.Connection(str(old))
    cx.execute("DELETE FROM report")
    cx.close()
    journal = await SqliteJournal.open(old)

    head = (await journal.heads([("gauge", "g")]))["gauge", "g"]
    assert head.report == incident("g", sequence=3)
    await journal.close()


async def test_a_store_in_which_something_refers_to_nothing_is_left_as_it_is(old: Path) -> None:
    cx = apsw.Connection(str(old))
    cx.execute("INSERT INTO quarantine VALUES (2, 'gone', 0, '{}', '')")
    cx.close()

    with pytest.raises(Unavailable) as refused:
        await SqliteJournal.open(old)
    assert refused.value.code == "store-corrupt"

    cx = apsw.Connection(str(old))
    assert cx.execute("SELECT max(number) FROM migration").get == 7
    cx.close()
