"""Watches: literal stories of a river, and properties that hold for every river, however its telemetry misbehaves."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fault import BadInput
from gateway.incident import Certainty, EndReason, Incident, Quality, Reading, Scope, Severity, Urgency
from gateway.playbook import Playbook
from gateway.policy.order import place
from gateway.policy.watch import State, watch
from tests.policy.samples import T0, minute, playbook, reading, second

GOOD, SUSPECT, BAD = Quality.GOOD, Quality.SUSPECT, Quality.BAD


def play(
    book: Playbook, steps: Iterable[tuple[Reading | None, datetime]], state: State | None = None
) -> tuple[State, list[Incident]]:
    reports: list[Incident] = []
    for one, now in steps:
        state, found = watch(one, state, book, now)
        reports.extend(found)
    assert state is not None
    return state, reports


def told(reports: Iterable[Incident]) -> list[tuple[str, bool]]:
    """Return level or trouble, and whether it ended."""
    return [(str(one.extensions.get("level") or one.extensions.get("trouble")), one.ended is not None) for one in reports]


def river(book: Playbook, *steps: tuple[float, float | None], state: State | None = None) -> tuple[State, list[Incident]]:
    """Play (second, value) pairs of one gauge, a value of None being a tick."""
    return play(book, [(None if value is None else reading(value, at), second(at)) for at, value in steps], state)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2.4], []),
        ([2.5], [("watch", False)]),
        ([2.5, 2.6, 2.5], [("watch", False)]),
        ([2.5, 2.1, 2.0, 2.4], [("watch", False)]),
        ([2.5, 1.99], [("watch", False), ("watch", True)]),
        ([2.5, 1.99, 2.4], [("watch", False), ("watch", True)]),
        ([2.5, 1.99, 2.5], [("watch", False), ("watch", True), ("watch", False)]),
        ([4.0], [("danger", False)]),
        ([4.0, 3.5, 3.9], [("danger", False)]),
        ([4.0, 3.49], [("danger", False), ("watch", False)]),
        ([2.5, 4.2, 3.4, 1.0], [("watch", False), ("danger", False), ("watch", False), ("watch", True)]),
        ([4.2, 1.0], [("danger", False), ("danger", True)]),
        ([4.2, 2.2, 4.2], [("danger", False), ("watch", False), ("danger", False)]),
    ],
)
def test_levels_rise_and_fall_with_hysteresis(values: list[float], expected: list[tuple[str, bool]]) -> None:
    _, reports = river(playbook(), *enumerate(values))
    assert told(reports) == expected


def test_a_report_says_everything_the_playbook_decided() -> None:
    book = playbook()
    _, (report,) = river(book, (5, 4.2))
    assert book.watch is not None
    assert (report.source, report.id, report.hazard, report.sequence) == ("river-telemetry", "gapcheon", "flash-flood", 1)
    assert (report.severity, report.urgency, report.certainty) == (Severity.SEVERE, Urgency.EXPECTED, Certainty.LIKELY)
    assert report.onset == report.reported == second(5)
    assert (report.status, report.scope, report.expires) == (None, None, None)
    assert report.areas == book.watch.areas
    assert report.facts == {"place": "bridge", "depth": {"value": 4.2, "unit": "m"}}
    assert [(one.sensor, one.value, one.unit, one.quality) for one in report.observations] == [("G-03", 4.2, "m", GOOD)]
    assert report.extensions == {"level": "danger"}


def test_an_end_keeps_the_onset_and_says_when_it_was_over() -> None:
    _, (_, over) = river(playbook(), (0, 4.2), (60, 1.0))
    assert over.ended is not None
    assert (over.ended.reason, over.ended.at) == (EndReason.OVER, second(60))
    assert (over.onset, over.severity, over.sequence) == (T0, Severity.SEVERE, 2)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, 4.2), (29, 4.2)], []),
        ([(0, 4.2), (30, 4.2)], [("danger", False)]),
        ([(0, 4.2), (30, None)], [("danger", False)]),
        ([(0, 4.2), (10, 1.0), (20, 4.2), (45, None)], []),
        ([(0, 4.2), (10, 1.0), (20, 4.2), (50, None)], [("danger", False)]),
        ([(0, 2.6), (20, 4.2), (30, None)], [("watch", False)]),
        ([(0, 2.6), (20, 4.2), (30, None), (50, None)], [("watch", False), ("danger", False)]),
        ([(0, 4.2), (30, 4.2), (40, 1.0), (69, None)], [("danger", False)]),
        ([(0, 4.2), (30, 4.2), (40, 1.0), (70, None)], [("danger", False), ("danger", True)]),
        ([(0, 4.2), (30, 4.2), (40, 1.0), (60, 4.2), (80, 1.0), (100, None)], [("danger", False)]),
    ],
)
def test_a_level_counts_only_when_it_lasted(steps: list[tuple[float, float | None]], expected: list[tuple[str, bool]]) -> None:
    _, reports = river(playbook(hold=timedelta(seconds=30)), *steps)
    assert told(reports) == expected


def test_the_onset_is_when_the_level_began_not_when_it_had_lasted() -> None:
    _, (report,) = river(playbook(hold=timedelta(seconds=30)), (7, 4.2), (20, 4.3), (40, None))
    assert (report.onset, report.reported) == (second(7), second(40))


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([("A", 4.2)], []),
        ([("A", 4.2), ("B", 2.6)], [("watch", False)]),
        ([("A", 4.2), ("B", 4.0)], [("danger", False)]),
        ([("A", 4.2), ("B", 1.0), ("C", 9.0)], [("danger", False)]),
        ([("A", 4.2), ("A", 4.3), ("A", 4.4)], []),
        ([("A", 4.2), ("B", 4.2), ("A", 1.0)], [("danger", False), ("danger", True)]),
        ([("A", 4.2), ("B", 4.2), ("C", 4.2), ("A", 1.0)], [("danger", False)]),
        ([("A", 4.2), ("B", 4.2), ("C", 2.2), ("A", 1.0)], [("danger", False), ("watch", False)]),
    ],
)
def test_two_of_three_sensors_must_agree(heard: list[tuple[str, float]], expected: list[tuple[str, bool]]) -> None:
    book = playbook(sensors=("A", "B", "C"), at_least=2)
    steps = [(reading(value, number, sensor), second(number)) for number, (sensor, value) in enumerate(heard)]
    _, reports = play(book, steps)
    assert told(reports) == expected


def test_the_fact_is_the_value_that_enough_sensors_agree_on() -> None:
    book = playbook(sensors=("A", "B", "C"), at_least=2)
    _, reports = play(book, [(reading(value, 0, sensor), T0) for sensor, value in (("A", 9.0), ("B", 4.1), ("C", 1.0))])
    assert reports[0].facts["depth"] == {"value": 4.1, "unit": "m"}
    assert [one.sensor for one in reports[0].observations] == ["A", "B"]


def test_where_low_is_the_danger_the_fact_is_the_lowest_that_enough_agree_on() -> None:
    low = (msgspec.structs.replace(playbook().levels[0], rise=2.0, fall=2.5),)
    book = playbook(levels=low, falling=True, sensors=("A", "B", "C"), at_least=2)
    _, reports = play(book, [(reading(value, 0, sensor), T0) for sensor, value in (("A", 0.5), ("B", 1.5), ("C", 9.0))])
    assert reports[0].facts["depth"] == {"value": 1.5, "unit": "m"}


def test_where_low_is_the_danger_everything_stands_on_its_head() -> None:
    upright = playbook()
    low = tuple(msgspec.structs.replace(one, rise=12 - (one.rise or 0), fall=12 - (one.fall or 0)) for one in upright.levels)
    values = [2.4, 2.5, 2.1, 4.0, 3.5, 3.4, 2.0, 1.9, 4.2]
    _, rising = river(upright, *enumerate(values))
    _, falling = river(playbook(levels=low, falling=True), *((at, round(12 - value, 6)) for at, value in enumerate(values)))
    assert told(falling) == told(rising)
    assert falling[0].facts["depth"] == {"value": 9.5, "unit": "m"}


# Quality


def test_a_bad_reading_is_ignored_and_counted() -> None:
    before, _ = river(playbook(), (0, 1.0))
    after, reports = play(playbook(), [(reading(9.0, 10, quality=BAD), second(10))], before)
    assert reports == []
    assert after.sensors["G-03"] == msgspec.structs.replace(before.sensors["G-03"], bad=1)


def test_a_suspect_reading_neither_raises_nor_lowers_but_is_kept() -> None:
    book = playbook(sensors=("A", "B"))
    steps = [
        (reading(9.0, 0, "A", SUSPECT), T0),
        (reading(4.2, 1, "B"), second(1)),
        (reading(0.1, 2, "B", SUSPECT), second(2)),
    ]
    _, reports = play(book, steps)
    assert told(reports) == [("danger", False)]
    assert [(one.sensor, one.value, one.quality) for one in reports[0].observations] == [("A", 9.0, SUSPECT), ("B", 4.2, GOOD)]


def test_a_suspect_reading_interrupts_what_was_about_to_count() -> None:
    book = playbook(hold=timedelta(seconds=30))
    for quality, expected in ((GOOD, [("danger", False)]), (SUSPECT, [])):
        steps = [(reading(4.2, 0), second(0)), (reading(4.2, 10, quality=quality), second(10)), (None, second(30))]
        assert told(play(book, steps)[1]) == expected


def test_a_suspect_reading_is_a_sign_of_life() -> None:
    state, _ = river(playbook(), (0, 1.0))
    state, _ = play(playbook(), [(reading(1.0, 500, quality=SUSPECT), second(500))], state)
    assert told(river(playbook(), (1000, None), state=state)[1]) == []
    assert told(river(playbook(), (1101, None), state=state)[1]) == [("silent", False)]


# Sensors in trouble


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, 1.0), (600, None)], []),
        ([(0, 1.0), (601, None)], [("silent", False)]),
        ([(0, 1.0), (601, None), (700, None), (5000, None)], [("silent", False)]),
        ([(0, 1.0), (601, None), (700, 1.0)], [("silent", False), ("silent", True)]),
        ([(0, 1.0), (601, None), (700, 1.0), (1301, None)], [("silent", False), ("silent", True), ("silent", False)]),
        ([(0, None), (601, None)], [("silent", False)]),
        ([(0, 1.0), (10, 12.1)], [("out-of-range", False)]),
        ([(0, 1.0), (10, -0.1), (20, 99.0)], [("out-of-range", False)]),
        ([(0, 1.0), (10, 12.1), (20, 12.0)], [("out-of-range", False), ("out-of-range", True), ("danger", False)]),
        ([(0, 1.0), (601, None), (700, 99.0), (800, 1.0)], [("silent", False), ("out-of-range", True)]),
        ([(0, 1.0), (300, 1.05), (3600, 1.08)], [("stuck", False)]),
        ([(0, 1.0), (300, 1.05), (3599, 1.1)], []),
        ([(0, 1.0), (300, 1.11), (3600, 1.1)], []),
        ([(0, 1.0), (3600, 1.0), (3700, 1.2)], [("stuck", False), ("stuck", True)]),
    ],
)
def test_a_sensor_in_trouble_is_told_once_and_once_when_it_recovers(
    steps: list[tuple[float, float | None]], expected: list[tuple[str, bool]]
) -> None:
    _, reports = river(playbook(stuck_after=timedelta(hours=1), stuck_within=0.1), *steps)
    assert told(reports) == expected


def test_a_fault_is_restricted_and_never_the_river_s_incident() -> None:
    _, (fault, over) = river(playbook(), (0, 1.0), (700, None), (800, 1.0))
    assert (fault.hazard, fault.id, fault.scope) == ("sensor-fault", "gapcheon/G-03", Scope.RESTRICTED)
    assert (fault.onset, fault.facts) == (T0, {"place": "bridge"})
    assert fault.areas
    assert over.ended is not None
    assert (over.id, over.ended.at, over.onset) == (fault.id, second(800), T0)


@pytest.mark.parametrize("wrong", [99.0, None], ids=["impossible", "silent"])
def test_a_sensor_in_trouble_never_ends_what_it_began(wrong: float | None) -> None:
    _, reports = river(playbook(), (0, 4.2), (700, wrong), (5000, None), (90_000, None))
    assert ("danger", True) not in told(reports)
    assert ("danger", False) in told(reports)


def test_a_reading_that_comes_too_late_to_be_believed_raises_nothing() -> None:
    state, reports = play(playbook(), [(reading(9.0, 0), minute(11))])
    assert reports == []
    assert told(play(playbook(), [(None, minute(12))], state)[1]) == [("silent", False)]


def test_readings_that_come_together_after_a_pause_are_judged_by_their_own_times() -> None:
    now = minute(5)
    book = playbook(hold=timedelta(seconds=30))
    spike = [(reading(value, at), now) for at, value in ((0, 1.0), (10, 9.0), (20, 1.0))]
    assert told(play(book, [*spike, (None, now)])[1]) == []
    flood = [(reading(value, at), now) for at, value in ((0, 1.0), (10, 9.0), (40, 9.0))]
    _, (report,) = play(book, flood)
    assert report.onset == second(10)


# What is refused


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"sensor": "G-99"}, "sensor-unknown", "/sensor"),
        ({"unit": "cm"}, "unit-unknown", "/unit"),
        ({"property": "discharge"}, "property-unknown", "/property"),
        ({"source": "somebody"}, "source-unknown", "/source"),
        ({"seconds": 10}, "reading-late", "/at"),
        ({"seconds": 9}, "reading-late", "/at"),
        ({"seconds": 9, "quality": BAD}, "reading-late", "/at"),
        ({"seconds": 321}, "time-future", "/at"),
        ({"seconds": -40_000_000}, "time-absurd", "/at"),
    ],
)
def test_what_the_watch_does_not_know_is_an_error(changes: dict[str, Any], code: str, path: str) -> None:
    state, _ = river(playbook(), (10, 1.0))
    with pytest.raises(BadInput) as caught:
        watch(reading(**({"value": 9.0, "seconds": 20} | changes)), state, playbook(), second(20))
    assert (caught.value.code, caught.value.path, bool(caught.value.hint)) == (code, path, True)


def test_a_playbook_without_a_watch_watches_nothing() -> None:
    with pytest.raises(BadInput, match=r"^watch-missing"):
        watch(None, None, playbook(watched=False), T0)


# Edited playbooks


def test_a_sensor_that_is_taken_out_in_trouble_takes_its_trouble_along() -> None:
    state, _ = river(playbook(sensors=("G-03", "G-04")), (0, 1.0), (700, None))
    assert {name for name, sensor in state.sensors.items() if sensor.trouble} == {"G-03", "G-04"}
    state, reports = play(playbook(), [(None, second(701))], state)
    assert [(one.id, one.ended is not None) for one in reports] == [("gapcheon/G-04", True)]
    assert set(state.sensors) == {"G-03"}


def test_a_level_that_is_taken_out_is_left_at_once() -> None:
    book = playbook()
    state, _ = river(book, (0, 4.2))
    _, reports = river(playbook(levels=book.levels[:1]), (10, 4.2), state=state)
    assert told(reports) == [("watch", False)]


# Properties

STEPS = st.lists(
    st.tuples(
        st.integers(1, 400),
        st.none() | st.floats(-1, 13, allow_nan=False).map(lambda value: round(value, 2)),
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from([GOOD, GOOD, GOOD, SUSPECT, BAD]),
    ),
    max_size=40,
)
HOLDS = st.sampled_from([0, 30, 300]).map(lambda seconds: timedelta(seconds=seconds))


def walked(steps: list[tuple[int, float | None, str, Quality]]) -> list[tuple[Reading | None, datetime]]:
    at, result = 0, []
    for wait, value, sensor, quality in steps:
        at += wait
        one = None if value is None else reading(value, at, sensor, quality)
        result.append((one, second(at)))
    return result


@given(STEPS, HOLDS, st.integers(1, 3))
def test_a_restart_at_any_moment_changes_nothing(
    steps: list[tuple[int, float | None, str, Quality]],
    hold: timedelta,
    need: int,
) -> None:
    book = playbook(sensors=("A", "B", "C"), at_least=need, hold=hold, stuck_after=timedelta(minutes=30), stuck_within=0.05)
    straight: State | None = None
    restarted: State | None = None
    for one, now in walked(steps):
        straight, expected = watch(one, straight, book, now)
        restarted, found = watch(one, restarted, book, now)
        assert found == expected
        encoded = msgspec.json.encode(restarted)
        restarted = msgspec.json.decode(encoded, type=State)
        assert restarted == straight
        assert msgspec.json.encode(restarted) == encoded


@given(STEPS, HOLDS, st.integers(1, 3))
def test_reports_are_news_in_growing_order_and_every_one_of_them_can_be_placed(
    steps: list[tuple[int, float | None, str, Quality]],
    hold: timedelta,
    need: int,
) -> None:
    book = playbook(sensors=("A", "B", "C"), at_least=need, hold=hold)
    _, reports = play(book, walked(steps) or [(None, T0)])
    assert [one.sequence for one in reports] == list(range(1, len(reports) + 1))
    for id in {one.id for one in reports}:
        mine = [one for one in reports if one.id == id]
        assert mine[0].ended is None
        said = [(one.extensions, one.ended is not None) for one in mine]
        assert all(before != after for before, after in pairwise(said))
        known, episodes = None, list[int]()
        for one in mine:
            placed = place(one, known, T0)
            assert placed.applied
            assert placed.redraft
            known, episodes = placed.head, [*episodes, placed.episode]
        assert episodes == [1 + sum(one.ended is not None for one in mine[:number]) for number in range(len(mine))]


@given(values=st.lists(st.floats(2.0, 2.49).map(lambda value: round(value, 2)), min_size=1, max_size=40), high=st.booleans())
def test_between_fall_and_rise_nothing_ever_flaps(values: list[float], *, high: bool) -> None:
    start = [(0, 2.5 if high else 1.0)]
    _, reports = river(playbook(), *start, *((number, value) for number, value in enumerate(values, start=1)))
    assert told(reports) == ([("watch", False)] if high else [])


@given(st.lists(st.integers(1, 29), min_size=2, max_size=40))
def test_what_changes_its_mind_within_the_hold_is_never_told(waits: list[int]) -> None:
    played = [(sum(waits[:number]), 9.0 if number % 2 else 1.0) for number in range(len(waits))]
    _, reports = river(playbook(hold=timedelta(seconds=30)), *played)
    assert reports == []
