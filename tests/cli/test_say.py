import pytest

from gateway.cli.say import fail, spoken
from gateway.fault import BadInput, Conflict, Fault, Faults, Finding, Gravity, Missing, Refused, Unavailable, Unreachable


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("a", "b"), 1),
        (Missing("a", "b"), 1),
        (Unavailable("a", "b"), 1),
        (BadInput("a", "b"), 3),
        (Faults([Finding(rule="a", message="b")]), 3),
        (Refused("a", "b"), 4),
        (Conflict("a", "b"), 4),
        (Unreachable("a", "b"), 6),
    ],
)
def test_every_kind_of_fault_has_its_code(fault: Fault, code: int) -> None:
    assert fail(fault) == code


def test_every_fault_of_a_document_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    fail(Faults([Finding(rule="one", message="first", file="a.toml", line=3), Finding(rule="two", message="second")]))
    assert capsys.readouterr() == ("", "a.toml:3: error: one: first\nerror: two: second\n")


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (Finding(rule="r", message="m"), "error: r: m"),
        (Finding(rule="r", message="m", path="/a", hint="mend it"), "error: r: m (at /a) - mend it"),
        (Finding(rule="r", message="m", file="f", line=7, severity=Gravity.WARNING), "f:7: warning: r: m"),
        (Finding(rule="r", message="m", file="folder"), "folder: error: r: m"),
    ],
)
def test_a_finding_is_one_line(monkeypatch: pytest.MonkeyPatch, found: Finding, line: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert spoken(found) == line
