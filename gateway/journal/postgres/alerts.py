"""Alerts and their versions up to the moment they are frozen."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from gateway.alert import Act, Deed, Version
from gateway.channel import Part, Payload
from gateway.fault import Conflict, Missing
from gateway.journal.contract import Stale
from gateway.journal.postgres import audit, intake, work
from gateway.journal.postgres.changes import keep, make
from gateway.journal.postgres.sql import Cx, Row, change, every, find, only
from gateway.journal.records import AlertRecord, Beside, Draft, Submit, VersionRecord, VersionState
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical, read
from gateway.journal.sql.ground import box

OPEN_STATES = (VersionState.OPEN, VersionState.FROZEN)

# An incident may have been reported millions of times; its newest report is the last in its stretch of the index todo_by_subject,
# which sorts in the database's own order and not, as incidents do, by bytes. Named by both ends, a stretch is read in no other
# way, however few incidents there seem to be.
_NEWEST_TRIED = (
    "SELECT DISTINCT ON (e.alert) e.alert, t.failure FROM episode e"
    " CROSS JOIN LATERAL (SELECT (e.source || '/' || e.id) COLLATE \"default\" AS subject) s"
    " CROSS JOIN LATERAL (SELECT id, failure FROM todo WHERE (kind, subject, id) >= ('draft', s.subject, 0)"
    " AND (kind, subject, id) <= ('draft', s.subject, 9223372036854775807) AND (done OR failure <> '')"
    " ORDER BY kind DESC, subject DESC, id DESC LIMIT 1) t WHERE e.alert = ANY($1) ORDER BY e.alert, t.id DESC"
)


async def allocate(cx: Cx, scope: str) -> int:
    """Return the next number of a scope, from 1."""
    nothing_yet = "INSERT INTO serial AS s (scope, last) VALUES ($1, 1) ON CONFLICT (scope) DO UPDATE SET last = s.last + 1"
    number: int = (await only(cx, scope, nothing_yet + " RETURNING last", scope))[0]
    return number


async def alert(cx: Cx, id: str) -> AlertRecord:
    """Return one alert; raises Missing."""
    if not (found := await records(cx, [id])):
        raise Missing("missing", f"there is no alert {id}")
    return found[0]


async def alerts(cx: Cx, *, most: int = 200) -> Sequence[AlertRecord]:
    """Return alerts, newest first."""
    return await records(cx, [id for (id,) in await every(cx, "SELECT id FROM alert ORDER BY position DESC LIMIT $1", most)])


async def records(cx: Cx, ids: Sequence[str]) -> list[AlertRecord]:
    """Return these alerts, in this order; what is unknown is left out."""
    rows = {row[0]: row for row in await every(cx, "SELECT id, revision, created_at FROM alert WHERE id = ANY($1)", ids)}
    versions = _grouped(
        await every(
            cx, "SELECT alert, body, state, hash, issued_at FROM version WHERE alert = ANY($1) ORDER BY alert, number", ids
        )
    )
    acts = _grouped(await every(cx, "SELECT alert, body FROM act WHERE alert = ANY($1) ORDER BY alert, position", ids))
    findings = await _not_drafted(cx, ids)
    return [
        AlertRecord(
            id=id,
            revision=rows[id][1],
            created_at=rows[id][2],
            versions=tuple(_version(row) for row in versions[id]),
            acts=tuple(read(body, Act) for _, body in acts[id]),
            finding=findings.get(id, ""),
        )
        for id in ids
        if id in rows
    ]


async def neighbours(cx: Cx, version: Version, now: datetime) -> Sequence[AlertRecord]:
    """Return every other alert that tells, or waits to tell, of the same hazard near the version's places, newest first."""
    return await records(cx, [id for _, id, _ in await _near(cx, version, now)])


async def _near(cx: Cx, version: Version, now: datetime) -> Sequence[Row]:
    near = (
        "SELECT DISTINCT a.position, a.id, a.revision FROM version v JOIN alert a ON a.id = v.alert"
        " WHERE v.state IN ('frozen', 'issued') AND (v.hazard = $1 OR v.hazard IS NULL) AND v.expires > $2 AND v.alert <> $3"
        " AND (v.state = 'frozen' OR (a.live AND a.newest_issued = v.number))"
        " AND ($4::float8 IS NULL OR v.west IS NULL OR (v.west <= $6 AND v.east >= $4 AND v.south <= $7 AND v.north >= $5))"
        " ORDER BY a.position DESC"
    )
    return await every(cx, near, version.hazard, now, version.alert, *box(version.places))


async def _nobody_else(cx: Cx, version: Version, beside: Beside) -> None:
    """Whoever tells, or begins to, holds the publication: of two that were decided at once the later sees the earlier."""
    await cx.execute("SELECT FROM publication FOR UPDATE")
    if not {(id, revision) for _, id, revision in await _near(cx, version, beside.at)} <= beside.alerts:
        raise Stale("what is told nearby")


