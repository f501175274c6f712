"""However many deliveries it is about, the database is asked as often: each question is a trip, maybe to another site."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from gateway.alert import Kind
from gateway.channel import Verdict
from gateway.journal.postgres import PostgresJournal, desk
from gateway.journal.postgres.talk import Talk
from gateway.journal.records import Claimed
from tests.journal.postgres.server import Server
from tests.journal.samples import HOUR, T0, claim, issue, revision, room, settlement, states, submit, tell, version
from tests.stores import UNHURRIED_S

FEW, MANY = 4, 60
LONG_S = 1e6

Verb = Callable[[], Awaitable[object]]
Before = Callable[[PostgresJournal, list[str]], Awaitable[Verb]]


class Counting(Talk):
    """Notes what the database is asked; rows that are sent together are one question."""

    asked: ClassVar[list[str]] = []

    async def execute(self, statement: str, *values: object) -> str:
        """Note it, and ask."""
        self.asked.append(statement)
        return await super().execute(statement, *values)

    async def executemany(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Note it, and ask."""
        self.asked.append(statement)
        await super().executemany(statement, rows)

    async def fetch(self, statement: str, *values: object) -> Sequence[Iterable[Any]]:
        """Note it, and ask."""
        self.asked.append(statement)
        return await super().fetch(statement, *values)

    async def fetchrow(self, statement: str, *values: object) -> Iterable[Any] | None:
        """Note it, and ask."""
        self.asked.append(statement)
        return await super().fetchrow(statement, *values)


async def questions(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how often the database is asked for a verb; whether its node lives long enough is asked when that seems short."""
    with monkeypatch.context() as patch:
        patch.setattr(desk, "Talk", Counting)
        Counting.asked.clear()
        await verb()
    return sum("lease " not in statement for statement in Counting.asked)


async def taken(journal: PostgresJournal) -> Sequence[Claimed]:
    return await journal.claim(room({"cap": MANY, "sms": MANY}, MANY), LONG_S, T0)


async def told(journal: PostgresJournal, lanes: list[str], verdict: Verdict) -> None:
    """Tell all lanes, and tell them again what changed."""
    await tell(journal, version(), lanes)
    await journal.settle([settlement(one, verdict, retry_in=0.0) for one in await taken(journal)], T0)
    await tell(journal, version(number=2, kind=Kind.UPDATE), lanes)


async def overdue(journal: PostgresJournal, lanes: list[str]) -> Verb:
    await told(journal, lanes, Verdict.AMBIGUOUS)
    return lambda: claim(journal, now=T0 + 3 * HOUR)


async def cancelled(journal: PostgresJournal, lanes: list[str], verdict: Verdict = Verdict.UNREACHABLE) -> Verb:
    await told(journal, lanes, verdict)
    frozen, expected = submit(version(number=3, kind=Kind.CANCEL), lanes), await revision(journal, "A1")
    return lambda: journal.issue(issue(frozen, expected), frozen)


async def silent(journal: PostgresJournal, lanes: list[str]) -> Verb:
    cancel = await cancelled(journal, lanes, Verdict.ACCEPTED)
    claimed = await taken(journal)
    await cancel()
    return lambda: journal.settle([settlement(one, Verdict.UNREACHABLE) for one in claimed], T0)


async def crashed(journal: PostgresJournal, lanes: list[str]) -> Verb:
    await silent(journal, lanes)
    return journal.recover


async def cleared(journal: PostgresJournal, lanes: list[str]) -> Verb:
    await tell(journal, version(), lanes, clears=True)
    await journal.settle([settlement(one, Verdict.REFUSED) for one in await taken(journal)], T0)
    expected = await revision(journal, "A1")
    return lambda: journal.expire("A1", 1, expected, T0 + 2 * HOUR)


@pytest.mark.parametrize(
    ("led_to", "ends"),
    [
        (overdue, ["expired", "superseded", "unknown"]),
        (cancelled, ["nothing-to-cancel", "superseded"]),
        (silent, ["accepted", "superseded", "waiting"]),
        (crashed, ["accepted", "superseded", "unknown", "waiting"]),
        (cleared, ["nothing-to-cancel", "refused"]),
    ],
)
async def test_what_becomes_of_many_deliveries_takes_as_many_questions_as_of_two(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, led_to: Before, ends: list[str]
) -> None:
    asked, ended = dict[int, int](), dict[int, list[str]]()
    for number in (FEW, MANY):
        journal = await PostgresJournal.open(await server.fresh(tmp_path / str(number)), node="a", patience_s=UNHURRIED_S)
        verb = await led_to(journal, [f"{kind}/{lane}" for kind in ("cap", "sms") for lane in range(number // 2)])
        asked[number] = await questions(verb, monkeypatch)
        ended[number] = sorted(set((await states(journal)).values()))
        await journal.close()

    assert asked[FEW] == asked[MANY] > 0
    assert ended == {FEW: ends, MANY: ends}
