"""Hysteresis with a minimum duration: a level comes and goes only when its condition has lasted."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace


class Trigger(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One level of one watch; `turning` is since when the values have spoken for the other side.

    `began` is when the level that is on began.
    """

    on: bool = False
    turning: datetime | None = None
    began: datetime | None = None


def turn(trigger: Trigger, *, risen: bool, fallen: bool, when: datetime, hold: timedelta) -> Trigger:
    """Return the trigger at a time: off becomes on when `risen` has lasted `hold`, on becomes off when `fallen` has."""
    if not (fallen if trigger.on else risen):
        return replace(trigger, turning=None)
    turning = trigger.turning or when
    if when - turning < hold:
        return replace(trigger, turning=turning)
    return Trigger(on=not trigger.on, began=None if trigger.on else turning)
