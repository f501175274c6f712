"""Every rule of the CAP linter has a document that breaks it; the expected findings are literal."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.alert import Version
from gateway.fault import Gravity
from gateway.formats import cap
from gateway.formats.cap.rule import RULES

SIGNATURE = "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>"
SOUND = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>a-2</identifier>
<sender>b@c.example</sender>
<sent>2026-07-14T18:20:00+09:00</sent>
<status>Actual</status>
<msgType>Update</msgType>
<scope>Public</scope>
<references>b@c.example,a-1,2026-07-14T18:00:00+09:00</references>
<info>
<language>ko</language>
<category>Met</category>
<event>급류</event>
<urgency>Immediate</urgency>
<severity>Severe</severity>
<certainty>Observed</certainty>
<effective>2026-07-14T18:20:00+09:00</effective>
<onset>2026-07-14T19:20:00+09:00</onset>
<expires>2026-07-14T21:20:00+09:00</expires>
<headline>갑천 급류</headline>
<description>물이 넘칩니다.</description>
<instruction>나오십시오.</instruction>
<web>https://c.example/</web>
<area>
<areaDesc>둔치</areaDesc>
<polygon>36.36,127.35 36.36,127.36 36.37,127.36 36.36,127.35</polygon>
<circle>36.36,127.35 0.5</circle>
</area>
</info>
<info>
<language>en</language>
<category>Met</category>
<event>Flash flood</event>
<urgency>Immediate</urgency>
<severity>Severe</severity>
<certainty>Observed</certainty>
<expires>2026-07-14T21:20:00+09:00</expires>
<headline>Flash flood</headline>
<description>The river overflows.</description>
<instruction>Leave.</instruction>
<area>
<areaDesc>riverside</areaDesc>
</area>
</info>
</alert>"""

A, INFO, AREA = "/alert", "/alert/info[1]", "/alert/info[1]/area"
POLYGON = "36.36,127.35 36.36,127.36 36.37,127.36 36.36,127.35"
NOWHERE = "<area>\n<areaDesc>riverside</areaDesc>\n</area>"

Expected = list[tuple[str, int, str]]

