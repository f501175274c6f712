from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journal.postgres.server import Server
from tests.nodes.city import City, opened


@pytest.fixture
async def city(server: Server, tmp_path: Path) -> AsyncIterator[City]:
    """Two nodes at work on an empty record."""
    async with opened(await server.fresh(tmp_path), tmp_path) as city:
        yield city
