import json
import shutil
from pathlib import Path

from tests.cli.conftest import ROOT, Bongsu, change, lines

RIVER = ROOT / "adapters" / "river_sensorthings"


def creek(home: Path) -> Path:
    """Return a copy of the river's adapter under another name."""
    folder = home / "creek"
    shutil.copytree(RIVER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    change(folder / "manifest.json", '"river_sensorthings"', '"creek"')
    return folder


def test_list_tells_what_each_adapter_is(bongsu: Bongsu) -> None:
    manifest = json.loads((RIVER / "manifest.json").read_text())
    told = {str(one.pop("adapter")): one for one in lines(bongsu("adapter", "list", "--json"))}
    assert list(told) == [
        "crowd_counter",
        "dispatch_119",
        "earthquake_feed",
        "metro_control",
        "river_sensorthings",
        "simple_json",
    ]
    assert told["river_sensorthings"] == {name: manifest[name] for name in told["river_sensorthings"]}
    assert bongsu("adapter", "list").stdout.startswith("crowd_counter  ")


def test_an_adapter_is_checked_by_name_by_folder_and_by_the_folder_of_all(bongsu: Bongsu, tmp_path: Path) -> None:
    creek(tmp_path)
    told = bongsu("adapter", "check", "river_sensorthings", tmp_path / "creek", tmp_path, "--json")
    assert lines(told) == [{"adapter": name, "valid": True, "findings": []} for name in ("river_sensorthings", "creek", "creek")]
    assert told.exit_code == 0


def test_a_broken_promise_is_told_with_its_file_and_ends_with_3(bongsu: Bongsu, tmp_path: Path) -> None:
    sample = creek(tmp_path) / "samples" / "good-single.expected.json"
    change(sample, "4.2", "4.3")
    told = bongsu("adapter", "check", tmp_path / "creek", "river_sensorthings")
    assert told.exit_code == 3
    first, second = told.stdout.splitlines()
    assert first.startswith(f"{sample.with_name('good-single.json')}: error: sample-differs: ")
    assert second == "river_sensorthings: keeps every promise"


def test_a_folder_that_cannot_be_loaded_is_a_finding_too(bongsu: Bongsu, tmp_path: Path) -> None:
    change(creek(tmp_path) / "manifest.json", '"http"', '"pigeon"')
    told = bongsu("adapter", "check", tmp_path / "creek", "--json")
    assert told.exit_code == 3
    ((found,),) = [one["findings"] for one in lines(told)]
    assert (found["rule"], found["path"], found["file"]) == ("schema-enum", "/transport", str(tmp_path / "creek"))


def test_an_unknown_adapter_is_refused_with_the_known_ones(bongsu: Bongsu) -> None:
    told = bongsu("adapter", "check", "nowhere")
    assert (told.exit_code, told.stdout) == (3, "")
    assert "metro_control, river_sensorthings, simple_json" in told.stderr
