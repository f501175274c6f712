"""The life of an alert: who may do what to it, when, and what a refusal says."""

import asyncio
from datetime import timedelta

import pytest

from gateway.access import Actor
from gateway.alert import Kind, Stage, stage
from gateway.engine import Changes
from gateway.fault import BadInput, Conflict, Fault, Refused, Unavailable
from gateway.journal.contract import Stale
from gateway.journal.records import AlertRecord, Arrival, Draft, Todo, TodoKind, VersionState
from tests.engine.hall import AREA, ELSEWHERE, GUEST, KIM, LEE, PARK, Hall, area, incident, report, version

NOT_LIVE = {
    "draft": "nobody was told of it yet",
    "cancelled": "it was cancelled already",
    "ended": "the all clear was given already",
    "expired": "it has run out by itself",
}


def stood(record: AlertRecord, hall: Hall) -> Stage:
    newest = record.newest_issued
    return stage(version(record), record.acts, hall.clock(), newest_issued=newest.version.number if newest else 0)


# Drafts by hand


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


# A machine never overwrites what a person touched, and what came meanwhile is not lost


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
    hall.real += 300
    (record,) = await hall.drafts()
    assert (version(record).number, version(record).kind, version(record).level) == (2, Kind.UPDATE, "danger")


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


# What was stopped, and what begins again


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
    assert stood(first, hall) is Stage.ENDED
    assert version(second).incident is not None
    assert (version(second).kind, version(second).incident.episode) == (Kind.ALERT, 2)  # type: ignore[union-attr]


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
    hall.real += 1
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


# Two people


async def test_an_all_clear_takes_two_people_and_speaks_to_the_same(hall: Hall) -> None:
    record = await hall.told()
    record = await hall.submitted(await hall.gateway.end(record.id, "it is out", KIM))
    assert record.open is not None
    both = Actor("kim", frozenset({"operator", "approver"}))
    with pytest.raises(Refused) as refused:
        await hall.gateway.approve(record.id, 2, record.open.hash, both)
    assert refused.value.code == "two-people"
    done = await hall.gateway.approve(record.id, 2, record.open.hash, LEE)
    await hall.delivers()
    assert stood(done, hall) is Stage.ENDED
    last = hall.far.cap()[-1]
    assert (last.msg_type, last.infos[0].responses, last.infos[0].urgency) == ("Update", ("AllClear",), "Past")


@pytest.mark.parametrize("role", ["draft", "edit", "submit"])
async def test_whoever_made_a_version_does_not_approve_it(hall: Hall, role: str) -> None:
    record = await hall.gateway.create(incident(), PARK if role == "draft" else KIM)
    editor = PARK if role == "edit" else KIM
    record = await hall.gateway.edit(record.id, record.revision, Changes(texts={"en": {"short": "Look out"}}), editor)
    record = await hall.gateway.submit(record.id, record.revision, PARK if role == "submit" else KIM)
    assert record.open is not None
    with pytest.raises(Refused, match="park made this version"):
        await hall.gateway.approve(record.id, 1, record.open.hash, PARK)


async def test_who_broke_the_glass_has_a_reason_and_everybody_is_told(hall: Hall) -> None:
    record = await hall.gateway.submit((await hall.gateway.create(incident(), PARK)).id, 1, PARK)
    assert record.open is not None
    with pytest.raises(Refused):
        await hall.gateway.approve(record.id, 1, record.open.hash, PARK, break_glass=" \n ")
    with pytest.raises(Refused):
        await hall.gateway.approve(record.id, 1, record.open.hash, KIM, break_glass="nobody is here")
    assert await hall.codes() == []
    done = await hall.gateway.approve(record.id, 1, record.open.hash, PARK, break_glass=" nobody else is here ")
    act = next(one for one in done.acts if one.deed.value == "approved")
    assert (act.actor, act.break_glass, act.reason, act.hash) == ("park", True, "nobody else is here", record.open.hash)
    (page,) = await hall.paged()
    assert (page["code"], page["message"]) == ("break-glass", f"park broke the glass on {record.id}: nobody else is here")
    chain = await hall.journal.audit(f"alert:{record.id}")
    assert any(b'"break_glass":true' in entry.body for entry in chain)


