"""Who may do what: people and their roles, the two-person rule, and what each vendor was granted; asked by every road in."""

import hashlib
import secrets
from collections.abc import Iterable
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from gateway.alert import Act, Deed
from gateway.fault import BadInput, Refused
from gateway.incident import Incident, Reading

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
KEY_PREFIX = "bongsu_"


class Role(StrEnum):
    """What a person may do; everybody with any role may look."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"


class Actor(Struct, frozen=True):
    """A person at work; a vendor is never one, so a vendor's key can neither draft nor approve."""

    name: str
    roles: frozenset[str]


def require(actor: Actor, *roles: str) -> None:
    """Let an actor with one of the roles pass; raises Refused("role-missing")."""
    held = actor.roles | {Role.VIEWER} if actor.roles else actor.roles
    if not held & set(roles):
        wanted = " or ".join(sorted(roles))
        raise Refused(
            "role-missing", f"{actor.name} is not {wanted}", hint="ask an admin for the role, or a colleague who has it"
        )


def may_approve(actor: Actor, version_number: int, acts: Iterable[Act], *, break_glass: str = "") -> None:
    """Let a second person approve: an approver who neither drafted, edited nor submitted that version.

    `break_glass` is the reason for doing without the second person; raises Refused("role-missing" or "two-people").
    """
    require(actor, Role.APPROVER)
    touched = {act.actor for act in acts if act.number == version_number and act.deed in _MAKING}
    if actor.name in touched and not break_glass.strip():
        hint = "ask another approver, or break the glass with a reason; everybody is told"
        raise Refused("two-people", f"{actor.name} made this version, so somebody else must approve it", hint=hint)


_MAKING = frozenset({Deed.DRAFTED, Deed.EDITED, Deed.SUBMITTED})


def may_cancel(actor: Actor, reason: str) -> None:
    """Let one operator or approver with a reason take an alert back; raises Refused, BadInput("reason-missing")."""
    require(actor, Role.OPERATOR, Role.APPROVER)
    if not reason.strip():
        raise BadInput("reason-missing", "a cancel needs a reason", path="/reason", hint="say what was wrong")


# Vendors


def may_read(actor: Actor, scope: str) -> bool:
    """Tell whether an actor may read a CAP message of that scope: what is not Public is for those who act on it."""
    return scope == "Public" or bool(actor.roles & {Role.OPERATOR, Role.APPROVER})


class Grant(Struct, frozen=True, kw_only=True):
    """What one source may propose: these hazards, in these zones; an empty set is no limit.

    `senders` are whose CAP messages another agency may bring; a source without any brings none.
    """

    source: str
    hazards: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()
    rate_per_minute: float = 600.0


def may_report(grant: Grant, item: Incident | Reading) -> None:
    """Let an item pass as far as its own words tell; whether a drawn area lies in the granted zones is the city's to say.

    Raises Refused("scope-source", "scope-hazard" or "scope-area") with the place in the item.
    """
    if item.source != grant.source:
        message = f"{grant.source} may not speak for {item.source}"
        raise Refused("scope-source", message, path="/source", hint="send under your own name")
    if isinstance(item, Reading):
        return
    if grant.hazards and item.hazard not in grant.hazards:
        message = f"{grant.source} may not report {item.hazard!r}"
        raise Refused("scope-hazard", message, path="/hazard", hint="ask the city for a wider grant")
    if grant.zones:
        _zones_within(grant, item)


def _zones_within(grant: Grant, incident: Incident) -> None:
    hint = f"{grant.source} may report from {', '.join(sorted(grant.zones))}"
    if not incident.areas:
        raise Refused("scope-area", "a source of some zones must say where", path="/areas", hint=hint)
    for index, area in enumerate(incident.areas):
        if area.geometry is None and not grant.zones.issuperset(area.zones):
            message = "the area lies outside this source's grant"
            raise Refused("scope-area", message, path=f"/areas/{index}/zones", hint=hint)


def may_bring(grant: Grant, sender: str, referred: Iterable[str]) -> None:
    """Let a CAP message pass whose sender, and the senders of all messages it refers to, this partner speaks for.

    Raises Refused("scope-sender").
    """
    hint = f"{grant.source} speaks for {', '.join(sorted(grant.senders))}"
    if sender not in grant.senders:
        raise Refused("scope-sender", f"{grant.source} may not speak for {sender!r}", path="/alert/sender", hint=hint)
    for other in referred:
        if other not in grant.senders:
            message = f"{grant.source} may not change what {other!r} said"
            raise Refused("scope-sender", message, path="/alert/references", hint=hint)


# Bearer keys and passwords


def new_key() -> str:
    """Return a fresh bearer key of 256 random bits; it is shown once, only its hash is kept."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def key_hash(key: str) -> str:
    """Return what is kept of a key; a look-up by it tells nothing about other keys by its timing."""
    return hashlib.sha256(key.encode()).hexdigest()


def hash_password(password: str) -> str:
    """Return an argon2id hash; raises BadInput("password-too-short", "password-too-long")."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput("password-too-short", f"fewer than {SHORTEST_PASSWORD} characters", hint="use a few words")
    if len(password) > LONGEST_PASSWORD:
        raise BadInput("password-too-long", f"more than {LONGEST_PASSWORD} characters", hint="use a shorter one")
    return PasswordHasher().hash(password)


def verify_password(hashed: str, password: str) -> bool:
    """Tell whether the password is the one; an empty or foreign hash fits none."""
    try:
        return PasswordHasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


# Rates


class Bucket(Struct, frozen=True):
    """How much of a rate is left at a time of the caller's own monotonic clock, in seconds."""

    left: float
    at: float


def take(bucket: Bucket | None, now: float, *, per_minute: float, burst: float) -> tuple[Bucket, float]:
    """Take one from a bucket (None is a full one) and return it with 0, or unchanged with the seconds to wait."""
    left = burst if bucket is None else min(burst, bucket.left + (now - bucket.at) * per_minute / 60)
    if left >= 1:
        return Bucket(left - 1, now), 0.0
    return Bucket(left, now), (1 - left) * 60 / per_minute
