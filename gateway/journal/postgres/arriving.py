"""Requests that come together are recorded together: one transaction, one trip to the disk, and an answer for each."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gateway.alert import digest
from gateway.fault import Fault
from gateway.journal.contract import Stale
from gateway.journal.postgres import audit, work
from gateway.journal.postgres.intake import hold, known, window
from gateway.journal.postgres.sql import Cx, columns, every, keep, unnest
from gateway.journal.records import Arrival, Placed, Receipt
from gateway.journal.sql import entries
from gateway.journal.sql.codec import canonical
from gateway.journal.sql.times import SAME_BODY_FOR, SAME_KEY_FOR
from gateway.source import Raw

Answer = Receipt | Fault
Revisions = dict[tuple[str, ...], int]
"""Of incidents, by source and id, and of watches, by their key."""


class Request(NamedTuple):
    """What came, the receipt it gets when it is new, and its place among those that came together."""

    place: int
    arrival: Arrival
    receipt: Receipt


async def accept(cx: Cx, arrivals: Sequence[Arrival]) -> list[Answer]:
    """Record everything that requests or ticks bring, each once; one that is stale, or came before, leaves the others alone."""
    requests = [Request(place, arrival, _receipt(arrival)) for place, arrival in enumerate(arrivals)]
    first = await _first(cx, requests)
    before = await _revisions(cx, [request.arrival for request in first])
    now = dict(before)
    new = {request.place: request for request in first if _moved_on(request.arrival, now)}
    await _forget(cx, [request.receipt.id for request in first if request.place not in new])
    await _record(cx, list(new.values()))
    await _move(cx, {key: revision for key, revision in now.items() if revision != before[key]}, new.values())
    return [request.receipt if request.place in new else await _before(cx, request.arrival) for request in requests]


def _receipt(arrival: Arrival) -> Receipt:
    if (raw := arrival.raw) is None:
        return Receipt(id="", source="", received_at=arrival.at, items=arrival.answers)
    return Receipt(id=secrets.token_hex(12), source=raw.source, received_at=raw.received_at, items=arrival.answers)


async def _before(cx: Cx, arrival: Arrival) -> Answer:
    """Return the answer that was given before; without one, it is stale."""
    try:
        given = await known(cx, arrival.raw, arrival.key) if arrival.raw is not None else None
    except Fault as fault:
        return fault
    return given or Stale("what this rests on")


async def _first(cx: Cx, requests: Sequence[Request]) -> list[Request]:
    """Let each request take its name and return those that could; of several with one name, the first."""
    named = {(raw.source, window(raw, request.arrival.key)[0]): (request, raw) for request, raw in reversed(_raws(requests))}
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
        *columns(5, [(*name, one.receipt.id, digest(raw.body), raw.received_at) for name, (one, raw) in named.items()]),
        *(SAME_KEY_FOR, SAME_BODY_FOR),
    )
    ours = {id for (id,) in taken} | {""}
    return [request for request in requests if request.receipt.id in ours]


async def _forget(cx: Cx, receipts: Sequence[str]) -> None:
    if receipts:
        await cx.execute("DELETE FROM given WHERE receipt = ANY($1)", list(receipts))


async def _revisions(cx: Cx, arrivals: Iterable[Arrival]) -> Revisions:
    """Keep everybody else from these incidents and watches until the transaction ends; return their revisions, 0 for new ones."""
    arrivals = list(arrivals)
    names = sorted({(placed.report.source, placed.report.id) for arrival in arrivals for placed in arrival.reports})
    keys = sorted({watched.key for arrival in arrivals for watched in arrival.watches})
    found: Revisions = {}
    if names:
        found |= {(source, id): revision for (source, id), revision in (await hold(cx, names)).items()}
    if keys:
        added = "INSERT INTO watch (key, revision, state) SELECT key, 0, '' FROM unnest($1::text[]) AS n (key) ORDER BY key"
        held = " ON CONFLICT (key) DO UPDATE SET revision = watch.revision RETURNING key, revision"
        found |= {(key,): revision for key, revision in await every(cx, added + held, keys)}
    return found


def _moved_on(arrival: Arrival, revisions: Revisions) -> bool:
    """Move the revisions on, unless the request was decided on others.

    Only its first report of an incident is held against the record; those after it were placed after each other.
    """
    expected: Revisions = {_name(placed): placed.expected for placed in reversed(arrival.reports)}
    expected |= {(watched.key,): watched.expected for watched in arrival.watches}
    if any(revisions[key] != revision for key, revision in expected.items()):
        return False
    for key in [*(_name(placed) for placed in arrival.reports if placed.applied), *((w.key,) for w in arrival.watches)]:
        revisions[key] += 1
    return True


async def _record(cx: Cx, requests: Sequence[Request]) -> None:
    await _receive(cx, requests)
    await _place(cx, requests)
    await work.owe_all(cx, [(todo, request.arrival.at) for request in requests for todo in request.arrival.todos])
    await audit.append_all(cx, [entry for request in requests for entry in entries.arrived(request.arrival, request.receipt)])


async def _receive(cx: Cx, requests: Sequence[Request]) -> None:
    if not (came := _raws(requests)):
        return
    await keep(cx, [raw.body for _, raw in came])
    rows = [
        (
            *(one.receipt.id, raw.source, one.arrival.key, digest(raw.body), raw.media_type, canonical(raw.headers)),
            *(one.arrival.actor, raw.received_at, canonical(one.arrival.answers)),
        )
        for one, raw in came
    ]
    await cx.execute(
        "INSERT INTO receipt (id, source, key, sha256, media_type, headers, actor, received_at, items) SELECT * FROM"
        f" {unnest('text text text text text text text timestamptz text')}",
        *columns(9, rows),
    )
    if refused := [(one.receipt.id, index, canonical(no)) for one, _ in came for index, no in one.arrival.refusals]:
        added = f"INSERT INTO quarantine (receipt, item, refusal) SELECT * FROM {unnest('text int text')}"
        await cx.execute(added, *columns(3, refused))


async def _place(cx: Cx, requests: Sequence[Request]) -> None:
    placed = [(one, report, canonical(report.report)) for one in requests for report in one.arrival.reports]
    if not placed:
        return
    rows = [
        (*_episode(at), one.receipt.id or None, one.arrival.at, at.applied, at.closes, at.why, body) for one, at, body in placed
    ]
    await cx.execute(
        "INSERT INTO report (source, id, episode, receipt, arrived, applied, closes, why, body) SELECT * FROM"
        f" {unnest('text text int text timestamptz bool bool text text')}",
        *columns(9, rows),
    )
    newest = {_episode(at): (*_episode(at), body, one.arrival.at) for one, at, body in placed if at.applied}
    await cx.execute(
        "INSERT INTO episode (source, id, number, report, arrived)"
        f" SELECT * FROM {unnest('text text int text timestamptz')}"
        " ON CONFLICT (source, id, number) DO UPDATE SET report = excluded.report, arrived = excluded.arrived",
        *columns(5, list(newest.values())),
    )
    if closed := [_episode(at) for _, at, _ in placed if at.closes]:
        over = f"UPDATE episode SET open = false WHERE (source, id, number) IN (SELECT * FROM {unnest('text text int')})"
        await cx.execute(over, *columns(3, closed))


async def _move(cx: Cx, revisions: Mapping[tuple[str, ...], int], requests: Iterable[Request]) -> None:
    if incidents := [(*key, revision) for key, revision in revisions.items() if len(key) == 2]:
        moved = f"UPDATE incident i SET revision = n.revision FROM {unnest('text text bigint')}"
        which = " AS n (source, id, revision) WHERE i.source = n.source AND i.id = n.id"
        await cx.execute(moved + which, *columns(3, incidents))
    if states := {watched.key: watched.state for request in requests for watched in request.arrival.watches}:
        rows = [(key, state, revisions[key,]) for key, state in states.items()]
        moved = f"UPDATE watch w SET revision = n.revision, state = n.state FROM {unnest('text bytea bigint')}"
        await cx.execute(moved + " AS n (key, state, revision) WHERE w.key = n.key", *columns(3, rows))


def _raws(requests: Iterable[Request]) -> list[tuple[Request, Raw]]:
    return [(request, raw) for request in requests if (raw := request.arrival.raw) is not None]


def _name(placed: Placed) -> tuple[str, ...]:
    return placed.report.source, placed.report.id


def _episode(placed: Placed) -> tuple[str, str, int]:
    return placed.report.source, placed.report.id, placed.episode
