"""What came since: a machine never overwrites what a person touched, and what was stopped begins again only for a reason."""

from datetime import timedelta

import pytest

from gateway.alert import Kind, Stage
from gateway.engine import Changes
from gateway.fault import BadInput
from tests.engine.hall import AREA, ELSEWHERE, KIM, LEE, Hall, area, incident, report, version


async def test_what_came_while_a_person_wrote_is_shown_and_drafted_when_he_lets_go(hall: Hall) -> None:
    await hall.sends(report(severity="minor"))
    (record,) = await hall.drafts()
    record = await hall.gateway.edit(record.id, record.revision, Changes(texts={"en": {"short": "Look out"}}), KIM)
    await hall.sends(report(severity="severe", facts={"place": "hannae-bridge"}))
    await hall.drafts()
    assert version(await hall.journal.alert(record.id)) == version(record), "his words stand"
    (finding,) = [found for found in version(await hall.gateway.view(record.id)).findings if found.rule == "newer-facts"]
    assert "level watch became danger" in finding.message
    assert "place: hannae-bridge" in finding.message
    await hall.gateway.reject(record.id, 1, "overtaken", KIM)
    (record,) = await hall.drafts()
    assert (version(record).number, version(record).level) == (2, "danger")
    assert [found.rule for found in version(await hall.gateway.view(record.id)).findings if found.rule == "newer-facts"] == []


async def test_what_came_while_a_version_waited_becomes_an_update_once_it_is_out(hall: Hall) -> None:
    await hall.sends(report(severity="minor"))
    (record,) = await hall.drafts()
    record = await hall.submitted(record)
    assert record.open is not None
    await hall.sends(report(severity="severe"))
    await hall.drafts()
    seen = await hall.gateway.view(record.id)
    assert "newer-facts" in [found.rule for found in version(seen).findings]
    assert seen.open is not None
    assert seen.open.hash == record.open.hash, "shown, not applied"
    await hall.gateway.approve(record.id, 1, record.open.hash, LEE)
    hall.clock.passes(minutes=3)
    hall.waits(300)
    (record,) = await hall.drafts()
    assert (version(record).number, version(record).kind, version(record).level) == (2, Kind.UPDATE, "danger")


@pytest.mark.parametrize("how", ["rejected", "run out"])
async def test_that_it_goes_on_is_drafted_though_somebody_had_a_version_in_hands_when_it_was_due(hall: Hall, how: str) -> None:
    await hall.sends(report(sequence=1))
    (record,) = await hall.drafts()
    record = await hall.issued(record)
    told = version(record)
    record = await hall.gateway.update(record.id, KIM)
    hall.clock.at = told.expires - timedelta(minutes=5)
    hall.waits(60)
    (record,) = await hall.drafts()
    if how == "rejected":
        assert record.open is not None
        record = await hall.gateway.reject(record.id, record.open.version.number, "not now", KIM)
    else:
        hall.clock.at = told.expires
        assert await hall.gateway.expire_due() == 1
    hall.waits(60)
    *_, record = await hall.drafts()
    assert (version(record).kind, record.open is not None) == (Kind.UPDATE if how == "rejected" else Kind.ALERT, True)
    assert record.acts[-1].actor == "gateway"


async def test_what_got_worse_while_a_version_was_in_hands_is_drafted_after_a_cancel(hall: Hall) -> None:
    await hall.sends(report(severity="minor", sequence=1))
    (record,) = await hall.drafts()
    record = await hall.issued(record)
    record = await hall.gateway.update(record.id, KIM)
    await hall.sends(report(severity="severe", sequence=2))
    hall.clock.passes(minutes=3)
    hall.waits(60)
    await hall.drafts()
    await hall.gateway.cancel(record.id, "the wrong street", KIM)
    hall.waits(60)
    *_, record = await hall.drafts()
    assert (version(record).kind, record.open is not None) == (Kind.ALERT, True)


async def test_a_repeated_report_is_no_newer_fact(hall: Hall) -> None:
    await hall.sends(report(sequence=1))
    (record,) = await hall.drafts()
    await hall.sends(report(sequence=2))
    assert await hall.gateway.view(record.id) == await hall.journal.alert(record.id)


@pytest.mark.parametrize("reason", ["over", "error", "duplicate"])
async def test_a_draft_whose_incident_is_over_says_so(hall: Hall, reason: str) -> None:
    await hall.sends(report(sequence=1))
    (record,) = await hall.drafts()
    await hall.sends(report(sequence=2, ended={"reason": reason, "at": hall.clock().isoformat()}))
    await hall.drafts()
    (finding,) = [found for found in version(await hall.gateway.view(record.id)).findings if found.rule == "newer-facts"]
    assert f"it is over ({reason})" in finding.message


async def test_a_machines_own_draft_follows_the_newest_facts_in_place(hall: Hall) -> None:
    await hall.sends(report(severity="minor"))
    await hall.drafts()
    await hall.sends(report(severity="severe"))
    (record,) = await hall.drafts()
    assert [(one.version.number, one.version.level) for one in record.versions] == [(1, "danger")]


async def test_an_end_that_the_source_proposes_takes_the_place_of_a_machines_own_update(hall: Hall) -> None:
    await hall.sends(report(severity="minor"))
    (record,) = await hall.drafts()
    await hall.issued(record)
    hall.clock.passes(minutes=3)
    await hall.sends(report(severity="severe"))
    (record,) = await hall.drafts()
    assert version(record).kind is Kind.UPDATE
    await hall.sends(report(severity="severe", ended={"reason": "over", "at": hall.clock().isoformat()}))
    (record,) = await hall.drafts()
    assert [(one.version.number, one.version.kind) for one in record.versions] == [(1, Kind.ALERT), (2, Kind.END)]
    assert await hall.codes() == []