BROKEN: dict[str, tuple[str, str, Expected]] = {
    "doctype": ("<alert ", "<!DOCTYPE alert><alert ", [("D01", 1, "")]),
    "stylesheet": ("<alert ", "<?xml-stylesheet href='a'?><alert ", [("D01", 1, "")]),
    "too deep": ("물이", "<b>" * 70 + "</b>" * 70, [("D02", 20, "")]),
    "too large": ("물이", "a" * 2_100_000, [("D02", 0, "")]),
    "too many": ("물이", "<b/>" * 100_001, [("D02", 0, "")]),
    "another root": (
        'alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"',
        'alert xmlns="urn:oasis:names:tc:emergency:cap:1.1"',
        [("D03", 1, A)],
    ),
    "not well-formed": ("</alert>", "", [("D04", 44, "")]),
    "out of order": ("<scope>Public</scope>\n", "", [("D04", 7, f"{A}/references")]),
    "latin-1": ("<alert ", "<?xml version='1.0' encoding='latin-1'?><alert ", [("D05", 1, "")]),
    "a comment that cuts": ("나오십시오", "나<!-- -->오십시오", [("D07", 21, "")]),
    "a code word cut by a comment": ("Actual", "Act<!-- -->ual", [("D07", 5, "")]),
    "signature before info": ("</references>\n", f"</references>{SIGNATURE}\n", [("D08", 8, f"{A}/Signature")]),
    "another element of signatures": (
        "</alert>",
        f"{SIGNATURE.replace('Signature', 'Object')}</alert>",
        [("D08", 44, f"{A}/Object")],
    ),
    "empty": ("https://c.example/", "", [("D09", 22, f"{INFO}/web")]),
    "padded": (">나오십시오.", "> 나오십시오.", [("D10", 21, f"{INFO}/instruction")]),
    "identifier empty": (">a-2<", "><", [("A01", 2, f"{A}/identifier"), ("D09", 2, f"{A}/identifier")]),
    "identifier with a comma": (">a-2<", ">a,2<", [("A01", 2, f"{A}/identifier")]),
    "identifier with a space": (">a-2<", ">a 2<", [("A01", 2, f"{A}/identifier")]),
    "identifier with markup": (">a-2<", ">a&lt;2<", [("A01", 2, f"{A}/identifier")]),
    "sender with an ampersand": (">b@c.example<", ">b@c&amp;example<", [("A02", 3, f"{A}/sender")]),
    "sender not unique": (">b@c.example<", ">desk<", [("A02", 3, f"{A}/sender")]),
    "sent in the other zero": ("18:20:00+09:00</sent>", "09:20:00+00:00</sent>", [("A08", 4, f"{A}/sent")]),
    "onset in the other zero": ("19:20:00+09:00</onset>", "10:20:00+00:00</onset>", [("A08", 17, f"{INFO}/onset")]),
    "draft": (">Actual<", ">Draft<", [("A10", 5, f"{A}/status")]),
    "exercise without a name": (">Actual<", ">Exercise<", [("A11", 5, f"{A}/status")]),
    "private to nobody": (">Public<", ">Private<", [("A14", 7, f"{A}/scope")]),
    "restricted without a rule": (">Public<", ">Restricted<", [("A15", 7, f"{A}/scope")]),
    "public with a rule": ("</scope>\n", "</scope><restriction>x</restriction>\n", [("A15", 7, f"{A}/scope")]),
    "public without a text": (SOUND[SOUND.index("<info>") : SOUND.index("</alert>")], "", [("A19", 6, f"{A}/msgType")]),
    "update of nothing": (SOUND.splitlines()[7] + "\n", "", [("R01", 6, f"{A}/msgType")]),
    "cancel of nothing": (
        "<msgType>Update</msgType>\n<scope>Public</scope>\n" + SOUND.splitlines()[7],
        "<msgType>Cancel</msgType>\n<scope>Public</scope>\n",
        [("R01", 6, f"{A}/msgType")],
    ),
    "reference of two parts": (",a-1,", ",", [("R02", 8, f"{A}/references")]),
    "reference of four parts": (",a-1,", ",a-1,x,", [("R02", 8, f"{A}/references")]),
    "reference at no time": ("a-1,2026-07-14T18:00:00+09:00", "a-1,2026-07-14T18:00:00Z", [("R02", 8, f"{A}/references")]),
    "reference to itself": (",a-1,", ",a-2,", [("R03", 8, f"{A}/references")]),
    "reference to later": (",2026-07-14T18:00:00", ",2026-07-14T18:20:01", [("R04", 8, f"{A}/references")]),
    "no language": ("<language>ko</language>", "", [("I01", 9, INFO)]),
    "no such language": (">ko<", ">k<", [("I01", 10, f"{INFO}/language")]),
    "untranslated": (">Leave.<", ">나오십시오.<", [("I05", 39, "/alert/info[2]/instruction")]),
    "headline too long": (">갑천 급류<", f">{'급' * 161}<", [("I07", 19, f"{INFO}/headline")]),
    "headline said twice": (">갑천 급류<", ">물이 넘칩니다.<", [("I07", 19, f"{INFO}/headline")]),
    "web without a scheme": ("https://c.example/", "c.example", [("I11", 22, f"{INFO}/web")]),
    "no end": ("<expires>2026-07-14T21:20:00+09:00</expires>\n<headline>갑", "<headline>갑", [("T01", 9, INFO)]),
    "over when sent": (
        "21:20:00+09:00</expires>\n<headline>F",
        "18:20:00+09:00</expires>\n<headline>F",
        [("T02", 36, "/alert/info[2]/expires")],
    ),
    "over before onset": ("19:20:00+09:00</onset>", "21:20:01+09:00</onset>", [("T02", 18, f"{INFO}/expires")]),
    "over when effective": ("18:20:00+09:00</effective>", "21:20:00+09:00</effective>", [("T02", 18, f"{INFO}/expires")]),
    "no area": (NOWHERE, "", [("G01", 29, "/alert/info[2]")]),
    "area without a name": (">둔치<", "> <", [("D09", 24, f"{AREA}/areaDesc"), ("G01", 23, AREA)]),
    "polygon of words": (POLYGON, "hello", [("G03", 25, f"{AREA}/polygon")]),
    "polygon of three": (POLYGON, "1,2 3,4 1,2", [("G03", 25, f"{AREA}/polygon")]),
    "polygon with a space in a pair": ("36.37,127.36 ", "36.37, 127.36 ", [("G03", 25, f"{AREA}/polygon")]),
    "polygon with two spaces": ("36.37,127.36 ", "36.37,127.36  ", [("G03", 25, f"{AREA}/polygon")]),
    "polygon with an exponent": ("36.37,127.36 ", "3637e-2,127.36 ", [("G03", 25, f"{AREA}/polygon")]),
    "polygon open": (POLYGON, "1,2 1,3 2,3 2,2", [("G04", 25, f"{AREA}/polygon")]),
    "polygon closed in other digits": (POLYGON, "1,2 1,3 2,3 1.0,2", [("G04", 25, f"{AREA}/polygon")]),
    "polygon off the earth": (POLYGON, "127.3,36.3 127.4,36.3 127.4,36.4 127.3,36.3", [("G05", 25, f"{AREA}/polygon")]),
    "circle off the earth": (">36.36,127.35 0.5<", ">36.36,187.35 0.5<", [("G05", 26, f"{AREA}/circle")]),
    "polygon crossed": (POLYGON, "0,0 1,1 1,0 0,1 0,0", [("G06", 25, f"{AREA}/polygon")]),
    "polygon flat": (POLYGON, "0,0 1,1 2,2 0,0", [("G06", 25, f"{AREA}/polygon")]),
    "circle of nothing": (" 0.5<", " 0<", [("G08", 26, f"{AREA}/circle")]),
    "circle without a radius": (" 0.5<", "<", [("G08", 26, f"{AREA}/circle")]),
    "circle of negative size": (" 0.5<", " -1<", [("G08", 26, f"{AREA}/circle")]),
}

