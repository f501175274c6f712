"""Alerts and their versions up to the moment they are frozen."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import apsw

from gateway.alert import Act, Deed, Version
from gateway.channel import Part, Payload
from gateway.fault import Conflict
from gateway.journal.contract import Stale
from gateway.journal.records import AlertRecord, Beside, Draft, Submit, VersionRecord, VersionState
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, moment, read, when
from gateway.journal.sql.ground import box
from gateway.journal.sqlite import audit, intake, work
from gateway.journal.sqlite.sql import Row, change, every, find, keep, only

OPEN_STATES = (VersionState.OPEN, VersionState.FROZEN)


def allocate(cx: apsw.Connection, scope: str) -> int:
    """Return the next number of a scope, from 1."""
    nothing_yet = "INSERT INTO serial (scope, last) VALUES (?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last"
    number: int = only(cx, scope, nothing_yet, scope)[0]
    return number


def alert(cx: apsw.Connection, id: str) -> AlertRecord:
    """Return one alert; raises Missing."""
    revision, created_at = only(cx, f"alert {id}", "SELECT revision, created_at FROM alert WHERE id = ?", id)
    versions = every(cx, "SELECT body, state, hash, issued_at FROM version WHERE alert = ? ORDER BY number", id)
    acts = every(cx, "SELECT body FROM act WHERE alert = ? ORDER BY position", id)
    return AlertRecord(
        id=id,
        revision=revision,
        created_at=when(created_at),
        versions=tuple(_version(row) for row in versions),
        acts=tuple(read(body, Act) for (body,) in acts),
        finding=_not_drafted(cx, id),
    )


def alerts(cx: apsw.Connection, *, most: int = 200) -> Sequence[AlertRecord]:
    """Return alerts, newest first."""
    return [alert(cx, id) for (id,) in every(cx, "SELECT id FROM alert ORDER BY position DESC LIMIT ?", most)]


def neighbours(cx: apsw.Connection, version: Version, now: datetime) -> Sequence[AlertRecord]:
    """Return every other alert that tells, or waits to tell, of the same hazard near the version's places, newest first."""
    return [alert(cx, id) for _, id, _ in _near(cx, version, now)]


def _near(cx: apsw.Connection, version: Version, now: datetime) -> list[Row]:
    near = (
        "SELECT DISTINCT a.position, a.id, a.revision FROM version v JOIN alert a ON a.id = v.alert"
        " WHERE v.state IN ('frozen', 'issued') AND v.hazard = ?1 AND v.expires > ?2 AND v.alert <> ?3"
        " AND (v.state = 'frozen' OR (a.live = 1 AND a.newest_issued = v.number))"
        " AND (?4 IS NULL OR v.west IS NULL OR (v.west <= ?6 AND v.east >= ?4 AND v.south <= ?7 AND v.north >= ?5))"
        " ORDER BY a.position DESC"
    )
    return every(cx, near, version.hazard, moment(now), version.alert, *box(version.places))


def _nobody_else(cx: apsw.Connection, version: Version, beside: Beside) -> None:
    if not {(id, revision) for _, id, revision in _near(cx, version, beside.at)} <= beside.alerts:
        raise Stale("what is told nearby")


def draft(cx: apsw.Connection, draft: Draft) -> int:
    """Record a new version, or the machine's new text for the open one."""
    version = draft.version
    if draft.task is not None:
        work.close_or_stale(cx, draft.task)
    if draft.expected == 0:
        alone_about(cx, version)
    revision = moved_on(cx, version.alert, draft.expected, draft.at)
    _write(cx, version)
    record_acts(cx, version.alert, draft.acts)
    for todo in draft.todos:
        work.owe(cx, todo, draft.at)
    return revision


def alone_about(cx: apsw.Connection, version: Version, *, first: bool = False) -> None:
    """Two who draft at once must not make two alerts of one incident; the `first` of all follows none that is over either."""
    if (key := version.incident) is None:
        return
    elsewhere = (
        "SELECT 1 FROM incident i JOIN version v ON v.alert = i.alert AND (? OR v.state IN ('open', 'frozen'))"
        " WHERE i.source = ? AND i.id = ? AND i.episode = ? AND i.alert <> ?"
    )
    if find(cx, elsewhere, first, key.source, key.id, key.episode, version.alert):
        raise Stale(f"incident {key.source}/{key.id}")


