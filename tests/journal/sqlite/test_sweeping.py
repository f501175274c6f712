"""However much cannot go any more, a claim ends some of it and leases what can go."""

from collections import Counter
from pathlib import Path

from gateway.journal.sqlite import SqliteJournal, deliveries
from tests.journal.samples import HOUR, T0, claim, states, tell, version

LATER = T0 + 3 * HOUR
OVERDUE = deliveries.MOST_SWEPT + 50


async def test_much_that_is_overdue_is_ended_a_part_at_a_time_and_none_of_it_is_claimed(tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    await tell(journal, version("A1"), [f"sms/{number:03}" for number in range(OVERDUE)])
    await tell(journal, version("A2", expires=LATER), ["sms/all"])

    assert [one.alert for one in await claim(journal, "sms", most=OVERDUE, now=LATER)] == ["A2"]
    assert Counter((await states(journal)).values()) == {"expired": deliveries.MOST_SWEPT, "waiting": 50}
    assert await claim(journal, "sms", most=OVERDUE, now=LATER) == []
    assert set((await states(journal)).values()) == {"expired"}
    await journal.close()
