# ruff: noqa: PLR0913, PLR0917 - a verb takes cx and the time where a method takes self
"""A version's public life: issued once, with everything that follows from it, and expired once."""

from datetime import datetime

from gateway.alert import Act, Deed, Kind, Version, digest
from gateway.channel import Part, Publication
from gateway.fault import Conflict
from gateway.journal.postgres import alerts, intake, lanes, publications, work
from gateway.journal.postgres.changes import keep
from gateway.journal.postgres.sql import Cx, Here, change, every, only
from gateway.journal.records import DeliveryState, Issue, Submit, VersionState
from gateway.journal.sql import entries
from gateway.journal.sql.codec import read
from gateway.journal.sql.lane import Lane, role


async def issue(cx: Cx, here: Here, issue: Issue, submit: Submit | None = None) -> Publication:
    """Issue a frozen version, exactly once; with `submit` it is frozen in the same transaction."""
    await alerts.moved_on(cx, issue.alert, issue.expected, issue.at)
    publication = await publications.bump(cx, issue.at)
    if submit is not None and issue.expected == 0:
        await alerts.alone_about(cx, submit.version, first=True)
    if issue.task is not None:
        await work.close_or_stale(cx, issue.task)
    await alerts.void_open(cx, issue.alert, issue.number, entries.voiding(issue), issue.acts)
    if submit is not None:
        await alerts.freeze(cx, submit)
    version = await _approved(cx, issue)
    await _issued(cx, issue, version)
    await _deliver(cx, issue, version, here.time)
    await lanes.overtake(cx, version, here.time)
    await _tell(cx, issue)
    return publication


async def expire(cx: Cx, here: Here, alert: str, number: int, expected: int, at: datetime) -> Publication:
    """Record the expiry of the version that was on air, and take off the air what was held for that."""
    await alerts.moved_on(cx, alert, expected)
    publication = await publications.bump(cx, at)
    if not await change(cx, "UPDATE alert SET live = false WHERE id = $1 AND newest_issued = $2 AND live", alert, number):
        raise Conflict("not-live", f"version {number} of alert {alert} is not on air", hint="read the alert again")
    act = Act(number=number, deed=Deed.EXPIRED, actor="gateway", at=at)
    await alerts.record_acts(cx, alert, (act,))
    await alerts.void_open(cx, alert, number, Act(number=number, deed=Deed.VOIDED, actor="gateway", at=at, reason="expired"))
    await _release(cx, alert, number, here.time, at)
    return publication


async def _approved(cx: Cx, issue: Issue) -> Version:
    await alerts.must_be(cx, issue.alert, issue.number, VersionState.FROZEN)
    stored = "SELECT hash, body FROM version WHERE alert = $1 AND number = $2"
    hash, body = await only(cx, "version", stored, issue.alert, issue.number)
    rows = "SELECT way, channel, target, part FROM frozen WHERE alert = $1 AND number = $2"
    frozen = await every(cx, rows, issue.alert, issue.number)
    if hash != issue.hash or not _shape(issue) <= set(frozen):
        hint = "read the version again and approve the hash it has now"
        raise Conflict("hash", "what was approved is not what was frozen", hint=hint)
    return read(body, Version)


def _shape(issue: Issue) -> set[tuple[str, str, str, str]]:
    ways = [*(("channel", c.payload) for c in issue.consignments), *(("feed", feed) for feed in issue.feeds)]
    return {(way, p.channel, p.target, p.part) for way, p in ways}


async def _issued(cx: Cx, issue: Issue, version: Version) -> None:
    issued = "UPDATE version SET state = 'issued', issued_at = $3 WHERE alert = $1 AND number = $2"
    await cx.execute(issued, issue.alert, issue.number, issue.at)
    live = version.kind in (Kind.ALERT, Kind.UPDATE)
    stands = "UPDATE alert SET newest_issued = $2, live = $3, expires = $4 WHERE id = $1"
    await cx.execute(stands, issue.alert, issue.number, live, version.expires)
    payloads = [consignment.payload for consignment in issue.consignments]
    await alerts.write_payloads(cx, "issued", issue.alert, issue.number, payloads, issue.feeds)
    if version.identifier and issue.document is not None:
        await _document(cx, issue, version.identifier, issue.document)


async def _document(cx: Cx, issue: Issue, identifier: str, document: bytes) -> None:
    await keep(cx, {digest(document): document})
    added = await change(
        cx,
        "INSERT INTO document (identifier, alert, number, issued_at, sha256) VALUES ($1, $2, $3, $4, encode(sha256($5), 'hex'))"
        " ON CONFLICT (identifier) DO NOTHING",
        *(identifier, issue.alert, issue.number, issue.at, document),
    )
    if not added:
        raise Conflict("identifier-taken", f"a document was issued as {identifier} before", hint="allocate another identifier")


async def _deliver(cx: Cx, issue: Issue, version: Version, time: float) -> None:
    messages_first = sorted(issue.consignments, key=lambda consignment: consignment.payload.part is Part.CLEAR)
    rows: list[tuple[object, ...]] = []
    for one in messages_first:
        payload = one.payload
        state = DeliveryState.HELD if payload.part is Part.CLEAR else DeliveryState.WAITING
        named = (issue.alert, issue.number, payload.channel, payload.target, payload.part)
        rows.append((*named, role(version, payload), one.history, one.priority, one.deadline, state, time))
    await cx.executemany(
        "INSERT INTO delivery (alert, number, channel, target, part, role, history, priority, deadline, state, due)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        rows,
    )


async def _tell(cx: Cx, issue: Issue) -> None:
    payloads = [c.payload.sha256 for c in issue.consignments] + [feed.sha256 for feed in issue.feeds]
    await alerts.record_acts(cx, issue.alert, issue.acts, payloads)
    if issue.stopped is not None:
        await intake.stop(cx, issue.alert, issue.stopped)
    await work.owe(cx, issue.todos, issue.at)


async def _release(cx: Cx, alert: str, number: int, time: float, at: datetime) -> None:
    """A held delivery's deadline counts from the expiry; now it is known when that was."""
    released = await every(
        cx,
        "UPDATE delivery d SET state = 'waiting', due = $3, deadline = $4::timestamptz + (d.deadline - v.expires) FROM version v"
        " WHERE d.alert = $1 AND d.number = $2 AND d.state = 'held' AND v.alert = $1 AND v.number = $2"
        " RETURNING d.alert, d.channel, d.target",
        *(alert, number, time, at),
    )
    await lanes.resolve(cx, {Lane(*lane) for lane in released})
