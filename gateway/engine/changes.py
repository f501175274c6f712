"""What an operator may change in a draft."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from gateway.alert import Target, Text, Version, whole
from gateway.area import Area
from gateway.doors.text import clean, one_line
from gateway.drafting import relocated
from gateway.engine.plan import Plan
from gateway.fault import BadInput, Conflict
from gateway.incident import Status
from gateway.playbook import Playbook
from gateway.policy.admit import LONGEST
from gateway.words import Words

MOST = {"event": 200, "headline": 160, "description": 4000, "instruction": 4000, "short": 200}
PARAGRAPHS = ("description", "instruction")


class Changes(Struct, frozen=True, kw_only=True):
    """An edit: only what is given changes; `texts` is language to field to wording, `targets` are "channel/target"."""

    texts: Mapping[str, Mapping[str, str]] = {}
    areas: tuple[Area, ...] | None = None
    expires: datetime | None = None
    targets: tuple[str, ...] | None = None
    left_out: tuple[str, ...] | None = None


def apply(changes: Changes, version: Version, plan: Plan, now: datetime) -> Version:
    """Return the edited version; raises BadInput with the path of what cannot be, Conflict("playbook-gone").

    A wording is refused with language-unknown, field-unknown, text-blank, and with what the text door refuses; that of a drill
    goes on saying so: its mark is put back.
    """
    if changes.areas is not None:
        version = relocated(version, changes.areas, plan.desk, _playbook(version, plan))
    if changes.expires is not None:
        version = msgspec.structs.replace(version, expires=_later(changes.expires, version, now))
    if changes.targets is not None:
        targets = (_target(name, plan) for name in dict.fromkeys(changes.targets))
        version = msgspec.structs.replace(version, targets=tuple(targets))
    if changes.left_out is not None:
        version = _without(version, changes.left_out, plan.desk.languages[0])
    return _reworded(version, changes.texts, plan.desk.words)


def _playbook(version: Version, plan: Plan) -> Playbook:
    if version.playbook not in plan.playbooks:
        message, hint = f"playbook {version.playbook!r} is gone", "reject this draft and draft anew"
        raise Conflict("playbook-gone", message, hint=hint)
    return plan.playbooks[version.playbook]


def _later(expires: datetime, version: Version, now: datetime) -> datetime:
    if expires <= now:
        raise BadInput("expires-past", "the alert would already be over", path="/expires", hint="give a time to come")
    if expires <= version.onset:
        message = f"the alert would be over before it begins at {version.onset.isoformat()}"
        raise BadInput("expires-onset", message, path="/expires", hint="let it end after its onset")
    if expires > now + LONGEST:
        raise BadInput("expires-absurd", "that is more than a year ahead", path="/expires", hint="update it when it goes on")
    return whole(expires)


def _target(name: str, plan: Plan) -> Target:
    channel, _, target = name.partition("/")
    if channel not in plan.channels or target not in plan.channels[channel].targets:
        known = ", ".join(sorted(f"{c.name}/{t}" for c in plan.channels.values() for t in c.targets))
        raise BadInput("target-unknown", f"no target is called {name!r}", path="/targets", hint=f"one of: {known}")
    return Target(channel, target)


def _without(version: Version, languages: tuple[str, ...], default: str) -> Version:
    if default in languages:
        hint = "reword it, or reject the draft"
        raise BadInput("language-default", f"the default language {default!r} cannot be left out", path="/left_out", hint=hint)
    known = {text.language for text in version.texts} | set(version.left_out)
    for index, language in enumerate(languages):
        if language not in known:
            message, hint = f"this alert has no text in {language!r}", f"it has {', '.join(sorted(known))}"
            raise BadInput("language-unknown", message, path=f"/left_out/{index}", hint=hint)
    kept = tuple(text for text in version.texts if text.language not in languages)
    left_out = tuple(sorted({*version.left_out, *languages}))
    return msgspec.structs.replace(version, texts=kept, left_out=left_out)


def _reworded(version: Version, texts: Mapping[str, Mapping[str, str]], words: Words) -> Version:
    known = {text.language for text in version.texts}
    for language in texts:
        if language not in known:
            raise BadInput("language-unknown", f"this alert has no text in {language!r}", path=f"/texts/{language}")
    return msgspec.structs.replace(
        version, texts=tuple(_said(text, texts.get(text.language, {}), version.status, words) for text in version.texts)
    )


def _said(text: Text, wording: Mapping[str, str], status: Status, words: Words) -> Text:
    if not wording:
        return text
    mark = words.mark(status, text.language)
    told = {field: value for field, value in wording.items() if field not in text.classes}
    said = {field: _worded(field, value, mark, f"/texts/{text.language}/{field}") for field, value in told.items()}
    classes = {name: _classed(name, wording[name], text.language, mark, words) for name in text.classes if name in wording}
    return msgspec.structs.replace(text, **said, classes={**text.classes, **classes}, reviewed=False)


def _classed(name: str, value: str, language: str, mark: str, words: Words) -> str:
    path = f"/texts/{language}/{name}"
    said = clean(_marked(name, value, mark, path), most=MOST["description"], path=path)
    return words.bounded(name, language, said, path=path)


def _worded(field: str, value: str, mark: str, path: str) -> str:
    if field not in MOST:
        raise BadInput("field-unknown", f"a text has no {field!r}", path=path, hint=f"one of: {', '.join(MOST)}")
    door = clean if field in PARAGRAPHS else one_line
    return door(_marked(field, value, mark, path), most=MOST[field], path=path)


def _marked(field: str, value: str, mark: str, path: str) -> str:
    bare = value.strip().removeprefix(mark).strip()
    if not bare:
        raise BadInput("text-blank", f"the {field} says nothing", path=path, hint="leave the language out rather than blank")
    return f"{mark} {bare}".strip()