SPOTLESS = {
    "alert without references": SOUND.replace("Update", "Alert").replace(SOUND.splitlines()[7], ""),
    "named exercise": SOUND.replace("Actual", "Exercise").replace("<references>", "<note>drill 7</note><references>"),
    "restricted by a rule": SOUND.replace("Public</scope>", "Restricted</scope><restriction>x</restriction>"),
    "private to somebody": SOUND.replace("Public</scope>", "Private</scope><addresses>x</addresses>"),
    "cancel without a text": SOUND.replace("Update", "Cancel").replace(
        SOUND[SOUND.index("<info>") : SOUND.index("</alert>")], ""
    ),
    "sender by domain": SOUND.replace("<sender>b@c.example", "<sender>alerts.c.example"),
    "sender by OID": SOUND.replace("<sender>b@c.example", "<sender>urn:oid:2.49.0.0.410.0"),
    "several references": SOUND.replace("</references>", "\nx,y,2026-07-14T09:00:00-00:00</references>"),
    "UTC": SOUND.replace("T18:20:00+09:00</sent>", "T09:20:00-00:00</sent>"),
    "expires at onset": SOUND.replace("T19:20:00+09:00</onset>", "T21:20:00+09:00</onset>"),
    "signed": SOUND.replace("</alert>", f"{SIGNATURE}{SIGNATURE}</alert>"),
    "one language in two regions": SOUND.replace(">ko<", ">en-GB<")
    .replace(">en<", ">en-US<")
    .replace(">Leave.<", ">나오십시오.<"),
    "headline of 160": SOUND.replace(">갑천 급류<", f">{'급' * 160}<"),
    "comment beside values": SOUND.replace("<info>", "<info><!-- first -->"),
    "byte order mark": "\ufeff" + SOUND,
}


