"""The JSON door, judged by literal tables, by RFC 8259 as orjson reads it, and by an outside JSON Schema validator."""

import json as plain
from pathlib import Path

import orjson
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from gateway.doors import json
from gateway.doors.complaint import pointer
from gateway.fault import BadInput, Faults

SCHEMAS = Path(__file__).parents[2] / "schemas"
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))


@given(DOCUMENTS)
def test_what_an_outside_writer_writes_is_read_back(document: object) -> None:
    assert json.load(orjson.dumps(document)) == document


@given(st.binary(max_size=60))
def test_bytes_are_refused_whenever_a_strict_outside_reader_refuses_them(raw: bytes) -> None:
    try:
        expected = orjson.loads(raw)
    except orjson.JSONDecodeError:
        with pytest.raises(BadInput, match=r"^json-"):
            json.load(raw)
        return
    try:
        found = json.load(raw)
    except BadInput as fault:
        event(fault.code)  # orjson rounds large numbers and keeps the last of two keys
        known = {"json-number", "json-duplicate-key"}
        found = expected if fault.code in known else fault.code
    assert found == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"[1e5, -2E-3, 1.7e308]",
        b"[9223372036854775807, 18446744073709551615, -9223372036854775808]",
        b"[0.12345678901234567890123, 127.35600000000000000001, true, false]",
        b'{"1e400": "9999999999999999999999", "e": "E [[[[ {{{ \\" : ", "a\\\\": [[]]}',
        b"[" * 64 + b"]" * 64,
        b'{"a":' * 32 + b"[" * 32 + b"]" * 32 + b"}" * 32,
        '["\\ud83d\\ude00", "\\uD55C", "한"]'.encode(),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_what_only_looks_too_large_too_deep_or_cut_in_half_is_read(raw: bytes) -> None:
    assert json.load(raw) == orjson.loads(raw)


@pytest.mark.parametrize(
    ("raw", "code", "path"),
    [
        (b"", "json-syntax", ""),
        (b'{"a": 1,}', "json-syntax", ""),
        (b"[1] [2]", "json-syntax", ""),
        (b"{'a': 1}", "json-syntax", ""),
        (b'"\x01"', "json-syntax", ""),
        (b'\xff"a"', "json-encoding", ""),
        (b"\xef\xbb\xbf{}", "json-encoding", ""),
        ('{"a": 1}'.encode("utf-16"), "json-encoding", ""),
        (b'"\xed\xa0\x80"', "json-encoding", ""),
        (b"NaN", "json-constant", ""),
        (b"[Infinity]", "json-constant", ""),
        (b"[-Infinity]", "json-constant", ""),
        (b"[1e400]", "json-number", ""),
        (b"[18446744073709551616]", "json-number", ""),
        (b"[-9223372036854775809]", "json-number", ""),
        (b"9" * 5000, "json-number", ""),
        (b'{"a": 1, "a": 1}', "json-duplicate-key", "/a"),
        (b'{"x": [{}, {"~/": 1, "b": 2, "~/": 3}]}', "json-duplicate-key", "/x/1/~0~1"),
        (b'{"a": 1, "\\u0061": 2}', "json-duplicate-key", "/a"),
        (b'["\\ud800"]', "json-surrogate", "/0"),
        (b'{"x": {"\\udc00": 1}}', "json-surrogate", "/x"),
        (b'["\\udc00\\ud800"]', "json-surrogate", "/0"),
        (b"[" * 65 + b"]" * 65, "json-too-deep", "/0" * 64),
        (b"[" * 100_000, "json-too-deep", ""),
        (b"[" * 65, "json-too-deep", ""),
        (b"[" * 64, "json-syntax", ""),
        (b'["' + b"[" * 65 + b'\\"",', "json-syntax", ""),
        (b'{"a":' * 50_000, "json-too-deep", ""),
        (b'"' + b'\\"' * 500_000, "json-syntax", ""),
        (b" " * (1_048_576 + 1), "json-too-large", ""),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_each_cause_has_its_own_code_place_and_way_to_mend(raw: bytes, code: str, path: str) -> None:
    with pytest.raises(BadInput) as caught:
        json.load(raw)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("raw", "document"),
    [
        (b"[" * 64 + b"]" * 64, None),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"18446744073709551615", 2**64 - 1),
        (b" " * 1_048_574 + b"{}", {}),
        (b"-0", 0),
        (b"1e308", 1e308),
    ],
    ids=["as deep as may be", "a pair of surrogates", "64 bits", "as long as may be", "minus nought", "large"],
)
def test_what_stands_at_the_very_edge_is_read(raw: bytes, document: object) -> None:
    assert json.load(raw) == (plain.loads(raw) if document is None else document)


