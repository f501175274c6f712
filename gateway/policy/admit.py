"""What time and world let in: a report from the future or of another world never becomes a draft."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from gateway.fault import BadInput, Refused
from gateway.incident import Incident, Reading, Status

MOST_SKEW = timedelta(minutes=5)
MOST_NOTICE = timedelta(days=7)
OLDEST = timedelta(days=366)
LONGEST = timedelta(days=366)

Time = tuple[str, datetime]


def admit(incident: Incident, *, deployment: Status, default: Status | None, now: datetime) -> Incident:
    """Return the incident with its status settled, or refuse it.

    `deployment` is this gateway's world, ACTUAL or EXERCISE; `default` is what the city set for a source that names no status.
    Raises BadInput("time-future", "time-absurd") and Refused("status-missing", "status-refused").
    """
    _in_time(incident, now)
    return replace(incident, status=_status(incident.status or default, deployment))


def admit_reading(reading: Reading, now: datetime) -> Reading:
    """Return a reading whose time can be meant; raises BadInput("time-future", "time-absurd")."""
    _not_after(("/at", reading.at), now + MOST_SKEW)
    _not_before(("/at", reading.at), now - OLDEST)
    return reading


def _status(status: Status | None, deployment: Status) -> Status:
    if deployment is Status.ACTUAL:
        if status is None:
            hint = "name a status, or set default_status for this source"
            raise Refused("status-missing", "a report to a live gateway must name its world", path="/status", hint=hint)
        return status
    if status is Status.ACTUAL:
        hint = "send it to the live gateway; this one plays exercises"
        raise Refused("status-refused", "an actual incident has no place in an exercise", path="/status", hint=hint)
    return status or deployment


def _in_time(incident: Incident, now: datetime) -> None:
    for time in _measured(incident):
        _not_after(time, now + MOST_SKEW)
        _not_before(time, now - OLDEST)
    onset = ("/onset", incident.onset)
    _not_after(onset, now + MOST_NOTICE)
    _not_before(onset, now - OLDEST)
    if incident.expires is None:
        return
    if incident.expires <= incident.onset:
        message = f"it would be over at {incident.expires.isoformat()}, before it begins"
        raise BadInput("time-absurd", message, path="/expires", hint="expires lies after onset; leave it out if unknown")
    if incident.expires > now + LONGEST:
        message = f"{incident.expires.isoformat()} is more than a year ahead"
        raise BadInput("time-absurd", message, path="/expires", hint="leave expires out if the end is unknown")


def _measured(incident: Incident) -> Iterator[Time]:
    if incident.reported:
        yield "/reported", incident.reported
    if incident.ended:
        yield "/ended/at", incident.ended.at
    for number, observation in enumerate(incident.observations):
        yield f"/observations/{number}/at", observation.at


def _not_after(time: Time, latest: datetime) -> None:
    path, at = time
    if at > latest:
        message = f"{at.isoformat()} lies too far in the future"
        raise BadInput("time-future", message, path=path, hint="set the sender's clock and its offset from UTC")


def _not_before(time: Time, earliest: datetime) -> None:
    path, at = time
    if at < earliest:
        message = f"{at.isoformat()} is more than a year ago"
        raise BadInput("time-absurd", message, path=path, hint="set the sender's clock; it may have lost its date")
