"""An alert is taken back: the all clear and the false alarm."""

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from gateway.alert import Kind, Version, whole
from gateway.drafting import wording
from gateway.drafting.desk import Desk
from gateway.fault import BadInput
from gateway.incident import Urgency

AFTERLIFE = timedelta(hours=24)


class Over(Struct, frozen=True, kw_only=True):
    """What takes an alert back: the all clear (END) or the false alarm (CANCEL), as version `number`."""

    kind: Kind
    number: int
    reason: str
    now: datetime


def closing(over: Over, current: Version, desk: Desk) -> Version:
    """Return the last version of an alert: the same places, targets and languages, and at least a day to arrive.

    What was told must be possible to take back: facts that can no longer be told (a place lost its name) are left out.
    """
    last = msgspec.structs.replace(
        current,
        number=over.number,
        kind=over.kind,
        identifier="",
        references=(),
        withdrawn=(),
        findings=(),
        effective=whole(over.now),
        expires=max(current.expires, whole(over.now) + AFTERLIFE),
        reason=over.reason,
    )
    if over.kind is Kind.END:
        last = msgspec.structs.replace(last, urgency=Urgency.PAST, responses=("AllClear",))
    told = tuple(dict.fromkeys((desk.languages[0], *(text.language for text in current.texts))))
    try:
        return wording.written(last, desk, told)
    except BadInput:
        return wording.written(msgspec.structs.replace(last, facts={}), desk, told)
