"""The only way in for TOML files that people write: values for the program, lines for the person who must mend them."""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time

import msgspec
import tree_sitter_toml
from msgspec import Struct
from tree_sitter import Language, Node, Parser

from gateway.doors import json
from gateway.doors.complaint import pointer
from gateway.doors.json import Path
from gateway.fault import Faults, Finding

MOST_BYTES = 1_048_576

_GRAMMAR = Language(tree_sitter_toml.language())
_AT_LINE = re.compile(r"^(?P<what>.*) \(at line (?P<line>\d+), column \d+\)$")


class Document(Struct, frozen=True, kw_only=True):
    """One TOML file as plain JSON values; `lines` knows where each of them was written, counted from 1."""

    file: str
    data: dict[str, object]
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Return the line of a value, or of the innermost table or list that would hold it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def finding(self, rule: str, message: str, path: Path, hint: str) -> Finding:
        """Say what is wrong at one place of this file."""
        place = pointer(path)
        return Finding(rule=rule, message=message, path=place, hint=hint, file=self.file, line=self.line(path))

    def check(self, schema: str) -> tuple[Finding, ...]:
        """Return every violation of `schemas/<schema>` with file and line."""
        try:
            json.check(self.data, schema)
        except Faults as faults:
            return tuple(self._located(finding) for finding in faults.findings)
        return ()

    def _located(self, finding: Finding) -> Finding:
        by_pointer = {pointer(path): line for path, line in self.lines.items()}
        place = finding.path
        while place and place not in by_pointer:
            place = place.rpartition("/")[0]
        return msgspec.structs.replace(finding, file=self.file, line=by_pointer.get(place, 1))


def load(raw: bytes, file: str) -> Document:
    """Return a TOML 1.0 file whose values JSON can hold too.

    Raises Faults with file and line: `toml-too-large`, `toml-encoding`, `toml-syntax`, `toml-number` (nan, inf, beyond 64 bits),
    `toml-date`, `toml-too-deep`.
    """
    if len(raw) > MOST_BYTES:
        raise _fault("toml-too-large", f"the file has more than {MOST_BYTES} bytes", file, hint="split it")
    data = _read(raw, file)
    if any(len(path) >= json.MOST_DEPTH for path, _ in json.walk(data)):
        raise _too_deep(file)
    document = Document(file=file, data=data, lines=_first_lines(raw))
    if findings := tuple(_unsound(document)):
        raise Faults(findings)
    return document


def _read(raw: bytes, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _fault("toml-encoding", "this line is not UTF-8", file, line, hint="save the file as UTF-8") from None
    except RecursionError:
        raise _too_deep(file) from None
    except ValueError as error:
        found = _AT_LINE.match(str(error))
        message, line = (found["what"], int(found["line"])) if found else (str(error), raw.rstrip().count(b"\n") + 1)
        raise _fault("toml-syntax", message, file, line, hint="see toml.io for how values are written") from None


def _fault(rule: str, message: str, file: str, line: int = 1, *, hint: str) -> Faults:
    return Faults([Finding(rule=rule, message=message, file=file, line=line, hint=hint)])


def _too_deep(file: str) -> Faults:
    return _fault("toml-too-deep", f"nested more than {json.MOST_DEPTH} deep", file, hint="use flatter tables")


def _unsound(document: Document) -> Iterator[Finding]:
    for path, value in _leaves((), document.data):
        if isinstance(value, date | time):
            yield document.finding("toml-date", "a bare date or time", path, "put it in quotation marks")
        elif isinstance(value, float) and not math.isfinite(value):
            yield document.finding("toml-number", f"{value} is no finite number", path, "write a finite number")
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            yield document.finding("toml-number", f"{value} does not fit in 64 bits", path, "write a smaller number")


def _leaves(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves((*path, key), part)
    else:
        yield path, value


# Where things stand


def _first_lines(raw: bytes) -> Mapping[Path, int]:
    """Return the line where each value begins; a table that is only implied begins with its first value."""
    known: dict[Path, int] = {}
    for path, line in _lines(raw):
        for length in range(1, len(path) + 1):
            known.setdefault(path[:length], line)
    return known


def _lines(raw: bytes) -> Iterator[tuple[Path, int]]:
    """Walk the tables of a file that tomllib has found sound."""
    lengths: dict[Path, int] = {}
    for node in Parser(_GRAMMAR).parse(raw).root_node.named_children:
        if node.type == "pair":
            yield from _pair((), node)
        elif node.type in ("table", "table_array_element"):
            yield from _table(node, lengths)


def _table(node: Node, lengths: dict[Path, int]) -> Iterator[tuple[Path, int]]:
    header, *pairs = (child for child in node.named_children if child.type != "comment")
    *outer, last = _keys(header)
    path: Path = ()
    for key in outer:
        path = (*path, key)
        path = (*path, lengths[path] - 1) if path in lengths else path
    path = (*path, last)
    if node.type == "table_array_element":
        lengths[path] = lengths.get(path, 0) + 1
        path = (*path, lengths[path] - 1)
    yield path, _line(node)
    for pair in pairs:
        yield from _pair(path, pair)


def _pair(inside: Path, node: Node) -> Iterator[tuple[Path, int]]:
    key, value = (child for child in node.named_children if child.type != "comment")
    yield from _value((*inside, *_keys(key)), value, _line(node))


def _value(path: Path, node: Node, line: int) -> Iterator[tuple[Path, int]]:
    yield path, line
    parts = [child for child in node.named_children if child.type != "comment"]
    if node.type == "array":
        for index, part in enumerate(parts):
            yield from _value((*path, index), part, _line(part))
    elif node.type == "inline_table":
        for part in parts:
            yield from _pair(path, part)


def _keys(node: Node) -> list[str]:
    """Read a bare, quoted or dotted key as tomllib does."""
    found: object = tomllib.loads((node.text or b"").decode() + " = 0")
    keys = []
    while isinstance(found, dict):
        ((key, found),) = found.items()
        keys.append(key)
    return keys


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1
