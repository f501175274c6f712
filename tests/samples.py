"""One flood at the river: the report of it and what people are told. A test names what matters to it, and only that."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from gateway.alert import Kind, Place, Text, Version
from gateway.area import Polygon, Role
from gateway.incident import Certainty, Incident, Scope, Severity, Status, Urgency

ONSET = datetime.fromisoformat("2026-07-14T18:20:00+09:00")
TRIANGLE = Polygon((((127.35, 36.36), (127.36, 36.36), (127.36, 36.37), (127.35, 36.36)),))
SQUARE = Polygon((((127.35, 36.36), (127.36, 36.36), (127.36, 36.37), (127.35, 36.37), (127.35, 36.36)),))
KOREAN = Text(
    language="ko",
    sender_name="한밭시",
    event="돌발홍수",
    headline="[훈련] 갑천 돌발홍수",
    description="[훈련] 물이 불어납니다.",
    instruction="[훈련] 높은 곳으로 가십시오.",
    short="[훈련] 갑천 대피",
)
ENGLISH = Text(
    language="en",
    sender_name="Hanbat",
    event="Flash flood",
    headline="[EXERCISE] Flash flood at Gapcheon",
    description="[EXERCISE] The water is rising.",
    instruction="[EXERCISE] Go to high ground.",
    short="[EXERCISE] Leave Gapcheon",
)
REPORT = Incident(
    source="river-telemetry",
    id="gapcheon-03",
    hazard="flash-flood",
    severity=Severity.SEVERE,
    urgency=Urgency.IMMEDIATE,
    certainty=Certainty.OBSERVED,
    onset=ONSET,
)
TOLD = Version(
    alert="hanbat-1",
    number=1,
    kind=Kind.ALERT,
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
    places=(Place(role=Role.DANGER, name={"ko": "갑천", "en": "Gapcheon"}, polygons=(TRIANGLE,), zones=("yuseong",)),),
    texts=(KOREAN, ENGLISH),
    targets=(),
    sender="alerts@hanbat.example",
    onset=ONSET,
    effective=ONSET,
    expires=ONSET + timedelta(hours=3),
    identifier="hanbat-1.1",
)


def incident(**changes: object) -> Incident:
    """Return the river's report, changed."""
    return replace(REPORT, **changes)


def version(**changes: object) -> Version:
    """Return the first version, a drill, changed."""
    return replace(TOLD, **changes)
