"""What every verb of the gateway leans on: one commit for what came in, one for what goes out."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec.structs import replace

from gateway import drafting
from gateway.access import Actor
from gateway.alert import Act, Deed, Kind, Version
from gateway.drafting import Over
from gateway.engine import intake, release
from gateway.engine.intake import Carrier
from gateway.engine.memory import Memory, States
from gateway.engine.plan import Plan
from gateway.engine.release import Order
from gateway.engine.standing import next_number, twin
from gateway.engine.troubles import Troubles
from gateway.engine.turns import Turns
from gateway.fault import Conflict
from gateway.journal.contract import Journal
from gateway.journal.records import (
    AlertRecord,
    Beside,
    Quarantined,
    Receipt,
    Submit,
    Todo,
)


class Room:
    """The plan, the record and the story clock, and what several verbs do with them.

    `drafts` and `sends` are set whenever there may be work for those who draft or send.
    """

    def __init__(self, plan: Plan, journal: Journal, now: Callable[[], datetime]) -> None:
        """Hold on to the plan, the record and the story clock; nothing is kept in memory that the record does not hold."""
        self.memory = Memory(journal)
        self.plan = plan
        self.journal = journal
        self.now = now
        self.drafts = asyncio.Event()
        self.sends = asyncio.Event()
        self.troubles = Troubles()
        self._drafting = asyncio.Lock()
        self._put_off: set[str] = set()
        self._turns = Turns()
        self._watching: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def _commit(self, result: intake.Sorted, states: States, carrier: Carrier, *, anew: bool = False) -> Receipt:
        known = await self.memory.incidents(((report.source, report.id) for _, report in result.found), anew=anew)
        arrival = intake.arrival(result, known, states, carrier, self.now())
        receipt = await self.journal.accept(arrival)
        if not receipt.again:
            self.memory.learn(known, arrival.watches)
        if arrival.todos:
            self.drafts.set()
        return receipt

    async def _issue(self, frozen: Submit, order: Order, *, fresh: bool = False) -> None:
        release.carried(frozen.version, self.plan)
        if frozen.version.expires <= order.at:
            raise Conflict("expires-past", "the alert is over before it is sent", hint="reject it and draft a new one")
        issued = Act(number=frozen.version.number, deed=Deed.ISSUED, actor="gateway", at=order.at, hash=frozen.hash)
        order = replace(order, acts=(*order.acts, issued), todos=(*order.todos, *_to_come(frozen.version)))
        await self.journal.issue(release.consign(frozen, order, self.plan), frozen if fresh else None)
        self.sends.set()

    def _closing(self, kind: Kind, record: AlertRecord, current: Version, reason: str) -> Version:
        over = Over(kind=kind, number=next_number(record), reason=reason, now=self.now())
        return release.within_reach(drafting.closing(over, current, self.plan.desk), self.plan)

    async def _no_twin(self, version: Version) -> Beside:
        """Return whom it was held against, for somebody may begin to tell of the same thing meanwhile."""
        now = self.now()
        others = await self.journal.neighbours(version, now)
        for other in others:
            if twin(version, other, now):
                hint = "update that one, or confirm that this is another"
                raise Conflict("duplicate", f"alert {other.id} tells of the same hazard there", path=other.id, hint=hint)
        return Beside(at=now, alerts=frozenset((other.id, other.revision) for other in others))

    async def _unsettled(self, id: int) -> Quarantined:
        kept = await self.journal.quarantined(id)
        if kept.settled:
            raise Conflict("quarantine-settled", f"item {id} was {kept.settled} before", hint="look at the alerts")
        return kept

    def _act(self, version: Version, deed: Deed, actor: Actor, reason: str = "") -> Act:
        return Act(number=version.number, deed=deed, actor=actor.name, at=self.now(), reason=reason)


def _to_come(version: Version) -> Iterator[Todo]:
    """An alert that goes on is looked at again before it expires, however silent its source."""
    if version.incident is not None and version.kind in (Kind.ALERT, Kind.UPDATE):
        yield intake.to_draft(version.incident.source, version.incident.id)
