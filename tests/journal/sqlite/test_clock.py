"""The clock of leases and retries: whatever the machine's own says later, nothing waits for it."""

import time
from pathlib import Path

import pytest

from gateway.channel import Verdict
from gateway.journal.records import Arrival, Todo, TodoKind
from gateway.journal.sqlite import SqliteJournal
from tests.journal.samples import T0, Real, claim, settle, tell, version

HOUR_S = 3600.0


async def test_what_was_put_off_by_a_clock_that_was_ahead_is_due_after_a_restart(tmp_path: Path) -> None:
    real = Real()
    real.at += HOUR_S
    journal = await SqliteJournal.open(tmp_path / "bongsu.db", real=real)
    await tell(journal, version(), ["sms/all"])
    [claimed] = await claim(journal, "sms")
    await settle(journal, claimed, Verdict.UNREACHABLE, retry_in=30.0)
    await journal.accept(Arrival(at=T0, todos=(Todo(kind=TodoKind.PAGE, subject="x"),)))
    [page] = await journal.take(TodoKind.PAGE, 1, 30.0)
    await journal.finish(page, retry_in=30.0)
    assert await journal.lease("timers", "gateway", 4.0)
    await journal.close()

    real.at -= HOUR_S
    journal = await SqliteJournal.open(tmp_path / "bongsu.db", real=real)
    await journal.recover()
    assert await journal.lease("timers", "another", 4.0)
    assert len(await claim(journal, "sms")) == 1
    assert len(await journal.take(TodoKind.PAGE, 1, 30.0)) == 1
    await journal.close()


async def test_a_machine_whose_time_is_set_moves_no_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await SqliteJournal.open(tmp_path / "bongsu.db")
    began = time.time()
    for step in (-HOUR_S, HOUR_S):
        monkeypatch.setattr(time, "time", lambda step=step: began + step)
        assert abs(journal.real() - began) < HOUR_S / 2
    await journal.close()
