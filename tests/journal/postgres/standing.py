"""A node with a courier of its own, as a process that stops itself at the worst moment until somebody wakes it."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime

from gateway.alert import Version
from gateway.channel import Abilities, History, Out, Outcome, Payload, Verdict
from gateway.delivery import Courier
from gateway.incident import Status
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Claimed, Room
from gateway.out import Rehearsal
from tests.journal.samples import T0


class Line:
    """A channel that writes who sends what as a line to a port."""

    abilities = Abilities(history=History.LATEST, accepts=frozenset({Status.EXERCISE}))
    targets = ("all",)

    def __init__(self, name: str, port: int, sender: str) -> None:
        """Be called by a name, and sign with another."""
        self.name, self._port, self._sender = name, port, sender

    def render(self, _: Version) -> Sequence[Payload]:
        """Return nothing: what is sent here was frozen by a test."""
        return ()

    async def send(self, _: Payload, delivery: str, __: Out) -> Outcome:
        """Write the line."""
        writer = (await asyncio.open_connection("127.0.0.1", self._port))[1]
        writer.write(f"{self._sender} {delivery}\n".encode())
        writer.close()
        await writer.wait_closed()
        return Outcome(verdict=Verdict.ACCEPTED)


class Heard(Line):
    """A channel that notes what it carries."""

    def __init__(self, name: str) -> None:
        """Nothing was carried."""
        super().__init__(name, 0, "")
        self.carried = asyncio.Queue[str]()

    async def send(self, _: Payload, delivery: str, __: Out) -> Outcome:
        """Take it."""
        self.carried.put_nowait(delivery)
        return Outcome(verdict=Verdict.ACCEPTED)


class Nowhere(Rehearsal):
    """A door out that is never used."""

    async def post(self, url: str, body: bytes, *, media_type: str, headers: object = None) -> Outcome:  # noqa: ARG002
        """Refuse."""
        return Outcome(verdict=Verdict.REFUSED)


class StopsOnceClaimed(PostgresJournal):
    """A record whose first claim takes long to be acted upon."""

    async def claim(self, room: Room, lease_s: float, now: datetime) -> Sequence[Claimed]:
        """Claim, and stand still with it."""
        claimed = await super().claim(room, lease_s, now)
        if claimed:
            stand_still()
        return claimed


class StopsWhileSending(Line):
    """A channel that stands still between its first step and the line."""

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Begin, and stand still."""
        stand_still()
        return await super().send(payload, delivery, out)


def stand_still() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def courier(journal: PostgresJournal, channel: Line) -> Courier:
    return Courier(journal, {channel.name: channel}, Nowhere(), lambda: T0)


async def main(dsn: str, moment: str, port: int) -> None:
    """Carry what there is on the channel that is called like the moment."""
    kind = StopsOnceClaimed if moment == "claimed" else PostgresJournal
    channel = StopsWhileSending if moment == "sending" else Line
    journal = await kind.open(dsn, node=moment)
    await courier(journal, channel(moment, port, "the sleeper")).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
