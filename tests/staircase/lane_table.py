"""The lane table of docs/decisions/lanes.md in literal words, and a lane that lives by nothing else."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LATEST, CHAIN = "latest", "chain"

Rows = Counter[tuple[str, str]]
"""How often each row of the table was needed, by row and history."""

# What becomes of the delivery that a row speaks of: in a lane of the newest only, and in one that keeps the chain.
TABLE = {
    "a newer version is issued, an older one waits": ("superseded", "waiting"),
    "a newer version is issued, an older one is in flight": ("sending", "sending"),
    "... and it comes back unsettled": ("superseded", "waiting"),
    "the head is refused for good": ("refused", "refused"),
    "the head waits for its next try": ("waiting", "waiting"),
    "Cancel issued, one in flight": ("waiting", "waiting"),
    "Cancel issued, not reached": ("nothing-to-cancel", "nothing-to-cancel"),
    "Cancel issued, reached": ("waiting", "waiting"),
    "Cancel issued, the lane gets none": ("superseded", "superseded"),
    "past its deadline and still waiting": ("expired", "expired"),
    "the version expires, a CLEAR is held": ("waiting", "waiting"),
    "a newer version is issued, a CLEAR is held": ("superseded", "superseded"),
}
# What Hanbat cannot meet: every target that was told gets every later version, and no CAP peer gets a CLEAR.
UNMET = {
    "Cancel issued, the lane gets none": {LATEST},
    "the version expires, a CLEAR is held": {CHAIN},
    "a newer version is issued, a CLEAR is held": {CHAIN},
}

TELL, CANCEL, CLEAR = "tell", "cancel", "clear"
SETTLED = frozenset({"accepted", "refused"})
MAY_HAVE_REACHED = frozenset({"accepted", "ambiguous"})
BACKOFF_S = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
A_DAY = timedelta(hours=24)


@dataclass
class Delivery:
    """One version on its way to one target; `tries` are the verdicts so far."""

    number: int
    role: str
    deadline: datetime
    state: str
    due: float
    tries: list[str] = field(default_factory=list)

    @property
    def reached(self) -> bool:
        """Tell whether any try may have reached the far side."""
        return not MAY_HAVE_REACHED.isdisjoint(self.tries)

    @property
    def told(self) -> str:
        """Return its state as people are told it: what waits may have arrived already."""
        return "in-doubt" if self.state == "waiting" and "ambiguous" in self.tries else self.state


@dataclass
class Lane:
    """One alert's way to one target, as the table says it must be; `met` counts the rows that were needed."""

    history: str
    met: Rows
    deliveries: list[Delivery] = field(default_factory=list)

    def issue(self, number: int, role: str, deadline: datetime, real: float, *, clears: bool) -> None:
        """Take one more version, and with `clears` what takes it off the air."""
        for older in self.deliveries:
            if older.state in _OVERTAKEN:
                older.state = self._rule(_OVERTAKEN[older.state])
        self.deliveries.append(Delivery(number, role, deadline, "waiting", real))
        if clears:
            self.deliveries.append(Delivery(number, CLEAR, deadline, "held", real))
        if self._taking_back():
            for one in self._waiting():
                one.due = min(one.due, real)
            self._decide()

    def expire(self, at: datetime, real: float) -> None:
        """Let go of the CLEAR that was held for the expiry."""
        for one in self.deliveries:
            if one.state == "held":
                one.state = self._rule("the version expires, a CLEAR is held")
                one.deadline, one.due = at + A_DAY, real
                self._decide()

    def look(self, now: datetime) -> None:
        """Give up what is past its deadline; whoever looks for work does that first."""
        for one in self.deliveries:
            if one.state == "waiting" and one.deadline <= now:
                gone = self._rule("past its deadline and still waiting")
                one.state = "unknown" if "ambiguous" in one.tries else gone
                self._decide()

    def head(self, real: float) -> Delivery | None:
        """Return what has to go now, if anything has."""
        waiting = self._waiting()
        return waiting[0] if waiting and waiting[0].due <= real and self.flying is None else None

    @property
    def flying(self) -> Delivery | None:
        """Return what is in flight; there is never more than one."""
        return next((one for one in self.deliveries if one.state == "sending"), None)

    def settle(self, verdict: str, real: float, *, lost: bool = False) -> None:
        """End the try in flight; a try that was `lost` with its process is due again at once."""
        one = self.flying
        assert one is not None
        one.tries.append(verdict)
        one.state = self._after(one, verdict)
        wait = 0.0 if lost else BACKOFF_S[min(len(one.tries), 6)]
        back = self._taking_back()
        hurry = back is not None and back.role == CANCEL and back is not one
        one.due = real + (min(wait, 1.0) if hurry else wait)
        self._decide()

    def _after(self, one: Delivery, verdict: str) -> str:
        if verdict == "refused":
            return self._rule("the head is refused for good")
        if verdict in SETTLED:
            return verdict
        if one.number == self.deliveries[-1].number:
            return self._rule("the head waits for its next try")
        cancelled = self.history == CHAIN and self.deliveries[-1].role == CANCEL and one.role == TELL
        if cancelled and self._taking_back() is None:
            return self._rule("Cancel issued, the lane gets none")
        return self._rule("... and it comes back unsettled")

    def _decide(self) -> None:
        """Say what a waiting cancel or clear means, as soon as nothing is in flight."""
        if (back := self._taking_back()) is None:
            return
        older = self.deliveries[: self.deliveries.index(back)]
        if self.flying:
            if back.role == CANCEL:
                self._rule("Cancel issued, one in flight")
        elif any(one.reached for one in older):
            if back.role == CANCEL:
                self._doubt([one for one in older if one.state == "waiting"])
        elif back.role == CANCEL:
            for one in (*older, back):
                if one.state == "waiting":
                    one.state = self._rule("Cancel issued, not reached")
        elif not any(one.state == "waiting" for one in older):
            back.state = "nothing-to-cancel"

    def _doubt(self, older: list[Delivery]) -> None:
        """An alert known to be wrong is not repeated: docs/decisions/ambiguous-then-cancel.md."""
        self._rule("Cancel issued, reached")
        for one in older:
            if "ambiguous" in one.tries:
                one.state = "unknown"

    def _taking_back(self) -> Delivery | None:
        return next((one for one in reversed(self._waiting()) if one.role != TELL), None)

    def _waiting(self) -> list[Delivery]:
        return [one for one in self.deliveries if one.state == "waiting"]

    def _rule(self, row: str) -> str:
        self.met[row, self.history] += 1
        return TABLE[row][self.history == CHAIN]


_OVERTAKEN = {
    "held": "a newer version is issued, a CLEAR is held",
    "waiting": "a newer version is issued, an older one waits",
    "sending": "a newer version is issued, an older one is in flight",
}
