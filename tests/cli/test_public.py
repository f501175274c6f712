import json
from pathlib import Path

from tests.cli.conftest import Bongsu, add, lines


def test_pages_and_feeds_are_written_as_files(bongsu: Bongsu, city: Path, tmp_path: Path) -> None:
    assert add(bongsu, city, "kim") == 0
    told = bongsu("public", "render", "--city", city, "--out", tmp_path / "out", "--json")
    assert told.exit_code == 0, told.output
    (answer,) = lines(told)
    assert answer == {
        "files": len([file for file in (tmp_path / "out").rglob("*") if file.is_file()]),
        "folder": str(tmp_path / "out"),
    }
    assert json.loads((tmp_path / "out" / "feeds" / "app.json").read_bytes())["alerts"] == []
    assert "<!doctype html>" in (tmp_path / "out" / "index.html").read_text()


def test_there_is_nothing_to_write_without_a_record(bongsu: Bongsu, city: Path, tmp_path: Path) -> None:
    told = bongsu("public", "render", "--city", city, "--out", tmp_path / "out")
    assert told.exit_code != 0
    assert "no record" in told.stderr
    assert not (tmp_path / "out").exists()
