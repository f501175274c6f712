from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.sql.codec import moment, when

FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1000, 1, 3), datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001 - the zones come beside


@given(TIMES)
def test_a_time_stands_as_utc_text_of_microseconds_and_comes_back(at: datetime) -> None:
    """Judged by the standard library's own reading and writing by a form."""
    text = moment(at)

    assert text == at.astimezone(UTC).strftime(FORM)
    assert when(text) == at == datetime.strptime(text, FORM).replace(tzinfo=UTC)
    assert when(text).tzinfo is UTC


@given(TIMES, TIMES)
def test_text_sorts_as_the_times_do(one: datetime, other: datetime) -> None:
    assert (moment(one) < moment(other)) == (one < other)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 7, 14, 18, 20, tzinfo=timezone(timedelta(hours=9))), "2026-07-14T09:20:00.000000Z"),
        (datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "2026-12-31T23:59:59.999999Z"),
        (datetime(999, 1, 1, tzinfo=UTC), "0999-01-01T00:00:00.000000Z"),
    ],
)
def test_whole_seconds_and_early_years_keep_their_length(at: datetime, text: str) -> None:
    assert (moment(at), when(text)) == (text, at)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        moment(datetime(2026, 7, 14))  # noqa: DTZ001 - the fault under test
