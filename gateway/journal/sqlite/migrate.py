"""Applying migrations, each once and remembered with its checksum."""

from collections.abc import Mapping
from pathlib import Path

import apsw

from gateway.alert import digest
from gateway.journal.sql import steps
from gateway.journal.sql.steps import Migration

FOLDER = Path(__file__).parent / "migrations"

_TABLE = """CREATE TABLE IF NOT EXISTS migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT"""


def pending(cx: apsw.Connection, folder: Path = FOLDER) -> list[Migration]:
    """Return what is still to be applied; raises Unavailable for a store that is newer than we are, or another's."""
    return steps.pending(_applied(cx), folder)


def apply(cx: apsw.Connection, steps: list[Migration]) -> None:
    """Apply steps, all or none; a step may put another table in the place of one that others refer to."""
    referring = cx.execute("PRAGMA foreign_keys").get
    cx.execute("PRAGMA foreign_keys = off")
    try:
        _apply(cx, steps)
    finally:
        cx.execute(f"PRAGMA foreign_keys = {referring}")


def _apply(cx: apsw.Connection, steps: list[Migration]) -> None:
    cx.execute("BEGIN EXCLUSIVE")
    with cx:
        cx.execute(_TABLE)
        for step in steps:
            cx.execute(step.sql.decode())
            row = (step.number, step.name, digest(step.sql))
            cx.execute("INSERT INTO migration (number, name, sha256) VALUES (?, ?, ?)", row)
        if lost := cx.execute("PRAGMA foreign_key_check").fetchall():
            raise apsw.CorruptError(f"rows refer to what is not there: {lost[:3]}")
    cx.execute("COMMIT")


def _applied(cx: apsw.Connection) -> Mapping[int, str]:
    if not cx.table_exists("main", "migration"):
        return {}
    rows = cx.execute("SELECT number, sha256 FROM migration ORDER BY number")
    return {int(number): str(sha256) for number, sha256 in rows}
