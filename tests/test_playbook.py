"""Playbooks: what a good file means, and every fault of a bad one at once with its line."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.area import Polygon
from gateway.config import read_playbooks
from gateway.fault import Faults, Finding
from gateway.incident import Certainty, Severity, Urgency
from gateway.playbook import Level, Name, Playbook, Watch, names, read

GOOD = """\
hazard = "flash-flood"
title = { ko = "수위", en = "River" }
debounce = "90s"

[watch]
incident = "G-03"
source = "river-telemetry"
property = "water-level"
unit = "m"
sensors = ["G-03", "G-04"]
at_least = 1
hold = "0s"
silent_after = "10m"
stuck_after = "2d"
low = -1
high = 12.5
fact = "depth"
facts = { place = "bridge" }

[[watch.areas]]
role = "danger"
zones = ["9920010500"]

[[levels]]
name = "watch"
severity = "moderate"
urgency = "expected"
certainty = "likely"
responses = ["Avoid"]
targets = ["webhook/app"]
duration = "2h"
rise = 2.5
fall = 2
of = ["minor", "unknown"]

[[levels]]
name = "danger"
severity = "severe"
urgency = "immediate"
certainty = "observed"
responses = ["Evacuate", "Avoid"]
targets = ["cap/broadcaster", "webhook/app"]
duration = "3h"
rise = 4
fall = 3.5

