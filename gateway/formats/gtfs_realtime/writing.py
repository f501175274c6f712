"""An alert as a GTFS-realtime FeedEntity, and many of them joined to a feed without touching their bytes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from google.transit import gtfs_realtime_pb2 as proto

from gateway.alert import Kind, Selector, Text, Transit, Version
from gateway.fault import BadInput
from gateway.formats.gtfs_realtime.gate import effect
from gateway.formats.gtfs_realtime.languages import tags
from gateway.incident import Scope, Severity

_ENTITY = b"\x12"  # field 2 of FeedMessage, length-delimited

_SEVERITY = {
    Severity.EXTREME: proto.Alert.SEVERE,
    Severity.SEVERE: proto.Alert.SEVERE,
    Severity.MODERATE: proto.Alert.WARNING,
    Severity.MINOR: proto.Alert.INFO,
    Severity.UNKNOWN: proto.Alert.UNKNOWN_SEVERITY,
}


def entity(version: Version) -> bytes | None:
    """Return the FeedEntity of a version, or None where riders have nothing to be told; its id is the alert's, for good.

    None stands for: no transit or no selectors, an end or a cancel (absence removes), a scope that is not public. Raises
    BadInput for a cause or effect that is none and for a time that is over before it starts. GTFS Realtime 2.0, message Alert.
    """
    transit = version.transit
    if transit is None or not transit.selectors:
        return None
    if version.kind not in (Kind.ALERT, Kind.UPDATE) or version.scope is not Scope.PUBLIC:
        return None
    made: bytes = proto.FeedEntity(id=version.alert, alert=_alert(version, transit)).SerializeToString(deterministic=True)
    return made


def join(timestamp: datetime, entities: Sequence[bytes]) -> bytes:
    """Return a whole feed at that second, FULL_DATASET, holding these entities byte for byte and in this order."""
    header = proto.FeedHeader(
        gtfs_realtime_version="2.0",
        incrementality=proto.FeedHeader.FULL_DATASET,
        timestamp=int(timestamp.timestamp()),
    )
    head = proto.FeedMessage(header=header).SerializeToString(deterministic=True)
    return b"".join((head, *(part for one in entities for part in (_ENTITY, _varint(len(one)), one))))


def _alert(version: Version, transit: Transit) -> proto.Alert:
    shown, hit = _periods(version)
    return proto.Alert(
        active_period=[hit],
        communication_period=[shown],
        impact_period=[hit],
        informed_entity=[_selector(one) for one in transit.selectors],
        cause=_known(transit.cause, proto.Alert.Cause.keys(), "cause"),
        effect=_known(effect(transit), proto.Alert.Effect.keys(), "effect"),
        severity_level=_SEVERITY[version.severity],
        url=_untagged(version.web) if version.web else None,
        header_text=_translated({text.language: text.headline for text in version.texts}),
        description_text=_translated({text.language: _body(text) for text in version.texts}),
    )


def _periods(version: Version) -> tuple[proto.TimeRange, proto.TimeRange]:
    """Return when to show it and when service is hit; the second lies inside the first, as the reference asks."""
    onset, end = int(version.onset.timestamp()), int(version.expires.timestamp())
    start = min(int(version.effective.timestamp()), onset)
    if onset >= end:
        message = f"it begins at {version.onset.isoformat()} and has expired by {version.expires.isoformat()}"
        raise BadInput("gtfs-realtime-period", message, hint="let it expire after its onset")
    return proto.TimeRange(start=start, end=end), proto.TimeRange(start=onset, end=end)


def _selector(one: Selector) -> proto.EntitySelector:
    trip = None
    if one.trip is not None:
        trip = proto.TripDescriptor(trip_id=one.trip, schedule_relationship=proto.TripDescriptor.SCHEDULED)
    return proto.EntitySelector(agency_id=one.agency, route_id=one.route, direction_id=one.direction, stop_id=one.stop, trip=trip)


def _known(name: str, names: Iterable[str], field: str) -> str:
    if name not in names:
        hint = f"use one of {', '.join(names)}"
        raise BadInput(f"gtfs-realtime-{field}", f"GTFS Realtime has no {field} {name!r}", path=f"/transit/{field}", hint=hint)
    return name


def _body(text: Text) -> str:
    return "\n".join(part for part in (text.description, text.instruction) if part)


def _translated(said: Mapping[str, str]) -> proto.TranslatedString:
    tagged = zip(tags(tuple(said)), said.values(), strict=True)
    return proto.TranslatedString(
        translation=[proto.TranslatedString.Translation(language=tag, text=text) for tag, text in tagged]
    )


def _untagged(text: str) -> proto.TranslatedString:
    return proto.TranslatedString(translation=[proto.TranslatedString.Translation(text=text)])


@lru_cache(maxsize=4096)
def _varint(number: int) -> bytes:
    return bytes(_sevens(number))


def _sevens(number: int) -> Iterator[int]:
    while number > 0x7F:
        yield number & 0x7F | 0x80
        number >>= 7
    yield number
