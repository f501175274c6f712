"""The only way in for JSON documents: strict reading, then a check against one of our own schemas."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from itertools import accumulate, islice

import jsonschema_rs

from gateway import shipped
from gateway.doors.complaint import complaints, pointer
from gateway.fault import BadInput, Faults

MOST_BYTES = 1_048_576
MOST_DEPTH = 64
MOST_FINDINGS = 100

Path = tuple[str | int, ...]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# One that is never closed goes to the end, so that no document is searched twice
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_DIGITS = bytes(ord("0" if chr(byte).isdigit() and byte < 128 else " ") for byte in range(256))
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def load(raw: bytes, *, most_bytes: int = MOST_BYTES) -> object:
    """Return what the bytes say, where RFC 8259 and every reader agree on it; objects are dicts, arrays lists.

    Raises BadInput: `json-too-large`, `json-encoding`, `json-syntax`, `json-constant` (NaN, Infinity), `json-number`,
    `json-duplicate-key`, `json-too-deep`, `json-surrogate`.
    """
    if len(raw) > most_bytes:
        raise BadInput("json-too-large", f"the document has more than {most_bytes} bytes", hint="send it in smaller parts")
    text, skeleton, doubled = _decoded(raw), _STRING.sub(b"", raw), list[_Doubled]()
    document = _read(text, doubled, exact=_odd_numbers(skeleton))
    if doubled or _too_nested(skeleton) or _HALF.search(raw):
        for path, node in walk(document):
            _sound(path, node)
    return document


def check(document: object, schema: str) -> None:
    """Check a document against `schemas/<schema>`, formats included; raises Faults with every violation.

    Paths are JSON pointers (RFC 6901). What no JSON document can hold raises BadInput("json-type").
    """
    try:
        if _validator(schema).is_valid(document):
            return
        errors = list(islice(_validator(schema).iter_errors(document), MOST_FINDINGS))
    except ValueError as error:
        raise BadInput("json-type", f"this is no JSON value: {error}", hint="use only what JSON can say") from None
    raise Faults(complaints(errors, _schema(schema), _schemas()))


def walk(document: object) -> Iterator[tuple[Path, object]]:
    """Yield every object, array and string in a document, the outermost first, each with its path."""
    waiting: list[tuple[Path, object]] = [((), document)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        if isinstance(node, dict | list):
            parts = node.items() if isinstance(node, dict) else enumerate(node)
            waiting.extend(((*path, key), part) for key, part in parts if isinstance(part, dict | list | str))


class _Doubled(dict[str, object]):
    """An object in which a key stands twice; kept until its place is known."""

    key = ""


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8"
        raise BadInput("json-encoding", message, hint="send the document as UTF-8 without a byte order mark") from None
    if text.startswith("\ufeff"):
        raise BadInput("json-encoding", "a byte order mark stands first", hint="send the document without it")
    return text


def _odd_numbers(skeleton: bytes) -> bool:
    """Tell whether a number may be too large for a reader: it has 19 digits in a row, or an exponent."""
    letters = skeleton.count(b"true") + skeleton.count(b"false")
    return b"E" in skeleton or skeleton.count(b"e") != letters or b"0" * 19 in skeleton.translate(_DIGITS)


def _too_nested(skeleton: bytes) -> bool:
    left = skeleton.translate(_BRACKETS, _NO_BRACKETS)
    depth = 0
    while left and depth < MOST_DEPTH:
        left, depth = left.replace(b"[]", b""), depth + 1
    return bool(left)


def _read(text: str, doubled: list["_Doubled"], *, exact: bool) -> object:
    """Read a document, and note the objects in which a key stands twice; numbers are looked at one by one where it must be."""
    objects = partial(_object, doubled)
    real, whole = (_float, _integer) if exact else (None, None)
    try:
        document: object = json.loads(
            text, object_pairs_hook=objects, parse_constant=_constant, parse_float=real, parse_int=whole
        )
    except json.JSONDecodeError as error:
        if _nested(text[: error.pos]) > MOST_DEPTH:
            raise _too_deep(()) from None
        message = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise BadInput("json-syntax", message, hint="send one complete JSON document") from None
    except RecursionError:
        raise _too_deep(()) from None
    return document


def _nested(text: str) -> int:
    """Return how deep a document goes; from which depth on its reader gives up is each Python's own affair."""
    steps = ({"[": 1, "{": 1, "]": -1, "}": -1}.get(found.group(), 0) for found in _STRING_OR_BRACKET.finditer(text))
    return max(accumulate(steps), default=0)


def _object(doubled: list["_Doubled"], pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    doubled.append(_Doubled(found))
    doubled[-1].key = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
    return doubled[-1]


def _constant(name: str) -> object:
    raise BadInput("json-constant", f"{name} is no JSON number", hint="leave the value out, or send a finite number")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BadInput("json-number", f"{digits[:40]} is too large", hint="send a number of at most 1.7e308")
    return number


def _integer(digits: str) -> int:
    if len(digits) > 20 or not _SMALLEST <= int(digits) <= _LARGEST:
        raise BadInput("json-number", f"{digits[:40]} does not fit in 64 bits", hint="send a smaller number, or text")
    return int(digits)


def _sound(path: Path, node: object) -> None:
    if isinstance(node, _Doubled):
        message = f"the key {node.key!r} stands twice in one object"
        raise BadInput("json-duplicate-key", message, path=pointer((*path, node.key)), hint="keep the one that is meant")
    if isinstance(node, dict | list) and len(path) >= MOST_DEPTH:
        raise _too_deep(path)
    for text in (node,) if isinstance(node, str) else node if isinstance(node, dict) else ():
        if _LONE_SURROGATE.search(text):
            hint = "send the character itself, or both halves of its escape"
            raise BadInput("json-surrogate", "half a character stands in a text", path=pointer(path), hint=hint)


def _too_deep(path: Path) -> BadInput:
    return BadInput("json-too-deep", f"nested more than {MOST_DEPTH} deep", path=pointer(path), hint="send a flatter document")


@cache
def _schemas() -> dict[str, dict[str, object]]:
    """Every schema that may be referred to, by its `$id`."""
    found = (json.loads(file.read_bytes()) for file in shipped.folder("schemas").rglob("*.schema.json"))
    return {schema["$id"]: schema for schema in found}


@cache
def _schema(name: str) -> dict[str, object]:
    schema: dict[str, object] = json.loads(shipped.read(f"schemas/{name}"))
    return schema


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Compile a schema once; patterns run in linear time and no reference leaves the shipped schemas."""
    return jsonschema_rs.Draft202012Validator(
        _schema(name),
        validate_formats=True,
        registry=jsonschema_rs.Registry(list(_schemas().items()), draft=jsonschema_rs.Draft202012),
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
    )
