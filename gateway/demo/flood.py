"""The river rises, falls and rises again: a draft, two people, an update, the all clear, and an alert taken back.

Before all that another agency warns of heavy rain, which is shown beside our own alerts and becomes none of them.
What every receiver must get stands below in full; nothing of it is derived from the gateway.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from gateway.demo.hearing import Expected
from gateway.demo.judge import Judge
from gateway.demo.stage import Stage

GAUGE = "Hannae Bridge water level"
FIRST, SECOND = "hanbat-2026-00001", "hanbat-2026-00002"
HIGHER = ("[훈련] 높은 곳으로 대피 / 한내 둔치 돌발홍수", "[EXERCISE] Go to higher ground / Flash flood, Hannae riverside")
OFFICE = "[훈련] [한밭시 재난안전상황실]"
DRILL = "[훈련] 실제 상황이 아닌 훈련입니다. [한밭시 재난안전상황실]"
WORSE = (
    f"{DRILL} 즉시 높은 곳으로 대피하십시오. 하천, 지하차도, 지하 공간에 접근하지 마십시오. 한내 둔치 돌발홍수 상황 변경."
    " 현재 수심은 4.4m입니다. hh:mm까지 유효합니다. Flash flood"
)
OVER = f"{DRILL} 한내 둔치 돌발홍수 상황 종료. 일상으로 돌아가셔도 됩니다. 현장 안내가 있으면 따르십시오. All clear. Flash flood."
AGAIN = (
    f"{DRILL} 즉시 높은 곳으로 대피하십시오. 하천, 지하차도, 지하 공간에 접근하지 마십시오. 한내 둔치 돌발홍수."
    " 현재 수심은 5.1m입니다. hh:mm까지 유효합니다. Flash flood"
)
WRONG = (
    f"{DRILL} 앞서 보낸 한내 둔치 돌발홍수 안내는 잘못 발송되었습니다. 안내에 따른 조치는 하지 않으셔도 됩니다."
    " 혼란을 드려 죄송합니다. False alarm"
)

HEARD = (
    (
        "weather-service",
        "none",
        "[훈련] 한밭시 호우경보 발표",
        "[EXERCISE] Heavy rain warning for Hanbat",
    ),
)
"""What other agencies say at the beginning: from whom, how far it is trusted, and its headlines."""

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
    "road-signs": (
        Expected(
            "shows",
            f"{FIRST}.1",
            ("[훈련] 접근 금지 / 한내 둔치 돌발홍수", "[EXERCISE] Keep away / Flash flood, Hannae riverside"),
        ),
        Expected("shows", f"{FIRST}.2", HIGHER),
        Expected("goes dark", f"{FIRST}.3"),
        Expected("shows", f"{SECOND}.1", HIGHER),
        Expected("goes dark", f"{SECOND}.2"),
    ),
    "carriers": (
        Expected("broadcast", f"{FIRST}.2", ("channel 4381, serial 0x4011, 34 cells", WORSE)),
        Expected("broadcast", f"{FIRST}.3", ("channel 4381, serial 0x4012, 34 cells", OVER)),
        Expected("broadcast", f"{SECOND}.1", ("channel 4381, serial 0x4020, 34 cells", AGAIN)),
        Expected("broadcast", f"{SECOND}.2", ("channel 4381, serial 0x4021, 34 cells", WRONG)),
    ),
    "wards": (
        Expected(
            "Update",
            f"{FIRST}.2",
            (
                f"{OFFICE} 즉시 높은 곳으로 대피하십시오. 한내 둔치 돌발홍수 상황 변경. hh:mm까지 유효합니다.",
                f"answers {FIRST}.1",
            ),
        ),
        Expected("Update", f"{FIRST}.3", (f"{OFFICE} 한내 둔치 돌발홍수 상황 종료.", f"answers {FIRST}.2")),
        Expected(
            "Alert",
            f"{SECOND}.1",
            (f"{OFFICE} 즉시 높은 곳으로 대피하십시오. 한내 둔치 돌발홍수. hh:mm까지 유효합니다.", "a new thread"),
        ),
        Expected(
            "Cancel", f"{SECOND}.2", (f"{OFFICE} 앞서 보낸 한내 둔치 돌발홍수 안내는 잘못 발송되었습니다.", f"answers {SECOND}.1")
        ),
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
    await judge.arrivals()
    await judge.feeds(live=(), listed=(f"{FIRST}.3", f"{SECOND}.2"))


async def _calm(stage: Stage, judge: Judge) -> None:
    stage.tell("weather", {"text": "The weather service warns of heavy rain; its CAP alert stands beside our own, unverified."})
    judge.accepted("the weather service's warning is taken", await stage.weather.warns())
    await judge.heard(HEARD)
    stage.tell("river", {"text": "The gauge at Hannae Bridge reads 1.2 m.", "metres": 1.2})
    judge.equal("a reading is taken", (await stage.river.measures(GAUGE, 1.2)).status, 202)
    judge.refused("a reading in furlongs", await stage.river.measures(GAUGE, 8.0, unit="furlong"), "unit-unknown")
    await judge.feeds(live=(), listed=())


async def _rise(stage: Stage, judge: Judge) -> None:
    await _level(stage, 2.8)
    version = await judge.drafted(FIRST, 1)
    await judge.two_people(version, "alert")
    await judge.told(f"{FIRST}.1")
    await judge.feeds(live=(FIRST,), listed=(f"{FIRST}.1",), stops=STOPS, routes=ROUTES)


async def _worse(stage: Stage, judge: Judge) -> None:
    await stage.lasts(timedelta(minutes=2))
    await _level(stage, 4.4)
    version = await judge.drafted(FIRST, 2)
    await judge.two_people(version, "update")
    await judge.told(f"{FIRST}.2")
    await judge.feeds(live=(FIRST,), listed=(f"{FIRST}.2",), stops=STOPS, routes=ROUTES)


async def _over(stage: Stage, judge: Judge) -> None:
    await _level(stage, 1.4)
    version = await judge.drafted(FIRST, 3)
    await judge.two_people(version, "end")
    await judge.told(f"{FIRST}.3")
    await judge.feeds(live=(), listed=(f"{FIRST}.3",))


async def _in_error(stage: Stage, judge: Judge) -> None:
    await _level(stage, 5.1)
    version = await judge.drafted(SECOND, 1)
    await judge.two_people(version, "alert")
    await judge.told(f"{SECOND}.1")
    await judge.feeds(live=(SECOND,), listed=(f"{FIRST}.3", f"{SECOND}.1"), stops=STOPS, routes=ROUTES)
    await judge.cancelled(SECOND, 2, "the gauge was hit by a drifting log")
    await judge.told(f"{SECOND}.2")


async def _level(stage: Stage, metres: float) -> None:
    """Measure the same level until it has lasted as long as the playbook asks."""
    stage.tell("river", {"text": f"The gauge at Hannae Bridge reads {metres} m.", "metres": metres})
    for _ in range(2):
        await stage.river.measures(GAUGE, metres)
        await stage.lasts(timedelta(seconds=31))
    await stage.river.measures(GAUGE, metres)
