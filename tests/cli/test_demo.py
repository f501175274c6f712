import json
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import ENVIRONMENT, Bongsu, Program

STORIES = ["flood", "crowd", "subway", "fire", "quake"]


def test_every_story_is_played_and_told_a_line_an_event(program: Program) -> None:
    process = program("demo", "--headless", "--scenario", "all", "--speed", 120, "--seed", 7)
    out, err = process.communicate(timeout=200)
    *events, result = [json.loads(line) for line in out.splitlines()]
    assert (process.returncode, result["result"]) == (0, "ok"), (err.decode(), result["faults"])
    assert [event["scenario"] for event in events if event["event"] == "scenario"] == STORIES
    assert {"river", "draft", "approved", "arrived", "cancel", "refused", "crowd", "metro"} <= {
        event["event"] for event in events
    }
    assert result["receivers"] == {
        "broadcaster": 16,
        "city-app": 19,
        "road-signs": 19,
        "carriers": 13,
        "wards": 11,
        "duty": 10,
    }
    assert b"EXERCISE" in err


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, program: Program) -> None:
    process = program("demo", "--json", env=ENVIRONMENT | {"TMPDIR": str(tmp_path)})
    assert process.stdout is not None
    welcome = json.loads(process.stdout.readline())
    assert welcome["mode"] == "EXERCISE"
    assert json.loads(process.stdout.readline())["step"] == "wait"
    assert list(tmp_path.iterdir())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []
    for url in (welcome["guide"], welcome["console"]):
        port = urlsplit(url).port
        assert port is not None
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_a_story_nobody_knows_is_wrong_usage(bongsu: Bongsu) -> None:
    assert bongsu("demo", "--scenario", "dragon").exit_code == 2
    assert bongsu("demo", "--speed", "0").exit_code == 2
