"""What a peer's log on the disk says it got, and whether that may be so."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.staircase.far_side import Said, read
from tests.staircase.lane_table import CANCEL


class Came(NamedTuple):
    """One raw arrival at a peer, as its log has it."""

    said: Said
    body: bytes
    key: str


def lanes(log: Path) -> Mapping[str, Sequence[Came]]:
    """Return what came, in order, by alert."""
    found: dict[str, list[Came]] = {}
    for line in log.read_bytes().splitlines() if log.exists() else ():
        if "body" in (entry := json.loads(line)):
            body, headers = base64.b64decode(entry["body"]), {key.lower(): value for key, value in entry["headers"].items()}
            said = read(body)
            found.setdefault(said.alert, []).append(Came(said, body, headers.get("idempotency-key") or headers["webhook-id"]))
    return found


def repeats(log: Path) -> int:
    """Count what came more than once."""
    return sum(len(lane) - len(set(lane)) for lane in lanes(log).values())


def faults(lane: Sequence[Came]) -> Iterator[str]:
    """Judge what one peer got of one alert: in order, none skipped, a repeat is the same to the last byte, a cancel not first."""
    numbers = [one.said.number for one in lane]
    if numbers != sorted(numbers):
        yield f"out of order: {numbers}"
    if set(numbers) != set(range(1, max(numbers) + 1)):
        yield f"skipped: {numbers}"
    if len(set(lane)) != len(set(numbers)):
        yield f"a repeat was changed: {numbers}"
    if lane[0].said.role == CANCEL:
        yield "a cancel of nothing"
