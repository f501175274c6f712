"""Rules about the document as such (D): what the schema lets through and readers stumble over."""

from gateway.doors import xml
from gateway.formats.cap.rule import Spots, rule
from gateway.formats.cap.tree import NAMESPACE, SIGNATURES, leaves


@rule("D08", "put ds:Signature last in alert, and nothing else of its namespace beside it")
def signatures_stand_last(alert: xml.Element) -> Spots:
    """Only Signature elements, after everything of CAP (section 3.3.4)."""
    last = max((place for place, child in enumerate(alert) if _belongs(child, NAMESPACE)), default=0)
    for place, child in enumerate(alert):
        if _belongs(child, SIGNATURES) and (place < last or child.tag != f"{{{SIGNATURES}}}Signature"):
            yield child, "stands where only CAP's own elements may"


@rule("D09", "leave the element out, or fill it")
def nothing_is_empty(alert: xml.Element) -> Spots:
    """An element that is there says something."""
    for element in leaves(alert):
        if not xml.text(element).strip():
            yield element, "is there but says nothing"


@rule("D10", "take off the white space around the value")
def nothing_is_padded(alert: xml.Element) -> Spots:
    """Values begin and end with what they say."""
    for element in leaves(alert):
        said = xml.text(element)
        if said.strip() and said != said.strip():
            yield element, "white space stands around the value"


def _belongs(child: xml.Element, namespace: str) -> bool:
    tag: object = child.tag
    return isinstance(tag, str) and tag.startswith(f"{{{namespace}}}")
