import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.cli.conftest import ROOT, Bongsu, FarSide, add, change, incident, lines

Person = Callable[..., Result]


@functools.cache
def validator(schema: str) -> Draft202012Validator:
    """Return the oracle for one of our published schemas."""
    every = [json.loads(file.read_text()) for file in (ROOT / "schemas").rglob("*.schema.json")]
    known: Registry[Any] = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in every)
    return Draft202012Validator(known.contents(schema), registry=known)


def told(result: Result) -> dict[str, Any]:
    """Return the alert that a command answered, as the published schema has it."""
    assert result.exit_code == 0, result.stderr
    (answer,) = lines(result)
    validator("urn:bongsu:api:alert:1").validate(answer)
    return answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An incident in a file."""
    path = tmp_path / "incident.json"
    path.write_text(json.dumps(incident()))
    return path


@pytest.fixture
def people(bongsu: Bongsu, city: Path, far_side: Callable[[int], FarSide], serving: Callable[[Path], str]) -> dict[str, Person]:
    """Kim drafts, Lee approves, at a gateway whose app takes messages and whose broadcaster refuses them."""
    app, broadcaster = far_side(200), far_side(400)
    change(city / "city.toml", "http://127.0.0.1:1/alerts", f"http://{app.address}/alerts")
    change(city / "city.toml", "http://127.0.0.1:1/cap", f"http://{broadcaster.address}/cap")
    roles: Mapping[str, tuple[str, ...]] = {"kim": ("--role", "approver"), "lee": ("--role", "approver")}
    for name, role in roles.items():
        assert add(bongsu, city, name, *role) == 0
    keys = {name: lines(bongsu("key", "add", "--person", name, "--json", "--city", city))[0]["key"] for name in roles}
    url = serving(city)

    def person(name: str) -> Person:
        return lambda *words: bongsu("alert", *words, env={"BONGSU_URL": url, "BONGSU_KEY": keys[name]})

    return {name: person(name) for name in roles}


def approval(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words that approve what was seen."""
    return ("--version", str(answer["version"]), "--hash", answer["hash"])


def test_an_alert_is_led_through_its_life(people: dict[str, Person], file: Path) -> None:
    kim, lee = people["kim"], people["lee"]
    drafted = told(kim("new", file, "--json"))
    id = drafted["id"]
    assert (drafted["stage"], drafted["version"], drafted["kind"]) == ("draft", 1, "alert")

    edited = told(kim("edit", id, "--text", "en.headline=[EXERCISE] Fire: stay away", "--target", "webhook/city-app", "--json"))
    assert [text["headline"] for text in edited["texts"] if text["language"] == "en"] == ["[EXERCISE] Fire: stay away"]
    assert edited["targets"] == ["webhook/city-app"]
    assert edited["revision"] > drafted["revision"]

    submitted = told(kim("submit", id, "--json"))
    assert (submitted["stage"], len(submitted["hash"])) == ("submitted", 64)

    alone = kim("approve", id, *approval(submitted))
    assert (alone.exit_code, alone.stdout) == (4, "")
    assert "two-people" in alone.stderr
    other = lee("approve", id, "--version", "1", "--hash", "0" * 64)
    assert other.exit_code == 4

    approved = lee("approve", id, *approval(submitted), "--wait", "20", "--json")
    issued, delivery = lines(approved)
    assert (approved.exit_code, issued["stage"]) == (0, "issued")
    assert (delivery["target"], delivery["state"]) == ("webhook/city-app", "accepted")
    assert [one["id"] for one in lines(kim("list", "--json"))] == [id]

    assert told(kim("update", id, "--json"))["version"] == 2
    rejected = told(lee("reject", id, "--version", "2", "--reason", "nothing new", "--json"))
    assert (rejected["version"], rejected["stage"]) == (1, "issued")
    assert [act["reason"] for act in rejected["acts"] if act["deed"] == "rejected"] == ["nothing new"]

    assert told(kim("end", id, "--reason", "the fire is out", "--json"))["kind"] == "end"
    ending = told(kim("submit", id, "--json"))
    assert told(lee("approve", id, *approval(ending), "--json"))["stage"] == "ended"


def test_what_only_some_took_ends_with_5_and_one_person_takes_it_back(people: dict[str, Person], file: Path) -> None:
    kim, lee = people["kim"], people["lee"]
    id = told(kim("new", file, "--json"))["id"]
    submitted = told(kim("submit", id, "--json"))

    approved = lee("approve", id, *approval(submitted), "--wait", "20", "--json")
    states = {one["target"]: one["state"] for one in lines(approved)[1:]}
    assert states == {"webhook/city-app": "accepted", "cap/broadcaster": "refused"}
    assert approved.exit_code == 5
    assert "NOT TOLD  cap/broadcaster of version 1: refused (HTTP 400)" in kim("show", id).stdout

    cancelled = kim("cancel", id, "--reason", "a drill went wrong", "--wait", "20", "--json")
    answer, *deliveries = lines(cancelled)
    assert (answer["stage"], answer["kind"]) == ("cancelled", "cancel")
    states = {one["target"]: one["state"] for one in deliveries}
    assert states == {"webhook/city-app": "accepted", "cap/broadcaster": "nothing-to-cancel"}
    assert cancelled.exit_code == 0


def test_people_read_texts_targets_and_hash(people: dict[str, Person], file: Path) -> None:
    kim = people["kim"]
    id = told(kim("new", file, "--json"))["id"]
    kim("submit", id)
    answer = told(kim("show", id, "--json"))
    shown = kim("show", id).stdout
    for text in answer["texts"]:
        assert f"[{text['language']}] {text['headline']}" in shown
    for words in (f"{id}  version 1", "submitted", "webhook/city-app, cap/broadcaster", f"hash {answer['hash']}"):
        assert words in shown
    assert kim("list").stdout.startswith(f"{id}  v1  submitted")


REFUSED = (
    (("show", "hanbat-1"), 1, "missing"),
    (("show", "../../health/live"), 1, "missing"),
    (("edit", "hanbat-1", "--revision", "1", "--text", "headline"), 3, "text-option"),
    (("edit", "hanbat-1", "--revision", "1", "--expires", "soon"), 3, "/expires"),
    (("cancel", "hanbat-1", "--reason", " "), 3, "reason-missing"),
)


def test_what_the_gateway_refuses_is_told(people: dict[str, Person]) -> None:
    for words, code, said in REFUSED:
        answer = people["kim"](*words)
        assert (answer.exit_code, answer.stdout) == (code, ""), words
        assert said in answer.stderr


def test_an_incident_is_refused_with_every_fault(people: dict[str, Person], tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(incident(severity="bad", certainty="sure")))
    answer = people["kim"]("new", file)
    assert (answer.exit_code, answer.stdout) == (3, "")
    assert {line.partition("(at ")[2].partition(")")[0] for line in answer.stderr.splitlines()} == {"/severity", "/certainty"}


def test_nothing_to_change_is_wrong_usage(bongsu: Bongsu) -> None:
    assert bongsu("alert", "edit", "hanbat-1").exit_code == 2
    assert bongsu("alert", "cancel", "hanbat-1").exit_code == 2
