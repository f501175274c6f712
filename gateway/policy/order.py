"""Where a report belongs: which rise of its incident, and whether it is news or came late."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.incident import Incident


class KnownHead(Struct, frozen=True, kw_only=True):
    """What is known of an incident's newest episode: its newest applied report and when that arrived."""

    open: bool
    episode: int
    report: Incident
    arrived: datetime


class Placement(Struct, frozen=True, kw_only=True):
    """What becomes of one report; a report that is not applied is only stored, `why` says for what reason.

    `redraft` tells that it says something new; `head` is what is known afterwards, None where that is still nothing.
    """

    episode: int
    applied: bool
    closes: bool
    why: str
    redraft: bool
    head: KnownHead | None


def place(report: Incident, head: KnownHead | None, now: datetime) -> Placement:
    """Place a report after what is known; pure and total.

    Reports are ordered by `sequence` if both have it, else by `reported`, else by arrival; what is not newer is not applied.
    An end closes the episode; any newer report after it, or one whose onset lies after it, begins the next episode.
    """
    if head is None:
        return _first(report, now)
    if not head.open:
        return _after_the_end(report, head, now)
    if late := _late(report, head.report):
        return _stored(head.episode, late, head)
    return _applied(report, head.episode, now, redraft=_news(report, head.report))


def _first(report: Incident, now: datetime) -> Placement:
    if report.ended:
        return _stored(1, "it ends what was never reported", None)
    return _applied(report, 1, now, redraft=True)


def _after_the_end(report: Incident, head: KnownHead, now: datetime) -> Placement:
    if report.ended:
        return _stored(head.episode, "this episode is already closed", head)
    end = head.report.ended
    risen_again = end is not None and report.onset > end.at
    if (late := _late(report, head.report)) and not risen_again:
        return _stored(head.episode, late, head)
    return _applied(report, head.episode + 1, now, redraft=True)


def _applied(report: Incident, episode: int, now: datetime, *, redraft: bool) -> Placement:
    closes = report.ended is not None
    head = KnownHead(open=not closes, episode=episode, report=report, arrived=now)
    return Placement(episode=episode, applied=True, closes=closes, why="", redraft=redraft, head=head)


def _stored(episode: int, why: str, head: KnownHead | None) -> Placement:
    return Placement(episode=episode, applied=False, closes=False, why=why, redraft=False, head=head)


def _late(report: Incident, known: Incident) -> str:
    """Say why a report is not newer than the one that is known; "" where it is."""
    if report.sequence is not None and known.sequence is not None:
        if report.sequence == known.sequence:
            return f"sequence {report.sequence} is known already"
        return f"sequence {report.sequence} is older than {known.sequence}" if report.sequence < known.sequence else ""
    if report.reported is not None and known.reported is not None and report.reported <= known.reported:
        return f"it was reported at {report.reported.isoformat()}, not after {known.reported.isoformat()}"
    return ""


def _news(report: Incident, known: Incident) -> bool:
    return replace(report, sequence=None, reported=None) != replace(known, sequence=None, reported=None)
