"""Migrations are numbered one after another: two of one number would leave one of them out."""

from pathlib import Path

import pytest

from gateway.journal.sql.steps import known


def written(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_text(f"-- {name}")
    return folder


def test_steps_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    steps = known(written(tmp_path, "0002_then.sql", "0001_first.sql", "notes.sql"))
    assert [(step.number, step.name, step.sql) for step in steps] == [
        (1, "first", b"-- 0001_first.sql"),
        (2, "then", b"-- 0002_then.sql"),
    ]


@pytest.mark.parametrize("names", [("0001_a.sql", "0002_b.sql", "0002_c.sql"), ("0001_a.sql", "0003_b.sql")])
def test_a_number_twice_or_missing_stops_whoever_opens_a_store(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="number it so"):
        list(known(written(tmp_path, *names)))
