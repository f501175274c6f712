"""A CAP document of another agency: what is broken is refused, what can be mended is mended, and both are told."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gateway.doors import text, xml
from gateway.fault import BadInput, Faults, Finding, Gravity
from gateway.formats.cap.check import AT_THE_DOOR
from gateway.formats.cap.message import Area, Message
from gateway.formats.cap.points import circle
from gateway.formats.cap.read import message
from gateway.formats.cap.rule import RULES
from gateway.formats.cap.rules_message import is_name
from gateway.formats.cap.tree import ALERT, NAMESPACE, each, leaves, local, path_of, value, violations

CAP_1_1 = "urn:oasis:names:tc:emergency:cap:1.1"
REJECTED = frozenset({"A01", "A10", "A14", "R01", "R02", "G03"})
"""The registered rules whose breach refuses a document; of A02 only a sender that nobody can refer to does.

Agencies with numbers for names are real, and which senders a partner speaks for is granted to it by name.
"""
MENDED = frozenset({"D09", "D10"})
TRANSCODED = frozenset({"iso-8859-1", "iso-8859-15", "windows-1252", "us-ascii", "euc-kr", "ks_c_5601-1987", "utf-16"})
LONGEST = 20_000
MOST_DIGITS = 18

_OPTIONAL = re.compile(
    "source|restriction|addresses|code|note|references|incidents|language|responseType|audience|effective|onset|expires|senderName"
    "|headline|description|instruction|web|contact|size|uri|derefUri|digest|polygon|circle|altitude|ceiling"
)
_DECLARED = re.compile(rb"""\A<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]*)["'][^>]*?\?>""")
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]*?\?>")
_NUMBERS = ("info/area/altitude", "info/area/ceiling")
_YEARS = range(1900, 2201)
_TEXTS = ("audience", "event", "sender_name", "headline", "description", "instruction", "contact")

S = TypeVar("S", bound=Struct)
Fixed = tuple[xml.Element, tuple[Finding, ...]]


class Received(Struct, frozen=True):
    """What a document says, and what a person should know about it: warnings only, in the order of their lines."""

    message: Message
    findings: tuple[Finding, ...]


def receive(document: bytes) -> Received:
    """Return what a CAP 1.2 or 1.1 document says, mended as far as no meaning is guessed.

    Raises Faults with every reason to refuse it (the rules of REJECTED, D01 to D05, and `cap-*` for values that mean nothing).
    """
    body, transcoded = _in_utf8(document)
    root, joined = _parsed(body)
    root, named = _of_this_version(root)
    ragged = tuple(finding for id in MENDED for finding in RULES[id].findings(root))
    _mend(root)
    unread = tuple(_without_broken_circles(root))
    if broken := violations(root):
        raise Faults(broken)
    judged = tuple(_judged(root))
    if refused := [finding for finding in judged if finding.severity is Gravity.ERROR]:
        raise Faults(refused)
    said, hidden = _shown(_message(root))
    found = (*transcoded, *joined, *named, *map(_warning, ragged), *unread, *judged, *hidden)
    return Received(said, tuple(sorted(found, key=lambda finding: (finding.line, finding.rule, finding.path))))