def edit(cx: apsw.Connection, version: Version, expected: int, act: Act) -> int:
    """Replace the open version's content."""
    revision = moved_on(cx, version.alert, expected)
    must_be(cx, version.alert, version.number, VersionState.OPEN)
    _write(cx, version)
    record_acts(cx, version.alert, (act,))
    return revision


def submit(cx: apsw.Connection, submit: Submit, expected: int) -> int:
    """Freeze the open version with its payload rows."""
    revision = moved_on(cx, submit.version.alert, expected)
    must_be(cx, submit.version.alert, submit.version.number, VersionState.OPEN)
    freeze(cx, submit)
    return revision


def freeze(cx: apsw.Connection, submit: Submit) -> None:
    """Fix a version's content and payload bytes; a version that was never a draft is added."""
    version = submit.version
    if submit.beside is not None:
        _nobody_else(cx, version, submit.beside)
    _write(cx, version)
    frozen = "UPDATE version SET state = 'frozen', hash = ? WHERE alert = ? AND number = ?"
    change(cx, frozen, submit.hash, version.alert, version.number)
    rows = "INSERT INTO frozen (alert, number, way, channel, target, part, media_type, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    cx.executemany(rows, payload_rows(cx, version.alert, version.number, submit.payloads, submit.feeds))
    record_acts(cx, version.alert, submit.acts, [payload.sha256 for payload in (*submit.payloads, *submit.feeds)])


def reject(cx: apsw.Connection, alert: str, number: int, expected: int, act: Act) -> int:
    """Void the open version."""
    revision = moved_on(cx, alert, expected)
    must_be(cx, alert, number, *OPEN_STATES)
    change(cx, "UPDATE version SET state = 'void' WHERE alert = ? AND number = ?", alert, number)
    record_acts(cx, alert, (act,))
    return revision


def frozen(cx: apsw.Connection, alert: str, number: int) -> tuple[Sequence[Payload], Sequence[Payload]]:
    """Return the frozen payloads of a submitted version: channels', then feeds'; raises Missing."""
    what = f"submitted version {number} of alert {alert}"
    only(cx, what, "SELECT 1 FROM version WHERE alert = ? AND number = ? AND hash <> ''", alert, number)
    rows = every(
        cx,
        "SELECT way, channel, body, media_type, target, part FROM frozen JOIN blob USING (sha256)"
        " WHERE alert = ? AND number = ? ORDER BY channel, target, part",
        *(alert, number),
    )
    return [_payload(row) for row in rows if row[0] == "channel"], [_payload(row) for row in rows if row[0] == "feed"]


def moved_on(cx: apsw.Connection, alert: str, expected: int, created_at: datetime | None = None) -> int:
    """Raise the alert's revision by one and return it; with `created_at` and nothing expected, add the alert; raises Stale."""
    if expected == 0 and created_at is not None:
        added = "INSERT INTO alert (id, revision, created_at) VALUES (?, 1, ?) ON CONFLICT DO NOTHING"
        moved = change(cx, added, alert, moment(created_at))
    else:
        only(cx, f"alert {alert}", "SELECT 1 FROM alert WHERE id = ?", alert)
        moved = change(cx, "UPDATE alert SET revision = revision + 1 WHERE id = ? AND revision = ?", alert, expected)
    if not moved:
        raise Stale(f"alert {alert}")
    return expected + 1


def must_be(cx: apsw.Connection, alert: str, number: int, *states: VersionState) -> None:
    """Raise Missing for an unknown version, Conflict("frozen") or Conflict("version-...") for one in another state."""
    what = f"version {number} of alert {alert}"
    state = only(cx, what, "SELECT state FROM version WHERE alert = ? AND number = ?", alert, number)[0]
    if state not in states:
        code = "frozen" if state == VersionState.FROZEN else f"version-{state}"
        raise Conflict(code, f"{what} is {state}", hint="read the alert again; a changed text needs a new version")


