"""Whoever reads the log may die, and its disk may fill up: the gateway goes on."""

import os
import subprocess
import sys
from pathlib import Path

TALKS = """
import structlog
from gateway.cli import logs

logs.to_stderr(as_json=True)
for number in range(2000):
    structlog.get_logger().info("tried", number=number)
    try:
        raise LookupError("no such cell")
    except LookupError:
        structlog.get_logger().exception("loop.broke")
print("went on")
"""


def talks(stderr: int) -> str:
    """Return what a process says that logs much to there."""
    ran = subprocess.run([sys.executable, "-c", TALKS], stdout=subprocess.PIPE, stderr=stderr, text=True, check=False, timeout=60)
    return ran.stdout


def test_a_log_that_nobody_reads_stops_nothing() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    try:
        assert talks(writes) == "went on\n"
    finally:
        os.close(writes)


def test_a_log_on_a_full_disk_stops_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        assert talks(full.fileno()) == "went on\n"
