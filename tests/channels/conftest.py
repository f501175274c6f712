"""One drill that every test of a channel starts from."""

from datetime import timedelta

import pytest

from gateway.alert import Kind, Reference, Selector, Target, Transit, Version
from tests import samples
from tests.samples import ONSET


@pytest.fixture
def version() -> Version:
    """An update of a flood drill for the peers `first` and `second` of channel `out`."""
    return samples.version(
        number=2,
        kind=Kind.UPDATE,
        targets=(Target("out", "first"), Target("out", "second")),
        effective=ONSET + timedelta(minutes=1),
        identifier="hanbat-1.2",
        references=(Reference(sender="alerts@hanbat.example", identifier="hanbat-1.1", sent="2026-07-14T18:20:30+09:00"),),
        transit=Transit(cause="WEATHER", effect="NO_SERVICE", selectors=(Selector(route="1", direction=0),)),
    )
