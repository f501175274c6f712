"""The shipped words, and an ask with everything in it that a test can change."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from gateway.alert import Kind
from gateway.hazard import hazard
from gateway.incident import Status
from gateway.words import Ask, Words

SHIPPED = Path(__file__).parents[2] / "translations"
ASK = Ask(
    hazard=hazard("flash-flood"),
    form=Kind.ALERT,
    status=Status.EXERCISE,
    level="warning",
    responses=("Evacuate", "Avoid"),
    facts={"depth": {"value": 4.2, "unit": "m"}},
    place={"ko": "갑천 둔치", "en": "Gapcheon riverside"},
    onset=datetime.fromisoformat("2026-07-14T18:20:00+09:00"),
    until=datetime.fromisoformat("2026-07-14T12:20:00+00:00"),
    timezone="Asia/Seoul",
    sender_name={"ko": "한밭시", "en": "Hanbat City"},
    languages=("ko", "en"),
    reviewed_only=False,
)


@pytest.fixture(scope="session")
def words() -> Words:
    return Words.load(SHIPPED)


@pytest.fixture(scope="session")
def ask() -> Callable[..., Ask]:
    return lambda **changes: msgspec.structs.replace(ASK, **changes)


@pytest.fixture(scope="session")
def shipped() -> Path:
    return SHIPPED


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "translations"))
