"""The XML door, judged by literal documents and by the memory and sockets it may not touch."""

import re
import socket
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.doors import xml
from gateway.fault import BadInput, Faults

DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>\n'

ROOT = Path(__file__).parents[2]
ENTRANCE = re.compile(
    r"\betree\.(fromstring|fromstringlist|parse|XML|HTML|iterparse|XMLPullParser)\b|XMLParser\(|\bfrom xml\b"
    r"|\bimport xml\.|\b(ElementTree|minidom|expat|xmltodict|defusedxml|html5lib)\b"
)

REFUSED = {
    "internal subset": (b"<?xml version='1.0'?>\n<!DOCTYPE a>\n<a/>", "xml-doctype", 2),
    "lower case doctype": (b"<!doctype a><a/>", "xml-doctype", 1),
    "entity bomb": (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml-doctype", 1),
    "external entity": (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "xml-doctype", 1),
    "entity declaration alone": (b"<a/>\n\n<!ENTITY b 'c'>", "xml-doctype", 3),
    "undefined entity": (b"<a>\n&b;</a>", "xml-malformed", 2),
    "utf-16": ("<a>\ud55c</a>".encode("utf-16"), "xml-encoding", 1),
    "utf-16 without mark": ("<a>b</a>".encode("utf-16-le"), "xml-encoding", 1),
    "latin-1": (b"<a>\n\xe9</a>", "xml-encoding", 2),
    "declared latin-1": (b"<?xml version='1.0' encoding='ISO-8859-1'?><a>e</a>", "xml-encoding", 1),
    "declared utf-7": (b'<?xml version="1.0" encoding = "UTF-7"?><a>+ADw-</a>', "xml-encoding", 1),
    "stylesheet": (b"<?xml version='1.0'?>\n<?xml-stylesheet href='a.xsl'?>\n<a/>", "xml-instruction", 2),
    "instruction inside": (b"<a>\n<b>1<?php 2 ?></b></a>", "xml-instruction", 2),
    "instruction after the end": (b"<a/>\n<?b?>", "xml-instruction", 2),
    "comment in a value": (b"<a><b>Do NOT evacuate<!--x--> to the river</b></a>", "xml-comment", 1),
    "comment before a value": (b"<a><b><!--x-->Evacuate</b></a>", "xml-comment", 1),
    "comment in an empty value": (b"<a>\n<b><!--Evacuate--></b></a>", "xml-comment", 2),
    "comment in mixed content": (b"<a>one<!--x--><b/>two</a>", "xml-comment", 1),
    "nothing": (b"", "xml-malformed", 1),
    "cut off": (b"<a>\n<b>", "xml-malformed", 2),
    "two roots": (b"<a/><b/>", "xml-malformed", 1),
    "control character": (b"<a>&#1;</a>", "xml-malformed", 1),
    "duplicate attribute": (b"<a b='1' b='2'/>", "xml-malformed", 1),
    "undeclared prefix": (b"<p:a/>", "xml-malformed", 1),
    "too deep": (b"<a>" * 65 + b"</a>" * 65, "xml-too-deep", 1),
    "deeper than the library allows": (b"<a>" * 5_000 + b"</a>" * 5_000, "xml-malformed", 1),
    "many siblings": (b"<a>" + b"<b/>" * 100_001 + b"</a>", "xml-too-many", 0),
    "many attributes": (b"<a " + b" ".join(b"a%d=''" % n for n in range(10_001)) + b"/>", "xml-too-many", 0),
    "many spread attributes": (b"<a>" + b"<b c = '1'/>" * 10_001 + b"</a>", "xml-too-many", 0),
    "too large": (b"<a>" + b"b" * 2_097_152 + b"</a>", "xml-too-large", 0),
}


@pytest.mark.parametrize(("raw", "code", "line"), REFUSED.values(), ids=REFUSED.keys())
def test_a_hostile_document_is_refused_with_its_code_and_line(raw: bytes, code: str, line: int) -> None:
    with pytest.raises(Faults) as refused:
        xml.parse(raw)
    finding = refused.value.findings[0]
    assert (finding.rule, finding.line) == (code, line)
    assert finding.hint
    assert refused.value.code == code


@pytest.mark.parametrize(
    "raw",
    [
        b"<a><b>one</b></a>",
        DECLARED + b"<a><b>one</b></a>",
        b"\xef\xbb\xbf" + DECLARED + b"<a><b>one</b></a>",
        b"<?xml version='1.0' encoding='utf-8'?><a><b>one</b></a>",
        b"<!-- before --><a><!-- beside --><b>one</b></a><!-- after -->",
        b"<a><b><![CDATA[one]]></b></a>",
        b"<a><b>on&#101;</b></a>",
    ],
)
def test_an_honest_document_is_read(raw: bytes) -> None:
    child = xml.parse(raw).find("b")
    assert child is not None
    assert xml.text(child) == "one"


def test_the_deepest_and_the_largest_allowed_are_read() -> None:
    assert xml.parse(b"<a>" * 64 + b"</a>" * 64).tag == "a"
    assert xml.parse(b"<a>12345</a>", most_bytes=12).text == "12345"
    with pytest.raises(BadInput, match="xml-too-large"):
        xml.parse(b"<a>123456</a>", most_bytes=12)


def test_text_joins_what_nested_markup_parts() -> None:
    assert xml.text(xml.parse(b"<a>one<b>two</b>three</a>")) == "onetwothree"


def test_no_socket_is_opened_for_what_a_document_points_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object) -> None:
        pytest.fail("the parser opened a socket")

    monkeypatch.setattr(socket, "socket", opened)
    raw = b"""<a xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        xsi:schemaLocation="urn:a http://127.0.0.1:9/a.xsd"><xi:include href="http://127.0.0.1:9/"/></a>"""
    assert len(xml.parse(raw)) == 1


def test_no_other_file_lets_xml_in() -> None:
    files = [*(ROOT / "gateway").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]
    entrances = {path.relative_to(ROOT).as_posix() for path in files if ENTRANCE.search(path.read_text(encoding="utf-8"))}
    assert entrances == {"gateway/doors/xml.py"}


@given(st.binary(max_size=200) | st.text(alphabet="<>!-?[]&;= 'ab/\n", max_size=80).map(str.encode))
def test_any_bytes_are_either_read_or_refused_as_bad_input(raw: bytes) -> None:
    try:
        root = xml.parse(raw)
    except BadInput as refused:
        assert refused.code.startswith("xml-")  # noqa: PT017
    else:
        assert ET.fromstring(raw).tag == root.tag  # noqa: S314


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")))
def test_text_comes_through_as_it_was_meant(said: str) -> None:
    element = ET.Element("a")
    element.text = said
    assert xml.text(xml.parse(ET.tostring(element, encoding="utf-8"))) == said
