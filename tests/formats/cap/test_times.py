"""Times of CAP, against literal tables and the schema's own idea of a time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fault import BadInput
from gateway.formats import cap

KST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 7, 14, 18, 20, tzinfo=KST), "2026-07-14T18:20:00+09:00"),
        (datetime(2026, 7, 14, 18, 20, 59, 999_999, tzinfo=KST), "2026-07-14T18:20:59+09:00"),
        (datetime(2026, 7, 14, 18, 20, tzinfo=UTC), "2026-07-14T18:20:00-00:00"),
        (datetime(2026, 7, 14, 18, 20, tzinfo=timezone(timedelta(0), "KST?")), "2026-07-14T18:20:00-00:00"),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=3, minutes=30))), "2026-12-31T23:59:59-03:30"),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=14))), "2026-01-01T00:00:00+14:00"),
        (datetime(33, 4, 3, 15, tzinfo=timezone(timedelta(hours=2))), "0033-04-03T15:00:00+02:00"),
    ],
)
def test_a_time_keeps_its_offset_and_loses_its_fraction(at: datetime, written: str) -> None:
    assert cap.sent_text(at) == written


@pytest.mark.parametrize(
    "offset",
    [
        None,
        timezone(timedelta(hours=14, minutes=1)),
        timezone(-timedelta(hours=15)),
        timezone(timedelta(hours=8, minutes=27, seconds=52)),
    ],
)
def test_a_time_without_an_offset_that_cap_can_write_is_refused(offset: timezone | None) -> None:
    with pytest.raises(BadInput, match="cap-time"):
        cap.sent_text(datetime(2026, 7, 14, 18, 20, tzinfo=offset))


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-07-14T18:20:00+09:00", datetime(2026, 7, 14, 9, 20, tzinfo=UTC)),
        ("2026-07-14T18:20:00-00:00", datetime(2026, 7, 14, 18, 20, tzinfo=UTC)),
        ("2026-07-14T18:20:00+00:00", datetime(2026, 7, 14, 18, 20, tzinfo=UTC)),
        ("2026-12-31T24:00:00+09:00", datetime(2026, 12, 31, 15, tzinfo=UTC)),
        ("2026-07-14T18:20:00-14:00", datetime(2026, 7, 15, 8, 20, tzinfo=UTC)),
    ],
)
def test_a_written_time_is_understood(written: str, at: datetime) -> None:
    assert cap.moment(written) == at


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2026-07-14",
        "2026-07-14T18:20:00",
        "2026-07-14T18:20:00Z",
        "2026-07-14T18:20:00.5+09:00",
        "2026-07-14T18:20:60+09:00",
        "2026-07-14T24:00:01+09:00",
        "2026-02-29T18:20:00+09:00",
        "2026-07-14T18:20:00+15:00",
        "2026-07-14T18:20:00+0900",
        "2026-07-14 18:20:00+09:00",
        "٢٠٢٦-07-14T18:20:00+09:00",
        "0000-07-14T18:20:00+09:00",
        "9999-12-31T24:00:00+09:00",
        "2026-07-14T18:20:00+09:00\n",
    ],
)
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(BadInput, match="cap-time"):
        cap.moment(written)


OFFSETS = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS))
def test_every_time_comes_back_and_satisfies_the_schema(judges: Mapping[str, Callable[[bytes], bool]], at: datetime) -> None:
    written = cap.sent_text(at)
    assert cap.moment(written) == at.replace(microsecond=0)
    document = (
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>a</identifier><sender>b</sender>'
        f"<sent>{written}</sent><status>Test</status><msgType>Alert</msgType><scope>Public</scope></alert>"
    )
    assert all(judge(document.encode()) for judge in judges.values())
