"""The test of the demonstration: it is green as it is, and red when one cancel is lost or one byte is changed."""

import json
from collections.abc import Mapping

import pytest

from gateway.demo.hearing import FarSide, far_sides
from gateway.demo.play import play
from tools.patched_tree import PatchedTree

SPEED, SEED = 60.0, 20260714
COURIER, CLAIMS, CAP, SIGNED, MAIL = (
    f"gateway/{file}.py"
    for file in ("delivery/courier", "journal/sqlite/deliveries", "channels/cap", "channels/__init__", "out/mail")
)
ALL_OF_IT = {"broadcaster": 5, "city-app": 5, "road-signs": 5, "carriers": 4, "wards": 4, "duty": 2}
ISSUED = "body=body, media_type=media_type, target=target"
ALTERED = 'body=body.replace(b"[EXERCISE]", b"[EXERCISe]", 1), media_type=media_type, target=target'


async def played(receivers: Mapping[str, FarSide]) -> tuple[object, list[str]]:
    """Play the flood; return its result and what was wrong."""
    result = await play("flood", speed=SPEED, seed=SEED, tell=lambda _, __: None, receivers=receivers)
    faults = result["faults"]
    assert isinstance(faults, list)
    return result["result"], faults


@pytest.fixture
def receivers() -> Mapping[str, FarSide]:
    """Far sides of our own."""
    return far_sides()


async def test_the_story_is_green(receivers: Mapping[str, FarSide]) -> None:
    assert await played(receivers) == ("ok", [])
    assert {name: len(one.arrivals) for name, one in receivers.items()} == ALL_OF_IT


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("broadcaster", b"<msgType>Cancel</msgType>"),
        ("city-app", b'"kind":"cancel"'),
        ("wards", b"Message-ID: <hanbat-2026-00002.2"),
    ],
)
async def test_one_lost_cancel_turns_it_red(
    receivers: Mapping[str, FarSide], name: str, mark: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.demo.stage.PATIENCE_S", 5.0)
    receivers[name].loses = lambda one: mark in one.body

    result, faults = await played(receivers)

    assert result == "failed"
    assert any(f"what {name} got" in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("cuts", "peer"),
    [
        ([(CAP, "out.post(peer.url, payload.body,", 'out.post(peer.url, payload.body.replace(b"]", b")", 1),')], "broadcaster"),
        ([(SIGNED, "out.post(subscriber.url, payload.body,", 'out.post(subscriber.url, payload.body + b" ",')], "city-app"),
        ([(MAIL, "server.data(message)", 'server.data(message.replace(b"Auto-Submitted", b"auto-Submitted", 1))')], "wards"),
        ([(CLAIMS, ISSUED, ALTERED), (COURIER, "claimed.payload.sha256 != claimed.sha256", "not claimed.sha256")], "broadcaster"),
    ],
    ids=["by the CAP channel", "by whatever is signed", "by the mail", "in the record, unchecked"],
)
def test_one_changed_byte_turns_it_red(patched_tree: PatchedTree, cuts: list[tuple[str, str, str]], peer: str) -> None:
    for cut in cuts:
        patched_tree.patch(*cut)

    verdict = patched_tree.python("-m", "gateway", "demo", "--headless", "--speed", str(SPEED), "--seed", str(SEED))

    last = json.loads([line for line in verdict.output.splitlines() if line.startswith('{"result"')][-1])
    assert (verdict.code, last["result"]) == (1, "failed"), verdict.output[-3000:]
    assert any(fault.startswith("flood: the bytes of ") and f" at {peer}: " in fault for fault in last["faults"]), last["faults"]
