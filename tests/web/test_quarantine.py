import json
from typing import Any

from tests.web.town import Town, incident, observation


async def refused(town: Town, body: bytes) -> dict[str, Any]:
    """Send telemetry that is refused and return what waits for a person."""
    assert (await town.signed(body)).status == 422
    (item,) = (await town.ask("GET", "/v1/quarantine", "kim")).json["items"]
    return dict(item)


async def test_an_item_is_raised_by_hand(town: Town) -> None:
    item = await refused(town, json.dumps(observation(5.1, resultQuality="?")).encode())
    assert item["refusal"]["code"] == "quality-unknown"
    assert item["source"] == "river-telemetry"
    path = f"/v1/quarantine/{item['id']}/raise"
    raised = await town.ask("POST", path, "kim", incident("operator", id="by-hand"))
    assert (raised.status, raised.json["stage"]) == (201, "draft"), raised.body
    assert raised.headers["Location"] == f"/v1/alerts/{raised.json['id']}"
    assert (await town.ask("GET", "/v1/quarantine", "kim")).json["items"] == []
    (settled,) = (await town.ask("GET", "/v1/quarantine?settled=true", "kim")).json["items"]
    assert settled["settled"] == "raised"
    second = await town.ask("POST", path, "kim", incident("operator", id="again"))
    assert (second.status, second.code) == (409, "quarantine-settled")
    assert len((await town.ask("GET", "/v1/alerts", "kim")).json["alerts"]) == 1


async def test_a_replay_that_is_refused_again_leaves_the_item_waiting(town: Town) -> None:
    item = await refused(town, json.dumps(observation(5.1, resultQuality="?")).encode())
    again = await town.ask("POST", f"/v1/quarantine/{item['id']}/replay", "kim", {})
    assert (again.status, again.code) == (409, "still-refused")
    waiting = (await town.ask("GET", "/v1/quarantine", "kim")).json["items"]
    assert item["id"] in [one["id"] for one in waiting]


async def test_a_replay_after_a_mend_is_taken(town: Town) -> None:
    item = await refused(town, json.dumps(observation(2.0, resultQuality="?")).encode())
    settings = town.gateway.plan.intakes["river-telemetry"].settings
    assert isinstance(settings, dict)
    settings["quality"] = {"?": "good"}
    replayed = await town.ask("POST", f"/v1/quarantine/{item['id']}/replay", "kim", {})
    assert replayed.status == 200, replayed.body
    assert [one["accepted"] for one in replayed.json["items"]] == [True]
    second = await town.ask("POST", f"/v1/quarantine/{item['id']}/replay", "kim", {})
    assert second.status == 409


async def test_bytes_that_are_no_text_are_shown_in_base64(town: Town) -> None:
    sent = b"\xff\xfe"
    answer = await town.ask("POST", "/v1/incidents/control-room", "control-room", sent)
    assert answer.status == 422
    (item,) = (await town.ask("GET", "/v1/quarantine", "kim")).json["items"]
    assert item["body_base64"] == "//4="
    assert "body" not in item


async def test_there_is_no_such_item(town: Town) -> None:
    for id in ("0", "99", "x", "²", "9" * 30):
        for verb, body in (("replay", {}), ("raise", incident("operator"))):
            answer = await town.ask("POST", f"/v1/quarantine/{id}/{verb}", "kim", body)
            assert answer.status == 404, (id, verb, answer.body)
    assert (await town.ask("GET", "/v1/alerts", "kim")).json["alerts"] == []