async def test_another_hash_another_number_or_a_draft_is_not_approved(hall: Hall) -> None:
    record = await hall.drafted()
    with pytest.raises(Conflict) as still_a_draft:
        await hall.gateway.approve(record.id, 1, "", LEE)
    record = await hall.submitted(record)
    assert record.open is not None
    with pytest.raises(Conflict) as other_text:
        await hall.gateway.approve(record.id, 1, "0" * 64, LEE)
    with pytest.raises(Conflict) as other_number:
        await hall.gateway.approve(record.id, 2, record.open.hash, LEE)
    codes = [fault.value.code for fault in (still_a_draft, other_text, other_number)]
    assert codes == ["not-submitted", "hash", "not-open"]


async def test_what_would_be_over_before_it_is_sent_is_not_approved(hall: Hall) -> None:
    record = await hall.submitted(await hall.drafted())
    assert record.open is not None
    hall.clock.passes(hours=3)
    with pytest.raises(Conflict) as refused:
        await hall.gateway.approve(record.id, 1, record.open.hash, LEE)
    assert refused.value.code == "expires-past"
    record = await hall.gateway.reject(record.id, 1, "too late", LEE)
    assert record.open is None


# Cancel


async def test_one_person_cancels_and_the_duty_officer_is_told(hall: Hall) -> None:
    record = await hall.told()
    done = await hall.gateway.cancel(record.id, "it was a barbecue", LEE)
    await hall.delivers()
    assert stood(done, hall) is Stage.CANCELLED
    assert [one.msg_type for one in hall.far.cap()] == ["Alert", "Cancel"]
    (page,) = await hall.paged()
    assert page["message"] == f"lee cancelled {record.id}: it was a barbecue"
    with pytest.raises(BadInput) as reasonless:
        await hall.gateway.cancel(record.id, "  ", LEE)
    with pytest.raises(Refused):
        await hall.gateway.cancel(record.id, "no", GUEST)
    assert reasonless.value.code == "reason-missing"


@pytest.mark.parametrize("state", NOT_LIVE)
async def test_what_is_not_live_is_not_cancelled_ended_or_updated_and_the_refusal_helps(hall: Hall, state: str) -> None:
    record = await hall.drafted()
    if state != "draft":
        await hall.issued(record)
    if state == "cancelled":
        await hall.gateway.cancel(record.id, "false alarm", KIM)
    if state == "ended":
        await hall.issued(await hall.gateway.end(record.id, "it is out", KIM))
    if state == "expired":
        hall.clock.passes(hours=3)
    for verb in (
        hall.gateway.cancel(record.id, "no", KIM),
        hall.gateway.end(record.id, "no", KIM),
        hall.gateway.update(record.id, KIM),
    ):
        with pytest.raises(Conflict, match=NOT_LIVE[state]) as refused:
            await verb
        assert (refused.value.code, bool(refused.value.hint)) == ("not-live", True)


async def test_a_cancel_voids_what_waits_and_its_approval_comes_too_late(hall: Hall) -> None:
    record = await hall.told()
    hall.clock.passes(minutes=3)
    record = await hall.submitted(await hall.gateway.update(record.id, KIM))
    assert record.open is not None
    done = await hall.gateway.cancel(record.id, "false alarm", KIM)
    assert [one.state for one in done.versions] == [VersionState.ISSUED, VersionState.VOID, VersionState.ISSUED]
    with pytest.raises(Conflict) as late:
        await hall.gateway.approve(record.id, 2, record.open.hash, LEE)
    assert late.value.code == "not-open"
    await hall.delivers()
    assert [one.msg_type for one in hall.far.cap()] == ["Alert", "Cancel"]


async def test_cancel_and_approve_at_once_end_cancelled_and_nothing_follows_the_cancel(hall: Hall) -> None:
    record = await hall.told()
    hall.clock.passes(minutes=3)
    record = await hall.submitted(await hall.gateway.update(record.id, KIM))
    assert record.open is not None
    await asyncio.gather(
        hall.gateway.approve(record.id, 2, record.open.hash, LEE),
        hall.gateway.cancel(record.id, "false alarm", KIM),
        return_exceptions=True,
    )
    await hall.delivers()
    assert stood(await hall.journal.alert(record.id), hall) is Stage.CANCELLED
    told = [one.msg_type for one in hall.far.cap()]
    assert told in (["Alert", "Cancel"], ["Alert", "Update", "Cancel"])


