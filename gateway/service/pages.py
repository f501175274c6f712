"""The public's pages as plain files, kept up to date by the gateway itself; of several nodes that share a folder, one does."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from gateway.elapsed import elapsed
from gateway.fault import Fault
from gateway.journal.contract import Journal
from gateway.publishing import Feeds, View
from gateway.web.public_pages import Site
from gateway.web.public_pages.files import write

LEASE_S = 60.0
PAUSE_S = 0.001
"""Before each file, for whoever carries the same news to where people hear it: one interpreter does both."""
WHOLE_S = 600.0
"""After so long every file is looked at again, whoever changed it."""
NAMED_IN = ".bongsu-folder"
"""Whoever finds the same name in it shares the folder, on whichever path it stands."""


class PublicFolder:
    """Writes what is published whenever that is something else than before."""

    def __init__(  # noqa: PLR0913 - what is published, whose it is and where it goes
        self, folder: Path, feeds: Feeds, site: Site, journal: Journal, name: str, *, real: Callable[[], float] = elapsed
    ) -> None:
        """Keep this folder, under this name of a node; `real` is a clock in seconds that never goes back."""
        self._folder, self._feeds, self._site = folder, feeds, site
        self._journal, self._name, self._real = journal, name, real
        self._holds: View | None = None
        self._fence = 0
        self._ours_until = self._whole_again = 0.0

    async def look(self) -> None:
        """Write what is new, unless another node keeps the folder; raises Unavailable, Fault("folder-...")."""
        if not await self._ours():
            return
        view = await self._feeds.view()
        if self._holds is not None and self._holds.publication == view.publication:
            return
        before, self._holds, fence = self._holds, None, self._fence
        if self._real() >= self._whole_again:
            before, self._whole_again = None, self._real() + WHOLE_S
        try:
            async with self._staying_ours():
                await write(self._feeds, view, self._site, self._folder, before=before, between=self._between)
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        if fence == self._fence:
            self._holds = view

    async def _ours(self) -> bool:
        """Take the lease or renew it; what another may have written meanwhile is not known."""
        asked = self._real()
        fence = await self._journal.lease(await self._lease(), self._name, LEASE_S)
        if fence is None:
            return False
        if fence != self._fence:
            self._fence, self._holds = fence, None
        self._ours_until = asked + LEASE_S
        return True

    @asynccontextmanager
    async def _staying_ours(self) -> AsyncIterator[None]:
        """Renew the lease for as long as the writing takes."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE_S / 3)
                with suppress(Fault):
                    await self._ours()

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()

    def _between(self) -> None:
        """Whoever stood still writes nothing that was overtaken meanwhile."""
        if self._real() >= self._ours_until:
            hint = "nothing has to be done: whoever keeps the folder now goes on"
            raise Fault("folder-overtaken", f"this node stood still while it wrote {self._folder}", hint=hint)
        time.sleep(PAUSE_S)

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
