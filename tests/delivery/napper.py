"""A courier whose process is really stopped for longer than a try may take: after its claim, or in the middle of a try."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from gateway.channel import Out, Outcome, Payload
from gateway.channels import ChannelSettings, Mode, TargetSettings
from gateway.channels.webhook import Webhooks
from gateway.delivery import Courier
from gateway.incident import Status
from gateway.journal.sqlite import SqliteJournal
from gateway.out import HttpOut, Peers, Secret

SEND_S, NAP_S = 0.4, 1.0


def nap() -> None:
    """Stop this process; a child wakes it up again."""
    with subprocess.Popen(["/bin/sh", "-c", f"sleep {NAP_S}; kill -CONT {os.getpid()}"]):
        os.kill(os.getpid(), signal.SIGSTOP)


class Napping(Webhooks, frozen=True):
    """A channel that is stopped just as it begins to send, and goes on as if nothing had happened."""

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Stand still, then send."""
        nap()
        return await super().send(payload, delivery, out)


async def main(path: Path, url: str, secret: str, when: str) -> None:
    """Carry one batch and stand still meanwhile."""
    now, far = datetime.fromisoformat, TargetSettings(url=url, secret=Secret(secret), private=True)
    settings = ChannelSettings(
        targets={"only": far}, accepts=frozenset({Status.EXERCISE}), mode=Mode.EXERCISE, now=lambda: datetime.now(UTC)
    )
    channel = (Napping if when == "sending" else Webhooks)("app", settings)
    journal = await SqliteJournal.open(path)
    async with HttpOut(Peers(settings.peers())) as out:
        courier = Courier(journal, {"app": channel}, out, lambda: now("2026-07-14T09:21:00Z"), send_s=SEND_S)
        errands = await courier._claim()
        if when == "claimed":
            nap()
        await asyncio.gather(*(courier._carry(errand) for errand in errands))
    await journal.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:5]))
