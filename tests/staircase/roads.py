"""Every lane kept beside the record's own: what has to go now, what went, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from gateway.alert import Kind
from gateway.channel import Part
from gateway.journal.records import Claimed
from gateway.journal.records import Delivery as Recorded
from tests.staircase.deeds import Told
from tests.staircase.far_side import Attempt
from tests.staircase.lane_table import CANCEL, CHAIN, CLEAR, LATEST, TELL, Delivery, Lane, Rows

HISTORY = {"broadcaster": CHAIN, "city-app": LATEST}
ON_THE_WAY = frozenset({"waiting", "sending"})
A_DAY = timedelta(hours=24)

Name = tuple[str, str]
"""A lane: the alert and the target."""


class Roads:
    """All lanes of a story."""

    def __init__(self, met: Rows) -> None:
        """Count in `met` which rows of the lane table were needed."""
        self.lanes: dict[Name, Lane] = {}
        self._met = met
        self._holders: dict[Name, str] = {}
        self._keys: dict[str, tuple[Name, int, str]] = {}

    def issue(self, told: Told, real: float) -> None:
        """Send a version to everybody it names, and take it back from everybody else who was told before."""
        before = {target for alert, target in self.lanes if alert == told.alert}
        for target in sorted(told.targets | before):
            meant = target in told.targets
            lane = self.lanes.setdefault((told.alert, target), Lane(HISTORY[target], self._met))
            role = CANCEL if told.kind is Kind.CANCEL or not meant else TELL
            lasting = told.kind in (Kind.END, Kind.CANCEL) or not meant
            deadline = max(told.expires, told.at + A_DAY) if lasting else told.expires
            lane.issue(told.number, role, deadline, real, clears=target == "city-app" and not lasting)

    def expire(self, alert: str, at: datetime, real: float) -> None:
        """Let every lane of an alert clear what is on the air."""
        for (name, _), lane in self.lanes.items():
            if name == alert:
                lane.expire(at, real)

    def due(self, now: datetime, real: float) -> Mapping[Name, Delivery]:
        """Return what must go when somebody looks for work now."""
        for lane in self.lanes.values():
            lane.look(now)
        return {name: head for name, lane in self.lanes.items() if (head := lane.head(real))}

    def went(self, due: Mapping[Name, Delivery], attempts: Sequence[Attempt], now: datetime, real: float, holder: str) -> None:
        """Hold what was tried to what was due: all of it, once each, in time, under one name for every try."""
        tried = sorted((one.said.alert, one.target, one.said.number, one.said.role) for one in attempts)
        assert tried == sorted((*name, head.number, head.role) for name, head in due.items()), "not what the lane table lets go"
        for one in attempts:
            name = one.said.alert, one.target
            assert now < due[name].deadline, f"{one.said} came too late"
            assert self._keys.setdefault(one.key, (name, one.said.number, one.said.role)) == (
                name,
                one.said.number,
                one.said.role,
            )
            due[name].state = "sending"
            self._holders[name] = holder
            if one.verdict is not None:
                self.lanes[name].settle(one.verdict, real)

    def claimed(self, due: Mapping[Name, Delivery], claimed: Iterable[Claimed], holder: str) -> None:
        """Hold what somebody took, and never sent, to what was due."""
        taken = sorted((one.alert, one.payload.target, one.number) for one in claimed)
        assert taken == sorted((*name, head.number) for name, head in due.items()), "not what the lane table lets go"
        for name, head in due.items():
            head.state = "sending"
            self._holders[name] = holder

    def landed(self, attempt: Attempt, verdict: str, real: float) -> None:
        """End a try that was held."""
        self.lanes[attempt.said.alert, attempt.target].settle(verdict, real)

    def lost(self, real: float, holder: str) -> None:
        """Let every try that a process has in flight be lost with it."""
        for name, lane in self.lanes.items():
            if lane.flying and self._holders[name] == holder:
                lane.settle("ambiguous", real, lost=True)

    def compare(self, recorded: Iterable[Recorded]) -> None:
        """Hold the book to what happened, word by word."""
        book = {(one.alert, one.target.target, one.number, one.part is Part.CLEAR): one.state.value for one in recorded}
        ours = {(*name, one.number, one.role == CLEAR): one.told for name, lane in self.lanes.items() for one in lane.deliveries}
        wrong = {name: (book.get(name), ours.get(name)) for name in book.keys() | ours.keys() if book.get(name) != ours.get(name)}
        assert not wrong, f"the book says, and ought to say: {wrong}"

    @property
    def unfinished(self) -> bool:
        """Tell whether anything is still on its way."""
        return any(one.state in ON_THE_WAY for lane in self.lanes.values() for one in lane.deliveries)
