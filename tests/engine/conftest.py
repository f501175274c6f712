"""One town hall for every test, with a fresh record; the city's folder is read once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gateway.engine import Plan
from tests.engine.hall import DAWN, Clock, Hall, build, copied, plan_of
from tests.journal.samples import Real
from tests.stores import Opener

Opening = Callable[[Plan], Awaitable[Hall]]
Planning = Callable[[Callable[[Path], object]], Plan]


@pytest.fixture(scope="session")
def hanbat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hanbat's folder, not to be written to."""
    return build(tmp_path_factory.mktemp("city") / "hanbat")


@pytest.fixture(scope="session")
def clock_of_all() -> Clock:
    """The clock that the plan's channels were given."""
    return Clock()


@pytest.fixture(scope="session")
def plan_of_all(hanbat: Path, clock_of_all: Clock) -> Plan:
    """Hanbat's plan."""
    return plan_of(hanbat, clock_of_all)


@pytest.fixture
def clock(clock_of_all: Clock) -> Clock:
    """The story's clock, at dawn again."""
    clock_of_all.at = DAWN
    return clock_of_all


@pytest.fixture
async def opening(opener: Opener, tmp_path: Path, clock: Clock) -> AsyncIterator[Opening]:
    """Open halls of other plans on one and the same record."""
    real = Real()
    journal = await opener(tmp_path, real)

    async def opened(plan: Plan) -> Hall:
        return Hall(plan, journal, clock, real)

    yield opened
    await journal.close()


@pytest.fixture
async def hall(plan_of_all: Plan, opening: Opening) -> Hall:
    """Hanbat's town hall, at dawn."""
    return await opening(plan_of_all)


@pytest.fixture
def planning(hanbat: Path, tmp_path: Path, clock: Clock) -> Planning:
    """Return the plan of a copy of Hanbat's folder that was changed first."""

    def changed(change: Callable[[Path], object]) -> Plan:
        folder = copied(hanbat, tmp_path / "changed")
        change(folder)
        return plan_of(folder, clock)

    return changed