async def test_two_cancels_at_once_are_one(hall: Hall) -> None:
    record = await hall.told()
    both = await asyncio.gather(
        hall.gateway.cancel(record.id, "one", KIM), hall.gateway.cancel(record.id, "two", LEE), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["AlertRecord", "Conflict"]
    await hall.delivers()
    assert [one.msg_type for one in hall.far.cap()] == ["Alert", "Cancel"]


# Duplicates


async def test_the_same_hazard_in_the_same_place_asks_first(hall: Hall) -> None:
    first = await hall.told()
    second = await hall.drafted(id="call-2")
    with pytest.raises(Conflict) as refused:
        await hall.gateway.submit(second.id, second.revision, KIM)
    assert (refused.value.code, refused.value.path) == ("duplicate", first.id)
    assert (await hall.gateway.submit(second.id, second.revision, KIM, confirm=True)).open is not None


async def test_a_twin_that_only_waits_for_approval_asks_too(hall: Hall) -> None:
    first = await hall.submitted(await hall.drafted())
    second = await hall.drafted(id="call-2")
    with pytest.raises(Conflict, match=first.id):
        await hall.gateway.submit(second.id, second.revision, KIM)


@pytest.mark.parametrize(
    ("changes", "hours"),
    [({"areas": [area(ELSEWHERE)]}, 0), ({"hazard": "hazardous-material"}, 0), ({}, 25), ({"status": "test"}, 0)],
    ids=["elsewhere", "another hazard", "a day later", "another world"],
)
async def test_what_is_no_twin_asks_nothing(hall: Hall, changes: dict[str, object], hours: int) -> None:
    first = await hall.drafted()
    longer = Changes(expires=hall.clock() + timedelta(days=3))
    await hall.issued(await hall.gateway.edit(first.id, first.revision, longer, KIM))
    hall.clock.passes(hours=hours)
    second = await hall.drafted(id="call-2", **changes)
    if "status" in changes:
        with pytest.raises(Conflict) as refused:
            await hall.gateway.submit(second.id, second.revision, KIM)
        assert refused.value.code == "targets-missing"
    else:
        assert (await hall.gateway.submit(second.id, second.revision, KIM)).open is not None


async def test_an_all_clear_is_not_held_up_by_a_twin(hall: Hall) -> None:
    first = await hall.told()
    await hall.issued(await hall.drafted(id="call-2"))
    ended = await hall.gateway.end(first.id, "it is out", KIM)
    assert (await hall.gateway.submit(ended.id, ended.revision, KIM)).open is not None


# What cannot be drafted


async def test_what_cannot_be_drafted_pages_and_does_not_stop_the_next(hall: Hall) -> None:
    await hall.sends(report(id="a", severity="unknown"), report(id="b", areas=[area(ELSEWHERE)]))
    await hall.journal.accept(_broken(hall))
    drafted = await hall.drafts()
    assert [version(one).incident.id for one in drafted if version(one).incident] == ["a", "b"]  # type: ignore[union-attr]
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
    hall.real += 5
    assert len(await hall.drafts()) == 1
    assert await hall.codes() == []
    assert await hall.journal.failures() == []


async def test_every_refusal_of_the_life_says_how_to_mend_it(hall: Hall) -> None:
    record = await hall.drafted()
    verbs = [
        hall.gateway.approve(record.id, 9, "", LEE),
        hall.gateway.reject(record.id, 9, "no", LEE),
        hall.gateway.cancel(record.id, "no", KIM),
        hall.gateway.submit(record.id, 9, GUEST),
        hall.gateway.edit("hanbat-2026-99999", 1, Changes(), KIM),
    ]
    for verb in verbs:
        with pytest.raises(Fault) as refused:
            await verb
        assert refused.value.hint or refused.value.code == "missing", refused.value
    with pytest.raises(Stale):
        await hall.gateway.submit(record.id, 9, KIM)


def _broken(hall: Hall) -> Arrival:
    """Return the work on an incident that nobody ever reported, as a fault of ours would leave it."""
    return Arrival(at=hall.clock(), todos=(Todo(kind=TodoKind.DRAFT, subject="nobody/knows"),))
