"""Where reports belong, by a literal table and by properties over every order of arrival."""

from collections.abc import Callable, Iterable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.incident import Ended, EndReason, Incident, Severity
from gateway.policy.order import KnownHead, Placement, place
from tests.policy.samples import incident, minute

REPORT = incident()


def report(sequence: int | None = None, reported: float | None = None, **changes: object) -> Incident:
    at = None if reported is None else minute(reported)
    return replace(REPORT, sequence=sequence, reported=at, **changes)


def ended(at: float, sequence: int | None = None, reported: float | None = None) -> Incident:
    return report(sequence, reported, ended=Ended(reason=EndReason.OVER, at=minute(at)))


def head(known: Incident, *, open: bool = True, episode: int = 1) -> KnownHead:
    return KnownHead(open=open, episode=episode, report=known, arrived=minute(1))


@pytest.mark.parametrize(
    ("known", "new", "episode", "applied", "closes"),
    [
        (None, report(), 1, True, False),
        (None, ended(5), 1, False, False),
        (head(report(7)), report(8), 1, True, False),
        (head(report(7)), report(7), 1, False, False),
        (head(report(7)), report(6), 1, False, False),
        (head(report(7, 0)), report(8, -5), 1, True, False),
        (head(report(7, 0)), report(6, 5), 1, False, False),
        (head(report(None, 0)), report(None, 1), 1, True, False),
        (head(report(None, 0)), report(None, 0), 1, False, False),
        (head(report(None, 0)), report(None, -1), 1, False, False),
        (head(report(7, 0)), report(None, -1), 1, False, False),
        (head(report(7, 0)), report(None, 1), 1, True, False),
        (head(report(7)), report(None, -9), 1, True, False),
        (head(report()), report(), 1, True, False),
        (head(report(7)), ended(5, 8), 1, True, True),
        (head(report(7)), ended(5, 6), 1, False, False),
        (head(ended(5, 8), open=False), ended(6, 9), 1, False, False),
        (head(ended(5, 8), open=False), report(7), 1, False, False),
        (head(ended(5, 8), open=False), report(9), 2, True, False),
        (head(ended(5, 8), open=False), report(1, onset=minute(6)), 2, True, False),
        (head(ended(5, 8), open=False), report(1, onset=minute(5)), 1, False, False),
        (head(ended(5, None, 8), open=False, episode=4), report(None, 9), 5, True, False),
        (head(ended(5, None, 8), open=False, episode=4), report(None, 8), 4, False, False),
    ],
)
def test_a_report_is_placed(known: KnownHead | None, new: Incident, episode: int, *, applied: bool, closes: bool) -> None:
    found = place(new, known, minute(10))
    assert (found.episode, found.applied, found.closes) == (episode, applied, closes)
    assert bool(found.why) is not applied


@pytest.mark.parametrize(
    ("known", "new", "why"),
    [
        (None, ended(5), "it ends what was never reported"),
        (head(report(7)), report(6), "sequence 6 is older than 7"),
        (head(report(7)), report(7), "sequence 7 is known already"),
        (head(ended(5, 8), open=False), ended(6, 9), "this episode is already closed"),
        (
            head(report(None, 0)),
            report(None, -1),
            "it was reported at 2026-07-14T08:59:00+00:00, not after 2026-07-14T09:00:00+00:00",
        ),
    ],
)
def test_why_a_report_was_only_stored_is_said(known: KnownHead | None, new: Incident, why: str) -> None:
    assert place(new, known, minute(10)).why == why


@pytest.mark.parametrize(
    ("new", "redraft"),
    [
        (report(8, 5), False),
        (report(8, severity=Severity.EXTREME), True),
        (report(8, severity=Severity.UNKNOWN), True),
        (report(8, facts={"place": "x"}), True),
        (report(8, expires=minute(90)), True),
        (ended(5, 8), True),
        (report(6, severity=Severity.EXTREME), False),
    ],
)
def test_only_what_says_something_new_is_drafted_again(new: Incident, *, redraft: bool) -> None:
    assert place(new, head(report(7)), minute(10)).redraft is redraft


def test_a_new_episode_is_always_drafted_even_when_it_says_the_same() -> None:
    assert place(report(9), head(report(8), open=False), minute(10)).redraft


def feed(reports: Iterable[Incident]) -> tuple[KnownHead | None, list[Placement]]:
    known: KnownHead | None = None
    placed = []
    for number, one in enumerate(reports):
        placed.append(place(one, known, minute(100 + number)))
        known = placed[-1].head
    return known, placed


@pytest.mark.parametrize("make", [report, lambda n: report(None, n)], ids=["sequence", "reported"])
def test_in_whatever_order_reports_arrive_the_newest_is_known_in_the_end(make: Callable[[int], Incident]) -> None:
    for order in permutations(range(1, 5)):
        known, placed = feed(make(number) for number in order)
        assert known is not None
        assert (known.report, known.episode) == (make(4), 1)
        seen = [number for number, one in zip(order, placed, strict=True) if one.applied]
        assert seen == sorted(set(seen))


REPORTS = st.builds(
    report,
    st.none() | st.integers(0, 6),
    st.none() | st.integers(0, 6),
    severity=st.sampled_from(Severity),
    ended=st.none() | st.builds(Ended, reason=st.sampled_from(EndReason), at=st.integers(0, 9).map(minute)),
)


@given(st.lists(REPORTS, max_size=12))
def test_episodes_only_grow_and_open_and_close_in_turn(reports: list[Incident]) -> None:
    known: KnownHead | None = None
    for number, one in enumerate(reports):
        found = place(one, known, minute(100 + number))
        before = known.episode if known else 0
        began = found.applied and found.episode == before + 1
        assert found.episode in (before, before + 1)
        assert found.closes == (found.applied and one.ended is not None)
        if began:
            assert one.ended is None
            assert known is None or not known.open
        elif found.applied:
            assert known is not None
            assert known.open
        else:
            assert found.head == known
            assert not found.redraft
        known = found.head


@given(st.lists(REPORTS, min_size=1, max_size=8))
def test_the_same_report_again_at_once_changes_nothing_where_it_can_be_told(reports: list[Incident]) -> None:
    known, _ = feed(reports)
    last = reports[-1]
    again = place(last, known, minute(500))
    if known and known.report == last and (last.sequence is not None or last.reported is not None):
        assert not again.applied
        assert again.head == known