[pre_authorised]
source = "river-telemetry"
most_km2 = 0.5
"""


def findings(text: str) -> list[Finding]:
    with pytest.raises(Faults) as caught:
        read(text.encode(), "playbooks/river-flood.toml")
    assert all(finding.file == "playbooks/river-flood.toml" for finding in caught.value.findings)
    assert all(finding.hint for finding in caught.value.findings)
    return list(caught.value.findings)


def line_of(text: str, part: str, *, nth: int = 1) -> int:
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if part in line]
    return lines[nth - 1]


def test_a_good_file_is_read_literally() -> None:
    book = read(GOOD.encode(), "playbooks/river-flood.toml")
    assert (book.id, book.hazard, book.title["ko"]) == ("river-flood", "flash-flood", "수위")
    assert book.debounce == timedelta(seconds=90)
    assert book.watch is not None
    assert (book.watch.hold, book.watch.silent_after, book.watch.stuck_after) == (
        timedelta(0),
        timedelta(minutes=10),
        timedelta(days=2),
    )
    assert (book.watch.low, book.watch.high, book.watch.fact) == (-1.0, 12.5, "depth")
    assert book.level("danger") == Level(
        name="danger",
        severity=Severity.SEVERE,
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.OBSERVED,
        responses=("Evacuate", "Avoid"),
        targets=("cap/broadcaster", "webhook/app"),
        duration=timedelta(hours=3),
        rise=4.0,
        fall=3.5,
    )
    assert book.level_of(Severity.UNKNOWN) == book.level("watch")
    assert book.level_of(Severity.EXTREME) is None
    assert (book.higher("danger", "watch"), book.higher("watch", "danger"), book.higher("watch", "watch")) == (True, False, False)


def test_names_that_other_rooms_must_know_come_with_their_places() -> None:
    assert set(names(read(GOOD.encode(), "x.toml"))) == {
        Name("hazard", "flash-flood", ("hazard",)),
        Name("source", "river-telemetry", ("pre_authorised", "source")),
        Name("target", "webhook/app", ("levels", 0, "targets", 0)),
        Name("target", "cap/broadcaster", ("levels", 1, "targets", 0)),
        Name("target", "webhook/app", ("levels", 1, "targets", 1)),
        Name("source", "river-telemetry", ("watch", "source")),
        Name("zone", "9920010500", ("watch", "areas", 0, "zones", 0)),
    }


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ("fall = 3.5", "fall = 4", "threshold-order", "fall = 4"),
        ("fall = 3.5", "fall = 5", "threshold-order", "fall = 5"),
        ("fall = 3.5\n", "", "threshold-half", "[[levels]]"),
        ("rise = 4\nfall = 3.5", "rise = 2.5\nfall = 2.2", "levels-order", "rise = 2.5"),
        ("rise = 4\nfall = 3.5", "rise = 4\nfall = 1.5", "levels-order", "rise = 4"),
        ("rise = 4", "rise = 13", "threshold-range", "rise = 13"),
        ('severity = "severe"', 'severity = "minor"', "levels-order", 'severity = "minor"'),
        ('name = "danger"', 'name = "watch"', "level-twice", 'name = "watch"'),
        ("at_least = 1", "at_least = 3", "watch-at-least", "at_least = 3"),
        ("low = -1", "low = 12.5", "watch-range", "low = 12.5"),
        ('stuck_after = "2d"', "stuck_within = 0.1", "watch-stuck", "stuck_within"),
        ("fall = 3.5", 'fall = 3.5\nof = ["unknown"]', "severity-twice", 'of = ["unknown"]'),
        ('ko = "수위"', 'ko = "수\\u202e위"', "text-bidi", "title"),
        ('place = "bridge"', 'place = "a\\u0007"', "text-control", "facts"),
        ('zones = ["9920010500"]', 'zones = ["a"]\nname = {en = "\\u200b"}', "text-invisible", "name = {en"),
        (
            'zones = ["9920010500"]',
            'geometry = {type = "Polygon", coordinates = [[[0, 0], [1, 0], [1, 1], [0, 1]]]}',
            "geometry-invalid",
            "geometry",
        ),
        (
            'zones = ["9920010500"]',
            'geometry = {type = "Polygon", coordinates = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}',
            "geometry-invalid",
            "geometry",
        ),
        (
            'zones = ["9920010500"]',
            'geometry = {type = "LineString", coordinates = [[0, 0], [1, 1]]}',
            "geometry-line",
            "geometry",
        ),
        ('hold = "0s"', 'hold = "-5s"', "schema-pattern", "hold"),
        ('hold = "0s"', 'hold = "half a minute"', "schema-pattern", "hold"),
        ('silent_after = "10m"', 'silent_after = "0m"', "schema-pattern", "silent_after"),
        ('duration = "3h"', 'duration = "0h"', "schema-pattern", 'duration = "0h"'),
        ('duration = "3h"', "duration = 3", "schema-type", "duration = 3"),
        ('severity = "severe"', 'severity = "unknown"', "schema-enum", 'severity = "unknown"'),
        ('responses = ["Avoid"]', 'responses = ["AllClear"]', "schema-enum", "AllClear"),
        ('targets = ["webhook/app"]', 'targets = ["webhook"]', "schema-pattern", 'targets = ["webhook"]'),
        ("at_least = 1", "atleast = 1", "schema-unknown-field", "atleast"),
    ],
)
def test_a_fault_is_told_in_its_line(old: str, new: str, rule: str, line: str) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    nth = 2 if line in ("[[levels]]", 'name = "watch"', "rise = 2.5") else 1
    assert (rule, line_of(text, line, nth=nth)) in {(finding.rule, finding.line) for finding in findings(text)}


def test_every_shape_fault_of_a_file_comes_at_once() -> None:
    text = GOOD.replace('unit = "m"', 'unit = "metres per"').replace("rise = 4", 'rise = "high"').replace('debounce = "90s"', "")
    assert {(finding.rule, finding.path) for finding in findings(text)} == {
        ("schema-pattern", "/watch/unit"),
        ("schema-type", "/levels/1/rise"),
        ("schema-required", ""),
    }


def test_every_contradiction_of_a_file_comes_at_once() -> None:
    text = GOOD.replace("at_least = 1", "at_least = 9").replace("fall = 3.5", "fall = 4.5").replace("high = 12.5", "high = 3")
    rules = [finding.rule for finding in findings(text)]
    assert sorted(rules) == ["threshold-order", "threshold-range", "threshold-range", "watch-at-least"]


def test_where_low_values_are_the_danger_the_thresholds_stand_on_their_heads() -> None:
    falling = GOOD.replace("high = 12.5", "high = 12.5\nfalling = true")
    told = {finding.rule for finding in findings(falling)}
    assert told == {"threshold-order", "levels-order"}
    upside_down = falling.replace("rise = 2.5\nfall = 2\n", "rise = 2\nfall = 2.5\n").replace(
        "rise = 4\nfall = 3.5", "rise = 1\nfall = 1.5"
    )
    book = read(upside_down.encode(), "x.toml")
    assert book.watch is not None
    assert book.watch.falling


def without_watch(text: str) -> str:
    return text[: text.index("[watch]")] + text[text.index("[[levels]]") :]


def test_thresholds_need_a_watch_and_a_watch_needs_thresholds() -> None:
    assert [finding.rule for finding in findings(without_watch(GOOD))] == ["threshold-unwatched"] * 2
    bare = GOOD.replace("rise = 2.5\nfall = 2\n", "").replace("rise = 4\nfall = 3.5\n", "")
    assert [finding.rule for finding in findings(bare)] == ["watch-levels"]


def test_a_plan_that_nothing_ever_reaches_is_refused() -> None:
    text = without_watch(GOOD).replace('rise = 2.5\nfall = 2\nof = ["minor", "unknown"]', "").replace("rise = 4\nfall = 3.5", "")
    assert [finding.rule for finding in findings(text)] == ["level-unreachable"]


def test_a_street_becomes_an_area_only_by_a_declared_width() -> None:
    street = 'geometry = {type = "LineString", coordinates = [[127.35, 36.36], [127.36, 36.36]]}'
    text = GOOD.replace('zones = ["9920010500"]', street).replace('debounce = "90s"', 'debounce = "90s"\nline_buffer_m = 20')
    assert read(text.encode(), "x.toml").line_buffer_m == 20.0


def test_hanbat_watches_the_river_at_the_bridge() -> None:
    book = read_playbooks(Path(__file__).parents[1] / "gateway" / "demo" / "hanbat")["river-flood"]
    assert isinstance(book, Playbook)
    assert isinstance(book.watch, Watch)
    assert (book.hazard, book.watch.incident, book.watch.sensors) == ("flash-flood", "G-03", ("G-03",))
    assert [(level.name, level.severity, level.rise, level.fall) for level in book.levels] == [
        ("watch", "moderate", 2.5, 2.0),
        ("danger", "severe", 4.0, 3.5),
    ]
    assert isinstance(book.watch.areas[0].geometry, Polygon)
    assert len(book.watch.areas[0].geometry.coordinates[0]) == 27
