# ruff: noqa: PLR0913, PLR0917 - a verb takes cx and the time where a method takes self
"""A version's public life: issued once, with everything that follows from it, and expired once."""

from datetime import datetime

import apsw

from gateway.alert import Act, Deed, Kind, Version, digest
from gateway.channel import Part, Payload, Publication
from gateway.fault import Conflict
from gateway.journal.records import DeliveryState, Issue, Submit, VersionState
from gateway.journal.sql import entries
from gateway.journal.sql.codec import moment, read, when
from gateway.journal.sql.lane import role
from gateway.journal.sqlite import alerts, intake, lanes, publications, work
from gateway.journal.sqlite.sql import change, every, find, keep, only


def issue(cx: apsw.Connection, real: float, issue: Issue, submit: Submit | None = None) -> Publication:
    """Issue a frozen version, exactly once; with `submit` it is frozen in the same transaction."""
    alerts.moved_on(cx, issue.alert, issue.expected, issue.at)
    publication = publications.bump(cx, issue.at)
    if submit is not None and issue.expected == 0:
        alerts.alone_about(cx, submit.version, first=True)
    if issue.task is not None:
        work.close_or_stale(cx, issue.task)
    alerts.void_open(cx, issue.alert, issue.number, entries.voiding(issue), issue.acts)
    if submit is not None:
        alerts.freeze(cx, submit)
    version = _approved(cx, issue)
    _issued(cx, issue, version)
    _deliver(cx, issue, version, real)
    lanes.overtake(cx, version, real)
    _tell(cx, issue)
    return publication


def expire(cx: apsw.Connection, real: float, alert: str, number: int, expected: int, at: datetime) -> Publication:
    """Record the expiry of the version that was on air, and take off the air what was held for that."""
    alerts.moved_on(cx, alert, expected)
    publication = publications.bump(cx, at)
    if not change(cx, "UPDATE alert SET live = 0 WHERE id = ? AND newest_issued = ? AND live = 1", alert, number):
        raise Conflict("not-live", f"version {number} of alert {alert} is not on air", hint="read the alert again")
    act = Act(number=number, deed=Deed.EXPIRED, actor="gateway", at=at)
    alerts.record_acts(cx, alert, (act,))
    alerts.void_open(cx, alert, number, Act(number=number, deed=Deed.VOIDED, actor="gateway", at=at, reason="expired"))
    _release(cx, alert, number, real, at)
    return publication


def _approved(cx: apsw.Connection, issue: Issue) -> Version:
    alerts.must_be(cx, issue.alert, issue.number, VersionState.FROZEN)
    stored = "SELECT hash, body FROM version WHERE alert = ? AND number = ?"
    hash, body = only(cx, "version", stored, issue.alert, issue.number)
    frozen = every(cx, "SELECT way, channel, target, part FROM frozen WHERE alert = ? AND number = ?", issue.alert, issue.number)
    if hash != issue.hash or not _shape(issue) <= set(frozen):
        hint = "read the version again and approve the hash it has now"
        raise Conflict("hash", "what was approved is not what was frozen", hint=hint)
    return read(body, Version)


def _shape(issue: Issue) -> set[tuple[str, str, str, str]]:
    ways = [*(("channel", c.payload) for c in issue.consignments), *(("feed", feed) for feed in issue.feeds)]
    return {(way, p.channel, p.target, p.part) for way, p in ways}


def _issued(cx: apsw.Connection, issue: Issue, version: Version) -> None:
    change(
        cx,
        "UPDATE version SET state = 'issued', issued_at = ? WHERE alert = ? AND number = ?",
        *(moment(issue.at), issue.alert, issue.number),
    )
    live = version.kind in (Kind.ALERT, Kind.UPDATE)
    stands = "UPDATE alert SET newest_issued = ?, live = ?, expires = ? WHERE id = ?"
    change(cx, stands, issue.number, live, moment(version.expires), issue.alert)
    payloads = [consignment.payload for consignment in issue.consignments]
    rows = "INSERT INTO issued (alert, number, way, channel, target, part, media_type, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    cx.executemany(rows, alerts.payload_rows(cx, issue.alert, issue.number, payloads, issue.feeds))
    if version.identifier:
        _document(cx, issue, version.identifier)


def _document(cx: apsw.Connection, issue: Issue, identifier: str) -> None:
    if issue.document is None:
        return
    if find(cx, "SELECT 1 FROM document WHERE identifier = ?", identifier):
        raise Conflict("identifier-taken", f"a document was issued as {identifier} before", hint="allocate another identifier")
    sha256 = digest(issue.document)
    keep(cx, {sha256: issue.document})
    cx.execute(
        "INSERT INTO document (identifier, alert, number, issued_at, sha256) VALUES (?, ?, ?, ?, ?)",
        (identifier, issue.alert, issue.number, moment(issue.at), sha256),
    )


def _deliver(cx: apsw.Connection, issue: Issue, version: Version, real: float) -> None:
    messages_first = sorted(issue.consignments, key=lambda consignment: consignment.payload.part is Part.CLEAR)
    for consignment in messages_first:
        payload = consignment.payload
        state = DeliveryState.HELD if payload.part is Part.CLEAR else DeliveryState.WAITING
        does = role(version, payload)
        cx.execute(
            "INSERT INTO delivery (alert, number, channel, target, part, role, history, priority, deadline, state, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*_named(issue, payload), does, consignment.history, consignment.priority, moment(consignment.deadline), state, real),
        )


def _named(issue: Issue, payload: Payload) -> tuple[str, int, str, str, str]:
    return issue.alert, issue.number, payload.channel, payload.target, payload.part


def _tell(cx: apsw.Connection, issue: Issue) -> None:
    payloads = [c.payload.sha256 for c in issue.consignments] + [feed.sha256 for feed in issue.feeds]
    alerts.record_acts(cx, issue.alert, issue.acts, payloads)
    if issue.stopped is not None:
        intake.stop(cx, issue.alert, issue.stopped)
    for todo in issue.todos:
        work.owe(cx, todo, issue.at)


def _release(cx: apsw.Connection, alert: str, number: int, real: float, at: datetime) -> None:
    expires = when(only(cx, "version", "SELECT expires FROM version WHERE alert = ? AND number = ?", alert, number)[0])
    held = "SELECT id, deadline FROM delivery WHERE alert = ? AND number = ? AND state = 'held'"
    for id, deadline in every(cx, held, alert, number):
        until = at + (when(deadline) - expires)
        change(cx, "UPDATE delivery SET state = 'waiting', due = ?, deadline = ? WHERE id = ?", real, moment(until), id)
        lanes.resolve(cx, lanes.delivery(cx, id).lane)