async def draft(cx: Cx, draft: Draft) -> int:
    """Record a new version, or the machine's new text for the open one."""
    version = draft.version
    revision = await moved_on(cx, version.alert, draft.expected, draft.at)
    if draft.expected == 0:
        await alone_about(cx, version)
    else:
        await _hold_incident(cx, version)
    if draft.task is not None:
        await work.close_or_stale(cx, draft.task)
    await _write(cx, version)
    await record_acts(cx, version.alert, draft.acts)
    await work.owe(cx, draft.todos, draft.at)
    return revision


async def alone_about(cx: Cx, version: Version, *, first: bool = False) -> None:
    """Two who draft at once must not make two alerts of one incident; the `first` of all follows none that is over either."""
    await _hold_incident(cx, version)
    if (key := version.incident) is None:
        return
    elsewhere = (
        "SELECT 1 FROM episode e JOIN version v ON v.alert = e.alert AND ($5 OR v.state IN ('open', 'frozen'))"
        " WHERE e.source = $1 AND e.id = $2 AND e.number = $3 AND e.alert <> $4"
    )
    if await find(cx, elsewhere, key.source, key.id, key.episode, version.alert, first):
        raise Stale(f"incident {key.source}/{key.id}")


async def _hold_incident(cx: Cx, version: Version) -> None:
    """Keep everybody else from the incident; whoever places a report takes it before the work on it, too."""
    if (key := version.incident) is not None:
        await make(cx, intake.holding([(key.source, key.id)]))


async def edit(cx: Cx, version: Version, expected: int, act: Act) -> int:
    """Replace the open version's content."""
    revision = await moved_on(cx, version.alert, expected)
    await must_be(cx, version.alert, version.number, VersionState.OPEN)
    await _write(cx, version)
    await record_acts(cx, version.alert, (act,))
    return revision


async def submit(cx: Cx, submit: Submit, expected: int) -> int:
    """Freeze the open version with its payload rows."""
    revision = await moved_on(cx, submit.version.alert, expected)
    await must_be(cx, submit.version.alert, submit.version.number, VersionState.OPEN)
    await freeze(cx, submit)
    return revision


async def freeze(cx: Cx, submit: Submit) -> None:
    """Fix a version's content and payload bytes; a version that was never a draft is added."""
    version = submit.version
    if submit.beside is not None:
        await _nobody_else(cx, version, submit.beside)
    await _write(cx, version)
    frozen = "UPDATE version SET state = 'frozen', hash = $3 WHERE alert = $1 AND number = $2"
    await cx.execute(frozen, version.alert, version.number, submit.hash)
    await write_payloads(cx, "frozen", version.alert, version.number, submit.payloads, submit.feeds)
    await record_acts(cx, version.alert, submit.acts, [payload.sha256 for payload in (*submit.payloads, *submit.feeds)])


async def reject(cx: Cx, alert: str, number: int, expected: int, act: Act) -> int:
    """Void the open version."""
    revision = await moved_on(cx, alert, expected)
    await must_be(cx, alert, number, *OPEN_STATES)
    await cx.execute("UPDATE version SET state = 'void' WHERE alert = $1 AND number = $2", alert, number)
    await record_acts(cx, alert, (act,))
    return revision


async def frozen(cx: Cx, alert: str, number: int) -> tuple[Sequence[Payload], Sequence[Payload]]:
    """Return the frozen payloads of a submitted version: channels', then feeds'; raises Missing."""
    what = f"submitted version {number} of alert {alert}"
    await only(cx, what, "SELECT 1 FROM version WHERE alert = $1 AND number = $2 AND hash <> ''", alert, number)
    rows = await every(
        cx,
        "SELECT way, channel, body, media_type, target, part FROM frozen JOIN blob USING (sha256)"
        " WHERE alert = $1 AND number = $2 ORDER BY channel, target, part",
        *(alert, number),
    )
    return [_payload(row) for row in rows if row[0] == "channel"], [_payload(row) for row in rows if row[0] == "feed"]


async def moved_on(cx: Cx, alert: str, expected: int, created_at: datetime | None = None) -> int:
    """Raise the alert's revision by one and return it; with `created_at` and nothing expected, add the alert; raises Stale.

    The alert's row is ours from here on until the transaction ends.
    """
    if expected == 0 and created_at is not None:
        added = "INSERT INTO alert (id, revision, created_at) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING"
        moved = await change(cx, added, alert, created_at)
    else:
        moved = await change(cx, "UPDATE alert SET revision = revision + 1 WHERE id = $1 AND revision = $2", alert, expected)
    if not moved:
        await only(cx, f"alert {alert}", "SELECT 1 FROM alert WHERE id = $1", alert)
        raise Stale(f"alert {alert}")
    return expected + 1


