"""One drill that every test of a channel starts from."""

from datetime import timedelta

import pytest
from msgspec import structs

from gateway.alert import Kind, Reference, Selector, Target, Transit, Version
from tests import samples
from tests.samples import ONSET

CLASSES = {
    "cell-broadcast-90": "[한밭시] 갑천 둔치 즉시 대피 FLASH FLOOD",
    "cell-broadcast-157": "[훈련] 실제 상황이 아닌 훈련입니다. 갑천 둔치에서 즉시 대피하십시오. FLASH FLOOD",
    "sign": "하천 접근 금지\n갑천 돌발홍수",
}


@pytest.fixture
def version() -> Version:
    """An update of a flood drill for the peers `first` and `second` of channel `out`, with every text and cell channels need."""
    return samples.version(
        alert="hanbat-2026-00001",
        number=2,
        texts=tuple(structs.replace(text, classes=CLASSES) for text in (samples.KOREAN, samples.ENGLISH)),
        cells=("450-99-1-1", "450-99-1-2"),
        kind=Kind.UPDATE,
        targets=(Target("out", "first"), Target("out", "second")),
        effective=ONSET + timedelta(minutes=1),
        identifier="hanbat-1.2",
        references=(Reference(sender="alerts@hanbat.example", identifier="hanbat-1.1", sent="2026-07-14T18:20:30+09:00"),),
        transit=Transit(cause="WEATHER", effect="NO_SERVICE", selectors=(Selector(route="1", direction=0),)),
    )
