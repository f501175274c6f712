"""Two sides that take turns, so that whatever else the machine does hits both."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct

from benchmarks.figures import Row, Side

Try = Callable[[int], Awaitable[float]]
"""One try by the caller of that number; returns the seconds that count."""


def settle_down() -> None:
    """Let the collector of garbage pass over what is there by now, as a gateway that serves does; it would count as ours."""
    gc.collect()
    gc.freeze()


class Race(Struct, frozen=True, kw_only=True):
    """How long two sides take turns: in each round every caller makes `each` tries, one after the other."""

    rounds: int
    callers: int = 1
    each: int = 1

    @property
    def warm_up(self) -> int:
        """Rounds that are not counted."""
        return self.rounds // 10 + 1

    @property
    def tries(self) -> int:
        """How many tries each caller makes in all."""
        return (self.rounds + self.warm_up) * self.each

    async def run(self, what: str, ours: Try, floor: Try) -> Row:
        """Let them take turns, ours first."""
        sides = Side([], []), Side([], [])
        for number in range(self.rounds + self.warm_up):
            for once, side in zip((ours, floor), sides, strict=True):
                began = time.perf_counter()
                tried = await asyncio.gather(*(self._caller(once, caller) for caller in range(self.callers)))
                if number >= self.warm_up:
                    side.rounds.append(time.perf_counter() - began)
                    side.seconds.extend(seconds for tries in tried for seconds in tries)
        return Row(what=what, callers=self.callers, ours=sides[0], floor=sides[1])

    async def _caller(self, once: Try, caller: int) -> list[float]:
        return [await once(caller) for _ in range(self.each)]
