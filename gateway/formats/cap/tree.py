"""The tree of a CAP 1.2 document: building it, walking it, naming a place in it, and judging it by the schema."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from lxml import etree

from gateway import shipped
from gateway.doors import xml
from gateway.fault import BadInput, Finding

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SIGNATURES = "http://www.w3.org/2000/09/xmldsig#"
ALERT = f"{{{NAMESPACE}}}alert"

_DEFAULT: Any = {None: NAMESPACE}

Node = tuple[str, "str | Iterable[Node]"]


def build(name: str, content: "str | Iterable[Node]", parent: xml.Element | None = None) -> xml.Element:
    """Return an element with that content; what is blank is left out. Raises BadInput("cap-characters")."""
    tag = f"{{{NAMESPACE}}}{name}"
    element = etree.Element(tag, nsmap=_DEFAULT) if parent is None else etree.SubElement(parent, tag)
    if isinstance(content, str):
        _say(element, name, content)
        return element
    for child, inner in content:
        if not isinstance(inner, str) or inner.strip():
            build(child, inner, element)
    return element


def _say(element: xml.Element, name: str, content: str) -> None:
    try:
        element.text = content.strip()
    except ValueError:
        hint = "take out control characters and half characters"
        raise BadInput("cap-characters", "characters that XML cannot hold", path=f"/{name}", hint=hint) from None


def each(element: xml.Element, path: str) -> list[xml.Element]:
    """Return the elements on a path of CAP names, such as `info/area`."""
    return element.findall(_qualified(path))


def values(element: xml.Element, path: str) -> tuple[str, ...]:
    """Return the texts on a path, without the white space around them, blank ones left out."""
    found = (xml.text(place).strip() for place in each(element, path))
    return tuple(said for said in found if said)


def value(element: xml.Element, path: str) -> str:
    """Return the first text on a path, empty where there is none."""
    return next(iter(values(element, path)), "")


def leaves(root: xml.Element) -> Iterator[xml.Element]:
    """Walk the value elements of CAP, in order."""
    return (element for element in root.iter(f"{{{NAMESPACE}}}*") if not len(element))


def local(element: xml.Element) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(element).localname


def path_of(element: xml.Element) -> str:
    """Return where an element stands, such as `/alert/info[2]/area/polygon`."""
    parent = element.getparent()
    if parent is None:
        return f"/{local(element)}"
    twins = [twin for twin in parent if twin.tag == element.tag]
    number = f"[{twins.index(element) + 1}]" if len(twins) > 1 else ""
    return f"{path_of(parent)}/{local(element)}{number}"


def violations(root: xml.Element) -> tuple[Finding, ...]:
    """Return everything `schemas/cap-1.2.xsd` has against a tree, as rule D04."""
    schema = _schema()
    if schema.validate(root):
        return ()
    errors: Any = schema.error_log
    return tuple(_violation(root, error) for error in errors)


@cache
def _qualified(path: str) -> str:
    return "/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(xml.parse(shipped.read("schemas/cap-1.2.xsd")))


def _violation(root: xml.Element, error: Any) -> Finding:
    found: Any = root.getroottree().xpath(error.path) if error.path else []
    message = error.message.replace(f"{{{NAMESPACE}}}", "")
    place = path_of(found[0]) if found else ""
    hint = "see schemas/cap-1.2.xsd for names, order and code words"
    return Finding(rule="D04", message=message, path=place, hint=hint, line=xml.line(found[0]) if found else error.line)
