"""Applying migrations, each once and remembered with its checksum, by one node while the others wait."""

from pathlib import Path

from gateway.alert import digest
from gateway.fault import Unavailable
from gateway.journal.postgres.sql import Cx, every, find
from gateway.journal.sql.steps import Migration, pending

FOLDER = Path(__file__).parent / "migrations"
# "bongsu" in ASCII: whoever migrates holds this advisory lock
LOCK = 0x626F6E677375

_TABLE = """CREATE TABLE migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


async def bring_up(cx: Cx, folder: Path = FOLDER) -> None:
    """Apply what the store still needs, all or none; raises Unavailable for one that is newer than we are, or another's."""
    await cx.execute("BEGIN")
    try:
        await _bring_up(cx, folder)
    except BaseException:
        await cx.execute("ROLLBACK")
        raise
    await cx.execute("COMMIT")


async def refuse_other(cx: Cx, folder: Path = FOLDER) -> None:
    """Raise Unavailable for a store that is not just as this release makes it, and leave it so: others may be running on it."""
    if steps := pending(await _applied(cx), folder):
        message = f"the store has no migration {steps[0].number} yet, which this release needs"
        raise Unavailable("store-older", message, hint="use the release that runs on it, or start a gateway of this one first")


async def _bring_up(cx: Cx, folder: Path) -> None:
    await cx.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'")
    await cx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
    if await _is_new(cx):
        await cx.execute(_TABLE)
    for step in pending(await _applied(cx), folder):
        await _apply(cx, step)


async def _is_new(cx: Cx) -> bool:
    return await find(cx, "SELECT 1 WHERE to_regclass('migration') IS NULL") is not None


async def _applied(cx: Cx) -> dict[int, str]:
    return {} if await _is_new(cx) else dict(await every(cx, "SELECT number, sha256 FROM migration"))


async def _apply(cx: Cx, step: Migration) -> None:
    await cx.execute(step.sql.decode())
    row = (step.number, step.name, digest(step.sql))
    await cx.execute("INSERT INTO migration (number, name, sha256) VALUES ($1, $2, $3)", *row)
