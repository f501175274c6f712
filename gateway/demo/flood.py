"""The river rises, falls and rises again: a draft, two people, an update, the all clear, and an alert taken back.

What every receiver must get stands below in full; nothing of it is derived from the gateway.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from gateway.demo.judge import Expected, Judge
from gateway.demo.stage import Stage

GAUGE = "Hannae Bridge water level"
FIRST, SECOND = "hanbat-2026-00001", "hanbat-2026-00002"

EXPECTED: Mapping[str, Sequence[Expected]] = {
    "broadcaster": (
        Expected("Alert", f"{FIRST}.1", ("Moderate", "Expected", "Avoid Monitor")),
        Expected("Update", f"{FIRST}.2", ("Severe", "Immediate", "Evacuate Avoid")),
        Expected("Update", f"{FIRST}.3", ("Severe", "Past", "AllClear")),
        Expected("Alert", f"{SECOND}.1", ("Severe", "Immediate", "Evacuate Avoid")),
        Expected("Cancel", f"{SECOND}.2", ("Severe", "Past", "None")),
    ),
    "city-app": (
        Expected("alert", f"{FIRST}.1", ("moderate", "expected", "Avoid Monitor")),
        Expected("update", f"{FIRST}.2", ("severe", "immediate", "Evacuate Avoid")),
        Expected("end", f"{FIRST}.3", ("severe", "past", "AllClear")),
        Expected("alert", f"{SECOND}.1", ("severe", "immediate", "Evacuate Avoid")),
        Expected("cancel", f"{SECOND}.2", ("severe", "immediate", "Evacuate Avoid")),
    ),
    "duty": (
        Expected("unit-unknown", "quarantine:river-telemetry:unit-unknown"),
        Expected("cancelled", f"cancel:{SECOND}"),
    ),
}

STOPS = ("H05E", "H05W", "R04N", "R04S", "R05N", "R05S", "R06N", "R06S", "S04", "S04-1", "S04-2")
ROUTES = ("102",)


async def play(stage: Stage, judge: Judge) -> None:
    """Play the whole story; the judge keeps what is wrong with it."""
    await _calm(stage, judge)
    await _rise(stage, judge)
    await _worse(stage, judge)
    await _over(stage, judge)
    await _in_error(stage, judge)
    await judge.arrivals(EXPECTED)
    await judge.feeds(live=(), listed=(f"{FIRST}.3", f"{SECOND}.2"))


async def _calm(stage: Stage, judge: Judge) -> None:
    stage.tell("river", {"text": "The gauge at Hannae Bridge reads 1.2 m.", "metres": 1.2})
    judge.equal("a reading is taken", (await stage.river.measures(GAUGE, 1.2)).status, 202)
    refused = await stage.river.measures(GAUGE, 8.0, unit="furlong")
    judge.equal("an unknown unit is refused", refused.status, 422)
    stage.tell("refused", {"text": "A reading in furlongs is refused; the duty officer is paged.", "answer": refused.document})
    await judge.feeds(live=(), listed=())


async def _rise(stage: Stage, judge: Judge) -> None:
    await _level(stage, 2.8)
    version = await judge.drafted(FIRST, 1)
    await judge.two_people(version, "alert")
    await judge.told(1)
    await judge.feeds(live=(FIRST,), listed=(f"{FIRST}.1",), stops=STOPS, routes=ROUTES)


async def _worse(stage: Stage, judge: Judge) -> None:
    await stage.lasts(timedelta(minutes=2))
    await _level(stage, 4.4)
    version = await judge.drafted(FIRST, 2)
    await judge.two_people(version, "update")
    await judge.told(2)
    await judge.feeds(live=(FIRST,), listed=(f"{FIRST}.2",), stops=STOPS, routes=ROUTES)


async def _over(stage: Stage, judge: Judge) -> None:
    await _level(stage, 1.4)
    version = await judge.drafted(FIRST, 3)
    await judge.two_people(version, "end")
    await judge.told(3)
    await judge.feeds(live=(), listed=(f"{FIRST}.3",))


async def _in_error(stage: Stage, judge: Judge) -> None:
    await _level(stage, 5.1)
    version = await judge.drafted(SECOND, 1)
    await judge.two_people(version, "alert")
    await judge.told(4)
    await judge.feeds(live=(SECOND,), listed=(f"{FIRST}.3", f"{SECOND}.1"), stops=STOPS, routes=ROUTES)
    stage.tell("cancel", {"text": "The gauge was hit by a log: Kim alone takes the alert back.", "alert": SECOND})
    cancelled = await stage.kim.post(f"/v1/alerts/{SECOND}/cancel", {"reason": "the gauge was hit by a drifting log"})
    judge.equal("one person cancels", (cancelled.status, cancelled.document.get("stage")), (200, "cancelled"))
    await judge.told(5)


async def _level(stage: Stage, metres: float) -> None:
    """Measure the same level until it has lasted as long as the playbook asks."""
    stage.tell("river", {"text": f"The gauge at Hannae Bridge reads {metres} m.", "metres": metres})
    for _ in range(2):
        await stage.river.measures(GAUGE, metres)
        await stage.lasts(timedelta(seconds=31))
    await stage.river.measures(GAUGE, metres)
