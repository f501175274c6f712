"""A market burns and a waterworks leaks chlorine: responders alone at first, with their cameras, then everybody around.

What every receiver must get stands below in full; nothing of it is derived from the gateway.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from gateway.demo.hearing import Expected
from gateway.demo.judge import Judge
from gateway.demo.stage import Stage

FIRE, LEAK = "hanbat-2026-00001", "hanbat-2026-00002"
CAMERA = b"cctv.hanbat.example"
DRILL = "[훈련] 실제 상황이 아닌 훈련입니다. [한밭시 재난안전상황실]"
OFFICE = "[훈련] [한밭시 재난안전상황실]"

EXPECTED: Mapping[str, Sequence[Expected]] = {
    "broadcaster": (
        Expected("Alert", f"{FIRE}.1", ("Severe", "Immediate", "Evacuate Avoid")),
        Expected("Alert", f"{LEAK}.1", ("Severe", "Immediate", "Shelter Avoid")),
        Expected("Update", f"{LEAK}.2", ("Severe", "Immediate", "Shelter Avoid")),
        Expected("Update", f"{LEAK}.3", ("Severe", "Past", "AllClear")),
        Expected("Update", f"{FIRE}.2", ("Severe", "Past", "AllClear")),
    ),
    "city-app": (
        Expected("alert", f"{FIRE}.1", ("severe", "immediate", "Evacuate Avoid")),
        Expected("alert", f"{LEAK}.1", ("severe", "immediate", "Shelter Avoid")),
        Expected("update", f"{LEAK}.2", ("severe", "immediate", "Shelter Avoid")),
        Expected("end", f"{LEAK}.3", ("severe", "past", "AllClear")),
        Expected("end", f"{FIRE}.2", ("severe", "past", "AllClear")),
    ),
    "road-signs": (
        Expected(
            "shows",
            f"{FIRE}.1",
            ("[훈련] 즉시 대피 / 동문시장 3문 건물 화재", "[EXERCISE] Evacuate now / Dongmun Market, Gate 3"),
        ),
        Expected(
            "shows", f"{LEAK}.1", ("[훈련] 실내 대피 / 옥샘정수장 유해물질 누출", "[EXERCISE] Go indoors / Oksaem waterworks")
        ),
        Expected(
            "shows", f"{LEAK}.2", ("[훈련] 실내 대피 / 옥샘정수장 유해물질 누출", "[EXERCISE] Go indoors / Oksaem waterworks")
        ),
        Expected("goes dark", f"{LEAK}.3"),
        Expected("goes dark", f"{FIRE}.2"),
    ),
    "carriers": (
        Expected(
            "broadcast",
            f"{FIRE}.1",
            (
                "channel 4381, serial 0x4010, 10 cells",
                (
                    f"{DRILL} 즉시 계단을 이용해 건물 밖으로 대피하십시오. 접근하지 말고 소방차에 길을 비켜 주십시오."
                    " 동문시장 3문 건물 화재. hh:mm까지 유효합니다. Building fire"
                ),
            ),
        ),
        Expected(
            "broadcast",
            f"{LEAK}.1",
            (
                "channel 4381, serial 0x4020, 9 cells",
                (
                    f"{DRILL} 실내로 들어가 창문과 문을 닫으십시오. 해당 지역에 접근하지 마십시오. 옥샘정수장 유해물질"
                    " 누출. 현장에서 500m 이상 떨어지십시오. hh:mm까지 유효합니다. Hazardous leak"
                ),
            ),
        ),
        Expected(
            "broadcast",
            f"{LEAK}.2",
            (
                "channel 4381, serial 0x4021, 28 cells",
                (
                    f"{DRILL} 실내로 들어가 창문과 문을 닫으십시오. 해당 지역에 접근하지 마십시오. 옥샘정수장 유해물질"
                    " 누출 상황 변경. 현장에서 1,200m 이상 떨어지십시오. hh:mm까지 유효합니다. Hazardous leak"
                ),
            ),
        ),
        Expected(
            "broadcast",
            f"{LEAK}.3",
            (
                "channel 4381, serial 0x4022, 28 cells",
                (
                    f"{DRILL} 옥샘정수장 유해물질 누출 상황 종료. 일상으로 돌아가셔도 됩니다. 현장 안내가 있으면"
                    " 따르십시오. All clear. Hazardous leak."
                ),
            ),
        ),
        Expected(
            "broadcast",
            f"{FIRE}.2",
            (
                "channel 4381, serial 0x4011, 10 cells",
                (
                    f"{DRILL} 동문시장 3문 건물 화재 상황 종료. 일상으로 돌아가셔도 됩니다. 현장 안내가 있으면"
                    " 따르십시오. All clear. Building fire."
                ),
            ),
        ),
    ),
    "wards": (
        Expected(
            "Alert",
            f"{FIRE}.1",
            (
                (f"{OFFICE} 즉시 계단을 이용해 건물 밖으로 대피하십시오. 동문시장 3문 건물 화재. hh:mm까지 유효합니다."),
                "a new thread",
            ),
        ),
        Expected(
            "Alert",
            f"{LEAK}.1",
            (f"{OFFICE} 실내로 들어가 창문과 문을 닫으십시오. 옥샘정수장 유해물질 누출. hh:mm까지 유효합니다.", "a new thread"),
        ),
        Expected(
            "Update",
            f"{LEAK}.2",
            (
                (f"{OFFICE} 실내로 들어가 창문과 문을 닫으십시오. 옥샘정수장 유해물질 누출 상황 변경. hh:mm까지 유효합니다."),
                f"answers {LEAK}.1",
            ),
        ),
        Expected("Update", f"{LEAK}.3", (f"{OFFICE} 옥샘정수장 유해물질 누출 상황 종료.", f"answers {LEAK}.2")),
        Expected("Update", f"{FIRE}.2", (f"{OFFICE} 동문시장 3문 건물 화재 상황 종료.", f"answers {FIRE}.1")),
    ),
    "duty": (
        Expected("report-invalid", "quarantine:dispatch-119:report-invalid"),
        Expected("incident-not-public", "incident:dispatch-119/2026-0714-0301"),
    ),
}


async def play(stage: Stage, judge: Judge) -> None:
    """Play the whole story; the judge keeps what is wrong with it."""
    judge.refused("a report of a type that nobody knows", await stage.dispatch.stammers(), "report-invalid")
    fire = await _for_responders_alone(stage, judge)
    await _for_everybody(stage, judge, fire)
    await _leak(stage, judge)
    judge.accepted("the end of the fire is taken", await stage.dispatch.closed(fire))
    await judge.two_people(await judge.drafted(FIRE, 2), "end")
    await judge.told(f"{FIRE}.2")
    await judge.arrivals()
    seen = [name for name, far in stage.receivers.items() for one in far.arrivals if CAMERA in one.body]
    judge.equal("who was shown a camera", seen, [])
    await judge.feeds(live=(), listed=(f"{FIRE}.2", f"{LEAK}.3"))


async def _for_responders_alone(stage: Stage, judge: Judge) -> str:
    number, answer = await stage.dispatch.fire(alarm=2)
    judge.accepted("a fire is taken", answer)
    stage.tell(
        "dispatch", {"text": "Dongmun Market burns. Engines are sent; for now this is for responders, with their cameras."}
    )
    await stage.lasts(timedelta(minutes=3))
    head = (await stage.service.journal.heads([("dispatch-119", number)]))["dispatch-119", number]
    judge.equal("who may know, and how many cameras show it", (head.report.scope, len(head.report.resources)), ("restricted", 1))
    alerts = (await stage.kim.get("/v1/alerts")).document["alerts"]
    judge.equal("alerts of a fire that is for responders alone", alerts, [])
    return number


async def _for_everybody(stage: Stage, judge: Judge, number: str) -> None:
    stage.tell("dispatch", {"text": "The smoke drifts over the street: the dispatcher says that everybody may know."})
    judge.accepted("it is made public", await stage.dispatch.made_public(number))
    await judge.two_people(await judge.drafted(FIRE, 1), "alert")
    await judge.told(f"{FIRE}.1")


async def _leak(stage: Stage, judge: Judge) -> None:
    stage.tell("dispatch", {"text": "Chlorine leaks at the Oksaem waterworks: 500 m around are to stay indoors."})
    number, answer = await stage.dispatch.hazardous_material(radius_m=500, public=True)
    judge.accepted("a leak is taken", answer)
    await judge.two_people(await judge.drafted(LEAK, 1), "alert")
    await judge.told(f"{LEAK}.1")
    await stage.lasts(timedelta(minutes=3))
    stage.tell("dispatch", {"text": "The wind turns: 1,200 m around."})
    judge.accepted("a larger area is taken", await stage.dispatch.changes(number, evacuation_radius_m=1200))
    await judge.two_people(await judge.drafted(LEAK, 2), "update")
    await judge.told(f"{LEAK}.2")
    judge.accepted("the end of the leak is taken", await stage.dispatch.closed(number))
    await judge.two_people(await judge.drafted(LEAK, 3), "end")
    await judge.told(f"{LEAK}.3")
