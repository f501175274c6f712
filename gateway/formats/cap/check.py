"""Everything that is wrong with one CAP 1.2 document that is to be issued."""

from msgspec.structs import replace

from gateway.doors import xml
from gateway.fault import Faults, Finding
from gateway.formats.cap import rules_area, rules_document, rules_info, rules_message
from gateway.formats.cap.rule import RULES
from gateway.formats.cap.tree import ALERT, NAMESPACE, path_of, violations

__all__ = ["check", "rules_area", "rules_document", "rules_info", "rules_message"]

AT_THE_DOOR = {
    "xml-doctype": "D01",
    "xml-instruction": "D01",
    "xml-too-large": "D02",
    "xml-too-many": "D02",
    "xml-too-deep": "D02",
    "xml-malformed": "D04",
    "xml-encoding": "D05",
    "xml-comment": "D07",
}


def check(document: bytes) -> tuple[Finding, ...]:
    """Return every finding of the schema (D04) and of the registered rules, sorted by line; empty means sound.

    Never raises: what does not pass the XML door or is no CAP 1.2 alert is one finding (D01 to D07). Rules that compare with
    the time sent hold their peace on a document that is not stamped yet.
    """
    try:
        alert = xml.parse(document)
    except Faults as refused:
        return tuple(replace(finding, rule=AT_THE_DOOR[finding.rule]) for finding in refused.findings)
    if alert.tag != ALERT:
        return (_foreign(alert),)
    found = [*violations(alert), *(finding for rule in RULES.values() for finding in rule.findings(alert))]
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.rule, finding.path)))


def _foreign(root: xml.Element) -> Finding:
    hint = f"send an alert in the namespace {NAMESPACE}"
    return Finding(rule="D03", message=f"the root is {root.tag}", path=path_of(root), hint=hint, line=xml.line(root))
