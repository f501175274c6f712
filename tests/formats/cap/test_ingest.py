"""What other agencies send: literal tables of what is accepted, mended, flagged and refused, and of hostile bytes."""

from collections.abc import Mapping

import pytest

from gateway.fault import Faults, Gravity
from gateway.formats import cap
from gateway.formats.cap.rule import RULES

Told = list[tuple[str, int]]

SOUND = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>a-2</identifier>
<sender>wx@agency.example</sender>
<sent>2026-07-14T18:20:00+09:00</sent>
<status>Actual</status>
<msgType>Update</msgType>
<scope>Public</scope>
<references>wx@agency.example,a-1,2026-07-14T18:00:00+09:00</references>
<info>
<language>en</language>
<category>Met</category>
<event>Heavy rain</event>
<urgency>Immediate</urgency>
<severity>Severe</severity>
<certainty>Observed</certainty>
<expires>2026-07-14T21:20:00+09:00</expires>
<headline>Heavy rain</headline>
<instruction>Do NOT stay, go to the river</instruction>
<area>
<areaDesc>riverside</areaDesc>
<polygon>36.36,127.35 36.36,127.36 36.37,127.36 36.36,127.35</polygon>
<circle>36.36,127.35 0.5</circle>
</area>
</info>
</alert>"""

REAL: Mapping[str, tuple[str, str, Told]] = {
    "ipaws-5e6dd9de023f1930ef6548d9.xml": ("Actual", "Cancel", []),
    "ipaws-5e7e0fc5023f1930efcf3deb.xml": ("Actual", "Alert", [("A02", 1)]),
    "nws-5c2cf27b1f56885d61654dc47fa411d5.xml": (
        "Actual",
        "Alert",
        [("D01", 2), ("D03", 15), ("I01", 25), ("D09", 58), ("D09", 70), ("D09", 74)],
    ),
    "v1dot2_appendix_adot1.xml": ("Actual", "Alert", [("I01", 9), ("T01", 9), ("D10", 20)]),
    "v1dot2_appendix_adot2.xml": ("Actual", "Alert", [("I01", 9), ("D10", 23)]),
    "v1dot2_appendix_adot3.xml": ("Actual", "Update", [("I01", 10), ("T01", 10), ("G08", 46)]),
    "v1dot2_appendix_adot4.xml": ("Actual", "Alert", [("T01", 10), ("T01", 36)]),
}

FLAGGED: dict[str, tuple[str, str, Told]] = {
    "sound": ("", "", []),
    "a comment before the alert": ("<alert ", "<!-- hello --><alert ", []),
    "a comment in a text": ("stay, go", "stay<!-- x -->, go", [("D07", 19)]),
    "a stylesheet": ("<alert ", "<?xml-stylesheet href='http://a.example/x'?><alert ", [("D01", 2)]),
    "CAP 1.1": ("cap:1.2", "cap:1.1", [("D03", 2)]),
    "white space": ("<status>Actual</status>", "<status>\n Actual </status>", [("D10", 6)]),
    "nothing in it": ("<scope>", "<source> </source><scope>", [("D09", 8)]),
    "a parameter without a value": (
        "<area>",
        "<parameter><valueName>x</valueName><value/></parameter><area>",
        [("D09", 20)],
    ),
    "+00:00": ("18:20:00+09:00", "09:20:00+00:00", [("A08", 5)]),
    "a sender that is a number": ("wx@agency.example</sender>", "402013</sender>", [("A02", 4)]),
    "no language": ("<language>en</language>\n", "", [("I01", 10)]),
    "no end": ("<expires>2026-07-14T21:20:00+09:00</expires>\n", "", [("T01", 10)]),
    "over before it begins": ("2026-07-14T21", "2026-07-14T17", [("T02", 17)]),
    "no area": (SOUND[SOUND.index("<area>") : SOUND.index("</info>")], "", [("G01", 10)]),
    "an area without a name": ("<areaDesc>riverside", "<areaDesc>", [("D09", 21), ("G01", 20)][::-1]),
    "an open polygon": ("36.37,127.36 36.36,127.35<", "36.37,127.36 36.36,127.36<", [("G04", 22)]),
    "off the earth": ("36.36,127.35 0.5", "127.35,36.36 0.5", [("G05", 23)]),
    "a bow tie": ("36.36,127.35 36.36,127.36 36.37,127.36 ", "0,0 1,1 0,1 1,0 0,0 ", [("G04", 22)]),
    "a circle that is none": ("36.36,127.35 0.5", "here", [("G08", 23)]),
    "a circle beyond all numbers": ("36.36,127.35 0.5", "36.36,127.35 " + "9" * 400, [("G08", 23)]),
    "a circle without a size": ("36.36,127.35 0.5", "36.36,127.35 0", [("G08", 23)]),
    "an exercise without a name": ("Actual", "Exercise", [("A11", 6)]),
    "restricted to nobody knows whom": ("Public", "Restricted", [("A15", 8)]),
    "itself": ("example,a-1,", "example,a-2,", [("R03", 9)]),
    "a later one": ("a-1,2026-07-14T18:00", "a-1,2026-07-14T19:00", [("R04", 9)]),
    "a headline of 161 letters": ("<headline>Heavy rain", "<headline>" + "a" * 161, [("I07", 18)]),
    "letters that turn others round": ("stay, go", "stay\u202e, go", [("text-hidden", 0)]),
}

REFUSED: dict[str, tuple[str, str, str]] = {
    "a doctype": ("<alert ", "<!DOCTYPE alert><alert ", "D01"),
    "an entity": ("<alert ", '<!DOCTYPE alert [<!ENTITY x "y">]><alert ', "D01"),
    "an entity from a file": ("<alert ", '<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert ', "D01"),
    "an entity of its own": ("Heavy rain", "&rain;", "D04"),
    "laughter": ("<alert ", '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><alert ', "D01"),
    "a doctype behind a stylesheet": ("<alert ", "<?xml-stylesheet href='a'?><!DOCTYPE alert><alert ", "D01"),
    "depth": ("Heavy rain", "<b>" * 70 + "</b>" * 70, "D02"),
    "depth behind a comment": ("stay, go", "stay<!-- x -->, go" + "<b>" * 70 + "</b>" * 70, "D02"),
    "size": ("Heavy rain", "a" * 2_100_000, "D02"),
    "numbers": ("Heavy rain", "<b/>" * 100_001, "D02"),
    "another root": ("urn:oasis:names:tc:emergency:cap:1.2", "urn:elsewhere", "D03"),
    "CAP 1.0": ("urn:oasis:names:tc:emergency:cap:1.2", "http://www.incident.com/cap/1.0", "D03"),
    "half a document": ("</alert>", "", "D04"),
    "a word that CAP has not": ("<severity>Severe", "<severity>Bad", "D04"),
    "disorder": ("<scope>Public</scope>\n", "", "D04"),
    "an element of its own": ("<headline>", "<loud/><headline>", "D04"),
    "a time without a zone": ("18:20:00+09:00", "18:20:00", "D04"),
    "a time in Z": ("18:20:00+09:00", "09:20:00Z", "D04"),
    "a day that is none": ("<sent>2026-07-14", "<sent>2026-02-30", "D04"),
    "not the encoding it says": ('"UTF-8"', '"us-ascii"', "D05"),
    "an encoding nobody reads": ('"UTF-8"', '"utf-7"', "D05"),
    "an identifier with a comma": ("a-2", "a,2", "A01"),
    "no identifier": ("a-2", "", "A01"),
    "a sender with a space": ("wx@agency.example</sender>", "wx agency</sender>", "A02"),
    "a draft": ("Actual", "Draft", "A10"),
    "for nobody in private": ("Public", "Private", "A14"),
    "an update of nothing": ("<references>wx@agency.example,a-1,2026-07-14T18:00:00+09:00</references>\n", "", "R01"),
    "references that name nothing": ("example,a-1,", "example a-1 ", "R02"),
    "a place beyond all numbers": ("36.36,127.35 36.36,127.36", "9" * 400 + ",1 36.36,127.36", "G03"),
    "a height beyond all numbers": ("</area>", "<altitude>" + "9" * 400 + "</altitude></area>", "cap-number"),
    "a size beyond all numbers": (
        "<area>",
        "<resource><resourceDesc>x</resourceDesc><mimeType>a/b</mimeType><size>" + "9" * 20 + "</size></resource><area>",
        "D04",
    ),
    "a time before all calendars": ("<expires>2026", "<expires>0001", "cap-time"),
    "a time after all calendars": ("<expires>2026", "<expires>9999", "cap-time"),
    "a polygon in words": ("36.36,127.35 36.36,127.36 ", "hello ", "G03"),
    "a polygon of two": ("36.36,127.35 36.36,127.36 36.37,127.36 36.36,127.35", "36.36,127.35 36.36,127.36", "G03"),
}


def changed(old: str, new: str) -> bytes:
    assert not old or old in SOUND
    # The word that no US-ASCII has shows who only believes the declaration
    return SOUND.replace(old, new, 1).replace("<event>Heavy rain", "<event>호우 Heavy rain").encode()


def test_real_messages_are_taken_as_they_are(real: Mapping[str, bytes]) -> None:
    assert set(real) == set(REAL)
    for name, document in real.items():
        status, kind, told = REAL[name]
        received = cap.receive(document)
        assert (received.message.status, received.message.msg_type) == (status, kind)
        assert [(finding.rule, finding.line) for finding in received.findings] == told, name


@pytest.mark.parametrize("name", FLAGGED)
def test_what_can_be_mended_is_told(name: str) -> None:
    old, new, told = FLAGGED[name]
    received = cap.receive(changed(old, new))

    assert [(finding.rule, finding.line) for finding in received.findings] == told
    assert {finding.severity for finding in received.findings} <= {Gravity.WARNING}
    assert all(finding.message and finding.hint for finding in received.findings)


@pytest.mark.parametrize("name", REFUSED)
def test_what_means_nothing_or_means_harm_is_refused(name: str) -> None:
    old, new, rule = REFUSED[name]
    with pytest.raises(Faults) as refused:
        cap.receive(changed(old, new))

    assert refused.value.findings[0].rule == rule
    assert {finding.severity for finding in refused.value.findings} == {Gravity.ERROR}


def test_a_text_is_whole_whatever_comment_splits_it() -> None:
    [info] = cap.receive(changed("stay, go", "stay<!-- x -->, go<?y z?>")).message.infos
    assert info.instruction == "Do NOT stay, go to the river"


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16"])
def test_other_encodings_are_read_as_they_say(encoding: str) -> None:
    document = SOUND.replace("UTF-8", encoding).replace("Heavy rain", "Überflutung", 1).encode(encoding)
    received = cap.receive(document)

    assert received.message.infos[0].event == "Überflutung"
    assert [finding.rule for finding in received.findings] == ["D05"]


def test_korean_in_its_old_encoding_is_read() -> None:
    document = SOUND.replace("UTF-8", "EUC-KR").replace("Heavy rain", "호우", 1).encode("euc-kr")
    assert cap.receive(document).message.infos[0].event == "호우"


@pytest.mark.parametrize("body", [b"", b"\0", b"\xff\xfe", b"{}", "호우".encode("euc-kr"), b"<a>" * 10_000, b"\xef\xbb\xbf"])
def test_anything_at_all_is_refused_and_breaks_nothing(body: bytes) -> None:
    with pytest.raises(Faults) as refused:
        cap.receive(body)
    assert refused.value.findings[0].rule in ("D02", "D04", "D05")


def test_white_space_is_off_and_1_1_reads_like_1_2() -> None:
    plain = cap.receive(changed("", "")).message
    assert cap.receive(changed("cap:1.2", "cap:1.1")).message == plain
    assert cap.receive(changed("<status>Actual</status>", "<status> Actual\n</status>")).message == plain
    assert cap.receive(b"\xef\xbb\xbf" + changed("", "")).message == plain


def test_every_rule_says_whether_it_refuses() -> None:
    assert set(RULES) >= cap.ingest.REJECTED | cap.ingest.MENDED
