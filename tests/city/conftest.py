"""Hanbat, the city the demo shows."""

from pathlib import Path

import pytest

from gateway.city import City

HANBAT = Path(__file__).parents[2] / "gateway/demo/hanbat"


@pytest.fixture(scope="session")
def city() -> City:
    """The demo's city, with one named place."""
    return City.load(HANBAT, places={"hannae-bridge": {"ko": "한내대교", "en": "Hannae Bridge"}})
