"""What feeds see: one publication, the newest issued version of every alert, read together."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.alert import Kind
from gateway.channel import Publication, Published
from gateway.fault import Missing
from gateway.journal.contract import Journal
from tests.journal.samples import HOUR, SECOND, T0, revision, tell, version


async def told(journal: Journal, feed: str = "atom") -> list[tuple[str, int]]:
    versions = (await journal.snapshot()).versions
    shown = {(row.alert, row.number) for name, row in await journal.published(versions) if name == feed}
    return [version for version in versions if version in shown]


async def test_before_anything_is_issued_nothing_is_published(journal: Journal) -> None:
    snapshot = await journal.snapshot()

    assert snapshot.publication == Publication(0, datetime(1970, 1, 1, tzinfo=UTC))
    assert list(snapshot.versions) == []
    assert list(await journal.published(snapshot.versions)) == []


async def test_a_row_tells_a_feed_all_it_needs(journal: Journal) -> None:
    await tell(journal, version())

    row = Published(alert="A1", number=1, kind=Kind.ALERT, issued_at=T0, expires=T0 + HOUR, body=b"A1.1 in atom")
    assert list(await journal.published([("A1", 1)])) == [("atom", row)]


async def test_only_what_is_asked_for_is_read_and_what_was_issued_before_is_read_as_it_was(journal: Journal) -> None:
    for alert in ("A", "B", "C"):
        await tell(journal, version(alert))
    await tell(journal, version("A", 2, Kind.UPDATE), feeds=["atom", "pb"])

    asked = [("A", 1), ("A", 2), ("C", 1), ("C", 2), ("D", 1)]
    assert sorted((row.body, name) for name, row in await journal.published(asked)) == [
        (b"A.1 in atom", "atom"),
        (b"A.2 in atom", "atom"),
        (b"A.2 in pb", "pb"),
        (b"C.1 in atom", "atom"),
    ]


async def test_only_the_newest_issued_version_counts_and_alerts_come_sorted(journal: Journal) -> None:
    for alert in ("B", "A", "C"):
        await tell(journal, version(alert))
    await tell(journal, version("A", 2, Kind.UPDATE))

    assert await told(journal) == [("A", 2), ("B", 1), ("C", 1)]


async def test_a_feed_sees_only_versions_that_have_something_for_it(journal: Journal) -> None:
    await tell(journal, version("A"), feeds=["atom", "pb"])
    await tell(journal, version("B"), feeds=["atom"])

    assert await told(journal, "pb") == [("A", 1)]
    await tell(journal, version("A", 2, Kind.UPDATE), feeds=["atom"])
    assert await told(journal, "pb") == []


async def test_what_expired_stays_for_48_hours_recorded_or_not(journal: Journal) -> None:
    await tell(journal, version())
    await journal.heartbeat(T0 + 2 * HOUR, 30)
    assert await told(journal) == [("A1", 1)]

    await journal.expire("A1", 1, await revision(journal, "A1"), T0 + 2 * HOUR)
    await journal.heartbeat(T0 + timedelta(hours=49), 30)
    assert await told(journal) == [("A1", 1)]
    await journal.heartbeat(T0 + timedelta(hours=49) + SECOND, 1)
    assert await told(journal) == []


@pytest.mark.parametrize("kind", [Kind.CANCEL, Kind.END])
async def test_cancels_and_ends_stay_for_48_hours(journal: Journal, kind: Kind) -> None:
    await tell(journal, version())
    await tell(journal, version(number=2, kind=kind), at=T0 + HOUR)

    await journal.heartbeat(T0 + timedelta(hours=49), 30)
    assert await told(journal) == [("A1", 2)]
    await journal.heartbeat(T0 + timedelta(hours=49) + SECOND, 1)
    assert await told(journal) == []


async def test_a_heartbeat_bumps_only_what_is_old(journal: Journal) -> None:
    issued = await tell(journal, version(), at=T0)

    assert await journal.heartbeat(T0 + 29 * SECOND, 30) == issued
    beat = await journal.heartbeat(T0 + timedelta(seconds=30.7), 30)
    assert beat == Publication(issued.revision + 1, T0 + 30 * SECOND)
    assert await journal.publication() == beat


async def test_a_heartbeat_is_later_than_an_expiry_that_feeds_have_acted_on(journal: Journal) -> None:
    await tell(journal, version(expires=T0 + timedelta(seconds=60.5)))

    beat = await journal.heartbeat(T0 + timedelta(seconds=60.6), 30)
    assert beat.at == T0 + 62 * SECOND
    assert (await journal.heartbeat(T0 + timedelta(seconds=61), 30)) == beat


async def test_an_unknown_document_is_missing(journal: Journal) -> None:
    with pytest.raises(Missing):
        await journal.document("A1.1")
