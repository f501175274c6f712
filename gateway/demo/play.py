"""Playing a scenario from beginning to end, and saying whether everything happened as its tables say."""

from collections.abc import Mapping

from gateway.demo import flood
from gateway.demo.judge import Judge
from gateway.demo.receivers import Receiver
from gateway.demo.stage import Tell, stage
from gateway.fault import BadInput

SCENARIOS = {"flood": flood}


async def play(
    scenario: str, *, speed: float, seed: int, tell: Tell, receivers: Mapping[str, Receiver] | None = None
) -> Mapping[str, object]:
    """Return {"result": "ok" or "failed", "receivers": arrivals by name, "faults"}; raises BadInput("scenario-unknown").

    `receivers` are far sides of one's own, by their names in RECEIVERS.
    """
    if scenario not in SCENARIOS:
        raise BadInput("scenario-unknown", f"no scenario is called {scenario!r}", hint=f"one of: {', '.join(SCENARIOS)}")
    async with stage(speed=speed, seed=seed, tell=tell, receivers=receivers) as played:
        judge = Judge(played)
        try:
            await SCENARIOS[scenario].play(played, judge)
        except TimeoutError as late:
            judge.faults.append(str(late))
        counts = {name: len(receiver.arrivals) for name, receiver in played.receivers.items()}
    return {"result": "failed" if judge.faults else "ok", "receivers": counts, "faults": judge.faults}
