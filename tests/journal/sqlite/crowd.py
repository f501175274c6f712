"""A crowd that lives on a store until it is killed; it prints what was acknowledged, after it was."""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from gateway.alert import Kind
from gateway.channel import Verdict
from gateway.journal.records import Arrival
from gateway.journal.sqlite import SqliteJournal
from tests.journal.samples import T0, incident, issue, placed, raw, room, settlement, submit, version

CALLERS = 16


def say(words: str) -> None:
    """One write a line, so that a kill leaves whole lines."""
    os.write(1, f"{words}\n".encode())


async def report(journal: SqliteJournal, caller: int) -> None:
    for number in itertools.count():
        body = f"{os.getpid()}-{caller}-{number}".encode()
        arrival = Arrival(at=T0, raw=raw(body), key=body.decode(), reports=(placed(incident(body.decode())),))
        receipt = await journal.accept(arrival)
        say(f"receipt {receipt.id} {body.decode()}")


async def tell(journal: SqliteJournal, caller: int) -> None:
    for number in itertools.count():
        alert = f"{os.getpid()}-{caller}-{number}"
        for revision, kind in enumerate((Kind.ALERT, Kind.UPDATE, Kind.CANCEL)):
            frozen = submit(version(alert, revision + 1, kind), ["sms/all", "cap/north"])
            await journal.issue(issue(frozen, revision), frozen)
            say(f"issued {alert} {revision + 1}")


async def carry(journal: SqliteJournal) -> None:
    while True:
        for claimed in await journal.claim(room({"sms": 20, "cap": 20}, 20), 30, T0):
            await journal.settle([settlement(claimed, Verdict.ACCEPTED)], T0)
            say(f"settled {claimed.id} accepted")
        await asyncio.sleep(0)


async def main(path: Path) -> None:
    """Never return."""
    journal = await SqliteJournal.open(path)
    await journal.recover()
    say("open")
    everybody = [*(report(journal, caller) for caller in range(CALLERS)), tell(journal, 0), tell(journal, 1), carry(journal)]
    await asyncio.gather(*everybody)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
