"""What others wrote and what we wrote, read back and compared with literals and with the standard library."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.alert import Kind, Place, Reference, Version
from gateway.area import Polygon, Role
from gateway.fault import BadInput, Faults
from gateway.formats import cap
from gateway.formats.cap import Area, Circle, Info, Message, NamedValue, Resource

PST = timezone(timedelta(hours=-7))
KST = timezone(timedelta(hours=9))
SENT = datetime(2026, 7, 14, 18, 21, 5, tzinfo=KST)
EVERYTHING = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
<identifier>a-2</identifier><sender>b@c.example</sender><sent> 2026-07-14T18:20:00+09:00 </sent>
<status>System</status><msgType>Ack</msgType><source>the desk</source><scope>Private</scope>
<restriction>none</restriction><addresses>"district office" metro O'Hare</addresses><code>one</code><code>two</code>
<note>200,valid</note><references>b@c.example,a-1,2026-07-14T18:00:00+09:00
 x,y,2026-07-14T09:00:00-00:00</references><incidents>flood "train crash"</incidents>
<info><category>Geo</category><event>quake</event><urgency>Unknown</urgency><severity>Unknown</severity>
<certainty>Unknown</certainty></info>
<info><language>ko-KR</language><category>Met</category><category>Other</category><event> 급류 </event>
<responseType>Shelter</responseType><responseType>Avoid</responseType><urgency>Past</urgency>
<severity>Minor</severity><certainty>Unlikely</certainty><audience>drivers</audience>
<eventCode><valueName>SAME</valueName><value>FFW</value></eventCode>
<effective>2026-07-14T18:20:00+09:00</effective><onset>2026-07-14T24:00:00+09:00</onset>
<expires>2026-07-15T09:20:00-00:00</expires><senderName>city</senderName><headline>h &lt;b&gt;</headline>
<description>d<![CDATA[ <!--]]>e</description><instruction>i</instruction><web>https://c.example/</web><contact>119</contact>
<parameter><valueName>p</valueName><value></value></parameter>
<resource><resourceDesc>map</resourceDesc><mimeType>image/png</mimeType><size> 12 </size><uri>https://c.example/m.png</uri>
<derefUri>AAAA</derefUri><digest>00ff</digest></resource>
<resource><resourceDesc>voice</resourceDesc><mimeType>audio/ogg</mimeType></resource>
<area><areaDesc>here</areaDesc><polygon>1,2 3,4
 5,6 1,2</polygon><polygon></polygon><circle>1,2 0.5</circle>
<geocode><valueName>SAME</valueName><value>006109</value></geocode><altitude>10.5</altitude><ceiling>20</ceiling></area>
</info></alert>"""


def test_every_element_is_read() -> None:
    assert cap.read(EVERYTHING.encode()) == Message(
        identifier="a-2",
        sender="b@c.example",
        sent=datetime(2026, 7, 14, 18, 20, tzinfo=KST),
        sent_text="2026-07-14T18:20:00+09:00",
        status="System",
        msg_type="Ack",
        source="the desk",
        scope="Private",
        restriction="none",
        addresses=("district office", "metro", "O'Hare"),
        codes=("one", "two"),
        note="200,valid",
        references=(
            Reference(sender="b@c.example", identifier="a-1", sent="2026-07-14T18:00:00+09:00"),
            Reference(sender="x", identifier="y", sent="2026-07-14T09:00:00-00:00"),
        ),
        incidents=("flood", "train crash"),
        infos=(
            Info(
                language="en-US", categories=("Geo",), event="quake", urgency="Unknown", severity="Unknown", certainty="Unknown"
            ),
            Info(
                language="ko-KR",
                categories=("Met", "Other"),
                event="급류",
                responses=("Shelter", "Avoid"),
                urgency="Past",
                severity="Minor",
                certainty="Unlikely",
                audience="drivers",
                event_codes=(NamedValue("SAME", "FFW"),),
                effective=datetime(2026, 7, 14, 18, 20, tzinfo=KST),
                onset=datetime(2026, 7, 15, 0, 0, tzinfo=KST),
                expires=datetime(2026, 7, 15, 18, 20, tzinfo=KST),
                sender_name="city",
                headline="h <b>",
                description="d <!--e",
                instruction="i",
                web="https://c.example/",
                contact="119",
                parameters=(NamedValue("p", ""),),
                resources=(
                    Resource(
                        description="map",
                        mime_type="image/png",
                        size=12,
                        uri="https://c.example/m.png",
                        deref_uri="AAAA",
                        digest="00ff",
                    ),
                    Resource(description="voice", mime_type="audio/ogg"),
                ),
                areas=(
                    Area(
                        description="here",
                        polygons=(((2, 1), (4, 3), (6, 5), (2, 1)),),
                        circles=(Circle((2, 1), 0.5),),
                        geocodes=(NamedValue("SAME", "006109"),),
                        altitude_ft=10.5,
                        ceiling_ft=20,
                    ),
                ),
            ),
        ),
    )


