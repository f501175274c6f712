"""Issue and expiry: each once, everything that follows in the same transaction."""

import asyncio
import hashlib
from datetime import timedelta

import msgspec
import pytest

from gateway.alert import Act, Deed, IncidentKey, Kind
from gateway.channel import Publication, Verdict
from gateway.fault import Conflict, Missing
from gateway.incident import Status
from gateway.journal.contract import Journal, Stale
from gateway.journal.records import Arrival, Draft, Todo, TodoKind, VersionState
from tests.journal.samples import (
    HOUR,
    MINUTE,
    SECOND,
    T0,
    Real,
    act,
    claim,
    issue,
    parts,
    placed,
    raw,
    revision,
    settle,
    states,
    submit,
    tell,
    version,
)


async def test_issue_records_the_version_its_bytes_and_its_deliveries(journal: Journal) -> None:
    published = await tell(journal, version(), ["sms/all"], feeds=["atom", "pb"])

    record = await journal.alert("A1")
    assert record.newest_issued is not None
    assert (record.newest_issued.state, record.newest_issued.issued_at) == (VersionState.ISSUED, T0)
    assert [done.deed for done in record.acts] == [Deed.DRAFTED, Deed.SUBMITTED, Deed.APPROVED, Deed.ISSUED]
    assert await journal.document("A1.1") == (b"<alert>A1.1</alert>", T0)
    assert await states(journal) == {"A1.1.sms.all": "waiting"}
    snapshot = await journal.snapshot()
    assert snapshot.publication == published == await journal.publication()
    assert list(snapshot.versions) == [("A1", 1)]
    rows = await journal.published(snapshot.versions)
    assert [(name, row.body) for name, row in rows] == [("atom", b"A1.1 in atom"), ("pb", b"A1.1 in pb")]


async def test_a_claim_hands_out_the_issued_bytes_and_their_recorded_digest(journal: Journal) -> None:
    await tell(journal, version(), ["sms/all"])

    [claimed] = await claim(journal, "sms")
    assert claimed.payload == parts(version(), ["sms/all"])[0]
    assert claimed.sha256 == hashlib.sha256(b"A1.1 alert message to sms/all").hexdigest()
    assert (claimed.key, claimed.fence, claimed.attempt) == ("A1.1.sms.all", 1, 1)


@pytest.mark.parametrize("status", Status)
async def test_a_claim_names_the_world_of_its_version(journal: Journal, status: Status) -> None:
    await tell(journal, version(), ["sms/all"])
    await tell(journal, msgspec.structs.replace(version(number=2, kind=Kind.UPDATE), status=status), ["sms/all"])

    assert [(one.number, one.status) for one in await claim(journal, "sms")] == [(2, status)]


async def test_a_version_is_issued_exactly_once(journal: Journal) -> None:
    await journal.draft(Draft(version=version(), expected=0, acts=(), at=T0))
    frozen = submit(version(), ["sms/all"])
    await journal.submit(frozen, 1)

    order = issue(frozen, 2)
    results = await asyncio.gather(journal.issue(order), journal.issue(order), return_exceptions=True)
    assert [type(result) for result in results if not isinstance(result, Publication)] == [Stale]
    with pytest.raises(Conflict) as again:
        await journal.issue(issue(frozen, 3))
    assert again.value.code == "version-issued"
    assert len(await journal.deliveries("A1")) == 1


@pytest.mark.parametrize("what", ["hash", "payload", "feed"])
async def test_what_was_not_frozen_is_not_issued(journal: Journal, what: str) -> None:
    await journal.draft(Draft(version=version(), expected=0, acts=(), at=T0))
    frozen = submit(version(), ["sms/all"])
    await journal.submit(frozen, 1)
    other = submit(version(), ["sms/all", "sms/more"], feeds=["atom", "more"])
    order = {
        "hash": msgspec.structs.replace(issue(frozen, 2), hash="another"),
        "payload": msgspec.structs.replace(issue(frozen, 2), consignments=issue(other, 2).consignments),
        "feed": msgspec.structs.replace(issue(frozen, 2), feeds=other.feeds),
    }[what]

    before = await journal.publication()
    with pytest.raises(Conflict) as refused:
        await journal.issue(order)
    assert refused.value.code == "hash"
    assert await journal.publication() == before
    assert await revision(journal, "A1") == 2


