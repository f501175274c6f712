"""What is found in a version while a node of an earlier release is still at work, which writes the text and not what is in it."""

import shutil
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from gateway.alert import Deed, Kind
from gateway.journal.postgres import PostgresJournal, migrate
from gateway.journal.records import Draft
from gateway.journal.sql.codec import canonical
from tests.journal.samples import HOUR, T0, act, issue, revision, submit, tell, version

GROUND = "SELECT hazard, west, south, east, north FROM version"
BOXED = "UPDATE version SET hazard = 'flood', west = 1, south = 2, east = 3, north = 4"
REPLACED = (
    "INSERT INTO version AS old (alert, number, kind, status, state, expires, body) SELECT alert, number, kind, status, state,"
    " expires, $1 FROM version ON CONFLICT (alert, number) DO UPDATE SET kind = excluded.kind, status = excluded.status,"
    " expires = excluded.expires, body = excluded.body WHERE old.state = 'open'"
)


async def asked(dsn: str, question: str, *values: object) -> list[Any]:
    """Ask the database itself, in a session of its own."""
    cx = await asyncpg.connect(dsn)
    rows: list[Any] = [tuple(row) for row in await cx.fetch(question, *values)]
    await cx.close()
    return rows


async def test_an_update_that_an_earlier_release_issued_expires_when_it_says(dsn: str, a: PostgresJournal) -> None:
    await tell(a, version(expires=T0 + 10 * HOUR))
    sooner = version(number=2, kind=Kind.UPDATE, expires=T0 + HOUR)
    await a.draft(Draft(version=sooner, expected=await revision(a, "A1"), acts=(act(2, Deed.DRAFTED),), at=T0))
    await asked(dsn, "UPDATE version SET state = 'issued', issued_at = $1 WHERE number = 2", T0)
    await asked(dsn, "UPDATE alert SET newest_issued = 2, live = true")

    assert [record.id for record in await a.due_to_expire(T0 + 2 * HOUR)] == ["A1"]


async def test_an_update_that_ends_when_the_alert_did_leaves_it_so(dsn: str, a: PostgresJournal) -> None:
    await tell(a, version())
    frozen = submit(version(number=2, kind=Kind.UPDATE))
    await a.issue(issue(frozen, await revision(a, "A1")), frozen)

    assert await asked(dsn, "SELECT newest_issued, expires FROM alert") == [(2, T0 + HOUR)]


async def test_a_text_that_an_earlier_release_replaced_is_looked_at_again(dsn: str, a: PostgresJournal) -> None:
    await a.draft(Draft(version=version(), expected=0, acts=(act(1, Deed.DRAFTED),), at=T0))
    await asked(dsn, BOXED)
    other = msgspec.structs.replace(version(), hazard="wildfire")
    await asked(dsn, REPLACED, canonical(other))

    assert await asked(dsn, GROUND) == [(None,) * 5]
    await a.edit(other, 1, act(1, Deed.EDITED))
    assert await asked(dsn, GROUND) == [("wildfire", None, None, None, None)]


async def test_whoever_says_what_is_in_a_text_is_believed(dsn: str, a: PostgresJournal) -> None:
    await a.draft(Draft(version=version(), expected=0, acts=(act(1, Deed.DRAFTED),), at=T0))
    await asked(dsn, BOXED + ", body = body || ' '")

    assert await asked(dsn, GROUND) == [("flood", 1.0, 2.0, 3.0, 4.0)]


async def test_an_alert_that_was_left_with_another_expiry_gets_its_versions(dsn: str, tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    for file in migrate.FOLDER.glob("*.sql"):
        if file.name < "0013":
            shutil.copy(file, before)
    cx = await asyncpg.connect(dsn)
    await cx.execute("CREATE SCHEMA earlier; SET search_path = earlier")
    await migrate.bring_up(cx, before)
    await cx.execute("INSERT INTO alert VALUES (DEFAULT, 'A1', 1, now(), 1, true, now() + interval '9 h')")
    columns = "alert, number, kind, status, state, expires, body"
    await cx.execute(f"INSERT INTO version ({columns}) VALUES ('A1', 1, 'alert', 'Actual', 'issued', $1, '{{}}')", T0)  # noqa: S608

    await migrate.bring_up(cx)

    assert await cx.fetchval("SELECT expires FROM alert") == T0
    await cx.close()
