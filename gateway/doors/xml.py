"""The only way in for XML documents."""

import re
from collections.abc import Iterator
from typing import Any, TypeAlias, cast

from lxml import etree

from gateway.fault import Faults, Finding

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no public name for the type of an element

MOST_BYTES = 2_097_152
MOST_ELEMENTS = 50_000
MOST_ATTRIBUTES = 10_000
MOST_DEPTH = 64

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARED = re.compile(rb"""\A<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"'>]*)""")
_ATTRIBUTE = re.compile(rb"""=\s*["']""")


def parse(raw: bytes, *, most_bytes: int = MOST_BYTES, joined: bool = False) -> Element:
    """Return the root of a document that is UTF-8, of bounded size and free of constructs that hide or fetch content.

    A byte order mark is tolerated. With `joined`, comments and processing instructions are left out, and what stood before and
    after them is one text, instead of being refused. Raises BadInput (a Faults whose finding holds the line): `xml-too-large`,
    `xml-encoding`, `xml-doctype`, `xml-too-many`, `xml-malformed`, `xml-too-deep`, `xml-instruction`, `xml-comment`.
    """
    if len(raw) > most_bytes:
        raise _refusal("xml-too-large", f"the document has more than {most_bytes} bytes", "send a smaller document")
    body = raw.removeprefix(_BYTE_ORDER_MARK)
    _plain(body)
    _few(body)
    root = _tree(body, joined=joined)
    _shallow(root)
    _only_content(root)
    return root


def text(element: Element) -> str:
    """Return the whole text of a value element, whatever stands between its pieces."""
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def line(node: Element) -> int:
    """Return the line a node stood on, 0 where it was not read from bytes."""
    known = cast("int | None", node.sourceline)
    return known or 0


def _refusal(code: str, message: str, hint: str, line: int = 0) -> Faults:
    return Faults([Finding(rule=code, message=message, hint=hint, line=line)])


def _plain(body: bytes) -> None:
    hint = "save the document as UTF-8 and declare no other encoding"
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise _refusal("xml-encoding", "these bytes are not UTF-8", hint, _line(body, error.start)) from None
    declared = _DECLARED.match(body)
    if declared and declared[1].lower() != b"utf-8":
        raise _refusal("xml-encoding", f"declared as {declared[1].decode()!r}, not as UTF-8", hint, 1)
    if (found := body.find(b"\0")) >= 0:
        raise _refusal("xml-encoding", "a NUL byte, as in UTF-16", hint, _line(body, found))
    if doctype := _DOCTYPE.search(body):
        hint = "send the document without DOCTYPE and ENTITY declarations"
        raise _refusal("xml-doctype", "document type declarations are refused", hint, _line(body, doctype.start()))


def _few(body: bytes) -> None:
    """Count generously before parsing: an element costs at most two `<`, an attribute at least one `="`."""
    if body.count(b"<") > 2 * MOST_ELEMENTS:
        raise _refusal("xml-too-many", f"more than {MOST_ELEMENTS} elements", "send fewer elements")
    if sum(1 for _ in _ATTRIBUTE.finditer(body)) > MOST_ATTRIBUTES:
        raise _refusal("xml-too-many", f"more than {MOST_ATTRIBUTES} attributes", "send fewer attributes")


def _tree(body: bytes, *, joined: bool) -> Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=joined,
        remove_pis=joined,
    )
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise _refusal("xml-malformed", error.msg or "no XML", "send well-formed XML 1.0", error.lineno or 0) from None


def _shallow(root: Element) -> None:
    for deep in _elements(root, "/*" * (MOST_DEPTH + 1)):
        raise _refusal("xml-too-deep", f"nested more than {MOST_DEPTH} deep", "send a flatter document", line(deep))


def _only_content(root: Element) -> None:
    for found in _elements(root, "//processing-instruction()"):
        hint = "send the document without processing instructions and stylesheets"
        raise _refusal("xml-instruction", "processing instructions are refused", hint, line(found))
    for found in _elements(root, "//comment()"):
        if _splits_a_value(found):
            hint = "take the comment out of the value; readers disagree on what is left of it"
            raise _refusal("xml-comment", "a comment stands inside a value", hint, line(found))


def _splits_a_value(comment: Element) -> bool:
    parent = comment.getparent()
    if parent is None:
        return False
    said = (parent.text or "") + "".join(node.tail or "" for node in parent)
    return bool(said.strip()) or next(_elements(parent, "*"), None) is None


def _elements(root: Element, path: str) -> Iterator[Element]:
    found: Any = root.xpath(path)
    return iter(found)


def _line(body: bytes, place: int) -> int:
    return body.count(b"\n", 0, place) + 1
