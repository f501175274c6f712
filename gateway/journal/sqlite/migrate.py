"""Numbered forward-only migrations, each applied once and remembered with its checksum."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import apsw
from msgspec import Struct

from gateway.alert import digest
from gateway.fault import Unavailable

FOLDER = Path(__file__).parent / "migrations"

_TABLE = """CREATE TABLE IF NOT EXISTS migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT"""


class Migration(Struct, frozen=True):
    """One step; `number` and `name` come from the file's name."""

    number: int
    name: str
    sql: bytes


def known(folder: Path = FOLDER) -> Iterator[Migration]:
    """Yield the migrations this version of the gateway knows, in order."""
    for file in sorted(folder.glob("[0-9]*.sql")):
        number, _, name = file.stem.partition("_")
        yield Migration(int(number), name, file.read_bytes())


def pending(cx: apsw.Connection, folder: Path = FOLDER) -> list[Migration]:
    """Return what is still to be applied; raises Unavailable for a store that is newer than we are, or another's."""
    applied = _applied(cx)
    ours = {step.number: step for step in known(folder)}
    if newer := applied.keys() - ours.keys():
        message = f"the store has migration {max(newer)}, this gateway knows {max(ours)}"
        raise Unavailable("store-newer", message, hint="run the newer gateway, or restore a backup from before the upgrade")
    for number, sha256 in applied.items():
        if digest(ours[number].sql) != sha256:
            message = f"migration {number} is not the one the store was built with"
            raise Unavailable("store-migration-changed", message, hint="install an unmodified release of the gateway")
    return [step for number, step in sorted(ours.items()) if number not in applied]


def apply(cx: apsw.Connection, steps: list[Migration]) -> None:
    """Apply steps, all or none."""
    cx.execute("BEGIN EXCLUSIVE")
    with cx:
        cx.execute(_TABLE)
        for step in steps:
            cx.execute(step.sql.decode())
            row = (step.number, step.name, digest(step.sql))
            cx.execute("INSERT INTO migration (number, name, sha256) VALUES (?, ?, ?)", row)
    cx.execute("COMMIT")


def _applied(cx: apsw.Connection) -> Mapping[int, str]:
    if not cx.table_exists("main", "migration"):
        return {}
    rows = cx.execute("SELECT number, sha256 FROM migration ORDER BY number")
    return {int(number): str(sha256) for number, sha256 in rows}
