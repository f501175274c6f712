"""The earth shakes: the city decided in advance that this alert goes out by itself; then the agency takes it back.

What every receiver must get stands below in full; nothing of it is derived from the gateway.
"""

from collections.abc import Mapping, Sequence

from gateway.demo.hearing import Expected
from gateway.demo.judge import Judge
from gateway.demo.stage import Stage

FIRST = "hanbat-2026-00001"
ROUTES = ("1", "101", "102", "103", "104", "105", "106", "107", "108", "109", "110", "111", "112")
DRILL = "[훈련] 실제 상황이 아닌 훈련입니다. [한밭시 재난안전상황실]"
OFFICE = "[훈련] [한밭시 재난안전상황실]"

EXPECTED: Mapping[str, Sequence[Expected]] = {
    "broadcaster": (
        Expected("Alert", f"{FIRST}.1", ("Extreme", "Immediate", "Shelter Monitor")),
        Expected("Cancel", f"{FIRST}.3", ("Extreme", "Past", "None")),
    ),
    "city-app": (
        Expected("alert", f"{FIRST}.1", ("extreme", "immediate", "Shelter Monitor")),
        Expected("cancel", f"{FIRST}.3", ("extreme", "immediate", "Shelter Monitor")),
    ),
    "road-signs": (
        Expected("shows", f"{FIRST}.1", ("[훈련] 몸을 보호하십시오 / 지진", "[EXERCISE] Drop and cover / Earthquake")),
        Expected("goes dark", f"{FIRST}.3"),
    ),
    "carriers": (
        Expected(
            "broadcast",
            f"{FIRST}.1",
            (
                "channel 4381, serial 0x4010, 928 cells",
                (
                    f"{DRILL} 탁자 아래로 들어가 몸을 보호하십시오. 주의를 기울이고 공식 안내를 계속 확인하십시오."
                    " 동문구, 새벌구, 남촌구, 서림구, 한내구 지진. hh:mm까지 유효합니다. Earthquake M5.4"
                ),
            ),
        ),
        Expected(
            "broadcast",
            f"{FIRST}.3",
            (
                "channel 4381, serial 0x4012, 928 cells",
                (
                    f"{DRILL} 앞서 보낸 동문구, 새벌구, 남촌구, 서림구, 한내구 지진 안내는 잘못 발송되었습니다. 안내에"
                    " 따른 조치는 하지 않으셔도 됩니다. 혼란을 드려 죄송합니다. False alarm"
                ),
            ),
        ),
    ),
    "wards": (
        Expected(
            "Alert",
            f"{FIRST}.1",
            (
                (
                    f"{OFFICE} 탁자 아래로 들어가 몸을 보호하십시오. 동문구, 새벌구, 남촌구, 서림구, 한내구 지진."
                    " hh:mm까지 유효합니다."
                ),
                "a new thread",
            ),
        ),
        Expected(
            "Cancel",
            f"{FIRST}.3",
            (f"{OFFICE} 앞서 보낸 동문구, 새벌구, 남촌구, 서림구, 한내구 지진 안내는 잘못 발송되었습니다.", f"answers {FIRST}.1"),
        ),
    ),
    "duty": (
        Expected("D04", "quarantine:earthquake-feed:D04"),
        Expected("pre-authorised", f"pre-authorised:{FIRST}"),
        Expected("cancelled", f"cancel:{FIRST}"),
    ),
}


async def play(stage: Stage, judge: Judge) -> None:
    """Play the whole story; the judge keeps what is wrong with it."""
    judge.refused("CAP that breaks its own schema", await stage.quake.stammers(), "D04")
    stage.tell("quake", {"text": "Magnitude 5.4, felt in all five districts. Nobody has to press anything."})
    event, answer = await stage.quake.strikes(5.4)
    judge.accepted("an earthquake is taken", answer)
    await judge.by_itself(FIRST, 1)
    await judge.told(f"{FIRST}.1")
    await judge.feeds(live=(FIRST,), listed=(f"{FIRST}.1",), routes=ROUTES)
    stage.tell("quake", {"text": "The agency takes it back: its sensors were wrong."})
    judge.accepted("the agency's cancel is taken", await stage.quake.cancels(event))
    await judge.drafted(FIRST, 2)
    await judge.cancelled(FIRST, 3, "the agency took its report back")
    await judge.told(f"{FIRST}.3")
    await judge.arrivals()
    await judge.feeds(live=(), listed=(f"{FIRST}.3",))
