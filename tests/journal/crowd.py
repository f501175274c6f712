"""A crowd that lives on a store until it is killed, under the name of a node; it prints what was acknowledged, after it was."""

import asyncio
import itertools
import os
import sys
from contextlib import suppress
from pathlib import Path

from gateway.alert import Kind
from gateway.channel import Verdict
from gateway.fault import Unavailable
from gateway.journal.contract import Journal
from gateway.journal.postgres import PostgresJournal
from gateway.journal.records import Arrival
from gateway.journal.sqlite import SqliteJournal
from tests.journal.samples import T0, incident, issue, placed, raw, room, settlement, submit, version

CALLERS = 16


def say(words: str) -> None:
    """One write a line, so that a kill leaves whole lines."""
    os.write(1, f"{words}\n".encode())


async def report(journal: Journal, caller: int) -> None:
    for number in itertools.count():
        body = f"{os.getpid()}-{caller}-{number}".encode()
        arrival = Arrival(at=T0, raw=raw(body), key=body.decode(), reports=(placed(incident(body.decode())),))
        with suppress(Unavailable):
            receipt = await journal.accept(arrival)
            say(f"receipt {receipt.id} {body.decode()}")


async def tell(journal: Journal, caller: int) -> None:
    for number in itertools.count():
        alert = f"{os.getpid()}-{caller}-{number}"
        with suppress(Unavailable):
            for revision, kind in enumerate((Kind.ALERT, Kind.UPDATE, Kind.CANCEL)):
                frozen = submit(version(alert, revision + 1, kind), ["sms/all", "cap/north"])
                await journal.issue(issue(frozen, revision), frozen)
                say(f"issued {alert} {revision + 1}")


async def hold(journal: Journal) -> None:
    """Take two deliveries and never settle them."""
    frozen = submit(version(f"{os.getpid()}-held"), ["slow/one", "slow/two"])
    await journal.issue(issue(frozen, 0), frozen)
    await journal.claim(room({"slow": 2}, 2), 30, T0)


async def carry(journal: Journal) -> None:
    while True:
        with suppress(Unavailable):
            for claimed in await journal.claim(room({"sms": 20, "cap": 20}, 20), 30, T0):
                await journal.settle([settlement(claimed, Verdict.ACCEPTED)], T0)
                say(f"settled {claimed.id} accepted")
        await asyncio.sleep(0)


async def opened(store: str) -> Journal:
    """Open a database by its address, or a file."""
    if store.startswith("postgresql:"):
        return await PostgresJournal.open(store, node="crowd")
    return await SqliteJournal.open(Path(store))


async def main(store: str) -> None:
    """Never return."""
    journal = await opened(store)
    await journal.recover()
    await hold(journal)
    say("open")
    everybody = [*(report(journal, caller) for caller in range(CALLERS)), tell(journal, 0), tell(journal, 1), carry(journal)]
    await asyncio.gather(*everybody)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