@pytest.mark.parametrize(("before", "after", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_document_is_found_where_it_is_broken(before: str, after: str, expected: Expected) -> None:
    assert SOUND.count(before) == 1
    found = cap.check(SOUND.replace(before, after).encode())
    assert sorted((finding.rule, finding.line, finding.path) for finding in found) == expected
    assert all(finding.message and finding.hint for finding in found)
    assert all((finding.severity is Gravity.WARNING) == (finding.rule in {"I05", "I07"}) for finding in found)


@pytest.mark.parametrize("document", [SOUND, *SPOTLESS.values()], ids=["as it stands", *SPOTLESS])
def test_a_sound_document_has_no_finding(document: str) -> None:
    assert cap.check(document.encode()) == ()


def test_every_rule_has_a_document_that_breaks_it() -> None:
    broken = {rule for _, _, expected in BROKEN.values() for rule, _, _ in expected}
    assert broken >= set(RULES)
    assert set(RULES) >= {"A01", "A02", "A08", "A10", "A11", "A14", "A15", "A19", "R01", "R02", "R03", "R04", "I05", "I07", "I11"}
    assert set(RULES) >= {"T01", "T02", "G01", "G03", "G04", "G05", "G06", "G08", "I01", "D08", "D09", "D10"}


def test_everything_wrong_is_said_at_once_in_the_order_of_lines() -> None:
    document = (
        SOUND.replace(">a-2<", ">a 2<").replace(">Actual<", ">Draft<").replace(" 0.5<", " 0<").replace("<event>급류</event>", "")
    )
    found = [(finding.rule, finding.line) for finding in cap.check(document.encode())]
    assert found == [("A01", 2), ("A10", 5), ("D04", 13), ("G08", 26)]


def test_an_unstamped_document_is_not_compared_with_the_time_sent(version: Version) -> None:
    ended = replace(version, onset=datetime(1960, 1, 1, tzinfo=UTC), effective=datetime(1960, 1, 1, tzinfo=UTC))
    document = cap.write(replace(ended, expires=datetime(1960, 1, 2, tzinfo=UTC)))
    assert cap.check(document) == ()
    assert {finding.rule for finding in cap.check(cap.stamp(document, version.onset))} == {"T02"}


def test_the_messages_of_others_break_these_rules(real: Mapping[str, bytes]) -> None:
    found = {name: [(finding.rule, finding.line) for finding in cap.check(document)] for name, document in real.items()}
    assert found == {
        "ipaws-5e6dd9de023f1930ef6548d9.xml": [],
        "ipaws-5e7e0fc5023f1930efcf3deb.xml": [("A02", 1)],
        "nws-5c2cf27b1f56885d61654dc47fa411d5.xml": [("D01", 2)],
        "v1dot2_appendix_adot1.xml": [("I01", 9), ("T01", 9), ("D10", 20)],
        "v1dot2_appendix_adot2.xml": [("I01", 9), ("D10", 23)],
        "v1dot2_appendix_adot3.xml": [("I01", 10), ("T01", 10), ("G08", 46)],
        "v1dot2_appendix_adot4.xml": [("T01", 10), ("T01", 36)],
    }


CUT = st.tuples(st.integers(0, len(SOUND)), st.integers(0, 40), st.text(alphabet="<>/&; ,.-+09aé\n", max_size=12))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(CUT, min_size=1, max_size=3))
def test_no_mutilated_document_breaks_the_linter(cuts: list[tuple[int, int, str]]) -> None:
    document = SOUND
    for place, length, patch in cuts:
        document = document[:place] + patch + document[place + length :]
    found = cap.check(document.encode())
    assert found == cap.check(document.encode())
    assert all(finding.rule and finding.message for finding in found)
