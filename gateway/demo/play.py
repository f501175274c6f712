"""Playing a scenario from beginning to end, and saying whether everything happened as its tables say."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from gateway.demo import crowd, fire, flood, quake, subway
from gateway.demo.flood import GAUGE
from gateway.demo.hearing import FarSide
from gateway.demo.judge import Judge
from gateway.demo.stage import Stage, Tell, stage
from gateway.fault import BadInput

SCENARIOS = {"flood": flood, "crowd": crowd, "subway": subway, "fire": fire, "quake": quake}
ALL = "all"


async def play(  # noqa: PLR0913 - what a story may be told otherwise by, each by its name
    scenario: str, *, speed: float, seed: int, tell: Tell, receivers: Mapping[str, FarSide] | None = None, store: str = ""
) -> Mapping[str, object]:
    """Return {"result": "ok" or "failed", "receivers": arrivals by name, "faults"}; raises BadInput("scenario-unknown").

    `all` plays every scenario, each in a city of its own. `receivers` are far sides of one's own, by their names in RECEIVERS;
    `store` is the URL of a database, in which {scenario} stands for the scenario's name.
    """
    if scenario not in (*SCENARIOS, ALL):
        raise BadInput("scenario-unknown", f"no scenario is called {scenario!r}", hint=f"one of: {', '.join(SCENARIOS)}, {ALL}")
    counts: Counter[str] = Counter()
    faults: list[str] = []
    for name in SCENARIOS if scenario == ALL else [scenario]:
        tell("scenario", {"text": (SCENARIOS[name].__doc__ or "").partition("\n")[0], "scenario": name})
        async with stage(speed=speed, seed=seed, tell=tell, receivers=receivers, store=store.format(scenario=name)) as played:
            judge = Judge(played, SCENARIOS[name].EXPECTED)
            async with asyncio.TaskGroup() as beside:
                river = beside.create_task(_flows(played) if name != "flood" else asyncio.sleep(0))
                try:
                    await SCENARIOS[name].play(played, judge)
                except TimeoutError as late:
                    judge.faults.append(str(late))
                river.cancel()
            counts.update({name: len(receiver.arrivals) for name, receiver in played.receivers.items()})
        faults += [f"{name}: {fault}" for fault in judge.faults]
    return {"result": "failed" if faults else "ok", "receivers": dict(counts), "faults": faults}


async def _flows(stage: Stage) -> None:
    """Let the river's gauge report as ever, for silence would be a story of its own."""
    while True:
        await stage.lasts(timedelta(minutes=4))
        await stage.river.measures(GAUGE, 1.2)
