"""What other agencies say: kept, shown beside our own, and never told to anybody by itself."""

from gateway.access import Grant
from gateway.engine import foreign
from gateway.engine.room import Room
from gateway.fault import Conflict, Missing, Unavailable
from gateway.journal.contract import Stale
from gateway.journal.records import Foreign, Heard, Quarantined, Receipt
from gateway.source import Raw, Refusal

TRIES = 3


class Hearing(Room):
    """How the alerts of other agencies come to stand in the record."""

    async def hear(self, raw: Raw, key: str | None, grant: Grant) -> Receipt:
        """Record authenticated bytes and the CAP message they hold; the sender may be answered when this returns.

        Raises Conflict("receipt-conflict") for a reused header key, Unavailable when nothing was accepted.
        """
        return await self._heard(foreign.read(raw, grant, self.now()), raw, key)

    async def _heard_again(self, kept: Quarantined) -> Receipt:
        """Read a refused message again; raises Conflict when it is still refused."""
        said = foreign.read(kept.raw, self.plan.partners[kept.raw.source], self.now())
        if isinstance(said, Refusal):
            raise _still(said)
        return await self._heard(said, kept.raw, f"replay:{kept.id}", must=True)

    async def _heard(self, said: Foreign | Refusal, raw: Raw, key: str | None, *, must: bool = False) -> Receipt:
        for _ in range(TRIES):
            arrival = foreign.arrival(said, await self._before(said), raw, key, self.now())
            if must and arrival.refusals:
                raise _still(arrival.refusals[0][1])
            try:
                receipt = await self.journal.accept(arrival)
            except Stale:
                continue
            if arrival.todos:
                self.drafts.set()
            return receipt
        raise Unavailable("busy", "too many changes at once; nothing was accepted", hint="send it again")

    async def _before(self, said: Foreign | Refusal) -> Heard | None:
        """Find the message of the same name that came earlier."""
        try:
            return await self.journal.heard_one(said.id) if isinstance(said, Foreign) else None
        except Missing:
            return None


def _still(no: Refusal) -> Conflict:
    return Conflict("still-refused", f"{no.code}: {no.message}", path=no.path, hint=no.hint)
