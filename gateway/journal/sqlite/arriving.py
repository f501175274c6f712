"""Requests that come together are recorded together: a few statements for all of them, and an answer for each."""

from collections.abc import Sequence

import apsw

from gateway.fault import Fault
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
from gateway.journal.sql.codec import canonical, moment, when
from gateway.journal.sqlite import audit, work
from gateway.journal.sqlite import foreign as heard
from gateway.journal.sqlite.intake import known
from gateway.journal.sqlite.sql import each, find, keep, together

# When a receipt key, or bytes without one, came last
_GIVEN_KEY = (
    "SELECT n.column1, max(received_at) FROM (VALUES ROWS) n JOIN receipt ON source = n.column2 AND key = n.column3 GROUP BY 1"
)
_GIVEN_BODY = (
    "SELECT n.column1, max(received_at) FROM (VALUES ROWS) n JOIN receipt"
    " ON source = n.column2 AND key IS NULL AND sha256 = n.column3 GROUP BY 1"
)
_REVISIONS = (
    "SELECT source, id, max(revision) FROM (VALUES ROWS) n JOIN incident ON source = n.column1 AND id = n.column2 GROUP BY 1, 2"
)


def accept(cx: apsw.Connection, arrivals: Sequence[Arrival]) -> list[Answer]:
    """Record everything that requests or ticks bring, each once; one that is stale, or came before, leaves the others alone."""
    requests = [request(arrival) for arrival in arrivals]
    first = _first(cx, requests)
    revisions = _revisions(cx, first)
    new = {one: None for one in first if moved_on(one.arrival, revisions)}
    _record(cx, list(new), revisions)
    return [one.receipt if one in new else _before(cx, one.arrival) for one in requests]


def _before(cx: apsw.Connection, arrival: Arrival) -> Answer:
    try:
        return unknown(known(cx, arrival.raw, arrival.key) if arrival.raw is not None else None)
    except Fault as fault:
        return fault


def _first(cx: apsw.Connection, requests: Sequence[Request]) -> list[Request]:
    """Return the requests that were not answered before; of several with one name, the first."""
    came = raws(requests)
    named = {(raw.source, window(one.sha256, one.arrival.key)[0]): one for one, raw in reversed(came)}
    lost = {one for one, _ in came}.difference(named.values())
    keyed = [(place, raw.source, one.arrival.key) for place, (one, raw) in enumerate(came) if one.arrival.key is not None]
    plain = [(place, raw.source, one.sha256) for place, (one, raw) in enumerate(came) if one.arrival.key is None]
    for place, received_at in (*together(cx, _GIVEN_KEY, keyed), *together(cx, _GIVEN_BODY, plain)):
        one, raw = came[place]
        if when(received_at) > raw.received_at - window(one.sha256, one.arrival.key)[1]:
            lost.add(one)
    return [one for one in requests if one not in lost]


def _revisions(cx: apsw.Connection, requests: Sequence[Request]) -> Revisions:
    """Return the revisions of all incidents and watches that requests would change, 0 for new ones."""
    incidents, watches = touched(requests)
    found: Revisions = {**dict.fromkeys(incidents, 0), **{(key,): 0 for key in watches}}
    found |= {(source, id): revision for source, id, revision in together(cx, _REVISIONS, incidents)}
    watched = each(cx, "SELECT key, revision FROM watch WHERE key = ?", [(key,) for key in watches])
    said = [one.id for _, one in foreigners(requests)]
    found |= {foreign(id): 0 for id in said} | {foreign(id): 1 for id in heard.known(cx, said)}
    return found | {(key,): revision for key, revision in watched}


def _record(cx: apsw.Connection, requests: Sequence[Request], revisions: Revisions) -> None:
    _receive(cx, requests)
    _place(cx, requests)
    heard.add(cx, foreigners(requests))
    states = {watched.key: watched.state for one in requests for watched in one.arrival.watches}
    each(
        cx,
        "INSERT INTO watch (key, revision, state) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET revision = excluded.revision, state = excluded.state",
        [(key, revisions[key,], state) for key, state in states.items()],
    )
    work.owe_all(cx, [(todo, one.arrival.at) for one in requests for todo in one.arrival.todos])
    audit.append_all(cx, [entry for one in requests for entry in entries.arrived(one)])


def _receive(cx: apsw.Connection, requests: Sequence[Request]) -> None:
    came = raws(requests)
    keep(cx, {one.sha256: raw.body for one, raw in came if one.arrival.foreign})
    rows = [
        (
            *(one.receipt.id, raw.source, one.arrival.key, one.sha256, raw.media_type, canonical(raw.headers)),
            *(one.arrival.actor, moment(raw.received_at), canonical(one.arrival.answers)),
            None if one.arrival.foreign else raw.body,
        )
        for one, raw in came
    ]
    together(
        cx,
        "INSERT INTO receipt (id, source, key, sha256, media_type, headers, actor, received_at, items, body) VALUES ROWS",
        rows,
    )
    refused = [(one.receipt.id, index, canonical(no)) for one, _ in came for index, no in one.arrival.refusals]
    each(cx, "INSERT INTO quarantine (receipt, item, refusal) VALUES (?, ?, ?)", refused)


def _place(cx: apsw.Connection, requests: Sequence[Request]) -> None:
    """An episode's revision goes on from the one before it, so that no revision of an incident is seen twice."""
    if not (placed := reports(requests)):
        return
    last = find(cx, "SELECT max(position) FROM report") or (None,)
    rows = [
        (place, *episode(at), one.receipt.id or None, moment(one.arrival.at), at.applied, at.closes, at.why, body)
        for place, (one, at, body) in enumerate(placed, (last[0] or 0) + 1)
    ]
    together(
        cx,
        "INSERT INTO report (position, source, id, episode, receipt, arrived, applied, closes, why, body) VALUES ROWS",
        rows,
    )
    newest = {
        episode(at): (*episode(at), at.expected + 1, 1, row[0], row[5])
        for row, (_, at, _) in zip(rows, placed, strict=True)
        if at.applied
    }
    together(
        cx,
        "INSERT INTO incident (source, id, episode, revision, open, newest, arrived) VALUES ROWS"
        " ON CONFLICT DO UPDATE SET newest = excluded.newest, arrived = excluded.arrived, revision = excluded.revision",
        list(newest.values()),
    )
    over = "UPDATE incident SET open = 0 WHERE source = ? AND id = ? AND episode = ?"
    each(cx, over, [episode(at) for _, at, _ in placed if at.closes])
