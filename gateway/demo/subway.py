"""A train stands still and runs again; a station is closed by mistake: signs, apps and route planners alone hear of it.

What every receiver must get stands below in full; nothing of it is derived from the gateway.
"""

from collections.abc import Mapping, Sequence

from gateway.demo.hearing import Expected
from gateway.demo.judge import Judge
from gateway.demo.stage import Stage

FIRST, SECOND = "hanbat-2026-00001", "hanbat-2026-00002"

EXPECTED: Mapping[str, Sequence[Expected]] = {
    "broadcaster": (
        Expected("Alert", f"{SECOND}.1", ("Severe", "Immediate", "Avoid")),
        Expected("Cancel", f"{SECOND}.3", ("Severe", "Past", "None")),
    ),
    "city-app": (
        Expected("alert", f"{FIRST}.1", ("moderate", "immediate", "Avoid Monitor")),
        Expected("end", f"{FIRST}.2", ("moderate", "past", "AllClear")),
        Expected("alert", f"{SECOND}.1", ("severe", "immediate", "Avoid")),
        Expected("cancel", f"{SECOND}.3", ("severe", "immediate", "Avoid")),
    ),
    "road-signs": (
        Expected(
            "shows",
            f"{FIRST}.1",
            ("[훈련] 다른 노선 이용 / 한내대교역 - 한밭역 열차 고장", "[EXERCISE] Use another line / Train failure"),
        ),
        Expected("goes dark", f"{FIRST}.2"),
        Expected(
            "shows",
            f"{SECOND}.1",
            ("[훈련] 다른 역 이용 / 한밭역 역 폐쇄", "[EXERCISE] Use another station / Station closed, Hanbat Station"),
        ),
        Expected("goes dark", f"{SECOND}.3"),
    ),
    "duty": (
        Expected("station-unknown", "quarantine:metro-control:station-unknown"),
        Expected("cancelled", f"cancel:{SECOND}"),
    ),
}

STRETCH = ("S05-1", "S06-1")
STATION = ("S07", "S07-1", "S07-2")


async def play(stage: Stage, judge: Judge) -> None:
    """Play the whole story; the judge keeps what is wrong with it."""
    judge.refused("a closure of a station that nobody knows", await stage.metro.names_no_such_station(), "station-unknown")
    await _stands_still(stage, judge)
    await _closed(stage, judge)
    await judge.arrivals()
    await judge.feeds(live=(), listed=(f"{FIRST}.2", f"{SECOND}.3"))


async def _stands_still(stage: Stage, judge: Judge) -> None:
    stage.tell("metro", {"text": "A train stands still between Hannae Bridge and Hanbat Station, downwards."})
    number, answer = await stage.metro.train_fails("104", "107")
    judge.accepted("a train failure is taken", answer)
    await judge.two_people(await judge.drafted(FIRST, 1), "alert")
    await judge.told(f"{FIRST}.1")
    await judge.feeds(live=(FIRST,), listed=(f"{FIRST}.1",), stops=STRETCH)
    stage.tell("metro", {"text": "It runs again."})
    judge.accepted("its end is taken", await stage.metro.over(number))
    await judge.two_people(await judge.drafted(FIRST, 2), "end")
    await judge.told(f"{FIRST}.2")


async def _closed(stage: Stage, judge: Judge) -> None:
    stage.tell("metro", {"text": "Hanbat Station is closed."})
    number, answer = await stage.metro.station_closes("107")
    judge.accepted("a closure is taken", answer)
    await judge.two_people(await judge.drafted(SECOND, 1), "alert")
    await judge.told(f"{SECOND}.1")
    await judge.feeds(live=(SECOND,), listed=(f"{FIRST}.2", f"{SECOND}.1"), stops=STATION)
    judge.accepted("that it was an error is taken", await stage.metro.over(number, because="reported-in-error"))
    await judge.drafted(SECOND, 2)
    await judge.cancelled(SECOND, 3, "the control room closed the wrong station")
    await judge.told(f"{SECOND}.3")
