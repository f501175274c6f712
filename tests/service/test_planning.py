"""A city's folder that is wrong is told whole, with file and line, before anything starts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.fault import Faults, Finding
from gateway.incident import Status
from gateway.service import plan_of, set_up
from tests.engine.hall import Clock, build, rewrite

Change = tuple[str, str, str]
"""A file, and what stands there instead of what."""

RIVER, FIRE, CITY = "playbooks/river-flood.toml", "playbooks/structure-fire.toml", "city.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build(tmp_path / "hanbat")


def changed(folder: Path, *changes: Change) -> Path:
    for file, old, new in changes:
        rewrite(folder / file, _replacing(old, new))
    return folder


def _replacing(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def found(folder: Path) -> tuple[Finding, ...]:
    with pytest.raises(Faults) as faults:
        set_up(folder, Clock())
    return faults.value.findings


def line_of(file: Path, words: str) -> int:
    return next(number for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if words in line)


def test_a_sound_folder_is_ready(folder: Path) -> None:
    setup = set_up(folder, Clock())
    assert (setup.plan.code, setup.plan.status) == ("hanbat", Status.EXERCISE)
    assert sorted(setup.doors) == sorted([*setup.plan.intakes, *setup.plan.partners])
    assert setup.plan.partners["weather-service"].senders == {"warnings@weather.example"}
    assert sorted(setup.plan.intakes) == [
        "control-room",
        "crowd-counter",
        "dispatch-119",
        "earthquake-feed",
        "metro-control",
        "police",
        "river-telemetry",
    ]
    river = setup.plan.intakes["river-telemetry"]
    assert river.grant == setup.doors["river-telemetry"].grant
    assert river.grant is not None
    assert river.grant.hazards == {"flash-flood"}
    assert [peer.url.rpartition("/")[2] for peer in setup.peers] == ["page", "cap", "alerts"]


def test_everything_wrong_in_every_file_is_told_at_once(folder: Path) -> None:
    changed(
        folder,
        (CITY, 'timezone = "Asia/Seoul"', 'timezone = "Asia/Soul"'),
        (RIVER, 'debounce = "2m"', 'debounce = "soon"'),
        (FIRE, 'urgency = "immediate"', 'urgency = "quickly"'),
        ("zones.geojson", '"code": "9920010100"', '"code": 9920010100'),
        ("adapters/control_room/manifest.json", '"owner"', '"owned"'),
    )
    files = {Path(one.file).name for one in found(folder)}
    assert files == {"city.toml", "river-flood.toml", "structure-fire.toml", "zones.geojson", "control_room"}


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        ((RIVER, 'hazard = "flash-flood"', 'hazard = "dragon"'), "hazard-unknown", "dragon"),
        ((RIVER, 'source = "river-telemetry"', 'source = "rover"'), "source-unknown", "rover"),
        ((RIVER, '"cap/broadcaster"', '"cap/north"'), "target-unknown", "cap/north"),
        ((CITY, 'adapter = "river_sensorthings"', 'adapter = "river"'), "adapter-unknown", 'adapter = "river"'),
        ((CITY, 'hazards = ["flash-flood"]', 'hazards = ["dragon"]'), "hazard-unknown", "dragon"),
        ((CITY, 'kind = "webhook"', 'kind = "smoke"'), "channel-unknown", "[channels.cap]"),
        ((RIVER, 'facts = { place = "hannae-bridge" }', 'facts = { place = "atlantis" }'), "place-unknown", "[watch]"),
        ((RIVER, 'facts = { place = "hannae-bridge" }', 'facts = { colour = "red" }'), "fact-unknown", "[watch]"),
        ((RIVER, 'unit = "m"', 'unit = "furlong"'), "fact-type", "[watch]"),
        ((FIRE, 'hazard = "structure-fire"', 'hazard = "hazardous-material"'), "playbook-twice", "hazard ="),
        ((CITY, 'secret_file = "secrets/city-app"', ""), "webhook-secret-missing", "[channels.webhook]"),
        ((CITY, "http://127.0.0.1:9102/alerts", "smtp://127.0.0.1:9102"), "url-scheme", "[channels.webhook]"),
        ((CITY, "http://127.0.0.1:9101/cap", "smtps://127.0.0.1:9101"), "url-scheme", "[channels.cap]"),
        ((CITY, "http://127.0.0.1:9101/cap", "http://127.0.0.1:99101/cap"), "url-invalid", "[channels.cap]"),
        ((CITY, "http://127.0.0.1:9101/cap", "https://:9101/cap"), "url-invalid", "[channels.cap]"),
    ],
)
def test_a_name_a_world_or_a_draft_that_is_missing_is_told_with_its_line(
    folder: Path, change: Change, rule: str, words: str
) -> None:
    changed(folder, change)
    (one,) = found(folder)[:1]
    file = Path(one.file)
    assert (one.rule, bool(one.hint)) == (rule, True)
    assert abs(one.line - line_of(file, words)) <= 2, f"{file.name}:{one.line}"


def test_an_area_of_a_watch_outside_the_city_is_found_on_a_quiet_day(folder: Path) -> None:
    rewrite(folder / RIVER, lambda text: text.replace("[127.3", "[128.3"))
    (one,) = found(folder)
    assert (one.rule, Path(one.file).name) == ("geometry-outside", "river-flood.toml")
    with pytest.raises(Faults):
        plan_of(folder)


def test_two_watches_of_one_place_are_one_too_many(folder: Path) -> None:
    text = (folder / RIVER).read_text(encoding="utf-8")
    (folder / "playbooks" / "second.toml").write_text(text, encoding="utf-8")
    (one,) = found(folder)
    assert (one.rule, Path(one.file).name, one.path) == ("playbook-twice", "second.toml", "/watch/incident")


def test_every_secret_that_is_wrong_is_told_and_none_is_shown(folder: Path) -> None:
    (folder / "secrets" / "duty").unlink()
    (folder / "secrets" / "city-app").chmod(0o644)
    (folder / "secrets" / "river-telemetry").write_text("hunter2", encoding="utf-8")
    faults = found(folder)
    assert [one.rule for one in faults] == ["secret-missing", "secret-exposed", "secret-invalid"]
    assert [one.path for one in faults] == ["/duty", "/channels/webhook", "/sources/river-telemetry"]
    assert all(one.line > 1 and "hunter2" not in repr(one) for one in faults)
    assert plan_of(folder).code == "hanbat", "to read and render needs no secret"


def test_a_live_city_that_could_not_tell_its_people_does_not_start(folder: Path) -> None:
    changed(
        folder,
        (CITY, 'mode = "exercise"', 'mode = "live"'),
        (CITY, "http://127.0.0.1:8080", "https://alerts.hanbat.example"),
    )
    rewrite(folder / CITY, lambda text: text.replace('accepts = ["exercise"]', 'accepts = ["actual"]'))
    rewrite(folder / CITY, lambda text: text.replace('default_status = "exercise"\n', ""))
    assert {(one.rule, one.path) for one in found(folder) if Path(one.file).stem == "river-flood"} == {
        ("status-missing", "/watch/source"),
        ("words-default-missing", "/watch"),
    }
    for source in ("river-telemetry", "crowd-counter"):
        changed(folder, (CITY, f"[sources.{source}]", f'[sources.{source}]\ndefault_status = "actual"'))
    assert {one.rule for one in found(folder)} == {"words-default-missing"}, "nobody has reviewed these phrases yet"
    rewrite(folder / CITY, lambda text: text + "\n[approval]\nreviewed_only = false\n")
    assert set_up(folder, Clock()).plan.status is Status.ACTUAL
