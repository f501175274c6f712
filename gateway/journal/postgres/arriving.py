"""Requests that come together are recorded together: one transaction, one trip to the disk, and an answer for each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.fault import Fault
from gateway.journal.postgres import audit, work
from gateway.journal.postgres import foreign as heard
from gateway.journal.postgres.changes import Change, Shape, in_one, kept, make, told_in_one
from gateway.journal.postgres.intake import holding, known
from gateway.journal.postgres.sql import Cx
from gateway.journal.records import Arrival
from gateway.journal.sql import entries
from gateway.journal.sql.arriving import (
    Answer,
    Request,
    Revisions,
    episode,
    foreign,
    foreigners,
    moved_on,
    raws,
    reports,
    request,
    touched,
    unknown,
    window,
)
from gateway.journal.sql.codec import canonical
from gateway.journal.sql.times import SAME_BODY_FOR, SAME_KEY_FOR

# Names taken by whoever comes first; one that was taken too long ago is free
_GIVEN = Shape(
    "INSERT INTO given AS g (source, name, receipt, sha256, received_at) SELECT * FROM ROWS AS n ORDER BY 1, 2"
    " ON CONFLICT (source, name) DO UPDATE SET receipt = excluded.receipt, sha256 = excluded.sha256,"
    " received_at = excluded.received_at WHERE g.received_at <= excluded.received_at - CASE WHEN g.name LIKE 'key:%'"
    f" THEN interval '{SAME_KEY_FOR.total_seconds():.0f} s' ELSE interval '{SAME_BODY_FOR.total_seconds():.0f} s' END",
    "text text text text timestamptz",
    "receipt",
)
_WATCHED = Shape(
    "INSERT INTO watch (key, revision, state) SELECT key, 0, '' FROM ROWS AS n (key) ORDER BY key"
    " ON CONFLICT (key) DO UPDATE SET revision = watch.revision",
    "text",
    "key revision",
)
_RECEIVED = Shape(
    "INSERT INTO receipt (id, source, key, sha256, media_type, headers, actor, received_at, items) SELECT * FROM ROWS AS n",
    "text text text text text text text timestamptz text",
)
_REFUSED = Shape("INSERT INTO quarantine (receipt, item, refusal) SELECT * FROM ROWS AS n", "text int text")
_REPORTED = Shape(
    "INSERT INTO report (source, id, episode, receipt, arrived, applied, closes, why, body) SELECT * FROM ROWS AS n",
    "text text int text timestamptz bool bool text text",
)
_NEWEST = Shape(
    "INSERT INTO episode (source, id, number, report, arrived) SELECT * FROM ROWS AS n"
    " ON CONFLICT (source, id, number) DO UPDATE SET report = excluded.report, arrived = excluded.arrived",
    "text text int text timestamptz",
)
_OVER = Shape("UPDATE episode SET open = false WHERE (source, id, number) IN (SELECT * FROM ROWS AS n)", "text text int")
_INCIDENTS_MOVED = Shape(
    "UPDATE incident i SET revision = n.revision FROM ROWS AS n (source, id, revision) WHERE i.source = n.source AND i.id = n.id",
    "text text bigint",
)
_WATCHES_MOVED = Shape(
    "UPDATE watch w SET revision = n.revision, state = n.state FROM ROWS AS n (key, state, revision) WHERE w.key = n.key",
    "text bytea bigint",
)


async def accept(cx: Cx, arrivals: Sequence[Arrival], *, waited: bool = False) -> list[Answer]:
    """Record everything that requests or ticks bring, each once; one that is stale, or came before, leaves the others alone.

    Whoever has `waited` for what others hold waits for it a moment only.
    """
    if waited:
        await cx.execute("SET LOCAL lock_timeout = '50ms'")
    requests = [request(arrival) for arrival in arrivals]
    first, before = await _held(cx, requests)
    now = dict(before)
    new = {one: None for one in first if moved_on(one.arrival, now)}
    await _forget(cx, [one.receipt.id for one in first if one not in new])
    await _record(cx, list(new), {key: revision for key, revision in now.items() if revision != before[key]})
    return [one.receipt if one in new else await _before(cx, one.arrival) for one in requests]


async def _before(cx: Cx, arrival: Arrival) -> Answer:
    """Return the answer that was given before; without one, it is stale."""
    try:
        return unknown(await known(cx, arrival.raw, arrival.key) if arrival.raw is not None else None)
    except Fault as fault:
        return fault


async def _held(cx: Cx, requests: Sequence[Request]) -> tuple[list[Request], Revisions]:
    """Let requests take their names, and keep everybody else from what they would change until the transaction ends.

    Returns the requests that have a name now, of several with one the first, and all revisions, 0 for what is new.
    """
    names, keys = touched(requests)
    taken, incidents, watches = await told_in_one(cx, [_named(requests), holding(names), _WATCHED.of([(key,) for key in keys])])
    ours = {id for (id,) in taken} | {""}
    found: Revisions = {(source, id): int(revision) for source, id, revision in incidents}
    found |= {(key,): int(revision) for key, revision in watches}
    if said := [one.id for _, one in foreigners(requests)]:
        found |= {foreign(id): 0 for id in said} | {foreign(id): 1 for id in await heard.known(cx, said)}
    return [one for one in requests if one.receipt.id in ours], found


def _named(requests: Sequence[Request]) -> Change:
    named = {(raw.source, window(one.sha256, one.arrival.key)[0]): (one, raw) for one, raw in reversed(raws(requests))}
    return _GIVEN.of([(*name, one.receipt.id, one.sha256, raw.received_at) for name, (one, raw) in named.items()])


async def _forget(cx: Cx, receipts: Sequence[str]) -> None:
    if receipts:
        await cx.execute("DELETE FROM given WHERE receipt = ANY($1)", list(receipts))


async def _record(cx: Cx, requests: Sequence[Request], moved: Mapping[tuple[str, ...], int]) -> None:
    if not requests:
        return
    todos = [(todo, one.arrival.at) for one in requests for todo in one.arrival.todos]
    owed = [work.owing(todos)] if todos else []
    said = audit.appending([entry for one in requests for entry in entries.arrived(one)])
    await in_one(cx, [*_received(requests), *_placed(requests), *owed, *_moved(moved, requests)], said)
    if closed := [episode(at) for _, at, _ in reports(requests) if at.closes]:
        await make(cx, _OVER.of(closed))
    if others := foreigners(requests):
        await heard.add(cx, others)


def _received(requests: Sequence[Request]) -> Iterator[Change]:
    if not (came := raws(requests)):
        return
    yield kept({one.sha256: raw.body for one, raw in came})
    rows = [
        (
            *(one.receipt.id, raw.source, one.arrival.key, one.sha256, raw.media_type, canonical(raw.headers)),
            *(one.arrival.actor, raw.received_at, canonical(one.arrival.answers)),
        )
        for one, raw in came
    ]
    yield _RECEIVED.of(rows)
    if refused := [(one.receipt.id, index, canonical(no)) for one, _ in came for index, no in one.arrival.refusals]:
        yield _REFUSED.of(refused)


def _placed(requests: Sequence[Request]) -> Iterator[Change]:
    if not (placed := reports(requests)):
        return
    rows = [
        (*episode(at), one.receipt.id or None, one.arrival.at, at.applied, at.closes, at.why, body) for one, at, body in placed
    ]
    yield _REPORTED.of(rows)
    newest = {episode(at): (*episode(at), body, one.arrival.at) for one, at, body in placed if at.applied}
    yield _NEWEST.of(list(newest.values()))


def _moved(revisions: Mapping[tuple[str, ...], int], requests: Iterable[Request]) -> Iterator[Change]:
    if incidents := [(*key, revision) for key, revision in revisions.items() if len(key) == 2]:
        yield _INCIDENTS_MOVED.of(incidents)
    if states := {watched.key: watched.state for one in requests for watched in one.arrival.watches}:
        yield _WATCHES_MOVED.of([(key, state, revisions[key,]) for key, state in states.items()])
