"""What cannot go any more is settled before a claim, but never at the expense of what can go."""

import asyncpg
import pytest
from structlog.testing import capture_logs

from gateway.journal.postgres import PostgresJournal
from tests.journal.samples import HOUR, T0, claim, states, tell, version

LATER = T0 + 3 * HOUR


@pytest.fixture
def patience_s() -> float:
    """Long enough for all that is not held."""
    return 1.0


async def test_what_can_go_is_claimed_while_what_cannot_is_not_to_be_settled(dsn: str, a: PostgresJournal) -> None:
    await tell(a, version("A1"), ["sms/all"])
    await tell(a, version("A2", expires=LATER), ["sms/all"])
    other = await asyncpg.connect(dsn)
    await other.execute("BEGIN")
    await other.execute("SELECT FROM chain WHERE name = 'alert:A1' FOR UPDATE")

    with capture_logs() as said:
        claimed = await claim(a, "sms", now=LATER)

    assert [one.alert for one in claimed] == ["A2"]
    assert [(one["event"], one["reason"]) for one in said] == [("sweep-failed", "store-unavailable")]
    assert await states(a) == {"A1.1.sms.all": "waiting"}
    await other.close()
    assert await claim(a, "sms", now=LATER) == []
    assert await states(a) == {"A1.1.sms.all": "expired"}
