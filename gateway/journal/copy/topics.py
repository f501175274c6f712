"""What a whole record holds, the same in every store: topics, in an order in which each names only what stands before it.

A row is a tuple in the order of its topic's columns: text, bytes, numbers, booleans and aware times. Leases travel as they stand
and run out by themselves; what a store derives for its own use (heads of chains, newest answers, its proof of commits) does not.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from gateway.journal.records import AuditEntry

Row = tuple[Any, ...]

# A column of one name is of one kind wherever it stands
TIMES = frozenset(
    {"received_at", "arrived", "sent", "since", "created_at", "expires", "issued_at", "at", "deadline", "claimed_at"},
)
FLAGS = frozenset(
    {"applied", "closes", "again", "done", "live", "open", "late", "reached", "doubt", "head", "disabled", "revoked"}
)


class Topic(Struct, frozen=True):
    """One kind of row; `order` are the columns that give every row its one place."""

    name: str
    columns: tuple[str, ...]
    order: tuple[str, ...]


def _topic(name: str, columns: str, order: str) -> Topic:
    return Topic(name, tuple(columns.split()), tuple(order.split()))


AUDIT = _topic("audit", "chain number at actor act body previous digest", "id")
PUBLICATION = _topic("publication", "id revision at", "id")

TOPICS = (
    _topic("blob", "sha256 body", "sha256"),
    _topic("receipt", "id source key sha256 media_type headers actor received_at items", "id"),
    _topic("quarantine", "id receipt item refusal settled", "id"),
    _topic("serial", "scope last", "scope"),
    _topic("alert", "position id revision created_at newest_issued live expires", "position"),
    _topic("report", "position source id episode receipt arrived applied closes why body", "position"),
    _topic("episode", "source id number revision open report arrived alert stopped", "source id number"),
    _topic("watch", "key revision state", "key"),
    _topic("heard", "id source receipt sha256 arrived sent kind status expires body", "id"),
    _topic("follows", "message earlier", "message earlier"),
    _topic("todo", "id kind subject body since due lease_until fence again done failure", "id"),
    _topic("version", "alert number kind state hash expires issued_at body hazard west south east north", "alert number"),
    _topic("act", "position alert body", "position"),
    _topic("frozen", "alert number way channel target part media_type sha256", "alert number way channel target part"),
    _topic("issued", "alert number way channel target part media_type sha256", "alert number way channel target part"),
    _topic("document", "identifier alert number issued_at sha256", "identifier"),
    PUBLICATION,
    _topic(
        "delivery",
        "id alert number channel target part role history priority deadline state due claimed_at lease_until fence reached doubt"
        " head",
        "id",
    ),
    _topic("attempt", "position delivery fence at verdict told late", "position"),
    _topic("person", "name roles password disabled", "name"),
    _topic("key", "id hash person source created_at revoked", "id"),
    _topic("lease", "name holder until fence", "name"),
    AUDIT,
)


def canonical(row: Row) -> bytes:
    """Return a row's one form: JSON, times in UTC, bytes as base64."""
    return msgspec.json.encode(row) + b"\n"


def entry(row: Row) -> AuditEntry:
    """Return a row of the audit as the entry it is."""
    return AuditEntry(**dict(zip(AUDIT.columns, row, strict=True)))


def weight(row: Row) -> int:
    """Return roughly how many bytes a row takes in memory."""
    return sum(len(value) for value in row if isinstance(value, str | bytes))


def names(topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Return the topics' names."""
    return [topic.name for topic in topics]