async def hold(cx: Cx, *alerts: str) -> None:
    """Keep everybody else from alerts and their lanes until the transaction ends; raises Missing.

    Always in the same order, so that nobody waits for each other.
    """
    held = await every(cx, "SELECT id FROM alert WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", alerts)
    if missing := set(alerts) - {id for (id,) in held}:
        raise Missing("missing", f"there is no alert {min(missing)}")


async def must_be(cx: Cx, alert: str, number: int, *states: VersionState) -> None:
    """Raise Missing for an unknown version, Conflict("frozen") or Conflict("version-...") for one in another state."""
    what = f"version {number} of alert {alert}"
    [state] = await only(cx, what, "SELECT state FROM version WHERE alert = $1 AND number = $2", alert, number)
    if state not in states:
        code = "frozen" if state == VersionState.FROZEN else f"version-{state}"
        raise Conflict(code, f"{what} is {state}", hint="read the alert again; a changed text needs a new version")


async def record_acts(cx: Cx, alert: str, acts: Iterable[Act], payloads: Sequence[str] = ()) -> None:
    """Append what was done, to the alert and to its audit chain."""
    for act in acts:
        await cx.execute("INSERT INTO act (alert, body) VALUES ($1, $2)", alert, canonical(act))
        await audit.append(cx, entries.acted(alert, act, payloads))


async def void_open(cx: Cx, alert: str, keeping: int, by: Act, told: Iterable[Act] = ()) -> None:
    """Void the open version unless it is `keeping`; the act is `by` with its number, unless `told` already says so."""
    opened = (
        "UPDATE version SET state = 'void' WHERE alert = $1 AND number <> $2 AND state IN ('open', 'frozen') RETURNING number"
    )
    said = {act.number for act in told if act.deed in (Deed.VOIDED, Deed.REJECTED)}
    for (number,) in await every(cx, opened, alert, keeping):
        if number not in said:
            await record_acts(cx, alert, (Act(number=number, deed=Deed.VOIDED, actor=by.actor, at=by.at, reason=by.reason),))


async def write_payloads(  # noqa: PLR0913, PLR0917 - two tables with the same rows
    cx: Cx, table: str, alert: str, number: int, payloads: Sequence[Payload], feeds: Sequence[Payload]
) -> None:
    """Store the bytes and the rows that name them, in `frozen` or in `issued`."""
    await keep(cx, {payload.sha256: payload.body for payload in (*payloads, *feeds)})
    ways = [*(("channel", payload) for payload in payloads), *(("feed", payload) for payload in feeds)]
    columns = "(alert, number, way, channel, target, part, media_type, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    rows = [(alert, number, way, p.channel, p.target, p.part, p.media_type, p.sha256) for way, p in ways]
    await cx.executemany(f"INSERT INTO {table} {columns}", rows)


async def _write(cx: Cx, version: Version) -> None:
    """Add a version or replace the open one's content; raises Conflict when another is open or this one is closed."""
    written = await change(
        cx,
        "INSERT INTO version AS old (alert, number, kind, status, state, expires, body, hazard, west, south, east, north)"
        " SELECT $1, $2::int, $3, $4, 'open', $5, $6, $7, $8::float8, $9::float8, $10::float8, $11::float8 WHERE NOT EXISTS"
        " (SELECT 1 FROM version WHERE alert = $1 AND number <> $2 AND state IN ('open', 'frozen'))"
        " ON CONFLICT (alert, number) DO UPDATE"
        " SET kind = excluded.kind, status = excluded.status, expires = excluded.expires, body = excluded.body,"
        " hazard = excluded.hazard, west = excluded.west, south = excluded.south, east = excluded.east, north = excluded.north"
        " WHERE old.state = 'open'",
        *(version.alert, version.number, version.kind, version.status, version.expires, canonical(version)),
        *(version.hazard, *box(version.places)),
    )
    if not written:
        await _refuse(cx, version)
    if version.incident is not None:
        await intake.bind(cx, version.incident, version.alert)


async def _refuse(cx: Cx, version: Version) -> None:
    if await find(cx, "SELECT 1 FROM version WHERE alert = $1 AND number = $2", version.alert, version.number) is None:
        message = f"another version of alert {version.alert} is open"
        raise Conflict("version-open", message, hint="issue or reject that one first")
    await must_be(cx, version.alert, version.number, VersionState.OPEN)


async def _not_drafted(cx: Cx, ids: Sequence[str]) -> Mapping[str, str]:
    """Return why the newest facts of the alerts' incidents could not be drafted; such work is named source/id."""
    rows = await every(cx, _NEWEST_TRIED, ids)
    return {alert: failure.decode() for alert, failure in rows}


def _grouped(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    found = defaultdict[str, list[Row]](list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _version(row: Row) -> VersionRecord:
    _, body, state, hash, issued_at = row
    return VersionRecord(version=read(body, Version), state=VersionState(state), hash=hash, issued_at=issued_at)


def _payload(row: Row) -> Payload:
    _, channel, body, media_type, target, part = row
    return Payload(channel=channel, body=body, media_type=media_type, target=target, part=Part(part))
