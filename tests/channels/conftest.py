"""One drill that every test of a channel starts from."""

from datetime import datetime

import pytest

from gateway.alert import Kind, Place, Reference, Selector, Target, Text, Transit, Version
from gateway.area import Polygon, Role
from gateway.incident import Certainty, Scope, Severity, Status, Urgency

SQUARE = Polygon((((127.35, 36.36), (127.36, 36.36), (127.36, 36.37), (127.35, 36.37), (127.35, 36.36)),))


@pytest.fixture
def version() -> Version:
    """An update of a flood drill for the peers `first` and `second` of channel `out`."""
    return Version(
        alert="hanbat-1",
        number=2,
        kind=Kind.UPDATE,
        status=Status.EXERCISE,
        scope=Scope.PUBLIC,
        hazard="flash-flood",
        playbook="flood",
        level="warning",
        category=("Met",),
        event_codes=(("SAME", "FFW"),),
        severity=Severity.SEVERE,
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.OBSERVED,
        responses=("Evacuate",),
        places=(Place(role=Role.DANGER, name={"ko": "갑천", "en": "Gapcheon"}, polygons=(SQUARE,), zones=("yuseong",)),),
        texts=(
            Text(
                language="ko",
                sender_name="한밭시",
                event="돌발홍수",
                headline="[훈련] 갑천 돌발홍수",
                description="[훈련] 물이 불어납니다.",
                instruction="[훈련] 높은 곳으로 가십시오.",
                short="[훈련] 갑천 대피",
            ),
            Text(
                language="en",
                sender_name="Hanbat",
                event="Flash flood",
                headline="[EXERCISE] Flash flood at Gapcheon",
                description="[EXERCISE] The water is rising.",
                instruction="[EXERCISE] Go to high ground.",
                short="[EXERCISE] Leave Gapcheon",
            ),
        ),
        targets=(Target("out", "first"), Target("out", "second")),
        sender="alerts@hanbat.example",
        onset=datetime.fromisoformat("2026-07-14T18:20:00+09:00"),
        effective=datetime.fromisoformat("2026-07-14T18:21:00+09:00"),
        expires=datetime.fromisoformat("2026-07-14T21:20:00+09:00"),
        identifier="hanbat-1.2",
        references=(Reference(sender="alerts@hanbat.example", identifier="hanbat-1.1", sent="2026-07-14T18:20:30+09:00"),),
        transit=Transit(cause="WEATHER", effect="NO_SERVICE", selectors=(Selector(route="1", direction=0),)),
    )