def _in_utf8(document: bytes) -> tuple[bytes, tuple[Finding, ...]]:
    """Turn another declared encoding into UTF-8; the bytes that are kept stay as they came (D05)."""
    declared = _DECLARED.match(document)
    name = declared[1].decode().lower() if declared else "utf-16" if document[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    if name not in TRANSCODED:
        return document, ()
    try:
        said = _DECLARATION.sub("", document.decode(name))
    except UnicodeError:
        finding = Finding(rule="D05", message=f"declared as {name}, but it is not", hint="declare what the bytes are", line=1)
        raise Faults([finding]) from None
    return said.encode(), (_told("D05", f"encoded as {name}", "send UTF-8", line=1),)


def _parsed(body: bytes) -> Fixed:
    """Read around comments and instructions: what stands beside them is one text, and no stylesheet is ever fetched."""
    try:
        return xml.parse(body), ()
    except Faults as refused:
        (finding,) = refused.findings
        rule = AT_THE_DOOR[finding.rule]
        if finding.rule not in ("xml-comment", "xml-instruction"):
            raise Faults([replace(finding, rule=rule)]) from None
    try:
        told = "comments and processing instructions were left out, and the text around them joined"
        return xml.parse(body, joined=True), (_told(rule, told, finding.hint, line=finding.line),)
    except Faults as refused:
        raise Faults([replace(one, rule=AT_THE_DOOR[one.rule]) for one in refused.findings]) from None


def _of_this_version(root: xml.Element) -> Fixed:
    """CAP 1.1 differs by nothing that its elements mean, so that it is read as 1.2."""
    if root.tag == ALERT:
        return root, ()
    if root.tag != f"{{{CAP_1_1}}}alert":
        hint = f"send an alert in the namespace {NAMESPACE}"
        raise Faults([Finding(rule="D03", message=f"the root is {root.tag}", hint=hint, line=xml.line(root))])
    for element in root.iter(f"{{{CAP_1_1}}}*"):
        element.tag = f"{{{NAMESPACE}}}{local(element)}"
    return root, (_told("D03", "written in CAP 1.1", "send CAP 1.2", path="/alert", line=xml.line(root)),)


def _mend(root: xml.Element) -> None:
    """Take off white space around values, and optional elements that say nothing (D09, D10)."""
    for element in list(leaves(root)):
        element.text = xml.text(element).strip()
        parent = element.getparent()
        if not element.text and parent is not None and _OPTIONAL.fullmatch(local(element)):
            parent.remove(element)


def _without_broken_circles(root: xml.Element) -> Iterator[Finding]:
    """A circle that cannot be read is left out: the area is still described (G08)."""
    for element in each(root, "info/area/circle"):
        try:
            circle(xml.text(element))
        except BadInput as refused:
            yield _told("G08", f"{refused.message}; it was left out", refused.hint, path=path_of(element), line=xml.line(element))
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)


def _judged(root: xml.Element) -> Iterator[Finding]:
    for rule in RULES.values():
        if rule.id in MENDED:
            continue
        for finding in rule.findings(root):
            fatal = rule.id in REJECTED or (rule.id == "A02" and not is_name(value(root, "sender")))
            yield replace(finding, severity=Gravity.ERROR if fatal else Gravity.WARNING)


def _message(root: xml.Element) -> Message:
    try:
        _countable(root)
        return _timely(message(root))
    except BadInput as refused:
        raise Faults([Finding(rule=refused.code, message=refused.message, path=refused.path, hint=refused.hint)]) from None


def _countable(root: xml.Element) -> None:
    for element in (one for path in _NUMBERS for one in each(root, path)):
        if len(xml.text(element)) > MOST_DIGITS:
            raise BadInput("cap-number", "a number beyond reason", path=path_of(element), hint="write it in fewer digits")


def _timely(said: Message) -> Message:
    for at in _times(said):
        if at.year not in _YEARS:
            raise BadInput("cap-time", f"{at.isoformat()} is beyond reason", path="/alert", hint="write the time that is meant")
    return said


def _times(said: Message) -> Iterator[datetime]:
    yield said.sent
    yield from (at for info in said.infos for at in (info.effective, info.onset, info.expires) if at)


def _shown(said: Message) -> tuple[Message, tuple[Finding, ...]]:
    """Leave out of human texts what no screen shows honestly."""
    infos = tuple(replace(_clean(info, _TEXTS), areas=tuple(_named(area) for area in info.areas)) for info in said.infos)
    clean = replace(_clean(said, ("note", "source", "restriction")), infos=infos)
    hint = "read the document itself; send plain text"
    return clean, () if clean == said else (_told("text-hidden", "characters that cannot be shown were left out", hint),)


def _named(area: Area) -> Area:
    return _clean(area, ("description",))


def _clean(said: S, names: tuple[str, ...]) -> S:
    return replace(said, **{name: text.shown(getattr(said, name), most=LONGEST) for name in names})


def _told(rule: str, message: str, hint: str, *, path: str = "", line: int = 0) -> Finding:
    return Finding(rule=rule, message=message, severity=Gravity.WARNING, hint=hint, path=path, line=line)


def _warning(finding: Finding) -> Finding:
    return replace(finding, severity=Gravity.WARNING)
