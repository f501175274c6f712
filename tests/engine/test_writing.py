"""A draft is made by hand or by the machine, once of one incident; what cannot be drafted is told and costs nothing else."""

import asyncio
from typing import Any, cast

import pytest

from gateway.fault import BadInput, Conflict, Unavailable
from gateway.journal.contract import Journal
from gateway.journal.records import Arrival, Draft, Todo, TodoKind
from tests.engine.hall import AREA, ELSEWHERE, KIM, PARK, Hall, area, incident, report, version


class Away:
    """A record that goes away as soon as work was taken from it, or even before it is told which."""

    def __init__(self, journal: Journal, *, silent: bool = False) -> None:
        """Be there until then."""
        self._journal, self._away, self._silent = journal, False, silent

    def __getattr__(self, name: str) -> Any:
        """Return a verb as it is asked from here."""
        verb = getattr(self._journal, name)

        async def asked(*words: object, **more: object) -> object:
            if self._away:
                raise Unavailable("store-unavailable", "the record is away")
            self._away = name == "take"
            answer = await verb(*words, **more)
            if self._away and self._silent:
                raise Unavailable("store-answer-late", "the answer was lost")
            return answer

        return asked


async def test_nothing_is_recorded_that_cannot_be_drafted_and_the_mended_report_is(hall: Hall) -> None:
    detailed = [[(127.33 + 0.004 * i / 99, 36.35 + 0.003 * (i % 2)) for i in range(100)] + [(127.334, 36.34), (127.33, 36.34)]]
    detailed[0].append(detailed[0][0])
    with pytest.raises(BadInput) as refused:
        await hall.drafted(areas=[AREA | {"geometry": {"type": "Polygon", "coordinates": detailed}}])
    assert refused.value.code == "geometry-too-detailed"
    assert await hall.journal.heads([("operator", "call-1")]) == {}
    assert await hall.drafts() == []
    mended = await hall.drafted()
    assert mended.id == "hanbat-2026-00001", "no number was lost"


async def test_what_is_over_or_not_for_the_public_is_refused_unrecorded(hall: Hall) -> None:
    over = {"ended": {"reason": "over", "at": "2026-07-14T18:19:30+09:00"}}
    for changes in (over, {"scope": "restricted"}):
        with pytest.raises(Conflict) as refused:
            await hall.drafted(**changes)
        assert (refused.value.code, bool(refused.value.hint)) == ("nothing-to-tell", True)
    assert await hall.journal.heads([("operator", "call-1")]) == {}


async def test_one_incident_has_one_alert_while_it_is_open_or_live(hall: Hall) -> None:
    record = await hall.drafted()
    for _ in range(2):
        with pytest.raises(Conflict) as refused:
            await hall.drafted(reported=hall.clock().isoformat())
        assert (refused.value.code, refused.value.path) == ("alert-exists", record.id)
        record = await hall.issued(record) if record.open else record
    await hall.gateway.cancel(record.id, "false alarm", KIM)
    assert (await hall.drafted(reported=hall.clock().isoformat())).id != record.id


async def test_two_people_who_draft_the_same_call_make_one_alert(hall: Hall) -> None:
    both = await asyncio.gather(
        hall.gateway.create(incident(), KIM), hall.gateway.create(incident(), PARK), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["AlertRecord", "Conflict"]
    assert len(await hall.drafts()) == 1


async def test_a_person_and_the_machine_make_one_alert_of_one_incident(hall: Hall) -> None:
    await hall.sends(report())
    await asyncio.gather(
        hall.gateway.create(incident(source="control-room", id="fire-1"), KIM), hall.gateway.draft_due(), return_exceptions=True
    )
    assert len(await hall.journal.alerts()) == 1


async def test_a_report_by_hand_that_comes_late_says_so(hall: Hall) -> None:
    record = await hall.told(sequence=5)
    await hall.gateway.cancel(record.id, "false alarm", KIM)
    with pytest.raises(Conflict) as refused:
        await hall.drafted(sequence=4)
    assert (refused.value.code, refused.value.path) == ("report-late", "/reported")
    assert "older" in refused.value.message


async def test_what_cannot_be_drafted_pages_and_does_not_stop_the_next(hall: Hall) -> None:
    await hall.sends(report(id="a", severity="unknown"), report(id="b", areas=[area(ELSEWHERE)]))
    await hall.journal.accept(_broken(hall))
    drafted = await hall.drafts()
    assert [about.id for one in drafted if (about := version(one).incident)] == ["a", "b"]
    assert await hall.codes() == ["draft-broke"]
    (failed,) = await hall.journal.failures()
    assert (failed.subject, failed.body) == ("nobody/knows", b"draft-broke: KeyError here; it was logged")


async def test_a_store_that_is_slow_for_a_moment_costs_no_draft(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await hall.sends(report())
    real = hall.journal.draft

    async def full(_: Draft) -> int:
        raise Unavailable("store-full", "no room")

    monkeypatch.setattr(hall.journal, "draft", full)
    assert await hall.drafts() == []
    monkeypatch.setattr(hall.journal, "draft", real)
    hall.waits(5)
    assert len(await hall.drafts()) == 1
    assert await hall.codes() == []
    assert await hall.journal.failures() == []


def _broken(hall: Hall) -> Arrival:
    """Return the work on an incident that nobody ever reported, as a fault of ours would leave it."""
    return Arrival(at=hall.clock(), todos=(Todo(kind=TodoKind.DRAFT, subject="nobody/knows"),))


async def test_what_the_record_went_away_from_is_drafted_as_soon_as_it_is_back(hall: Hall) -> None:
    await hall.sends(report(), report(id="fire-2", areas=[area(ELSEWHERE)]))
    hall.gateway.journal = cast("Journal", Away(hall.journal))
    assert await hall.gateway.draft_due() == 2
    hall.gateway.journal = hall.journal
    assert len(await hall.drafts()) == 2, "no lease has run out"


async def test_where_more_is_owed_than_is_drafted_at_once_the_rest_is_drafted_right_after(hall: Hall) -> None:
    await hall.sends(*(report(id=f"fire-{number}") for number in range(17)))
    hall.gateway.drafts.clear()
    assert await hall.gateway.draft_due() == 16
    assert hall.gateway.drafts.is_set()
    hall.gateway.drafts.clear()
    assert await hall.gateway.draft_due() == 1
    assert not hall.gateway.drafts.is_set()


async def test_a_record_that_goes_away_is_not_asked_again_without_a_pause(hall: Hall) -> None:
    await hall.sends(*(report(id=f"fire-{number}") for number in range(17)))
    hall.gateway.journal = cast("Journal", Away(hall.journal))
    hall.gateway.drafts.clear()
    assert await hall.gateway.draft_due() == 16
    assert not hall.gateway.drafts.is_set()


async def test_what_was_taken_and_nobody_was_told_of_is_drafted_as_soon_as_the_record_is_back(hall: Hall) -> None:
    await hall.sends(report(), report(id="fire-2", areas=[area(ELSEWHERE)]))
    hall.gateway.journal = cast("Journal", Away(hall.journal, silent=True))
    with pytest.raises(Unavailable):
        await hall.gateway.draft_due()
    hall.gateway.journal = hall.journal
    assert len(await hall.drafts()) == 2, "no lease has run out"