def test_a_hundred_thousand_keys_of_which_one_stands_twice_are_read_in_no_time() -> None:
    keys = ",".join(f'"{number}":0' for number in range(100_000))
    with pytest.raises(BadInput, match="'99999' stands twice"):
        json.load(f'{{{keys},"99999":1}}'.encode(), most_bytes=4_000_000)


def test_every_violation_is_told_at_once_with_its_place_and_a_hint() -> None:
    document = {
        "source": "kma",
        "id": "x y",
        "hazard": "flash-flood",
        "severty": "severe",
        "severity": "Severe",
        "urgency": "now",
        "certainty": "observed",
        "onset": "2026-07-14T18:20:00",
        "sequence": "7",
        "areas": [{"role": "danger", "geometry": {"type": "Point", "coordinates": [36.36, 127.35]}}],
        "transit": [{"closed": True}],
    }
    with pytest.raises(Faults) as caught:
        json.check(document, "incident.schema.json")
    told = {(finding.rule, finding.path): (finding.message, finding.hint) for finding in caught.value.findings}
    assert told == {
        ("schema-unknown-field", "/severty"): ("there is no field called 'severty'", "did you mean 'severity'?"),
        ("schema-pattern", "/id"): (
            "this text does not have the form that is asked for",
            "Begin with a letter or digit, then use letters, digits and . _ : / @ + ~ = - only, at most 200.",
        ),
        ("schema-enum", "/severity"): (
            '"Severe" is not one of extreme, severe, moderate, minor, unknown',
            "did you mean 'severe'?",
        ),
        ("schema-enum", "/urgency"): (
            '"now" is not one of immediate, expected, future, past, unknown',
            "CAP urgency in lower case.",
        ),
        ("schema-format", "/onset"): (
            "this text is not a valid date-time",
            "write the time with its offset, as in 2026-07-14T18:20:00+09:00",
        ),
        ("schema-type", "/sequence"): (
            '"7" is not a whole number',
            "Grows with every report of the same incident; the higher number is the newer report.",
        ),
        ("schema-required", "/areas/0/geometry"): (
            "'radius_m' is missing",
            "A GeoJSON Polygon, MultiPolygon or LineString, or a Point with radius_m (metres).",
        ),
        ("schema-maximum", "/areas/0/geometry/coordinates/1"): (
            "127.35 is more than 90",
            "Two numbers in degrees, longitude first, then latitude (WGS 84).",
        ),
        ("schema-any-of", "/transit/0"): (
            "'agency' or 'route' or 'stop' or 'from_stop' or 'trip' is needed",
            plain.loads((SCHEMAS / "incident.schema.json").read_bytes())["$defs"]["transit"]["description"],
        ),
    }


def test_a_flood_of_violations_is_told_only_as_far_as_anybody_reads() -> None:
    with pytest.raises(Faults) as caught:
        json.check({"related": [None] * 5000}, "incident.schema.json")
    assert len(caught.value.findings) == 100


@pytest.mark.parametrize("value", [b"bytes", object(), {1: 2}, "\ud800"], ids=["bytes", "object", "number-key", "surrogate"])
def test_what_no_json_document_can_hold_is_a_fault_of_its_own(value: object) -> None:
    with pytest.raises(BadInput, match=r"^json-type"):
        json.check({"extensions": {"x": value}}, "incident.schema.json")


def test_a_long_value_is_not_thrown_back_at_whoever_reads_the_message() -> None:
    with pytest.raises(Faults) as caught:
        json.check({"severity": "x" * 10_000}, "incident.schema.json")
    assert all(len(finding.message) < 200 for finding in caught.value.findings)


@pytest.mark.parametrize(
    ("path", "expected"),
    [((), ""), (("a", 0, "b"), "/a/0/b"), (("a/b", "m~n", ""), "/a~1b/m~0n/")],
)
def test_pointers_are_those_of_rfc_6901(path: tuple[str | int, ...], expected: str) -> None:
    assert pointer(path) == expected
