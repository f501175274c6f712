from datetime import UTC, datetime

import click
import pytest

from gateway.cli.times import Time


@pytest.mark.parametrize("told", ["2026-07-14T18:20:00+09:00", "2026-07-14T09:20:00Z", "2026-07-14T09:20+00:00"])
def test_a_time_is_read_with_its_offset(told: str) -> None:
    assert Time().convert(told, None, None) == datetime(2026, 7, 14, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize("told", ["2026-07-14T18:20:00", "18:20", "now", "", "2026-02-30T00:00:00Z"])
def test_what_is_no_time_is_told_with_a_good_example(told: str) -> None:
    with pytest.raises(click.BadParameter, match=r"2026-07-14T18:20:00\+09:00"):
        Time().convert(told, None, None)
