"""The public's pages as plain files, kept up to date by the gateway itself; of several nodes that share a folder, one does."""

import asyncio
import secrets
from contextlib import suppress
from pathlib import Path

from gateway.fault import Fault
from gateway.journal.contract import Journal
from gateway.publishing import Feeds, View
from gateway.web.public_pages import Site
from gateway.web.public_pages.files import write

LEASE_S = 60.0
NAMED_IN = ".bongsu-folder"
"""Whoever finds the same name in it shares the folder, on whichever path it stands."""


class PublicFolder:
    """Writes what is published whenever that is something else than before."""

    def __init__(self, folder: Path, feeds: Feeds, site: Site, journal: Journal, name: str) -> None:
        """Keep this folder, under this name of a node."""
        self._folder, self._feeds, self._site = folder, feeds, site
        self._journal, self._name = journal, name
        self._holds: View | None = None
        self._fence = 0

    async def look(self) -> None:
        """Write what is new, unless another node keeps the folder; raises Fault("folder-unwritable"), Unavailable."""
        fence = await self._journal.lease(await self._lease(), self._name, LEASE_S)
        if fence is None:
            return
        view = await self._feeds.view()
        if fence != self._fence:
            self._fence, self._holds = fence, None
        if self._holds is not None and self._holds.publication == view.publication:
            return
        before, self._holds = self._holds, None
        try:
            await write(self._feeds, view, self._site, self._folder, before=before)
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        self._holds = view

    async def leave(self) -> None:
        """Let another node keep the folder at once."""
        await self._journal.lease(await self._lease(), self._name, 0.0)

    async def _lease(self) -> str:
        try:
            return f"public/{await asyncio.to_thread(_named, self._folder)}"
        except OSError as error:
            raise _unwritable(self._folder, error) from None


def _named(folder: Path) -> str:
    """Return the name that a folder was given by whoever came first."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / NAMED_IN
    if not file.exists():
        made = folder / f"{NAMED_IN}.{secrets.token_hex(8)}"
        made.write_text(secrets.token_hex(16), encoding="ascii")
        with suppress(FileExistsError):
            file.hardlink_to(made)
        made.unlink()
    return file.read_text(encoding="ascii")


def _unwritable(folder: Path, error: OSError) -> Fault:
    hint = "let this user write there, or name another folder in city.toml"
    return Fault("folder-unwritable", f"{folder} cannot be written: {error.strerror}", hint=hint)
