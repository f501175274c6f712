from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gateway.journal.contract import Journal
from gateway.journal.sqlite import SqliteJournal
from tests.journal.samples import Real

Opener = Callable[[Path, Real], Awaitable[Journal]]


async def sqlite(folder: Path, real: Real) -> Journal:
    return await SqliteJournal.open(folder / "journal.db", real=real)


STORES: dict[str, Opener] = {"sqlite": sqlite}


@pytest.fixture(params=sorted(STORES))
def opener(request: pytest.FixtureRequest) -> Opener:
    """Every store there is; a new one is added to STORES and has to pass the same tests."""
    return STORES[request.param]


@pytest.fixture
def real() -> Real:
    return Real()


@pytest.fixture
async def journal(opener: Opener, tmp_path: Path, real: Real) -> AsyncIterator[Journal]:
    journal = await opener(tmp_path, real)
    yield journal
    await journal.close()
