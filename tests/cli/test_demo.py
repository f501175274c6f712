import json
import signal
from pathlib import Path

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
    process = program("demo", env=ENVIRONMENT | {"TMPDIR": str(tmp_path)})
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"scenario")
    assert list(tmp_path.iterdir())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_story_nobody_knows_is_wrong_usage(bongsu: Bongsu) -> None:
    assert bongsu("demo", "--scenario", "dragon").exit_code == 2
    assert bongsu("demo", "--speed", "0").exit_code == 2
