"""What goes out, to whom, and what it refers to; judged by what really arrived."""

import re
from pathlib import Path

import msgspec
import pytest

from gateway.alert import Kind, Target
from gateway.channel import Part
from gateway.engine import Changes
from gateway.fault import Conflict, Faults, Finding, Gravity, Missing, Refused
from gateway.formats import cap
from gateway.incident import Scope
from tests.engine.conftest import Opening, Planning
from tests.engine.hall import BROADCASTER, CITY_APP, ELSEWHERE, KIM, LEE, Hall, area, rewrite, version

A_DAY_S = 24 * 3600


async def test_every_later_message_names_all_earlier_ones_with_their_sent_as_it_was_written(hall: Hall) -> None:
    record = await hall.told()
    hall.clock.passes(minutes=3)
    await hall.issued(await hall.gateway.update(record.id, KIM))
    await hall.delivers()
    hall.clock.passes(minutes=3)
    await hall.issued(await hall.gateway.end(record.id, "the fire is out", KIM))
    await hall.delivers()
    sent = hall.far.sent()
    assert sent == [f"2026-07-14T18:{minute}:00+09:00" for minute in (20, 23, 26)]
    names = [(f"{record.id}.{number}", sent[number - 1]) for number in (1, 2)]
    assert [[(to.identifier, to.sent) for to in one.references] for one in hall.far.cap()] == [[], names[:1], names]
    assert [(to.identifier, to.sent) for to in hall.far.app()[2].references] == names


async def test_an_update_goes_to_all_who_were_told_and_takes_it_back_from_those_no_longer_meant(hall: Hall) -> None:
    record = await hall.told()
    hall.clock.passes(minutes=3)
    draft = await hall.gateway.update(record.id, KIM)
    draft = await hall.gateway.edit(draft.id, draft.revision, Changes(targets=("webhook/city-app",)), KIM)
    await hall.issued(draft)
    await hall.delivers()
    first, taken_back = hall.far.cap()
    assert (taken_back.msg_type, taken_back.identifier) == ("Cancel", f"{record.id}.2.w")
    assert [(to.identifier, to.sent) for to in taken_back.references] == [(first.identifier, hall.far.sent()[0])]
    assert [one.kind for one in hall.far.app()] == ["alert", "update"]
    lasting = {
        (one.number, one.target.channel): (one.deadline - hall.clock()).total_seconds()
        for one in await hall.journal.deliveries(record.id)
        if one.part is Part.MESSAGE
    }
    assert lasting[2, "cap"] == A_DAY_S
    assert lasting[2, "webhook"] < A_DAY_S, "an alert is not delivered late"


async def test_who_was_left_out_is_told_again_when_meant_again(hall: Hall) -> None:
    record = await hall.told()
    for targets in (("webhook/city-app",), ("webhook/city-app", "cap/broadcaster")):
        hall.clock.passes(minutes=3)
        draft = await hall.gateway.update(record.id, KIM)
        await hall.issued(await hall.gateway.edit(draft.id, draft.revision, Changes(targets=targets), KIM))
        await hall.delivers()
    assert [one.msg_type for one in hall.far.cap()] == ["Alert", "Cancel", "Update"]
    assert len(hall.far.cap()[2].references) == 2


async def test_a_cancel_lasts_a_day_or_as_long_as_its_alert(hall: Hall) -> None:
    long = await hall.drafted()
    long = await hall.gateway.edit(long.id, long.revision, Changes(expires=hall.clock().replace(day=17)), KIM)
    await hall.issued(long)
    short = await hall.issued(await hall.drafted(id="call-2", areas=[area(ELSEWHERE)]))
    for record, until in ((long, "2026-07-17T18:20:00+09:00"), (short, "2026-07-15T18:20:00+09:00")):
        cancelled = version(await hall.gateway.cancel(record.id, "false alarm", KIM))
        assert cancelled.expires.isoformat() == until
        deadlines = [one.deadline for one in await hall.journal.deliveries(record.id) if one.number == cancelled.number]
        assert [at.timestamp() for at in deadlines] == [cancelled.expires.timestamp()] * 2


async def test_a_target_that_was_unconfigured_since_stops_neither_the_all_clear_nor_the_cancel(
    hall: Hall, planning: Planning, opening: Opening
) -> None:
    ended, cancelled = await hall.told(), await hall.told(id="call-2", areas=[area(ELSEWHERE)])
    poorer = await opening(planning(_without_the_broadcaster))
    draft = await poorer.gateway.end(ended.id, "it is out", KIM)
    assert version(draft).targets == (Target("webhook", "city-app"),)
    assert [found.rule for found in version(draft).findings] == ["target-gone"]
    await poorer.issued(draft)
    taken_back = await poorer.gateway.cancel(cancelled.id, "false alarm", KIM)
    assert version(taken_back).withdrawn == ()
    await poorer.delivers()
    assert {(one.alert, one.kind.value) for one in poorer.far.app()} == {(ended.id, "end"), (cancelled.id, "cancel")}
    assert poorer.far.cap() == []


async def test_a_cancel_goes_out_by_the_feeds_when_no_target_is_left(hall: Hall, planning: Planning, opening: Opening) -> None:
    record = await hall.told()
    poorer = await opening(planning(_without_any_of_both))
    await poorer.gateway.cancel(record.id, "false alarm", KIM)
    index = await poorer.feeds.current("/feeds/cap.atom")
    assert index is not None
    assert f"{record.id}.2.xml" in index.body.decode()