async def test_a_draft_is_not_issued(journal: Journal) -> None:
    await journal.draft(Draft(version=version(), expected=0, acts=(), at=T0))

    with pytest.raises(Conflict) as refused:
        await journal.issue(issue(submit(version()), 1))
    assert refused.value.code == "version-open"
    with pytest.raises(Missing):
        await journal.issue(issue(submit(version("A9")), 1))


async def test_a_cancel_is_frozen_and_issued_in_one_transaction_and_voids_what_stands_open(journal: Journal) -> None:
    await tell(journal, version())
    await journal.draft(Draft(version=version(number=2, kind=Kind.UPDATE), expected=3, acts=(), at=T0))
    cancel = submit(version(number=3, kind=Kind.CANCEL))
    await journal.issue(issue(cancel, 4), cancel)

    record = await journal.alert("A1")
    assert [one.state for one in record.versions] == [VersionState.ISSUED, VersionState.VOID, VersionState.ISSUED]
    assert record.open is None
    [voided] = [done for done in record.acts if done.deed is Deed.VOIDED]
    assert (voided.number, voided.actor, voided.reason) == (2, "gateway", "version 3 was issued")


async def test_who_issues_may_say_themselves_why_the_open_version_is_void(journal: Journal) -> None:
    await tell(journal, version())
    await journal.draft(Draft(version=version(number=2, kind=Kind.UPDATE), expected=3, acts=(), at=T0))
    cancel = submit(version(number=3, kind=Kind.CANCEL))
    voided = Act(number=2, deed=Deed.VOIDED, actor="park", at=T0, reason="false alarm")
    await journal.issue(msgspec.structs.replace(issue(cancel, 4), acts=(voided,)), cancel)

    acts = [done for done in (await journal.alert("A1")).acts if done.deed is Deed.VOIDED]
    assert acts == [voided]


async def test_a_cancel_that_lost_the_race_leaves_no_trace(journal: Journal) -> None:
    await tell(journal, version())
    cancel = submit(version(number=2, kind=Kind.CANCEL))

    with pytest.raises(Stale):
        await journal.issue(issue(cancel, 2), cancel)
    record = await journal.alert("A1")
    assert [one.version.number for one in record.versions] == [1]


async def test_issue_owes_its_todos(journal: Journal) -> None:
    frozen = submit(version())
    order = msgspec.structs.replace(issue(frozen, 0), todos=(Todo(kind=TodoKind.PAGE, subject="cancel:A1"),))
    await journal.issue(order, frozen)

    assert [page.subject for page in await journal.take(TodoKind.PAGE, 5, 30)] == ["cancel:A1"]


async def test_issue_finishes_its_task_or_is_stale(journal: Journal, real: Real) -> None:
    """Whoever stood still with work in hands issues nothing of it once another has it."""
    await journal.accept(Arrival(at=T0, todos=(Todo(kind=TodoKind.DRAFT, subject="gauge/gapcheon"),)))
    [slow] = await journal.take(TodoKind.DRAFT, 1, 30)
    real.at += 30
    [task] = await journal.take(TodoKind.DRAFT, 1, 30)
    mine, theirs = submit(version("A1")), submit(version("A2"))
    with pytest.raises(Stale):
        await journal.issue(msgspec.structs.replace(issue(theirs, 0), task=slow), theirs)
    with pytest.raises(Missing):
        await journal.alert("A2")
    again = (Todo(kind=TodoKind.DRAFT, subject="gauge/gapcheon"),)
    await journal.issue(msgspec.structs.replace(issue(mine, 0), task=task, todos=again), mine)

    assert not await journal.finish(task)
    assert [one.id != task.id for one in await journal.take(TodoKind.DRAFT, 5, 30)] == [True]
    with pytest.raises(Stale):
        await journal.issue(msgspec.structs.replace(issue(theirs, 0), task=task), theirs)


@pytest.mark.parametrize("state", ["open", "frozen", "issued", "void"])
async def test_no_alert_begins_at_its_issue_where_the_incident_has_one(journal: Journal, state: str) -> None:
    await journal.accept(Arrival(at=T0, raw=raw(), reports=(placed(),)))
    about = IncidentKey("gauge", "gapcheon", 1)
    first, second = submit(version("A1", about=about)), submit(version("A2", about=about))
    await journal.draft(Draft(version=first.version, expected=0, acts=(), at=T0))
    if state in ("frozen", "issued"):
        await journal.submit(first, 1)
    if state == "issued":
        await journal.issue(issue(first, 2))
    if state == "void":
        await journal.reject("A1", 1, 1, act(1, Deed.REJECTED))

    with pytest.raises(Stale):
        await journal.issue(issue(second, 0), second)
    assert [record.id for record in await journal.alerts()] == ["A1"]


