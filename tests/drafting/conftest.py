import pytest

from gateway.drafting import Desk
from gateway.engine import Plan
from tests.engine.hall import Clock, build, plan_of


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Hanbat's plan, read once."""
    return plan_of(build(tmp_path_factory.mktemp("city") / "hanbat"), Clock())


@pytest.fixture
def desk(plan: Plan) -> Desk:
    return plan.desk
