"""Waiting for what the far sides say to a version that was issued."""

import time
from typing import Any
from urllib.parse import quote

from gateway.cli.client import call
from gateway.cli.say import Exit, line, words

UNDER_WAY = frozenset({"waiting", "in-doubt", "sending"})
TAKEN = frozenset({"accepted", "on-air", "simulated", "nothing-to-cancel"})
EVERY_S = 0.25


def delivered(alert: str, number: int, seconds: float, *, as_json: bool) -> Exit:
    """Wait until every target answered or time is over, tell of each, and return OK, PARTLY or FAILED."""
    until = time.monotonic() + seconds
    found = _deliveries(alert, number)
    while any(one["state"] in UNDER_WAY for one in found) and time.monotonic() < until:
        time.sleep(EVERY_S)
        found = _deliveries(alert, number)
    for one in found:
        if as_json:
            line(one)
        else:
            words(f"  {one['state']:<10}  {one['target']}")
    return judge([one["state"] for one in found])


def judge(states: list[str]) -> Exit:
    """Return what the states of all deliveries together mean; to have reached nobody is a failure."""
    taken = sum(state in TAKEN for state in states)
    if states and taken == len(states):
        return Exit.OK
    return Exit.PARTLY if taken or "partly" in states else Exit.FAILED


def dead(alert: str) -> list[dict[str, Any]]:
    """Return the deliveries of an alert that nobody carries any more although they were not taken."""
    found: list[dict[str, Any]] = call("GET", f"/v1/deliveries?alert={quote(alert, safe='')}&state=expired,unknown,refused")[
        "deliveries"
    ]
    return found


def _deliveries(alert: str, number: int) -> list[dict[str, Any]]:
    every: list[dict[str, Any]] = call("GET", f"/v1/deliveries?alert={quote(alert, safe='')}")["deliveries"]
    return [one for one in every if one["number"] == number and one["part"] == "message"]
