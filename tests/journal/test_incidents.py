"""Open incidents, and the reports that made them what they are."""

from msgspec.structs import replace

from gateway.journal.contract import Journal
from gateway.journal.records import Arrival
from tests.journal.samples import MINUTE, T0, incident, placed, raw, tell, version


async def test_nothing_is_known_of_a_quiet_city(journal: Journal) -> None:
    assert list(await journal.incidents()) == []
    assert list(await journal.reports("gauge", "gapcheon")) == []


async def test_open_incidents_come_newest_first_and_closed_ones_not_at_all(journal: Journal) -> None:
    for minute, id in enumerate(("a", "b", "c")):
        at = T0 + minute * MINUTE
        await journal.accept(Arrival(at=at, raw=raw(id.encode(), at=at), reports=(placed(incident(id)),)))
    at = T0 + 9 * MINUTE
    over = placed(incident("b", sequence=2), expected=1, closes=True)
    await journal.accept(Arrival(at=at, raw=raw(b"over", at=at), reports=(over,)))

    assert [head.key.id for head in await journal.incidents()] == ["c", "a"]
    assert [head.key.id for head in await journal.incidents(most=1)] == ["c"]
    known = await journal.heads([("gauge", "c"), ("gauge", "a")])
    assert [known["gauge", "c"], known["gauge", "a"]] == list(await journal.incidents())


async def test_an_incident_that_rises_again_is_open_once(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, reports=(placed(closes=True),)))
    await journal.accept(Arrival(at=T0 + MINUTE, reports=(placed(incident(sequence=2), episode=2, expected=1),)))

    assert [(head.key.id, head.key.episode) for head in await journal.incidents()] == [("gapcheon", 2)]


async def test_reports_stand_in_the_order_they_came_with_what_became_of_them(journal: Journal) -> None:
    first = await journal.accept(Arrival(at=T0, raw=raw(b"1"), reports=(placed(),)))
    late = replace(placed(incident(sequence=0), expected=1, applied=False), why="older than what is known")
    await journal.accept(Arrival(at=T0 + MINUTE, raw=raw(b"2"), reports=(late,)))
    await journal.accept(Arrival(at=T0 + 2 * MINUTE, reports=(placed(incident(sequence=2), expected=1, closes=True),)))
    await journal.accept(Arrival(at=T0 + 2 * MINUTE, reports=(placed(incident("other")),)))

    found = await journal.reports("gauge", "gapcheon")
    assert [(one.report.sequence, one.applied, one.closes, one.why) for one in found] == [
        (1, True, False, ""),
        (0, False, False, "older than what is known"),
        (2, True, True, ""),
    ]
    assert [one.arrived for one in found] == [T0, T0 + MINUTE, T0 + 2 * MINUTE]
    assert (found[0].receipt, found[2].receipt) == (first.id, "")
    assert found[0].report == incident()
    assert [one.report.sequence for one in await journal.reports("gauge", "gapcheon", most=2)] == [0, 2]


async def test_an_incident_names_the_alert_about_it(journal: Journal) -> None:
    await journal.accept(Arrival(at=T0, reports=(placed(),)))
    (head,) = await journal.incidents()
    await tell(journal, version(about=head.key))

    assert [head.alert for head in await journal.incidents()] == ["A1"]