def test_a_message_is_named_by_its_verbatim_triple_and_asked_by_language() -> None:
    message = cap.read(EVERYTHING.encode())
    assert message.reference == Reference(sender="b@c.example", identifier="a-2", sent="2026-07-14T18:20:00+09:00")
    assert message.info("ko-KR").event == "급류"
    with pytest.raises(KeyError):
        message.info("ko")


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("<identifier>a-2</identifier>", "", "D04"),
        ("System", "system", "D04"),
        ("cap:1.2", "cap:1.1", "D04"),
        ("1,2 0.5", "1,2", "cap-circle"),
        ("1,2 3,4", "1,2", "cap-polygon"),
        ("x,y,2026", "x y,2026", "cap-references"),
        ("x,y,2026", ",y,2026", "cap-references"),
        ("y,2026-07-14T09:00:00-00:00", "y,2026-07-14", "cap-references"),
        ("<alert", "<!DOCTYPE alert><alert", "xml-doctype"),
        ("<note>200", "<note>2<!-- -->00", "xml-comment"),
        (" 12 ", "9" * 5_000, "D04"),
        (" 12 ", "0" * 5_000, "D04"),
    ],
)
def test_what_means_nothing_is_refused(before: str, after: str, code: str) -> None:
    assert before in EVERYTHING
    with pytest.raises(BadInput) as refused:
        cap.read(EVERYTHING.replace(before, after, 1).encode())
    assert refused.value.code == code


def test_a_refusal_says_where() -> None:
    with pytest.raises(Faults) as refused:
        cap.read(EVERYTHING.replace("System", "system").encode())
    assert {(finding.path, finding.line) for finding in refused.value.findings} == {("/alert/status", 4)}


def test_the_messages_of_others_say_what_they_say(real: Mapping[str, bytes]) -> None:
    quake = cap.read(real["v1dot2_appendix_adot3.xml"])
    assert (quake.msg_type, quake.sent, quake.sent_text) == (
        "Update",
        datetime(2003, 6, 11, 20, 56, tzinfo=PST),
        "2003-06-11T20:56:00-07:00",
    )
    assert quake.references == (
        Reference(sender="trinet@caltech.edu", identifier="TRI13970876.1", sent="2003-06-11T20:30:00-07:00"),
    )
    assert quake.infos[0].areas[0].circles == (Circle((-115.5527, 32.9525), 0.0),)
    storm = cap.read(real["v1dot2_appendix_adot2.xml"]).infos[0]
    assert storm.areas[0].polygons[0][0] == (-120.14, 38.47)
    assert storm.event_codes == (NamedValue("SAME", "SVR"),)
    both = cap.read(real["v1dot2_appendix_adot4.xml"])
    assert [info.language for info in both.infos] == ["en-US", "es-US"]
    cancel = cap.read(real["ipaws-5e6dd9de023f1930ef6548d9.xml"])
    assert (cancel.msg_type, cancel.infos, cancel.signatures, cancel.codes) == ("Cancel", (), 1, ("IPAWSv1.0",))


CORNER = st.tuples(st.integers(-1_800_000_000, 1_800_000_000), st.integers(-900_000_000, 900_000_000))
SHOWN = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=100
)
SAID = SHOWN.filter(lambda text: text == text.strip())
EARLIER = (Reference(sender="b@c.example", identifier="a-1", sent="2026-07-14T18:00:00+09:00"),)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(Kind),
    corners=st.lists(CORNER, min_size=3, max_size=40, unique=True),
    said=SAID,
    place=SAID,
    codes=st.lists(st.tuples(SAID, SAID), max_size=3).map(tuple),
    at=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(KST)),  # noqa: DTZ001 - zones are drawn
)
def test_what_was_written_is_read_back(  # noqa: PLR0913, PLR0917 - one drawn value each
    version: Version,
    kind: Kind,
    corners: list[tuple[int, int]],
    said: str,
    place: str,
    codes: tuple[tuple[str, str], ...],
    at: datetime,
) -> None:
    ring = tuple((x / 10_000_000, y / 10_000_000) for x, y in (*corners, corners[0]))
    text = replace(version.texts[0], event=said, headline=said, description=said, instruction=said, sender_name=said)
    area = Place(role=Role.DANGER, name={"ko": place}, polygons=(Polygon((ring,)),))
    version = replace(
        version, kind=kind, texts=(text,), places=(area,), event_codes=codes, contact=said, onset=at, references=EARLIER
    )
    message = cap.read(cap.stamp(cap.write(version), SENT))
    info = message.infos[0]
    assert (message.identifier, message.sender, message.sent, message.references) == ("hanbat-7.1", version.sender, SENT, EARLIER)
    assert [info.event, info.headline, info.description, info.instruction, info.sender_name, info.contact] == [said] * 6
    assert tuple((code.name, code.value) for code in info.event_codes) == codes
    assert (info.effective, info.onset, info.expires) == (version.effective, at.replace(microsecond=0), version.expires)
    assert info.areas == (Area(description=place, polygons=(ring,)),)
