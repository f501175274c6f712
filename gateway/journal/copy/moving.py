"""Copying a record topic by topic, and proving that both sides hold the same."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.fault import Fault
from gateway.journal.audit import Chains
from gateway.journal.copy.topics import AUDIT, TOPICS, Row, Topic, canonical, entry, weight

MOST_ROWS = 200
MOST_BYTES = 1 << 20


class Side(Protocol):
    """A whole record in one state, to be read, or to be written in one transaction."""

    def rows(self, topic: Topic) -> AsyncIterator[Sequence[Row]]:
        """Yield a topic's rows in their order, some at a time."""
        ...

    async def write(self, topic: Topic, rows: Sequence[Row]) -> None:
        """Add rows."""
        ...


class Tally(Struct, frozen=True, kw_only=True):
    """What one side holds of one topic: how many rows, and the hexadecimal SHA-256 of their canonical forms in order."""

    topic: str
    rows: int
    sha256: str


async def move(source: Side, target: Side) -> Sequence[Tally]:
    """Copy everything, read both sides back, and return what they hold; raises Fault where they differ or the audit is broken."""
    for topic in TOPICS:
        async for rows in source.rows(topic):
            await target.write(topic, rows)
    theirs, ours = await tallies(source), await tallies(target)
    if differing := [one.topic for one, other in zip(theirs, ours, strict=True) if one != other]:
        message = f"the copy is not what was copied: {', '.join(differing)}"
        raise Fault("copy-differs", message, hint="nothing was kept of it; look at the disk and try again")
    await refuse_broken(target)
    return ours


async def tallies(side: Side) -> Sequence[Tally]:
    """Count and digest every topic."""
    return [await _tally(side, topic) for topic in TOPICS]


async def refuse_broken(side: Side) -> None:
    """Follow every chain of the audit; raises Fault("audit-broken") with the first link that does not fit."""
    chains = Chains()
    async for rows in side.rows(AUDIT):
        if broken := chains.follow(entry(row) for row in rows):
            raise Fault(broken.rule, broken.message, path=broken.path, hint=broken.hint)


def batches(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    """Yield rows some at a time, never more than fit in memory."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += weight(row)
        if len(batch) >= MOST_ROWS or size >= MOST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def _tally(side: Side, topic: Topic) -> Tally:
    count, digest = 0, hashlib.sha256()
    async for rows in side.rows(topic):
        count += len(rows)
        for row in rows:
            digest.update(canonical(row))
    return Tally(topic=topic.name, rows=count, sha256=digest.hexdigest())