def record_acts(cx: apsw.Connection, alert: str, acts: Iterable[Act], payloads: Sequence[str] = ()) -> None:
    """Append what was done, to the alert and to its audit chain."""
    for act in acts:
        cx.execute("INSERT INTO act (alert, body) VALUES (?, ?)", (alert, canonical(act)))
        audit.append(cx, entries.acted(alert, act, payloads))


def void_open(cx: apsw.Connection, alert: str, keeping: int, by: Act, told: Iterable[Act] = ()) -> None:
    """Void the open version unless it is `keeping`; the act is `by` with its number, unless `told` already says so."""
    opened = "UPDATE version SET state = 'void' WHERE alert = ? AND number <> ? AND state IN ('open', 'frozen') RETURNING number"
    said = {act.number for act in told if act.deed in (Deed.VOIDED, Deed.REJECTED)}
    for (number,) in every(cx, opened, alert, keeping):
        if number not in said:
            record_acts(cx, alert, (Act(number=number, deed=Deed.VOIDED, actor=by.actor, at=by.at, reason=by.reason),))


def payload_rows(
    cx: apsw.Connection, alert: str, number: int, payloads: Iterable[Payload], feeds: Iterable[Payload]
) -> list[Row]:
    """Store the bytes and return the rows that name them."""
    ways = [*(("channel", payload) for payload in payloads), *(("feed", payload) for payload in feeds)]
    named = [(way, payload, payload.sha256) for way, payload in ways]
    keep(cx, {sha256: payload.body for _, payload, sha256 in named})
    return [(alert, number, way, p.channel, p.target, p.part, p.media_type, sha256) for way, p, sha256 in named]


def _write(cx: apsw.Connection, version: Version) -> None:
    """Add a version or replace the open one's content; raises Conflict when another is open or this one is closed."""
    written = change(
        cx,
        "INSERT INTO version (alert, number, kind, state, expires, body, hazard, west, south, east, north)"
        " SELECT ?1, ?2, ?3, 'open', ?4, ?5, ?6, ?7, ?8, ?9, ?10"
        " WHERE NOT EXISTS (SELECT 1 FROM version WHERE alert = ?1 AND number <> ?2 AND state IN ('open', 'frozen'))"
        " ON CONFLICT DO UPDATE SET kind = excluded.kind, expires = excluded.expires, body = excluded.body,"
        " hazard = excluded.hazard, west = excluded.west, south = excluded.south, east = excluded.east, north = excluded.north"
        " WHERE state = 'open'",
        *(version.alert, version.number, version.kind, moment(version.expires), canonical(version)),
        *(version.hazard, *box(version.places)),
    )
    if not written:
        _refuse(cx, version)
    if version.incident is not None:
        intake.bind(cx, version.incident, version.alert)


def _refuse(cx: apsw.Connection, version: Version) -> None:
    if find(cx, "SELECT 1 FROM version WHERE alert = ? AND number = ?", version.alert, version.number) is None:
        message = f"another version of alert {version.alert} is open"
        raise Conflict("version-open", message, hint="issue or reject that one first")
    must_be(cx, version.alert, version.number, VersionState.OPEN)


def _not_drafted(cx: apsw.Connection, id: str) -> str:
    """Return why the newest facts of the alert's incident could not be drafted; such work is named source/id."""
    row = find(
        cx,
        "SELECT t.failure FROM incident i CROSS JOIN todo t ON t.subject = i.source || '/' || i.id"
        " WHERE i.alert = ? AND t.kind = 'draft' AND (t.done = 1 OR t.failure <> '') ORDER BY t.id DESC LIMIT 1",
        id,
    )
    return row[0] if row else ""


def _version(row: Row) -> VersionRecord:
    body, state, hash, issued_at = row
    version = read(body, Version)
    return VersionRecord(version=version, state=VersionState(state), hash=hash, issued_at=when(issued_at) if issued_at else None)


def _payload(row: Row) -> Payload:
    _, channel, body, media_type, target, part = row
    return Payload(channel=channel, body=body, media_type=media_type, target=target, part=Part(part))