async def test_what_was_approved_for_a_target_that_is_gone_is_refused_and_names_it(
    hall: Hall, planning: Planning, opening: Opening
) -> None:
    waiting = await hall.submitted(await hall.drafted())
    assert waiting.open is not None
    poorer = await opening(planning(_without_the_broadcaster))
    with pytest.raises(Conflict, match="cap/broadcaster") as refused:
        await poorer.gateway.approve(waiting.id, 1, waiting.open.hash, LEE)
    assert (refused.value.code, refused.value.path) == ("target-gone", "/targets")


async def test_a_channel_that_stopped_taking_drills_is_asked_at_submit_and_again_at_issue(
    hall: Hall, planning: Planning, opening: Opening
) -> None:
    draft, waiting = await hall.drafted(), await hall.submitted(await hall.drafted(id="call-2", areas=[area(ELSEWHERE)]))
    assert waiting.open is not None
    strict = await opening(planning(_only_tests))
    with pytest.raises(Refused, match="webhook") as at_submit:
        await strict.gateway.submit(draft.id, draft.revision, KIM)
    with pytest.raises(Refused, match="webhook") as at_issue:
        await strict.gateway.approve(waiting.id, 1, waiting.open.hash, LEE)
    assert [fault.value.code for fault in (at_submit, at_issue)] == ["world", "world"]


async def test_a_grave_finding_keeps_a_version_in(hall: Hall) -> None:
    record = await hall.drafted()
    grave = Finding(rule="unsound", message="it does not fit", severity=Gravity.ERROR)
    doubted = msgspec.structs.replace(version(record), findings=(grave,))
    revision = await hall.journal.edit(doubted, record.revision, record.acts[0])
    with pytest.raises(Faults) as refused:
        await hall.gateway.submit(record.id, revision, KIM)
    assert refused.value.findings == (grave,)


@pytest.mark.parametrize("scope", [Scope.RESTRICTED, Scope.PRIVATE])
async def test_what_is_not_for_everybody_reaches_its_peers_and_no_feed(hall: Hall, scope: Scope) -> None:
    record = await hall.drafted(transit=[{"stop": "H05E", "closed": True}])
    narrow = msgspec.structs.replace(version(record), scope=scope)
    revision = await hall.journal.edit(narrow, record.revision, record.acts[0])
    waiting = (await hall.gateway.submit(record.id, revision, KIM)).open
    assert waiting is not None
    await hall.gateway.approve(record.id, 1, waiting.hash, LEE)
    await hall.delivers()
    assert [one.scope for one in hall.far.cap()] == [scope.capitalize()]
    for path in hall.feeds.paths:
        served = await hall.feeds.current(path)
        assert served is not None
        assert record.id.encode() not in served.body
    with pytest.raises(Missing):
        await hall.feeds.document(f"{record.id}.1")


async def test_the_preview_of_a_cancel_is_the_cancel(hall: Hall) -> None:
    record = await hall.told()
    seen = await hall.gateway.preview_cancel(record.id)
    done = version(await hall.gateway.cancel(record.id, "false alarm", LEE))
    assert msgspec.structs.replace(seen, reason="false alarm") == done


async def test_the_cancel_of_a_draft_can_be_read_beforehand(hall: Hall) -> None:
    record = await hall.drafted()
    seen = await hall.gateway.preview_cancel(record.id)
    assert (seen.kind, seen.number, seen.identifier) == (Kind.CANCEL, 2, f"{record.id}.2")
    assert all(
        text.headline.startswith(("[훈련]", "[EXERCISE]", "[演习]", "[訓練]", "[DIỄN TẬP]", "[ฝึกซ้อม]")) for text in seen.texts
    )


async def test_what_arrives_is_what_was_frozen_but_for_the_time_sent(hall: Hall) -> None:
    waiting = await hall.submitted(await hall.drafted())
    assert waiting.open is not None
    hall.clock.passes(minutes=7)
    payloads, _ = await hall.journal.frozen(waiting.id, 1)
    await hall.gateway.approve(waiting.id, 1, waiting.open.hash, LEE)
    await hall.delivers()
    frozen = {one.target: one.body for one in payloads if one.part.value == "message"}
    arrived = {one.url: one.body for one in hall.far.arrived}
    assert arrived[CITY_APP] == frozen["city-app"]
    assert arrived[BROADCASTER] == frozen["broadcaster"].replace(b"1970-01-01T00:00:00-00:00", b"2026-07-14T18:27:00+09:00", 1)
    document = await hall.feeds.document(f"{waiting.id}.1")
    assert document.body == arrived[BROADCASTER]
    assert not [found for found in cap.check(document.body) if found.severity is Gravity.ERROR]


def _without_the_broadcaster(folder: Path) -> None:
    """Take the CAP peers out of the city, as if the broadcaster had closed down."""
    rewrite(folder / "city.toml", lambda text: _cut(text, "[channels.cap]", "[channels.webhook]"))
    _aimed(folder, "webhook/city-app")


def _without_any_of_both(folder: Path) -> None:
    """Replace both ways out by one that nobody was ever told by."""
    rewrite(folder / "city.toml", lambda text: text.replace("[channels.webhook", "[channels.other"))
    rewrite(folder / "city.toml", lambda text: _cut(text, "[channels.cap]", "[channels.other]"))
    _aimed(folder, "other/city-app")


def _aimed(folder: Path, target: str) -> None:
    for book in (folder / "playbooks").glob("*.toml"):
        told = re.sub(r"(?m)^targets = .*$", f'targets = ["{target}"]', book.read_text(encoding="utf-8"))
        book.write_text(told, encoding="utf-8")


def _only_tests(folder: Path) -> None:
    rewrite(
        folder / "city.toml",
        lambda text: text.replace('kind = "webhook"\naccepts = ["exercise"]', 'kind = "webhook"\naccepts = ["test"]'),
    )


def _cut(text: str, first: str, last: str) -> str:
    return text[: text.index(first)] + text[text.index(last) :]
