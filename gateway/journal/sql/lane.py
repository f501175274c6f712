"""What a lane is and what a delivery does in it, as every store of the record has it."""

from enum import StrEnum
from typing import NamedTuple

from gateway.alert import Kind, Target, Version
from gateway.channel import Part, Payload
from gateway.journal.records import DeliveryState

CHAIN_RETRY_S = 1.0


class Role(StrEnum):
    """What a delivery does to whoever gets it."""

    TELL = "tell"
    CANCEL = "cancel"
    CLEAR = "clear"


class Lane(NamedTuple):
    """One alert's way to one target."""

    alert: str
    channel: str
    target: str


def role(version: Version, payload: Payload) -> Role:
    """Return what a version's payload does to its target; a target that is no longer meant gets a cancel."""
    if payload.part is Part.CLEAR:
        return Role.CLEAR
    withdrawn = Target(payload.channel, payload.target) in version.withdrawn
    return Role.CANCEL if withdrawn or version.kind is Kind.CANCEL else Role.TELL


def delivery_key(lane: Lane, number: int, part: str) -> str:
    """Name one version's bytes to one target, the same for every try."""
    name = f"{lane.alert}.{number}.{lane.channel}.{lane.target}"
    return name if part == Part.MESSAGE else f"{name}.{part}"


def shown(state: str, *, doubt: bool) -> DeliveryState:
    """Return a stored state as it is told: what waits after an attempt that may have arrived is in doubt."""
    return DeliveryState.IN_DOUBT if doubt and state == DeliveryState.WAITING else DeliveryState(state)
