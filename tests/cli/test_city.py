import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import HANBAT, ROOT, Bongsu, change, lines


def test_hanbat_is_sound_as_it_is_shipped(bongsu: Bongsu) -> None:
    told = bongsu("city", "check", HANBAT, "--json")
    assert lines(told) == [{"city": str(HANBAT), "valid": True, "findings": []}]
    assert told.exit_code == 0


def test_every_file_tells_its_faults_at_once_with_their_lines(bongsu: Bongsu, city: Path) -> None:
    change(city / "city.toml", 'timezone = "Asia/Seoul"', 'timezone = "Asia/Soul"')
    flood = next((city / "playbooks").glob("*flood*.toml"))
    change(flood, "rise = 2.5", "rise = 1.5")
    (city / "zones.geojson").write_text("{")
    told = bongsu("city", "check", city)
    assert told.exit_code == 3
    found = {line.split(": ")[0]: line.split(": ")[2] for line in told.stdout.splitlines()}
    timezone = (city / "city.toml").read_text().splitlines().index('timezone = "Asia/Soul"') + 1
    assert found[f"{city / 'city.toml'}:{timezone}"] == "timezone-unknown"
    threshold = (line for line in found if line.startswith(f"{flood}:"))
    assert [found[line] for line in threshold] == ["threshold-order"]
    assert found[str(city / "zones.geojson")] == "json-syntax"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('adapter = "river_sensorthings"', 'adapter = "river"', "adapter-unknown"),
        ('hazards = ["flash-flood"]', 'hazards = ["flesh-flood"]', "hazard-unknown"),
        ('kind = "webhook"', 'kind = "telegraph"', "channel-unknown"),
    ],
)
def test_a_name_that_another_file_must_know_is_checked(bongsu: Bongsu, city: Path, old: str, new: str, rule: str) -> None:
    change(city / "city.toml", old, new)
    told = bongsu("city", "check", city, "--json")
    (found,) = lines(told)[0]["findings"]
    assert (told.exit_code, found["rule"], found["file"]) == (3, rule, str(city / "city.toml"))
    assert found["line"] > 0


def test_a_citys_own_adapter_is_known_to_it(bongsu: Bongsu, city: Path) -> None:
    shutil.copytree(ROOT / "adapters" / "river_sensorthings", city / "adapters" / "creek")
    change(city / "adapters" / "creek" / "manifest.json", '"river_sensorthings"', '"creek"')
    change(city / "city.toml", 'adapter = "river_sensorthings"', 'adapter = "creek"')
    assert bongsu("city", "check", city).exit_code == 0
    change(city / "adapters" / "creek" / "manifest.json", '"creek"', '"brook"')
    told = bongsu("city", "check", city)
    assert told.exit_code == 3
    assert "manifest-name" in told.stdout


def test_a_folder_that_is_none_is_wrong_usage_and_an_empty_one_is_invalid(bongsu: Bongsu, tmp_path: Path) -> None:
    assert bongsu("city", "check", tmp_path / "nowhere").exit_code == 2
    told = bongsu("city", "check", tmp_path)
    assert told.exit_code == 3
    assert f"{tmp_path / 'city.toml'}" in told.stdout
