"""Requests that come together are recorded together: one transaction, one trip to the disk, and an answer for each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.fault import Fault
from gateway.journal.postgres import audit, work
from gateway.journal.postgres import foreign as heard
from gateway.journal.postgres.intake import hold, known
from gateway.journal.postgres.sql import Cx, Part, columns, every, in_one, kept, unnest
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


async def accept(cx: Cx, arrivals: Sequence[Arrival]) -> list[Answer]:
    """Record everything that requests or ticks bring, each once; one that is stale, or came before, leaves the others alone."""
    requests = [request(arrival) for arrival in arrivals]
    first = await _first(cx, requests)
    before = await _revisions(cx, first)
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


async def _first(cx: Cx, requests: Sequence[Request]) -> list[Request]:
    """Let each request take its name and return those that could; of several with one name, the first."""
    named = {(raw.source, window(one.sha256, one.arrival.key)[0]): (one, raw) for one, raw in reversed(raws(requests))}
    if not named:
        return list(requests)
    taken = await every(
        cx,
        "INSERT INTO given AS g (source, name, receipt, sha256, received_at)"
        f" SELECT * FROM {unnest('text text text text timestamptz')} ORDER BY 1, 2"
        " ON CONFLICT (source, name) DO UPDATE SET receipt = excluded.receipt, sha256 = excluded.sha256,"
        " received_at = excluded.received_at"
        " WHERE g.received_at <= excluded.received_at - CASE WHEN g.name LIKE 'key:%' THEN $6::interval ELSE $7::interval END"
        " RETURNING receipt",
        *columns(5, [(*name, one.receipt.id, one.sha256, raw.received_at) for name, (one, raw) in named.items()]),
        *(SAME_KEY_FOR, SAME_BODY_FOR),
    )
    ours = {id for (id,) in taken} | {""}
    return [one for one in requests if one.receipt.id in ours]


async def _forget(cx: Cx, receipts: Sequence[str]) -> None:
    if receipts:
        await cx.execute("DELETE FROM given WHERE receipt = ANY($1)", list(receipts))


async def _revisions(cx: Cx, requests: Sequence[Request]) -> Revisions:
    """Keep everybody else from these incidents and watches until the transaction ends; return their revisions, 0 for new ones."""
    names, keys = touched(requests)
    found: Revisions = {}
    if names:
        found |= {(source, id): revision for (source, id), revision in (await hold(cx, names)).items()}
    if keys:
        added = "INSERT INTO watch (key, revision, state) SELECT key, 0, '' FROM unnest($1::text[]) AS n (key) ORDER BY key"
        held = " ON CONFLICT (key) DO UPDATE SET revision = watch.revision RETURNING key, revision"
        found |= {(key,): revision for key, revision in await every(cx, added + held, keys)}
    if said := [one.id for _, one in foreigners(requests)]:
        found |= {foreign(id): 0 for id in said} | {foreign(id): 1 for id in await heard.known(cx, said)}
    return found


async def _record(cx: Cx, requests: Sequence[Request], moved: Mapping[tuple[str, ...], int]) -> None:
    todos = [(todo, one.arrival.at) for one in requests for todo in one.arrival.todos]
    owed = [work.owing(todos)] if todos else []
    if parts := [*_received(requests), *_placed(requests), *owed, *_moved(moved, requests)]:
        await in_one(cx, parts)
    if closed := [episode(at) for _, at, _ in reports(requests) if at.closes]:
        over = f"UPDATE episode SET open = false WHERE (source, id, number) IN (SELECT * FROM {unnest('text text int')})"
        await cx.execute(over, *columns(3, closed))
    if said := foreigners(requests):
        await heard.add(cx, said)
    await audit.append_all(cx, [entry for one in requests for entry in entries.arrived(one)])


def _received(requests: Sequence[Request]) -> Iterator[Part]:
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
    yield Part(
        "INSERT INTO receipt (id, source, key, sha256, media_type, headers, actor, received_at, items) SELECT * FROM"
        f" {unnest('text text text text text text text timestamptz text')}",
        columns(9, rows),
    )
    if refused := [(one.receipt.id, index, canonical(no)) for one, _ in came for index, no in one.arrival.refusals]:
        added = f"INSERT INTO quarantine (receipt, item, refusal) SELECT * FROM {unnest('text int text')}"
        yield Part(added, columns(3, refused))


def _placed(requests: Sequence[Request]) -> Iterator[Part]:
    if not (placed := reports(requests)):
        return
    rows = [
        (*episode(at), one.receipt.id or None, one.arrival.at, at.applied, at.closes, at.why, body) for one, at, body in placed
    ]
    yield Part(
        "INSERT INTO report (source, id, episode, receipt, arrived, applied, closes, why, body) SELECT * FROM"
        f" {unnest('text text int text timestamptz bool bool text text')}",
        columns(9, rows),
    )
    newest = {episode(at): (*episode(at), body, one.arrival.at) for one, at, body in placed if at.applied}
    yield Part(
        "INSERT INTO episode (source, id, number, report, arrived)"
        f" SELECT * FROM {unnest('text text int text timestamptz')}"
        " ON CONFLICT (source, id, number) DO UPDATE SET report = excluded.report, arrived = excluded.arrived",
        columns(5, list(newest.values())),
    )


def _moved(revisions: Mapping[tuple[str, ...], int], requests: Iterable[Request]) -> Iterator[Part]:
    if incidents := [(*key, revision) for key, revision in revisions.items() if len(key) == 2]:
        moved = f"UPDATE incident i SET revision = n.revision FROM {unnest('text text bigint')}"
        which = " AS n (source, id, revision) WHERE i.source = n.source AND i.id = n.id"
        yield Part(moved + which, columns(3, incidents))
    if states := {watched.key: watched.state for one in requests for watched in one.arrival.watches}:
        rows = [(key, state, revisions[key,]) for key, state in states.items()]
        moved = f"UPDATE watch w SET revision = n.revision, state = n.state FROM {unnest('text bytea bigint')}"
        yield Part(moved + " AS n (key, state, revision) WHERE w.key = n.key", columns(3, rows))
