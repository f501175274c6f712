"""A file gets its name when it is whole: two at once never meet, and what a kill left behind goes."""

import os
import time
from pathlib import Path

import apsw
import pytest

from gateway.fault import Conflict, Fault, Unavailable
from gateway.journal.copy import file
from gateway.journal.copy.sqlite import SqliteSide
from gateway.journal.copy.topics import TOPICS
from gateway.journal.sqlite import migrate


def test_two_at_once_to_one_name_do_not_meet_and_the_first_gets_it(tmp_path: Path) -> None:
    place = tmp_path / "a.db"
    with pytest.raises(Conflict) as refused:
        both(place, force=False)
    assert (refused.value.code, "--force" in refused.value.hint) == ("file-exists", True)
    assert [one.name for one in tmp_path.iterdir()] == ["a.db"]
    assert place.read_text() == "quick"


def test_of_two_that_may_overwrite_the_last_stays(tmp_path: Path) -> None:
    place = tmp_path / "a.db"
    both(place, force=True)
    assert place.read_text() == "slow, to its end"


def test_what_failed_leaves_nothing_and_the_next_sweeps_up_after_a_kill(tmp_path: Path) -> None:
    ours = [".a.db.part", ".a.db.part-journal", ".a.db.0123abcd.part", ".a.db.0123abcd.part-journal"]
    others = [".b.db.0123abcd.part", "a.db.part", ".a.db.apart", ".a.db.89ab4567.part"]
    for name in [*ours, *others]:
        (tmp_path / name).write_text("left")
        touched(tmp_path / name, hours_ago=0.5 if "89ab" in name else 2)
    with pytest.raises(Fault), file.placing(tmp_path / "a.db") as part:
        fails(part)

    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(others)


async def test_a_full_disk_is_told_to_whoever_copies(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as by_itself, file.connected(tmp_path / "a.db") as cx:
        fill(cx)
    with file.connected(tmp_path / "b.db") as cx:
        migrate.apply(cx, migrate.pending(cx))
        cx.execute("PRAGMA max_page_count = 1")
        with pytest.raises(Unavailable) as by_topic:
            await SqliteSide(cx).write(TOPICS[0], [("0" * 64, bytes(100_000))])
    for told in (by_itself.value, by_topic.value):
        assert (told.code, told.message) == ("disk-full", "there is no room left for the copy")
        assert "another folder" in told.hint


def touched(path: Path, *, hours_ago: float) -> None:
    at = time.time() - hours_ago * 3600
    os.utime(path, (at, at))


def both(place: Path, *, force: bool) -> None:
    """Begin one, begin and end another, end the first."""
    with file.placing(place, force=force) as slow:
        with file.placing(place, force=force) as quick:
            slow.write_text("slow")
            quick.write_text("quick")
        slow.write_text("slow, to its end")


def fails(part: Path) -> None:
    part.with_name(part.name + "-journal").write_text("a log")
    raise Fault("broken", "it broke")


def fill(cx: apsw.Connection) -> None:
    cx.execute("CREATE TABLE t (body)")
    cx.execute("PRAGMA max_page_count = 2")
    cx.execute("INSERT INTO t VALUES (zeroblob(100000))")
