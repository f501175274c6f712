"""`bongsu audit`: whether the record is still the one that was written."""

from collections.abc import Iterator
from pathlib import Path

import click

from gateway.cli import opening
from gateway.cli.opening import Store
from gateway.cli.say import Exit, as_json, show, spoken, words
from gateway.journal.audit import SEALS, verify
from gateway.journal.records import AuditEntry

PAGE = 1000


class Reading:
    """The entries of a record in the order they were written, page by page; counts what it hands out."""

    def __init__(self, record: Store) -> None:
        """Read this record."""
        self._record = record
        self.entries = 0
        self.heads: dict[str, str] = {}

    def __iter__(self) -> Iterator[AuditEntry]:
        """Yield every entry."""
        while page := self._record.run(self._record.journal.audit(after=self.entries, most=PAGE)):
            for entry in page:
                self.entries += 1
                self.heads[entry.chain] = entry.digest
                yield entry


@click.group()
def audit() -> None:
    """Look for tampering with the record."""


@audit.command(name="verify")
@opening.city
@click.option("--anchor", default="", metavar="DIGEST", help="The digest of a seal that was noted elsewhere.")
@as_json
@click.pass_context
def verify_(ctx: click.Context, folder: Path, anchor: str, *, as_json: bool) -> None:
    """Follow every chain from its first entry to its last, and every seal over them."""
    with opening.opened(folder) as record:
        reading = Reading(record)
        broken = verify(reading, anchor=anchor)
    seal = reading.heads.get(SEALS, "")
    counted = {"entries": reading.entries, "chains": len(reading.heads), "seal": seal}
    told = {"valid": broken is None, **counted, "findings": [broken] if broken else []}
    show(told, spoken(broken) if broken else "every link holds", as_json=as_json)
    if not as_json:
        words(f"{reading.entries} entries in {len(reading.heads)} chains; newest seal: {seal or 'none yet'}")
    ctx.exit(Exit.FAILED if broken else Exit.OK)
