"""What was measured of two sides that took turns, as a table for people and as JSON for machines."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence

import apsw
from msgspec import Struct


class Side(Struct, frozen=True):
    """One side's tries: `seconds` of each, and of each whole round of all callers in `rounds`."""

    seconds: list[float]
    rounds: list[float]

    def ms(self, share: float) -> float:
        """Return how many milliseconds that share of the tries stayed within."""
        return sorted(self.seconds)[min(int(len(self.seconds) * share), len(self.seconds) - 1)] * 1000

    @property
    def per_second(self) -> float:
        """How many tries all callers together finished in a second."""
        return len(self.seconds) / sum(self.rounds)


class Row(Struct, frozen=True, kw_only=True):
    """Ours beside its floor: the least that the same promise can cost on this machine."""

    what: str
    callers: int
    ours: Side
    floor: Side

    def told(self) -> Mapping[str, object]:
        """Return the row as JSON: `ratio` is our median in medians of the floor, `share` the part of its rate that many reach."""
        figures = {
            "what": self.what,
            "callers": self.callers,
            "tries": len(self.ours.seconds),
            "p50_ms": round(self.ours.ms(0.5), 3),
            "p99_ms": round(self.ours.ms(0.99), 3),
            "floor_p50_ms": round(self.floor.ms(0.5), 3),
            "floor_p99_ms": round(self.floor.ms(0.99), 3),
            "ratio": round(self.ours.ms(0.5) / self.floor.ms(0.5), 2),
        }
        ours, floor = self.ours.per_second, self.floor.per_second
        rates = {"per_second": round(ours), "floor_per_second": round(floor), "share": round(ours / floor, 2)}
        return figures | (rates if self.callers > 1 else {})


FIGURES = ("what", "callers", "p50_ms", "p99_ms", "floor_p50_ms", "floor_p99_ms", "ratio")
COLUMNS = (*FIGURES, "per_second", "floor_per_second", "share")
READING = (
    "One caller: ratio says how many times as long as the floor. Many: share says which part of the floor's rate is reached."
)


def show(rows: Sequence[Row], *, as_json: bool, **more: object) -> None:
    """Print the rows, the machine, and whatever `more` there is to know."""
    told = [row.told() for row in rows]
    facts = machine() | more
    if as_json:
        print(json.dumps({"rows": told, **facts}))
        return
    lines = [COLUMNS, *([str(row.get(column, "")) for column in COLUMNS] for row in told)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS))]
    for line in lines:
        print(_aligned(line, widths))
    print(READING)
    print("; ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()), end="\n\n")


def machine() -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
    }


def _aligned(line: Iterable[str], widths: Sequence[int]) -> str:
    first, *rest = zip(line, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(word.replace("_", " ").rjust(width) for word, width in rest)])
