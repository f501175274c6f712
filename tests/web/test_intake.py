import asyncio
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway import shipped
from tests.web.town import OLD_SECRET, SECRET, Answer, Town, incident, observation


async def chain(town: Town, name: str) -> list[tuple[str, str]]:
    """Return the acts of an audit chain with the code of each refusal."""
    entries = await town.journal.audit(name)
    return [(entry.actor, json.loads(entry.body)["code"]) for entry in entries if entry.act == "turned-away"]


async def test_a_signed_reading_is_acknowledged_with_a_receipt(town: Town) -> None:
    answer = await town.signed(json.dumps([observation(2.0), observation(None)]).encode())
    assert answer.status == 202
    receipt = answer.json
    assert [item["accepted"] for item in receipt["items"]] == [True, False]
    assert receipt["items"][0]["sensor"] == "G-03"
    assert receipt["items"][1] | {"message": "", "hint": ""} == {
        "index": 1,
        "accepted": False,
        "code": "observation-invalid",
        "path": "/1/result",
        "message": "",
        "hint": "",
    }
    assert answer.headers["Location"] == f"/v1/receipts/{receipt['id']}"
    assert (await town.ask("GET", answer.headers["Location"], "guest")).json["items"] == receipt["items"]


async def test_bytes_nobody_can_read_are_kept_and_answered_422(town: Town) -> None:
    answer = await town.signed(b"{")
    assert answer.status == 422
    assert [item["code"] for item in answer.json["items"]] == ["json-syntax"]
    waiting = (await town.ask("GET", "/v1/quarantine", "kim")).json["items"]
    assert [(item["receipt"], item["body"]) for item in waiting] == [(answer.json["id"], "{")]


async def test_the_same_webhook_id_is_the_same_receipt_and_other_bytes_a_conflict(town: Town) -> None:
    body = json.dumps(observation(2.0)).encode()
    first = await town.signed(body, id="msg_7")
    again = await town.signed(body, id="msg_7")
    assert (first.json["again"], again.json["again"]) == (False, True)
    assert first.json["id"] == again.json["id"]
    other = await town.signed(json.dumps(observation(2.1)).encode(), id="msg_7")
    assert (other.status, other.code) == (409, "receipt-conflict")


async def test_of_a_signed_request_only_the_signed_identifier_counts(town: Town) -> None:
    body = json.dumps(observation(2.0)).encode()
    first = await town.signed(body, id="msg_1", Idempotency_Key="same")
    later = json.dumps(observation(2.2, phenomenonTime="2026-07-14T18:19:55+09:00")).encode()
    second = await town.signed(later, id="msg_2", Idempotency_Key="same")
    assert (first.status, second.status) == (202, 202)


async def test_both_secrets_let_in_while_one_is_replaced(town: Town) -> None:
    answer = await town.signed(json.dumps(observation(2.0)).encode(), secret=OLD_SECRET)
    assert answer.status == 202


async def test_the_signatures_time_is_held_against_the_story_clock(town: Town) -> None:
    body = json.dumps(observation(2.0)).encode()
    signed_at = town.clock()
    town.clock.pass_(minutes=5, seconds=1)
    late = await town.signed(body, at=signed_at)
    assert (late.status, late.code) == (401, "signature-time")
    assert (await town.signed(body, at=town.clock() - timedelta(minutes=4))).status == 202


@pytest.mark.parametrize("secret", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
async def test_a_wrong_signature_is_turned_away_noted_and_not_stored(town: Town, secret: str) -> None:
    answer = await town.signed(json.dumps(observation(9.0)).encode(), secret=secret)
    assert (answer.status, answer.code) == (401, "signature-wrong")
    assert await chain(town, "source:river-telemetry") == [("unknown", "signature-wrong")]
    assert (await town.ask("GET", "/v1/quarantine", "kim")).json["items"] == []


async def test_a_key_does_not_replace_the_signature(town: Town) -> None:
    answer = await town.ask("POST", "/v1/incidents/river-telemetry", "river-telemetry", observation(2.0))
    assert (answer.status, answer.code) == (401, "signature-missing")


@pytest.mark.parametrize("who", ["", "river-telemetry", "kim", "gone"])
async def test_only_its_own_key_opens_a_sources_door(town: Town, who: str) -> None:
    answer = await town.ask("POST", "/v1/incidents/control-room", who, incident())
    assert (answer.status, answer.code) == (401, "credential")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_source_nobody_knows_looks_like_a_wrong_key(town: Town) -> None:
    unknown = await town.ask("POST", "/v1/incidents/nobody", "control-room", incident())
    wrong = await town.ask("POST", "/v1/incidents/control-room", "", incident(), Authorization="Bearer wrong")
    assert (unknown.status, unknown.body) == (wrong.status, wrong.body)
    assert await chain(town, "people") == [("unknown", "credential")]


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer ", "Basic a2ltOmtpbQ==", "Bearer " + "x" * 5000, "Bearer 열쇠", "bearer\tx", "x"]
)
async def test_a_malformed_credential_is_no_credential(town: Town, authorization: str) -> None:
    answer = await town.ask("POST", "/v1/incidents/control-room", "", incident(), Authorization=authorization)
    assert (answer.status, answer.code) == (401, "credential")


