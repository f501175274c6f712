"""What an operator may change in a draft."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from gateway.alert import Target, Version, whole
from gateway.area import Area
from gateway.drafting import relocated, reworded
from gateway.engine.plan import Plan
from gateway.fault import BadInput


class Changes(Struct, frozen=True, kw_only=True):
    """An edit: only what is given changes; `texts` is language to field to wording, `targets` are "channel/target"."""

    texts: Mapping[str, Mapping[str, str]] = {}
    areas: tuple[Area, ...] | None = None
    expires: datetime | None = None
    targets: tuple[str, ...] | None = None
    left_out: tuple[str, ...] | None = None


def apply(changes: Changes, version: Version, plan: Plan, now: datetime) -> Version:
    """Return the edited version; raises BadInput with the path of what cannot be."""
    if changes.areas is not None:
        version = relocated(version, changes.areas, plan.desk, plan.playbooks[version.playbook])
    if changes.expires is not None:
        version = msgspec.structs.replace(version, expires=_later(changes.expires, now))
    if changes.targets is not None:
        version = msgspec.structs.replace(version, targets=tuple(_target(name, plan) for name in changes.targets))
    if changes.left_out is not None:
        version = _without(version, changes.left_out, plan.desk.languages[0])
    return reworded(version, changes.texts)


def _later(expires: datetime, now: datetime) -> datetime:
    if expires <= now:
        raise BadInput("expires-past", "the alert would already be over", path="/expires", hint="give a time to come")
    return whole(expires)


def _target(name: str, plan: Plan) -> Target:
    channel, _, target = name.partition("/")
    if channel not in plan.channels or target not in plan.channels[channel].targets:
        known = ", ".join(sorted(f"{c.name}/{t}" for c in plan.channels.values() for t in c.targets))
        raise BadInput("target-unknown", f"no target is called {name!r}", path="/targets", hint=f"one of: {known}")
    return Target(channel, target)


def _without(version: Version, languages: tuple[str, ...], default: str) -> Version:
    if default in languages:
        raise BadInput("language-default", f"the default language {default!r} cannot be left out", path="/left_out")
    kept = tuple(text for text in version.texts if text.language not in languages)
    left_out = tuple(sorted({*version.left_out, *languages}))
    return msgspec.structs.replace(version, texts=kept, left_out=left_out)