async def test_a_draft_that_ran_out_on_the_desk_is_made_anew(hall: Hall) -> None:
    await hall.sends(report(sequence=1))
    (before,) = await hall.drafts()
    hall.clock.passes(hours=4)
    await hall.sends(report(sequence=2, onset="2026-07-14T18:19:01+09:00"))
    (after,) = await hall.drafts()
    assert version(after).expires > hall.clock() > version(before).expires


async def test_stops_alone_are_told_once_and_again_only_when_others_close(hall: Hall) -> None:
    closed = {"areas": None, "transit": [{"stop": "H05E", "closed": True}]}
    await hall.sends(report(sequence=1, **closed))
    (record,) = await hall.drafts()
    assert "area-derived" in [found.rule for found in version(record).findings]
    await hall.issued(record)
    hall.clock.passes(minutes=3)
    await hall.sends(report(sequence=2, facts={"place": "hannae-bridge"}, **closed))
    assert (await hall.drafts())[0].open is None, "the same stops are no news"
    await hall.sends(report(sequence=3, areas=None, transit=[{"stop": "S01", "closed": True}]))
    assert version((await hall.drafts())[0]).kind is Kind.UPDATE


async def test_an_area_drawn_by_hand_stays_in_the_update_that_a_source_makes(hall: Hall) -> None:
    await hall.sends(report(severity="minor"))
    (record,) = await hall.drafts()
    moved = Changes(areas=incident(areas=[area(ELSEWHERE)]).areas)
    record = await hall.issued(await hall.gateway.edit(record.id, record.revision, moved, KIM))
    drawn = version(record).places
    hall.clock.passes(minutes=3)
    await hall.sends(report(severity="severe"))
    (record,) = await hall.drafts()
    assert (version(record).level, version(record).places) == ("danger", drawn)
    record = await hall.issued(record)
    hall.clock.passes(minutes=3)
    await hall.sends(report(severity="severe", areas=[AREA | {"name": {"ko": "다른 곳", "en": "Another name"}}]))
    assert (await hall.drafts())[0].open is None, "where it is was settled by a person"


@pytest.mark.parametrize("how", ["cancel", "end"])
async def test_after_a_person_stopped_it_only_worse_is_drafted_again(hall: Hall, how: str) -> None:
    await hall.sends(report(severity="minor", sequence=1))
    (record,) = await hall.drafts()
    await hall.issued(record)
    hall.clock.passes(minutes=3)
    if how == "cancel":
        await hall.gateway.cancel(record.id, "false alarm", KIM)
    else:
        await hall.issued(await hall.gateway.end(record.id, "under control", KIM))
    await hall.sends(report(severity="moderate", sequence=2, areas=[area(ELSEWHERE)]))
    assert [one.id for one in await hall.drafts()] == [record.id], "as bad as before is stored, and that is all"
    head = (await hall.journal.heads([("control-room", "fire-1")]))["control-room", "fire-1"]
    assert (head.report.sequence, head.stopped) == (2, "watch")
    await hall.sends(report(severity="severe", sequence=3))
    first, second = await hall.drafts()
    assert (first.id, version(second).kind, version(second).level) == (record.id, Kind.ALERT, "danger")


async def test_a_rise_after_an_end_is_a_new_episode_and_a_new_alert(hall: Hall) -> None:
    await hall.sends(report(sequence=1))
    (record,) = await hall.drafts()
    await hall.issued(record)
    hall.clock.passes(minutes=3)
    await hall.sends(report(sequence=2, ended={"reason": "over", "at": hall.clock().isoformat()}))
    (record,) = await hall.drafts()
    await hall.issued(record)
    hall.clock.passes(minutes=3)
    await hall.sends(report(sequence=3, onset=hall.clock().isoformat()))
    first, second = await hall.drafts()
    assert hall.stage(first) is Stage.ENDED
    about = version(second).incident
    assert about is not None
    assert (version(second).kind, about.episode) == (Kind.ALERT, 2)


async def test_an_alert_that_ran_out_with_a_draft_on_it_does_not_get_the_new_facts(hall: Hall) -> None:
    await hall.sends(report(severity="minor", sequence=1))
    (record,) = await hall.drafts()
    await hall.issued(record)
    hall.clock.passes(minutes=3)
    await hall.sends(report(severity="severe", sequence=2))
    (waiting,) = await hall.drafts()
    hall.clock.passes(hours=3)
    await hall.sends(report(severity="severe", sequence=3, onset="2026-07-14T18:19:01+09:00"))
    (first,) = await hall.drafts()
    assert version(first).level == "danger"
    assert version(first) == version(waiting), "nothing is added to what is over"
    await hall.gateway.expire_due()
    hall.waits(1)
    first, second = await hall.drafts()
    assert first.open is None
    assert (first.id, version(second).kind, version(second).number) == (record.id, Kind.ALERT, 1)


async def test_the_world_of_an_alert_does_not_change_under_way(hall: Hall) -> None:
    await hall.sends(report(sequence=1))
    (record,) = await hall.drafts()
    await hall.issued(record)
    hall.clock.passes(minutes=3)
    await hall.sends(report(sequence=2, status="test", severity="minor"))
    (record,) = await hall.drafts()
    assert record.open is None
    assert await hall.codes() == ["status-changed"]
    assert [task.subject for task in await hall.journal.failures()] == ["control-room/fire-1"]
    with pytest.raises(BadInput) as refused:
        await hall.gateway.update(record.id, KIM)
    assert (refused.value.code, refused.value.path) == ("status-changed", "/status")