async def test_a_revoked_key_opens_nothing(town: Town) -> None:
    (key,) = [key for key in await town.journal.keys() if key.source == "control-room"]
    await town.journal.save_key(msgspec.structs.replace(key, revoked=True), "admin", town.clock())
    assert (await town.ask("POST", "/v1/incidents/control-room", "control-room", incident())).status == 401


async def test_an_incident_becomes_a_draft(town: Town) -> None:
    answer = await town.ask("POST", "/v1/incidents/control-room", "control-room", incident())
    assert answer.status == 202, answer.body
    assert answer.json["items"] == [{"index": 0, "accepted": True, "incident": "call-1", "episode": 1}]
    await town.gateway.draft_due()
    (alert,) = (await town.ask("GET", "/v1/alerts", "guest")).json["alerts"]
    assert (alert["stage"], alert["hazard"]) == ("draft", "flash-flood")


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"hazard": "gas-leak"}, "scope-hazard", "/hazard"),
        ({"source": "river-telemetry"}, "scope-source", "/source"),
        ({"areas": [{"role": "danger", "zones": ["9920010500"]}]}, "scope-area", "/areas/0/zones"),
        (
            {"areas": [{"role": "danger", "geometry": {"type": "Point", "coordinates": [127.3455, 36.35], "radius_m": 60}}]},
            "scope-area",
            "/areas/0",
        ),
    ],
)
async def test_what_a_source_was_not_granted_is_kept_and_answered_403(
    town: Town, change: dict[str, Any], code: str, path: str
) -> None:
    answer = await town.ask("POST", "/v1/incidents/control-room", "control-room", incident(**change))
    assert answer.status == 403, answer.body
    assert [(item["code"], item["path"]) for item in answer.json["items"]] == [(code, path)]
    mixed = await town.ask("POST", "/v1/incidents/control-room", "control-room", [incident(**change), incident()])
    assert [item["accepted"] for item in mixed.json["items"]] == [False, True]
    assert mixed.status == 202


async def test_the_header_key_of_a_bearer_source(town: Town) -> None:
    ask = town.ask
    first = await ask("POST", "/v1/incidents/control-room", "control-room", incident(), Idempotency_Key="k1")
    again = await ask("POST", "/v1/incidents/control-room", "control-room", incident(), Idempotency_Key="k1")
    assert first.json["id"] == again.json["id"]
    other = await ask("POST", "/v1/incidents/control-room", "control-room", incident(id="x"), Idempotency_Key="k1")
    assert (other.status, other.code) == (409, "receipt-conflict")
    bad = await ask("POST", "/v1/incidents/control-room", "control-room", incident(), Idempotency_Key="x" * 256)
    assert (bad.status, bad.code) == (400, "idempotency-key-invalid")


async def test_a_receipt_is_for_its_source_and_for_people(town: Town) -> None:
    given = await town.ask("POST", "/v1/incidents/control-room", "control-room", incident())
    place = given.headers["Location"]
    assert (await town.ask("GET", place, "control-room")).json["id"] == given.json["id"]
    assert (await town.ask("GET", place, "guest")).status == 200
    assert (await town.ask("GET", place, "river-telemetry")).status == 404
    assert (await town.ask("GET", place)).status == 401
    assert (await town.ask("GET", "/v1/receipts/none", "guest")).status == 404


async def test_a_media_type_the_adapter_does_not_read(town: Town) -> None:
    answer = await town.signed(b"<a/>", Content_Type="text/xml")
    assert (answer.status, answer.code) == (415, "media-type")


async def test_an_encoded_body_is_not_read(town: Town) -> None:
    answer = await town.signed(b"{}", Content_Encoding="gzip")
    assert (answer.status, answer.code) == (415, "content-encoding")


async def test_beyond_its_rate_a_source_waits(town: Town) -> None:
    async def send(number: int) -> Answer:
        return await town.ask("POST", "/v1/incidents/control-room", "control-room", incident(id=f"call-{number}"))

    answers = [await send(number) for number in range(11)]
    assert [answer.status for answer in answers[:10]] == [202] * 10
    assert (answers[10].status, answers[10].code) == (429, "rate-limited")
    assert 1 <= int(answers[10].headers["Retry-After"]) <= 60


async def test_a_flood_of_wrong_keys_cannot_fill_the_record(town: Town) -> None:
    async def knock() -> int:
        return int((await town.ask("POST", "/v1/incidents/control-room", "", b"x", Authorization="Bearer x")).status)

    assert set(await asyncio.gather(*(knock() for _ in range(200)))) == {401}
    assert 10 <= len(await chain(town, "source:control-room")) <= 13


async def test_the_example_of_the_adapters_readme_works(town: Town) -> None:
    text = (shipped.folder("adapters") / "river_sensorthings" / "README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    example = example.replace("Gapcheon 3 water level", "Hannae gauge 3 water level")
    town.clock.at = datetime.now(UTC)
    run = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", example],
        env={"BONGSU_URL": town.url, "BONGSU_SECRET": SECRET},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("202 ")
