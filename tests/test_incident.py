"""The words of an incident are CAP's own, in lower case; read out of the CAP schema itself."""

import pytest
from lxml import etree

from gateway import shipped
from gateway.incident import Certainty, Ended, EndReason, Incident, Reading, Scope, Severity, Status, Urgency
from gateway.source import read_incident, read_reading

XS = "{http://www.w3.org/2001/XMLSchema}"
REPORT = {
    "source": "river",
    "id": "G-03",
    "hazard": "flash-flood",
    "severity": "severe",
    "urgency": "immediate",
    "certainty": "observed",
    "onset": "2026-07-14T18:20:00+09:00",
    "transit": [{"stop": "S01"}],
}
"""The least there can be."""


def cap_words(name: str) -> set[str]:
    """Return the values that CAP 1.2 lets an element have, in lower case."""
    schema = etree.fromstring(shipped.read("schemas/cap-1.2.xsd"))
    kind = next(one.get("type") for one in schema.iter(f"{XS}element") if one.get("name") == name)
    words = next(one for one in schema.iter(f"{XS}simpleType") if one.get("name") == kind)
    return {str(value.get("value")).lower() for value in words.iter(f"{XS}enumeration")}


WORDS = {"severity": Severity, "urgency": Urgency, "certainty": Certainty, "scope": Scope}


@pytest.mark.parametrize("name", WORDS)
def test_the_words_are_caps(name: str) -> None:
    assert {word.value for word in WORDS[name]} == cap_words(name)


def test_the_worlds_are_those_of_cap_that_tell_the_public_something() -> None:
    assert {status.value for status in Status} == cap_words("status") - {"system", "draft"}


def test_the_least_there_can_be() -> None:
    incident = read_incident(REPORT)
    assert (incident.status, incident.scope, incident.expires, incident.ended, incident.sequence) == (None,) * 5
    assert incident.areas == ()


def test_an_end_has_a_reason_and_a_time() -> None:
    at = "2026-07-14T19:20:00+09:00"
    incident = read_incident(REPORT | {"ended": {"reason": "error", "at": at}})
    assert isinstance(incident.ended, Ended)
    assert (incident.ended.reason, incident.ended.at.isoformat()) == (EndReason.ERROR, at)


def test_nothing_of_them_can_be_changed() -> None:
    reading = read_reading(
        {"source": "r", "sensor": "s", "property": "p", "value": 1, "unit": "m", "at": "2026-07-14T19:20:00Z", "quality": "good"}
    )
    for one in (read_incident(REPORT), reading):
        assert isinstance(one, Incident | Reading)
        with pytest.raises(AttributeError):
            setattr(one, "source", "other")  # noqa: B010 - written plainly, the checker of types refuses it too
