"""Our CAP documents, read by the standard library and judged by foreign schemas."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.alert import Kind, Place, Reference, Target, Text, Version
from gateway.area import Polygon, Role
from gateway.fault import BadInput, Faults
from gateway.formats import cap
from gateway.incident import Scope, Status

C = "{urn:oasis:names:tc:emergency:cap:1.2}"
SENT = datetime(2026, 7, 14, 18, 21, 5, 123, tzinfo=timezone(timedelta(hours=9)))
EARLIER = (
    Reference(sender="alerts@hanbat.example", identifier="hanbat-7.1", sent="2026-07-14T18:21:05+09:00"),
    Reference(sender="alerts@hanbat.example", identifier="hanbat-7.2", sent="2026-07-14T09:41:00-00:00"),
)

Judges = Mapping[str, Callable[[bytes], bool]]
inside_one_test = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def flat(document: bytes) -> Iterator[tuple[str, str]]:
    """Return every value in document order, as an independent reader sees it."""
    for element in ET.fromstring(document).iter():  # noqa: S314 - our own documents
        if not len(element):
            yield element.tag.removeprefix(C), element.text or ""


def said(document: bytes, name: str) -> list[str]:
    """Return the values of every element of that name."""
    return [value for tag, value in flat(document) if tag == name]


def info_in(text: Text, place: str) -> list[tuple[str, str]]:
    """Return what the info of the example says in one language."""
    return [
        ("language", text.language),
        ("category", "Met"),
        ("category", "Safety"),
        ("event", text.event),
        ("responseType", "Evacuate"),
        ("responseType", "Avoid"),
        ("urgency", "Immediate"),
        ("severity", "Severe"),
        ("certainty", "Observed"),
        ("valueName", "OET:v1.2"),
        ("value", "OET-079"),
        ("valueName", "SAME"),
        ("value", "FFW"),
        ("effective", "2026-07-14T18:20:00+09:00"),
        ("onset", "2026-07-14T18:20:00+09:00"),
        ("expires", "2026-07-14T21:20:00+09:00"),
        ("senderName", text.sender_name),
        ("headline", text.headline),
        ("description", text.description),
        ("instruction", text.instruction),
        ("web", "https://hanbat.example/alerts"),
        ("contact", "119"),
        ("valueName", "bongsu:level"),
        ("value", "severe"),
        ("areaDesc", place),
        ("polygon", "36.36,127.35 36.36,127.36 36.37,127.36 36.36,127.35"),
        ("valueName", "행정구역코드"),
        ("value", "3020000000"),
        ("valueName", "bongsu:zone"),
        ("value", "riverside"),
    ]


def test_an_alert_says_exactly_this(version: Version) -> None:
    assert list(flat(cap.write(version))) == [
        ("identifier", "hanbat-7.1"),
        ("sender", "alerts@hanbat.example"),
        ("sent", "1970-01-01T00:00:00-00:00"),
        ("status", "Exercise"),
        ("msgType", "Alert"),
        ("scope", "Public"),
        ("note", "훈련 EXERCISE: flash-flood (hanbat-7)"),
        *info_in(version.texts[0], "갑천 둔치"),
        *info_in(version.texts[1], "Gapcheon riverside"),
    ]


def test_the_bytes_are_readable_declared_and_the_same_each_time(version: Version) -> None:
    document = cap.write(version)
    assert document == cap.write(replace(version))
    assert document.startswith(
        b"<?xml version='1.0' encoding='UTF-8'?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n  <identifier>"
    )
    assert document.endswith(b"</alert>\n")
    assert "<areaDesc>갑천 둔치</areaDesc>".encode() in document


@pytest.mark.parametrize(
    ("kind", "msg_type", "response", "urgency"),
    [
        (Kind.ALERT, "Alert", ["Evacuate", "Avoid"], "Immediate"),
        (Kind.UPDATE, "Update", ["Evacuate", "Avoid"], "Immediate"),
        (Kind.END, "Update", ["AllClear"], "Past"),
        (Kind.CANCEL, "Cancel", ["None"], "Past"),
    ],
)
@pytest.mark.parametrize(
    ("status", "note"),
    [
        (Status.ACTUAL, []),
        (Status.EXERCISE, ["훈련 EXERCISE: flash-flood (hanbat-7)"]),
        (Status.TEST, ["시험 TEST: flash-flood (hanbat-7)"]),
    ],
)
@pytest.mark.parametrize(
    ("scope", "restriction", "addresses"),
    [
        (Scope.PUBLIC, [], []),
        (Scope.RESTRICTED, ["For the recipients whom the sender has configured"], []),
        (Scope.PRIVATE, [], ['"district office" metro']),
    ],
)
def test_every_kind_status_and_scope_is_sound(  # noqa: PLR0913, PLR0917 - the columns of three tables
    version: Version,
    judges: Judges,
    kind: Kind,
    msg_type: str,
    response: list[str],
    urgency: str,
    status: Status,
    note: list[str],
    scope: Scope,
    restriction: list[str],
    addresses: list[str],
) -> None:
    references = () if kind is Kind.ALERT else EARLIER
    version = replace(version, kind=kind, status=status, scope=scope, references=references, identifier="hanbat-7.3")
    document = cap.write(version)
    stamped = cap.stamp(document, SENT + timedelta(hours=1))
    assert said(document, "msgType") == [msg_type]
    assert said(document, "responseType") == response * 2
    assert said(document, "urgency") == [urgency] * 2
    assert said(document, "status") == [status.value.title()]
    assert said(document, "note") == note
    assert said(document, "scope") == [scope.value.title()]
    assert said(document, "restriction") == restriction
    assert said(document, "addresses") == addresses
    assert {name: judge(stamped) for name, judge in judges.items()} == dict.fromkeys(judges, True)
    assert cap.check(document) == ()
    assert cap.check(stamped) == ()


def test_references_are_triples_parted_by_one_space(version: Version) -> None:
    document = cap.write(replace(version, kind=Kind.CANCEL, references=EARLIER, identifier="hanbat-7.3"))
    assert said(document, "references") == [
        "alerts@hanbat.example,hanbat-7.1,2026-07-14T18:21:05+09:00 alerts@hanbat.example,hanbat-7.2,2026-07-14T09:41:00-00:00"
    ]


def test_utc_is_written_with_a_negative_zero_offset(version: Version) -> None:
    document = cap.write(replace(version, onset=version.onset.astimezone(UTC)))
    assert said(document, "onset") == ["2026-07-14T09:20:00-00:00"] * 2


def test_what_has_nothing_to_say_is_left_out(version: Version) -> None:
    text = replace(version.texts[0], instruction=" \n", sender_name="")
    place = replace(version.places[0], zones=())
    document = cap.write(replace(version, texts=(text,), places=(place,), web="", contact="", responses=(), event_codes=()))
    names = {tag for tag, _ in flat(document)}
    assert not names & {"instruction", "senderName", "web", "contact", "responseType"}
    assert said(document, "valueName") == ["bongsu:level"]
    assert all(value for _, value in flat(document))


def test_a_hole_is_covered_because_cap_cannot_say_it(version: Version) -> None:
    outer = ((0.0, 0.0), (3.0, 0.0), (3.0, 3.0), (0.0, 3.0), (0.0, 0.0))
    hole = ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 1.0))
    place = Place(role=Role.DANGER, name={"ko": "가", "en": "a"}, polygons=(Polygon((outer, hole)),))
    document = cap.write(replace(version, places=(place,)))
    assert said(document, "polygon") == ["0,0 0,3 3,3 3,0 0,0"] * 2


def test_every_place_and_every_surface_is_written(version: Version) -> None:
    surface = version.places[0].polygons[0]
    other = Place(role=Role.EVACUATE, name={"ko": "나", "en": "b"}, polygons=(surface, surface))
    document = cap.write(replace(version, places=(*version.places, other)))
    assert said(document, "areaDesc") == ["갑천 둔치", "나", "Gapcheon riverside", "b"]
    assert len(said(document, "polygon")) == 6


def test_a_place_is_named_in_the_nearest_form_of_the_language(version: Version) -> None:
    document = cap.write(replace(version, texts=(replace(version.texts[1], language="en-GB"),)))
    assert said(document, "areaDesc") == ["Gapcheon riverside"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "identifier missing": ({"identifier": ""}, "cap-name"),
    "identifier with a space": ({"identifier": "a b"}, "cap-name"),
    "identifier with a no-break space": ({"identifier": "a\u00a0b"}, "cap-name"),
    "identifier with a comma": ({"identifier": "a,b"}, "cap-name"),
    "identifier with markup": ({"identifier": "a<b"}, "cap-name"),
    "sender with an ampersand": ({"sender": "a&b"}, "cap-name"),
    "update without references": ({"kind": Kind.UPDATE}, "cap-references"),
    "end without references": ({"kind": Kind.END}, "cap-references"),
    "cancel without references": ({"kind": Kind.CANCEL}, "cap-references"),
    "reference with a space": ({"references": (Reference(sender="a", identifier="b c", sent=EARLIER[0].sent),)}, "cap-name"),
    "reference at no time": ({"references": (Reference(sender="a", identifier="b", sent="yesterday"),)}, "cap-references"),
    "no text": ({"texts": ()}, "cap-text-missing"),
    "private to nobody": ({"scope": Scope.PRIVATE, "targets": ()}, "cap-addresses"),
    "private to a quote": ({"scope": Scope.PRIVATE, "targets": (Target("a", 'b "c'),)}, "cap-addresses"),
    "a naive time": ({"onset": datetime(2026, 7, 14)}, "cap-time"),  # noqa: DTZ001 - that is the point
    "a place without a name": (
        {"places": (Place(role=Role.DANGER, name={"ko": "가"}, polygons=(), zones=("x",)),)},
        "cap-area-name",
    ),
    "a place without a surface": ({"places": (Place(role=Role.DANGER, name={"ko": "가", "en": "a"}, polygons=()),)}, "cap-area"),
    "a surface without a ring": (
        {"places": (Place(role=Role.DANGER, name={"ko": "가", "en": "a"}, polygons=(Polygon(()),)),)},
        "cap-polygon",
    ),
    "an unknown category": ({"category": ("Flood",)}, "D04"),
    "no category": ({"category": ()}, "D04"),
    "an unknown response": ({"responses": ("Run",)}, "D04"),
    "a web address that is none": ({"web": "http://[a]b c"}, "D04"),
}


@pytest.mark.parametrize(("changes", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_said_in_cap_is_refused(version: Version, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        cap.write(replace(version, **changes))
    assert refused.value.code == code
    assert refused.value.hint


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"headline": "한" * 161}, "cap-headline"),
        ({"description": "bell \x07"}, "cap-characters"),
        ({"description": "half \ud83d"}, "cap-characters"),
        ({"description": "\ufffe"}, "cap-characters"),
        ({"event": "  "}, "D04"),
        ({"language": "not a tag"}, "D04"),
    ],
)
def test_a_text_that_cannot_be_said_in_cap_is_refused(version: Version, changes: dict[str, str], code: str) -> None:
    text = replace(version.texts[0], **changes)
    place = replace(version.places[0], name={"ko": "가", "not a tag": "b"})
    with pytest.raises(BadInput) as refused:
        cap.write(replace(version, texts=(text,), places=(place,)))
    assert refused.value.code == code


def test_the_schema_names_every_fault_at_once(version: Version) -> None:
    with pytest.raises(Faults) as refused:
        cap.write(replace(version, category=("Flood",), responses=("Run",)))
    assert {finding.path for finding in refused.value.findings} >= {"/alert/info[1]/category", "/alert/info[2]/responseType"}


def test_a_headline_of_160_characters_is_not_cut(version: Version) -> None:
    text = replace(version.texts[0], headline="한" * 160)
    assert said(cap.write(replace(version, texts=(text,))), "headline") == ["한" * 160]


def test_stamping_changes_the_time_sent_and_nothing_else(version: Version) -> None:
    document = cap.write(version)
    stamped = cap.stamp(document, SENT)
    changed = [(before, after) for before, after in zip(flat(document), flat(stamped), strict=True) if before != after]
    assert changed == [(("sent", "1970-01-01T00:00:00-00:00"), ("sent", "2026-07-14T18:21:05+09:00"))]
    assert len(stamped) == len(document)


def test_a_document_is_stamped_once(version: Version) -> None:
    stamped = cap.stamp(cap.write(version), SENT)
    with pytest.raises(BadInput, match="cap-sent"):
        cap.stamp(stamped, SENT)
    with pytest.raises(BadInput, match="cap-sent"):
        cap.stamp(cap.write(version) * 2, SENT)


MARKS = [
    cap.SENT_PLACEHOLDER,
    f"<sent>{cap.SENT_PLACEHOLDER}</sent>",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "&lt;",
    "&#0;",
    "<?x?>",
    "훈련",
    "🌊",
    "\r\n",
    "\u2028",
]
HOSTILE = st.lists(
    st.sampled_from(MARKS) | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff")),
    min_size=1,
).map("".join)


@inside_one_test
@given(event=HOSTILE, body=HOSTILE, place=HOSTILE)
def test_hostile_text_is_only_ever_text(version: Version, judges: Judges, event: str, body: str, place: str) -> None:
    text = Text(
        language="ko", sender_name=body, event=f"!{event}", headline=body[:160], description=body, instruction=body, short=""
    )
    area = replace(version.places[0], name={"ko": f"!{place}"})
    stamped = cap.stamp(cap.write(replace(version, texts=(text,), places=(area,), contact=body)), SENT)
    assert said(stamped, "sent") == ["2026-07-14T18:21:05+09:00"]
    assert said(stamped, "event") == [f"!{event}".strip()]
    assert said(stamped, "areaDesc") == [f"!{place}".strip()]
    for name in ("description", "instruction", "contact", "senderName"):
        assert said(stamped, name) == ([body.strip()] if body.strip() else [])
    assert all(judge(stamped) for judge in judges.values())
    assert cap.read(stamped).infos[0].event == f"!{event}".strip()
