"""What time and world let in: the table of worlds literally, and the edges of time on both sides."""

from datetime import datetime, timedelta

import pytest

from gateway.fault import BadInput, Refused
from gateway.incident import Ended, EndReason, Observation, Quality, Reading, Status
from gateway.policy.admit import admit, admit_reading
from tests.policy.samples import T0, incident

ACTUAL, EXERCISE, TEST = Status.ACTUAL, Status.EXERCISE, Status.TEST


@pytest.mark.parametrize(
    ("deployment", "status", "default", "expected"),
    [
        (ACTUAL, ACTUAL, None, ACTUAL),
        (ACTUAL, EXERCISE, None, EXERCISE),
        (ACTUAL, TEST, None, TEST),
        (ACTUAL, EXERCISE, ACTUAL, EXERCISE),
        (ACTUAL, None, ACTUAL, ACTUAL),
        (ACTUAL, None, TEST, TEST),
        (ACTUAL, None, None, "status-missing"),
        (EXERCISE, None, None, EXERCISE),
        (EXERCISE, None, TEST, TEST),
        (EXERCISE, EXERCISE, None, EXERCISE),
        (EXERCISE, TEST, None, TEST),
        (EXERCISE, ACTUAL, None, "status-refused"),
        (EXERCISE, ACTUAL, EXERCISE, "status-refused"),
        (EXERCISE, None, ACTUAL, "status-refused"),
    ],
)
def test_worlds(
    deployment: Status,
    status: Status | None,
    default: Status | None,
    expected: str,
) -> None:
    report = incident(status=status)
    if isinstance(expected, Status):
        assert admit(report, deployment=deployment, default=default, now=T0).status is expected
        return
    with pytest.raises(Refused) as caught:
        admit(report, deployment=deployment, default=default, now=T0)
    assert (caught.value.code, caught.value.path, bool(caught.value.hint)) == (expected, "/status", True)


def later(**much: float) -> datetime:
    return T0 + timedelta(**much)


@pytest.mark.parametrize(
    ("field", "much", "code"),
    [
        ("reported", {"minutes": 5}, None),
        ("reported", {"minutes": 5, "seconds": 1}, "time-future"),
        ("reported", {"days": -366}, None),
        ("reported", {"days": -366, "seconds": -1}, "time-absurd"),
        ("onset", {"days": 7}, None),
        ("onset", {"days": 7, "seconds": 1}, "time-future"),
        ("onset", {"days": -366}, None),
        ("onset", {"days": -400}, "time-absurd"),
        ("expires", {"seconds": 1}, None),
        ("expires", {}, "time-absurd"),
        ("expires", {"hours": -1}, "time-absurd"),
        ("expires", {"days": 366}, None),
        ("expires", {"days": 367}, "time-absurd"),
    ],
)
def test_times(field: str, much: dict[str, float], code: str | None) -> None:
    report = incident(**{field: later(**much)})
    if code is None:
        assert getattr(admit(report, deployment=EXERCISE, default=None, now=T0), field) == later(**much)
        return
    with pytest.raises(BadInput) as caught:
        admit(report, deployment=EXERCISE, default=None, now=T0)
    assert (caught.value.code, caught.value.path, bool(caught.value.hint)) == (code, f"/{field}", True)


def test_the_times_inside_are_looked_at_too() -> None:
    ahead = later(minutes=6)
    seen = Observation(sensor="G-03", property="water-level", value=1.0, unit="m", at=T0)
    observed = incident(observations=(seen, Observation(sensor="G-03", property="water-level", value=1.0, unit="m", at=ahead)))
    over = incident(ended=Ended(reason=EndReason.OVER, at=ahead))
    for report, path in ((observed, "/observations/1/at"), (over, "/ended/at")):
        with pytest.raises(BadInput) as caught:
            admit(report, deployment=EXERCISE, default=None, now=T0)
        assert (caught.value.code, caught.value.path) == ("time-future", path)


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_ends_of_the_calendar_are_refused_like_any_other_absurdity(when: str) -> None:
    for field in ("onset", "reported", "expires"):
        with pytest.raises(BadInput, match=r"^time-"):
            admit(incident(**{field: datetime.fromisoformat(when)}), deployment=EXERCISE, default=None, now=T0)


@pytest.mark.parametrize(
    ("much", "code"),
    [({"minutes": 5}, None), ({"minutes": 6}, "time-future"), ({"days": -366}, None), ({"days": -367}, "time-absurd")],
)
def test_a_reading_has_a_time_that_can_be_meant(much: dict[str, float], code: str | None) -> None:
    read = Reading(source="s", sensor="G", property="p", value=1.0, unit="m", at=later(**much), quality=Quality.GOOD)
    if code is None:
        assert admit_reading(read, T0) == read
        return
    with pytest.raises(BadInput, match=f"^{code}"):
        admit_reading(read, T0)
