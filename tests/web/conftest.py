"""The gateways that the web's tests talk to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.journal.contract import Journal
from gateway.web import Limits
from tests.journal.samples import Real
from tests.stores import Opener
from tests.web.town import Clock, Town, opened

FEW = 4


@pytest.fixture
async def journal(opener: Opener, tmp_path: Path) -> AsyncIterator[Journal]:
    """Open an empty record."""
    journal = await opener(tmp_path, Real())
    yield journal
    await journal.close()


@pytest.fixture
async def town(journal: Journal) -> AsyncIterator[Town]:
    """Open a gateway in an exercise deployment, with a signing source, a source with a key, and five people."""
    async for one in opened(journal, Limits(), Clock()):
        yield one


@pytest.fixture
async def hasty_town(journal: Journal) -> AsyncIterator[Town]:
    """Open the same gateway with deadlines short enough to wait for."""
    async for one in opened(journal, Limits(header_s=0.3, idle_s=0.6, most_bytes=4096), Clock()):
        yield one


@pytest.fixture
async def small_town(journal: Journal) -> AsyncIterator[Town]:
    """Open the same gateway with room for few connections."""
    async for one in opened(journal, Limits(most_connections=FEW), Clock()):
        yield one
