"""Hysteresis with a minimum duration, judged by a plain replay of the whole history."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.trigger import Trigger, turn
from tests.policy.samples import T0, second


def test_a_level_begins_when_its_values_began_not_when_they_had_lasted() -> None:
    hold = timedelta(seconds=30)
    trigger = turn(Trigger(), risen=True, fallen=False, when=second(10), hold=hold)
    trigger = turn(trigger, risen=True, fallen=False, when=second(39), hold=hold)
    assert not trigger.on
    trigger = turn(trigger, risen=True, fallen=False, when=second(40), hold=hold)
    assert trigger == Trigger(on=True, began=second(10))


def test_a_moment_on_the_other_side_starts_the_count_again() -> None:
    hold = timedelta(seconds=30)
    trigger = Trigger()
    for at, risen in ((0, True), (20, False), (25, True), (50, True)):
        trigger = turn(trigger, risen=risen, fallen=not risen, when=second(at), hold=hold)
    assert not trigger.on
    assert turn(trigger, risen=True, fallen=False, when=second(55), hold=hold).began == second(25)


def test_between_the_thresholds_nothing_changes() -> None:
    for trigger in (Trigger(), Trigger(on=True, began=T0)):
        assert turn(trigger, risen=False, fallen=False, when=second(9), hold=timedelta(0)) == trigger


SIDES = st.sampled_from(["above", "between", "below"])


def replayed(history: list[tuple[int, str]], hold: int) -> bool:
    """Say from the whole history whether the level is on: the last run on one side that lasted long enough decides."""
    on, since = False, None
    for at, side in history:
        if side != ("below" if on else "above"):
            since = None
            continue
        since = at if since is None else since
        if at - since >= hold:
            on, since = not on, None
    return on


@given(st.lists(st.tuples(st.integers(0, 20), SIDES), max_size=30), st.integers(0, 40))
def test_any_history_gives_what_a_replay_gives(steps: list[tuple[int, str]], hold: int) -> None:
    trigger, at, history = Trigger(), 0, []
    for wait, side in steps:
        at += wait
        history.append((at, side))
        trigger = turn(trigger, risen=side == "above", fallen=side == "below", when=second(at), hold=timedelta(seconds=hold))
        assert trigger.on == replayed(history, hold)
