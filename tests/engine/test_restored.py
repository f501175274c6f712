"""A city comes back from a backup, and what was told since the backup is known to peers alone: no identifier says two things."""

from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway import config
from gateway.config import Settings
from gateway.engine import Changes, Plan
from gateway.journal.sqlite import SqliteJournal
from gateway.service import keeping
from tests.engine.conftest import Planning
from tests.engine.hall import KIM, LEE, Clock, FarSides, Hall, report, version
from tests.engine.test_pre_authorised import allowed
from tests.journal.samples import Real


@pytest.fixture
def city(hanbat: Path, tmp_path: Path) -> Settings:
    return msgspec.structs.replace(config.read(hanbat), store=tmp_path / "bongsu.db")


class Lives:
    """One city's lives, before and after a backup; every hall of it leaves what it told at the same far sides."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        """Nothing was told yet."""
        self.plan, self.clock, self.far = plan, clock, FarSides()
        self.open: list[SqliteJournal] = []

    async def hall(self, city: Settings) -> Hall:
        """Open the record of a city."""
        self.open.append(await SqliteJournal.open(city.store, real=(real := Real())))
        return Hall(self.plan, self.open[-1], self.clock, real, self.far)

    async def close(self) -> None:
        """Close every record."""
        for journal in self.open:
            await journal.close()

    def said_twice(self) -> set[str]:
        """Return the identifiers under which the broadcaster was told different things."""
        said = defaultdict[str, set[str]](set)
        for one in self.far.cap():
            said[one.identifier].add(repr(one))
        return {identifier for identifier, things in said.items() if len(things) > 1}


@pytest.fixture
async def lives(plan_of_all: Plan, clock: Clock) -> AsyncIterator[Lives]:
    lives = Lives(plan_of_all, clock)
    yield lives
    await lives.close()


async def goes_on(hall: Hall, live: str, waiting: str, words: str) -> list[str]:
    """Update what is live, approve what waits or was drafted anew, and raise one more; return the identifiers."""
    await hall.gateway.update(live, KIM)
    await hall.gateway.draft_due()
    told = []
    for alert in (live, waiting, (await hall.drafted(id="call-9", onset=hall.clock().isoformat())).id):
        record = await hall.journal.alert(alert)
        assert record.open is not None
        if not record.open.hash:
            changes = Changes(texts={"en": {"headline": f"[EXERCISE] {words}"}})
            record = await hall.submitted(await hall.gateway.edit(alert, record.revision, changes, KIM))
        assert record.open is not None
        record = await hall.gateway.approve(alert, record.open.version.number, record.open.hash, LEE)
        told.append(version(record).identifier)
    await hall.delivers()
    return told


async def test_what_the_backup_never_heard_of_goes_out_by_itself_once_more_when_its_source_repeats_it(
    planning: Planning, clock: Clock, city: Settings, tmp_path: Path
) -> None:
    lives = Lives(planning(allowed), clock)
    before = await lives.hall(city)
    await keeping.backup(city, tmp_path / "a.db")
    await before.sends(report(severity="minor"))
    [first] = await before.drafts()
    await before.delivers()

    elsewhere = msgspec.structs.replace(city, store=tmp_path / "elsewhere" / "bongsu.db")
    await keeping.restore(elsewhere, tmp_path / "a.db", clock(), "local:kim")
    after = await lives.hall(elsewhere)
    await after.sends(report(severity="minor"))
    [again] = await after.drafts()
    await after.delivers()

    assert [one.identifier for one in lives.far.cap()] == [f"{first.id}.1", f"{again.id}.1"]
    assert first.id != again.id
    [page] = await after.paged()
    assert (page["code"], page["message"]) == ("pre-authorised", f"playbook:structure-fire issued {again.id} by itself")
    await lives.close()


@pytest.mark.parametrize("stood", ["drafted", "submitted"])
async def test_no_identifier_is_given_to_other_words(lives: Lives, city: Settings, tmp_path: Path, stood: str) -> None:
    before = await lives.hall(city)
    live = await before.told()
    await before.sends(report(sequence=1))
    waiting = (await before.drafts())[-1]
    if stood == "submitted":
        await before.submitted(waiting)
    await keeping.backup(city, tmp_path / "a.db")
    first = await goes_on(before, live.id, waiting.id, "Leave the riverside")

    lives.clock.passes(minutes=10)
    elsewhere = msgspec.structs.replace(city, store=tmp_path / "elsewhere" / "bongsu.db")
    await keeping.restore(elsewhere, tmp_path / "a.db", lives.clock(), "local:kim")
    after = await lives.hall(elsewhere)
    second = await goes_on(after, live.id, waiting.id, "Stay on the upper floors")

    assert first == [f"{live.id}.2", f"{waiting.id}.1", first[2]]
    assert second[:2] == [f"{live.id}.1002", f"{waiting.id}.1002"]
    assert set(first) & set(second) == set()
    assert {one.identifier for one in lives.far.cap()} >= {*first, *second}
    assert lives.said_twice() == set()
