"""The TOML door: values as tomllib reads them, lines as anybody counts them in the text."""

import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from gateway.doors import toml
from gateway.doors.json import Path
from gateway.fault import Faults

FILE = """\
# a comment = "@"
title = {ko = "@", "en" = "@"}  # on one line
a.b."c.d" = "@"
many = ["@",
  "@", # and a comment, "with a comma"
  # nothing but a comment
  {deep = ["@",
    "@"]},
]

['watch']
sensors = ["@"]
[[levels]]
name = "@"
[levels.words]
of = "@"
[[levels.steps]]
at = "@"
[[levels.steps]]
at = "@"
[levels.steps.more]
x.y = "@"
[[levels]]
"a name" = '@'
[[levels.steps]]
at = "@"
[late.parent]
x = "@"
[late]
x = "@"
"""
NUMBERED = "\n".join(line.replace("@", str(number)) for number, line in enumerate(FILE.splitlines(), start=1))


def leaves(value: object, path: Path = ()) -> list[tuple[Path, str]]:
    if isinstance(value, dict):
        return [leaf for key, part in value.items() for leaf in leaves(part, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, part in enumerate(value) for leaf in leaves(part, (*path, index))]
    return [(path, str(value))]


def test_every_value_is_found_in_the_line_where_it_was_written() -> None:
    document = toml.load(NUMBERED.encode(), "city.toml")
    found = {path: document.line(path) for path, _ in leaves(document.data)}
    assert found == {path: int(number) for path, number in leaves(document.data)}
    assert len(found) == 17


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("nowhere",), 1),
        (("watch",), 11),
        (("watch", "hold"), 11),
        (("levels",), 13),
        (("levels", 1), 23),
        (("levels", 1, "severity"), 23),
        (("levels", 0, "steps", 1, "nothing"), 19),
        (("levels", 0, "steps"), 17),
        (("a",), 3),
        (("many", 2), 7),
        (("late",), 27),
    ],
)
def test_what_is_missing_is_missed_in_the_table_that_would_hold_it(path: Path, line: int) -> None:
    assert toml.load(NUMBERED.encode(), "city.toml").line(path) == line


KEYS = st.text(min_size=1, max_size=5)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_an_outside_writer_writes_is_read_and_every_value_has_a_line(data: dict[str, object]) -> None:
    text = tomlkit.dumps(data)
    document = toml.load(text.encode(), "x.toml")
    assert document.data == tomllib.loads(text)
    assert {path for path, _ in leaves(document.data)} <= set(document.lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in document.lines.values())


@pytest.mark.parametrize(
    ("raw", "rule", "line"),
    [
        (b"a = 1\nb = \n", "toml-syntax", 2),
        (b"a = 1\na = 2\n", "toml-syntax", 2),
        (b"[x]\ny = 1\n[x]\n", "toml-syntax", 3),
        (b"a = 1\nb = 'open\n", "toml-syntax", 2),
        (b"a = 1\nb = '\xff'\n", "toml-encoding", 2),
        (b"\xef\xbb\xbfa = 1\n", "toml-syntax", 1),
        (b"a = 1\n\nb = 2026-07-14\n", "toml-date", 3),
        (b"[t]\nb = [1, 2026-07-14T18:20:00Z]\n", "toml-date", 2),
        (b"b = 18:20:00\n", "toml-date", 1),
        (b"a = 0\nb = nan\n", "toml-number", 2),
        (b"b = -inf\n", "toml-number", 1),
        (b"b = 9223372036854775808\n", "toml-number", 1),
        (b"b = " + b"9" * 5000, "toml-syntax", 1),
        (b"b = " + b"[" * 70 + b"]" * 70, "toml-too-deep", 1),
        (b"b = " + b"[" * 100_000, "toml-too-deep", 1),
        (b".".join([b"a"] * 200) + b" = 1", "toml-too-deep", 1),
        (b"#" * 1_048_577, "toml-too-large", 1),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_each_cause_has_its_own_rule_and_line(raw: bytes, rule: str, line: int) -> None:
    with pytest.raises(Faults) as caught:
        toml.load(raw, "city.toml")
    found = caught.value.findings[0]
    assert (found.rule, found.line, found.file) == (rule, line, "city.toml")
    assert found.hint


def test_every_unusable_value_is_told_at_once() -> None:
    with pytest.raises(Faults) as caught:
        toml.load(b"a = nan\nb = 2026-07-14\n[c]\nd = inf\n", "x.toml")
    assert [(f.rule, f.line, f.path) for f in caught.value.findings] == [
        ("toml-number", 1, "/a"),
        ("toml-date", 2, "/b"),
        ("toml-number", 4, "/c/d"),
    ]


def test_a_schema_is_broken_in_a_line() -> None:
    document = toml.load(b'hazard = "flash-flood"\ndebounce = "2m"\n\n[[levels]]\nname = "x"\nrise = "high"\n', "p.toml")
    found = {(f.rule, f.path, f.line) for f in document.check("playbook.schema.json")}
    assert ("schema-type", "/levels/0/rise", 6) in found
    assert ("schema-required", "/levels/0", 4) in found
    assert ("schema-required", "", 1) in found
