"""What a violated schema says to a person: what is wrong, where, and how to mend it, in the schema's own descriptions."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema_rs import ValidationError

from gateway.fault import Finding

Schema = Mapping[str, Any]

_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}

_SAID = {
    "required": "{property!r} is missing",
    "enum": "{value} is not one of {options}",
    "const": "{value} must be {expected}",
    "type": "{value} is not {types}",
    "pattern": "this text does not have the form that is asked for",
    "format": "this text is not a valid {format}",
    "minLength": "this text has fewer than {limit} characters",
    "maxLength": "this text has more than {limit} characters",
    "minItems": "this list has fewer than {limit} entries",
    "maxItems": "this list has more than {limit} entries",
    "minProperties": "this object has fewer than {limit} fields",
    "maxProperties": "this object has more than {limit} fields",
    "minimum": "{value} is less than {limit}",
    "maximum": "{value} is more than {limit}",
    "exclusiveMinimum": "{value} is not more than {limit}",
    "exclusiveMaximum": "{value} is not less than {limit}",
    "uniqueItems": "an entry stands twice in this list",
    "propertyNames": "{name!r} cannot be the name of a field here",
    "not": "this is not allowed here",
    "anyOf": "{needed} is needed",
}

_HINTS = {"date-time": "write the time with its offset, as in 2026-07-14T18:20:00+09:00"}


def complaints(errors: Iterable[ValidationError], root: Schema, schemas: Mapping[str, Schema]) -> Iterator[Finding]:
    """Yield a finding for every violation; `root` is the schema itself, `schemas` are those it may refer to by `$id`."""
    for error in errors:
        place = _Place(root, schemas).follow(_way(error))
        if error.kind.name == "additionalProperties":
            yield from _unknown(error, list(place.holder.get("properties", {})))
        else:
            yield _finding(error, place)


def pointer(path: Iterable[str | int]) -> str:
    """Write a path as a JSON pointer (RFC 6901 section 3)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _way(error: ValidationError) -> list[str | int]:
    """Return the evaluation path; of a name that is refused only the inner error knows it whole."""
    inner: ValidationError = error.kind.as_dict().get("error", error)
    return inner.evaluation_path


class _Place:
    """Where a violated keyword stands: the schema object that holds it and the innermost description on the way there."""

    def __init__(self, root: Schema, schemas: Mapping[str, Schema]) -> None:
        self.schemas = schemas
        self.document = self.holder = root
        self.described = str(root.get("description", ""))

    def follow(self, path: Iterable[str | int]) -> "_Place":
        """Walk along an evaluation path; each `$ref` leads on in the schema it names."""
        node: Any = self.holder
        for step in path:
            if isinstance(node, Mapping):
                self.holder, self.described = node, _description(node) or self.described
            node = node[step]
            if step == "$ref":
                node = self.resolve(node)
        return self

    def resolve(self, reference: str) -> Schema:
        """Return what a reference means and stay in its document."""
        name, _, fragment = reference.partition("#")
        self.document = self.schemas[name] if name else self.document
        node: Any = self.document
        for part in fragment.split("/")[1:]:
            node = node[part]
        found: Schema = node
        return found

    def description_of(self, field: object) -> str:
        """Return what the schema says of one field of the object it describes."""
        told: Schema = self.holder.get("properties", {}).get(field, {})
        return _description(told) or (_description(self.resolve(told["$ref"])) if "$ref" in told else "")


def _description(node: Schema) -> str:
    told = node.get("description", "")
    return told if isinstance(told, str) else ""


def _finding(error: ValidationError, place: _Place) -> Finding:
    parts: dict[str, Any] = dict(error.kind.as_dict())
    message = _SAID.get(error.kind.name, "this does not have the form that is asked for").format(**_words(error, parts))
    told = place.description_of(parts.get("property")) or place.described
    hint = _nearest(error.instance, parts.get("options", ())) or _HINTS.get(str(parts.get("format"))) or told
    return Finding(rule=f"schema-{_kebab(error.kind.name)}", message=message, path=pointer(error.instance_path), hint=hint)


def _unknown(error: ValidationError, known: list[str]) -> Iterator[Finding]:
    for name in error.kind.as_dict()["unexpected"]:
        hint = _nearest(name, known) or f"known are: {', '.join(sorted(known))}"
        path = pointer([*error.instance_path, name])
        yield Finding(rule="schema-unknown-field", message=f"there is no field called {name!r}", path=path, hint=hint)


def _words(error: ValidationError, parts: dict[str, Any]) -> dict[str, object]:
    words: dict[str, object] = parts | {"value": _short(error.instance), "expected": _short(parts.get("expected_value"))}
    if "options" in parts:
        words["options"] = ", ".join(str(option) for option in parts["options"])
    if "types" in parts:
        words["types"] = " or ".join(_KINDS[kind] for kind in parts["types"])
    if "context" in parts:
        words["needed"] = _needed(parts, len(error.instance_path))
    if "error" in parts:
        words["name"] = parts["error"].instance
    return words


def _needed(parts: Mapping[str, Any], depth: int) -> str:
    """Name what each branch of an anyOf misses."""
    return " or ".join(dict.fromkeys(_missed(error, depth) for error, *_ in parts["context"]))


def _missed(error: ValidationError, depth: int) -> str:
    parts: dict[str, Any] = dict(error.kind.as_dict())
    if "context" in parts:
        return _needed(parts, depth)
    if "property" in parts:
        return repr(parts["property"])
    if len(error.instance_path) > depth:
        return repr(error.instance_path[depth])
    return " or ".join(_KINDS[kind] for kind in parts.get("types", ())) or "another form"


def _nearest(value: object, known: Iterable[object]) -> str:
    names = {str(name).lower(): str(name) for name in known}
    found = difflib.get_close_matches(str(value).lower(), names, n=1, cutoff=0.7) if isinstance(value, str) else []
    return f"did you mean {names[found[0]]!r}?" if found else ""


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)