async def test_what_is_not_for_everybody_is_served_to_nobody(journal: Journal) -> None:
    frozen = submit(version())
    await journal.issue(msgspec.structs.replace(issue(frozen, 0), document=None), frozen)

    with pytest.raises(Missing):
        await journal.document("A1.1")


async def test_an_identifier_is_issued_once(journal: Journal) -> None:
    await tell(journal, version())
    copied = submit(msgspec.structs.replace(version("A2"), identifier="A1.1"))

    with pytest.raises(Conflict) as refused:
        await journal.issue(issue(copied, 0), copied)
    assert refused.value.code == "identifier-taken"
    with pytest.raises(Missing):
        await journal.document("A2.1")


async def test_every_publication_is_later_than_the_one_before_and_than_every_expiry_passed(journal: Journal) -> None:
    first = await tell(journal, version("A1", expires=T0 + timedelta(seconds=10.25)))
    second = await tell(journal, version("A2"))
    third = await tell(journal, version("A3"), at=T0 + timedelta(seconds=5.75))
    fourth = await tell(journal, version("A4"), at=T0 + timedelta(seconds=10.5))

    assert [one.at - T0 for one in (first, second, third, fourth)] == [timedelta(seconds=s) for s in (0, 1, 5, 12)]
    assert [one.revision for one in (first, second, third, fourth)] == [1, 2, 3, 4]


async def test_an_alert_expires_once(journal: Journal) -> None:
    await tell(journal, version(), ["sms/all"])
    await journal.draft(Draft(version=version(number=2, kind=Kind.UPDATE), expected=3, acts=(), at=T0))
    assert await journal.due_to_expire(T0 + HOUR - SECOND) == []
    [due] = await journal.due_to_expire(T0 + HOUR)
    assert due == await journal.alert("A1")

    with pytest.raises(Stale):
        await journal.expire("A1", 1, 2, T0 + HOUR)
    published = await journal.expire("A1", 1, 4, T0 + HOUR)
    assert published.at == T0 + HOUR + SECOND
    record = await journal.alert("A1")
    assert [one.state for one in record.versions] == [VersionState.ISSUED, VersionState.VOID]
    told = [(done.number, done.deed, done.actor) for done in record.acts[-2:]]
    assert told == [(1, Deed.EXPIRED, "gateway"), (2, Deed.VOIDED, "gateway")]
    assert await journal.due_to_expire(T0 + HOUR) == []
    with pytest.raises(Conflict) as again:
        await journal.expire("A1", 1, 5, T0 + HOUR)
    assert again.value.code == "not-live"


@pytest.mark.parametrize("kind", [Kind.END, Kind.CANCEL])
async def test_what_was_taken_back_or_overtaken_does_not_expire(journal: Journal, kind: Kind) -> None:
    await tell(journal, version())
    await tell(journal, version(number=2, kind=kind))

    assert await journal.due_to_expire(T0 + 10 * HOUR) == []
    for number in (1, 2):
        with pytest.raises(Conflict):
            await journal.expire("A1", number, 6, T0 + HOUR)


async def test_recovery_frees_what_an_earlier_process_held(journal: Journal) -> None:
    frozen = submit(version(), ["sms/all", "cap/north"])
    order = msgspec.structs.replace(issue(frozen, 0), todos=(Todo(kind=TodoKind.PAGE, subject="p"),))
    await journal.issue(order, frozen)
    held = await claim(journal, "sms", "cap", lease_s=1e6)
    [task] = await journal.take(TodoKind.PAGE, 1, 1e6)

    assert await journal.recover() == 2
    assert await journal.recover() == 0
    assert not await journal.finish(task)
    assert len(await journal.take(TodoKind.PAGE, 1, 30)) == 1
    assert await settle(journal, held[0], Verdict.UNREACHABLE) is None
    assert [one.attempt for one in await claim(journal, "sms", "cap", now=T0 + MINUTE)] == [2, 2]
