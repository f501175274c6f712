from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.journal.contract import Journal
from tests.journal.samples import Real
from tests.stores import STORES, Opener


@pytest.fixture(params=sorted(STORES))
def opener(request: pytest.FixtureRequest) -> Opener:
    """Every store there is; a new one is added to STORES and has to pass the same tests."""
    return STORES[request.param](request)


@pytest.fixture
def real() -> Real:
    return Real()


@pytest.fixture
async def journal(opener: Opener, tmp_path: Path, real: Real) -> AsyncIterator[Journal]:
    journal = await opener(tmp_path, real)
    yield journal
    await journal.close()
