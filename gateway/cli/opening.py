"""The record of a city, opened beside a gateway that may be running on it."""

import asyncio
import getpass
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from gateway import config
from gateway.config import Settings
from gateway.fault import Missing
from gateway.journal.contract import Journal
from gateway.service import open_store

T = TypeVar("T")

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
city = click.option("--city", "folder", type=FOLDER, required=True, metavar="DIR", help="The city's folder.")


class Store(Struct, frozen=True):
    """An open record; `run` runs one of its verbs."""

    settings: Settings
    journal: Journal
    running: asyncio.Runner

    def run(self, verb: Coroutine[Any, Any, T]) -> T:
        """Run one verb to its end."""
        return self.running.run(verb)


@contextmanager
def opened(folder: Path, *, create: bool = False) -> Iterator[Store]:
    """Open the record of the city in a folder; raises Missing where there is none yet, unless it may be created."""
    settings = config.read(folder)
    if settings.database is None and not create and not settings.store.is_file():
        message = f"there is no record at {settings.store}"
        raise Missing("store-missing", message, hint="it is made by `bongsu user add` or `bongsu serve`")
    settings.store.parent.mkdir(parents=True, exist_ok=True)
    with asyncio.Runner() as running:
        journal = running.run(open_store(settings, shared=True))
        try:
            yield Store(settings, journal, running)
        finally:
            running.run(journal.close())


def operator() -> str:
    """Return the name the audit chain gets for who works at this machine."""
    return f"local:{getpass.getuser()}"
