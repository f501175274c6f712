"""Byeolbit Street fills: signs and the app first, everybody around when people can no longer choose where they go, the all clear.

What every receiver must get stands below in full; nothing of it is derived from the gateway.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from gateway.demo.hearing import Expected
from gateway.demo.judge import Judge
from gateway.demo.stage import Stage

FIRST = "hanbat-2026-00001"
DRILL = "[훈련] 실제 상황이 아닌 훈련입니다. [한밭시 재난안전상황실]"

EXPECTED: Mapping[str, Sequence[Expected]] = {
    "broadcaster": (
        Expected("Update", f"{FIRST}.2", ("Severe", "Immediate", "Evacuate Avoid")),
        Expected("Update", f"{FIRST}.3", ("Severe", "Past", "AllClear")),
    ),
    "city-app": (
        Expected("alert", f"{FIRST}.1", ("moderate", "expected", "Avoid Monitor")),
        Expected("update", f"{FIRST}.2", ("severe", "immediate", "Evacuate Avoid")),
        Expected("end", f"{FIRST}.3", ("severe", "past", "AllClear")),
    ),
    "road-signs": (
        Expected(
            "shows", f"{FIRST}.1", ("[훈련] 접근 금지 / 별빛거리 인파 밀집", "[EXERCISE] Keep away / Crowding, Byeolbit Street")
        ),
        Expected(
            "shows",
            f"{FIRST}.2",
            ("[훈련] 즉시 대피 / 별빛거리 인파 밀집", "[EXERCISE] Evacuate now / Crowding, Byeolbit Street"),
        ),
        Expected("goes dark", f"{FIRST}.3"),
    ),
    "carriers": (
        Expected(
            "broadcast",
            f"{FIRST}.2",
            (
                "channel 4381, serial 0x4011, 15 cells",
                (
                    f"{DRILL} 즉시 해당 지역을 벗어나 대피하십시오. 지금은 해당 지역 방문을 삼가십시오. 현장에 계신"
                    " 분은 안내에 따라 천천히 이동하십시오. 별빛거리 인파 밀집 상황 변경. hh:mm까지 유효합니다."
                    " Crowding"
                ),
            ),
        ),
        Expected(
            "broadcast",
            f"{FIRST}.3",
            (
                "channel 4381, serial 0x4012, 15 cells",
                (
                    f"{DRILL} 별빛거리 인파 밀집 상황 종료. 일상으로 돌아가셔도 됩니다. 현장 안내가 있으면 따르십시오."
                    " All clear. Crowding."
                ),
            ),
        ),
    ),
    "duty": (Expected("zone-unknown", "quarantine:crowd-counter:zone-unknown"),),
}


async def play(stage: Stage, judge: Judge) -> None:
    """Play the whole story; the judge keeps what is wrong with it."""
    await _level(stage, 1.0)
    judge.refused("a count from a zone that nobody knows", await stage.crowd.counts_nowhere(), "zone-unknown")
    await _level(stage, 4.6)
    await judge.two_people(await judge.drafted(FIRST, 1), "alert")
    await judge.told(f"{FIRST}.1")
    await judge.feeds(live=(), listed=(f"{FIRST}.1",))
    await stage.lasts(timedelta(minutes=1))
    await _level(stage, 6.8)
    await judge.two_people(await judge.drafted(FIRST, 2), "update")
    await judge.told(f"{FIRST}.2")
    await judge.feeds(live=(), listed=(f"{FIRST}.2",))
    await _level(stage, 1.5)
    await judge.two_people(await judge.drafted(FIRST, 3), "end")
    await judge.told(f"{FIRST}.3")
    await judge.arrivals()
    await judge.feeds(live=(), listed=(f"{FIRST}.3",))


async def _level(stage: Stage, density: float) -> None:
    """Count the same crowd until it has lasted as long as the playbook asks."""
    stage.tell("crowd", {"text": f"The cameras above Byeolbit Street count {density} people on a square metre."})
    for _ in range(2):
        await stage.crowd.counts_everywhere(density)
        await stage.lasts(timedelta(seconds=61))
    await stage.crowd.counts_everywhere(density)
