"""The chains that make tampering with the record visible; pure, so that a copy of the record can be checked anywhere.

Each chain links its entries by digest. Seals, kept in the chain `heads`, digest the heads of all chains at that time: a chain cut
short after a seal no longer fits it. What was cut off after the last seal shows only against a seal noted elsewhere (`anchor`).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from gateway.alert import digest
from gateway.fault import Finding
from gateway.journal.records import AuditEntry
from gateway.journal.sql.codec import canonical, declared, moment

SEALS = "heads"
SEALED = "sealed"

Head = tuple[int, str]
Heads = Mapping[str, Head]
NO_HEAD: Head = (0, "")


class _Parts(Struct, frozen=True, kw_only=True):
    """What an entry knows by itself, in the order of the names, as the digest has them."""

    act: str
    actor: str
    at: str
    body: str
    chain: str


def beginning(chain: str, at: datetime, actor: str, act: str, body: bytes) -> str:
    """Return the canonical JSON of an entry up to what its place in the chain adds: number and previous, the last by name."""
    return declared(_Parts(act=act, actor=actor, at=moment(at), body=digest(body), chain=chain)).decode().removesuffix("}")


def link(  # noqa: PLR0913, PLR0917 - an entry has as many parts
    chain: str, head: Head, at: datetime, actor: str, act: str, body: bytes
) -> AuditEntry:
    """Return the entry that follows `head`, which is (0, "") for a chain's first."""
    number, previous = head[0] + 1, head[1]
    name = digest(f'{beginning(chain, at, actor, act, body)},"number":{number},"previous":"{previous}"}}'.encode())
    return AuditEntry(chain=chain, number=number, at=at, actor=actor, act=act, body=body, previous=previous, digest=name)


def entry_digest(entry: AuditEntry) -> str:
    """Return the digest of everything else in an entry, as hexadecimal SHA-256 of its canonical JSON."""
    head = (entry.number - 1, entry.previous)
    return link(entry.chain, head, entry.at, entry.actor, entry.act, entry.body).digest


def heads_digest(heads: Heads) -> str:
    """Return the digest a seal holds: of every other chain's name, length and last digest."""
    return digest(canonical(sorted((chain, *head) for chain, head in heads.items() if chain != SEALS)).encode())


class Chains:
    """Follows a record's chains, however many entries are handed in at a time; without `whole`, seals do not count."""

    def __init__(self, *, whole: bool = True) -> None:
        """Know of no entry yet."""
        self._whole = whole
        self._heads: dict[str, tuple[int, str]] = {}

    def follow(self, entries: Iterable[AuditEntry]) -> Finding | None:
        """Find the first entry that does not fit those before it; `entries` come in the order they were written."""
        for entry in entries:
            if message := _broken(entry, self._heads, whole=self._whole):
                return _finding(message, f"{entry.chain}#{entry.number}")
            self._heads[entry.chain] = (entry.number, entry.digest)
        return None


def verify(entries: Iterable[AuditEntry], *, whole: bool = True, anchor: str = "") -> Finding | None:
    """Find the first entry that does not fit, in a whole record (seals count) or, without `whole`, in single chains.

    `entries` come in the order they were written; `anchor` is the digest of a seal that was noted outside the record.
    """
    anchored = not anchor

    def looked() -> Iterator[AuditEntry]:
        nonlocal anchored
        for entry in entries:
            anchored = anchored or entry.digest == anchor
            yield entry

    if broken := Chains(whole=whole).follow(looked()):
        return broken
    return None if anchored else _finding("the seal that was noted elsewhere is not in the record", SEALS)


def _broken(entry: AuditEntry, heads: Heads, *, whole: bool) -> str:
    number, previous = heads.get(entry.chain, (0, ""))
    if entry.number != number + 1:
        return f"entry {number + 1} should follow here, but {entry.number} does"
    if entry.previous != previous:
        return "it does not continue the entry before it"
    if entry.digest != entry_digest(entry):
        return "its content is not what was written"
    if whole and entry.chain == SEALS and _sealed(entry) != heads_digest(heads):
        return "the chains are not as they were when this seal was set: entries are missing or were written anew"
    return ""


def _sealed(entry: AuditEntry) -> str:
    return str(msgspec.json.decode(entry.body)["digest"])


def _finding(message: str, path: str) -> Finding:
    return Finding(rule="audit-broken", message=message, path=path, hint="compare with the latest backup; do not repair in place")
