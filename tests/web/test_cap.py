"""Other agencies' alerts over HTTP: who may bring them, what becomes of each, and who may read them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook

from gateway.journal.records import TodoKind
from tests.foreign import ENDS, SENT, after, document
from tests.stores import on_every_store
from tests.web.test_openapi import faults
from tests.web.town import OLD_SECRET, SECRET, START, Answer, Town

pytestmark = on_every_store

CAP = "application/cap+xml"


async def brings(town: Town, body: bytes, who: str = "weather-service", **headers: str) -> Answer:
    return await town.ask("POST", "/v1/cap", who, body, **({"Content_Type": CAP} | headers))


async def signs(town: Town, body: bytes, *, secret: str = SECRET, at: datetime = START) -> Answer:
    signature = Webhook(secret).sign("msg_1", at.astimezone(UTC), body.decode())
    stamp = str(int(at.timestamp()))
    given = {"webhook_id": "msg_1", "webhook_timestamp": stamp, "webhook_signature": signature}
    return await town.ask("POST", "/v1/cap", "", body, Content_Type=CAP, **given)


async def known(town: Town, *, all: bool = False, who: str = "kim") -> list[dict[str, Any]]:
    answer = await town.ask("GET", "/v1/cap?all=1" if all else "/v1/cap", who)
    assert answer.status == 200
    assert faults(answer.json["alerts"], {"type": "array", "items": {"$ref": "#/components/schemas/Cap"}}) == []
    alerts: list[dict[str, Any]] = answer.json["alerts"]
    return alerts


async def names(town: Town, *, all: bool = False, who: str = "kim") -> list[str]:
    return [one["message"]["identifier"] for one in await known(town, all=all, who=who)]


async def test_a_partners_alert_is_taken_with_a_receipt_and_shown_as_it_is(town: Town) -> None:
    answer = await brings(town, document())

    assert answer.status == 202
    assert faults(answer.json, {"$ref": "#/components/schemas/Receipt"}) == []
    [item] = answer.json["items"]
    assert (item["index"], item["accepted"], answer.json["source"]) == (0, True, "weather-service")
    receipt = await town.ask("GET", answer.headers["Location"], "weather-service")
    assert (receipt.json["id"], receipt.json["items"]) == (answer.json["id"], answer.json["items"])

    [one] = await known(town)
    assert (one["id"], one["partner"], one["live"], one["expires"]) == (item["cap"], "weather-service", True, ENDS)
    assert (one["trust"], one["trust_note"]) == ("none", "not verified: signature checking is not built")
    assert (one["findings"], one["replaced_by"], one["unknown"]) == ([], [], [])
    assert [info["event"] for info in one["message"]["infos"]] == ["호우경보", "Heavy rain warning"]
    assert one["message"]["infos"][0]["areas"][0]["polygons"][0][0] == [127.3, 36.3]
    assert (await town.ask("GET", f"/v1/cap/{one['id']}", "guest")).json == one


async def test_the_document_is_served_as_it_came_and_runs_nowhere(town: Town) -> None:
    body = document().replace(b"<alert ", b"<?xml-stylesheet href='http://evil.example/x.xsl'?><alert ")
    id = (await brings(town, body)).json["items"][0]["cap"]

    answer = await town.ask("GET", f"/v1/cap/{id}.xml", "guest")
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, body, CAP)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_same_message_again_changes_nothing_and_another_of_its_name_is_refused(town: Town) -> None:
    first = await brings(town, document(), Idempotency_Key="1")
    again = await brings(town, document(), Idempotency_Key="1")
    anew = await brings(town, document(), Idempotency_Key="2")
    other = await brings(town, document().replace(b"90 mm", b"20 mm"), Idempotency_Key="3")
    conflict = await brings(town, document("rain-2"), Idempotency_Key="1")

    assert (again.status, again.json["id"], again.json["again"]) == (202, first.json["id"], True)
    assert (anew.status, anew.json["items"][0]["applied"], anew.json["items"][0]["message"]) == (202, False, "it came before")
    assert (other.status, other.json["items"][0]["code"]) == (422, "cap-a04")
    assert (conflict.status, conflict.code) == (409, "receipt-conflict")
    assert await names(town, all=True) == ["rain-1"]


async def test_of_two_messages_of_one_name_at_once_one_is_taken_and_the_other_refused(town: Town) -> None:
    bodies = [document().replace(b"90 mm", f"{number} mm".encode()) for number in range(6)]
    answers = await asyncio.gather(*(brings(town, body) for body in bodies))

    codes = sorted(item.get("code", "") for answer in answers for item in answer.json["items"])
    assert codes == ["", *["cap-a04"] * 5]
    [one] = await known(town)
    taken = next(body for body, answer in zip(bodies, answers, strict=True) if answer.status == 202)
    assert (await town.ask("GET", one["document"], "kim")).body == taken


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"nothing at all", 422, "cap-d04"),
        (document().replace(b"<alert ", b"<!DOCTYPE alert><alert "), 422, "cap-d01"),
        (document(status="Draft"), 422, "cap-a10"),
        (document(msgType="Update"), 422, "cap-r01"),
        (document(sender="eoc@province.example"), 403, "scope-sender"),
        (document(msgType="Cancel", references=f"eoc@province.example,x,{SENT}"), 403, "scope-sender"),
    ],
)
async def test_what_is_refused_is_kept_and_pages_the_duty_officer(town: Town, body: bytes, status: int, code: str) -> None:
    answer = await brings(town, body)

    assert (answer.status, [item["code"] for item in answer.json["items"]]) == (status, [code])
    [kept] = await town.journal.quarantine()
    assert (kept.raw.body, kept.refusal.code, kept.raw.source) == (body, code, "weather-service")
    [page] = await town.journal.take(TodoKind.PAGE, 9, 30.0)
    assert page.subject == f"quarantine:weather-service:{code}"
    assert await names(town, all=True) == []
    replayed = await town.ask("POST", f"/v1/quarantine/{kept.id}/replay", "kim", {})
    assert (replayed.status, replayed.code) == (409, "still-refused")


async def test_what_was_refused_is_read_again_once_the_grant_is_wider(town: Town) -> None:
    await brings(town, document(sender="office@weather.example"))
    [kept] = await town.journal.quarantine()
    grant = town.gateway.plan.partners["weather-service"]
    wider = replace(grant, senders=grant.senders | {"office@weather.example"})
    town.gateway.plan = replace(town.gateway.plan, partners={"weather-service": wider})

    replayed = await town.ask("POST", f"/v1/quarantine/{kept.id}/replay", "kim", {})
    assert (replayed.status, await names(town), await town.journal.quarantine()) == (200, ["rain-1"], [])


@pytest.mark.parametrize("who", ["", "kim", "control-room", "province", "gone"])
async def test_only_a_partners_own_key_brings_alerts(town: Town, who: str) -> None:
    answer = await brings(town, document(), who)
    assert (answer.status, answer.code) == (401, "credential")
    assert await town.journal.quarantine() == []


async def test_a_partner_brings_no_incidents(town: Town) -> None:
    answer = await town.ask("POST", "/v1/incidents/weather-service", "weather-service", document(), Content_Type=CAP)
    assert (answer.status, answer.code) == (401, "credential")


async def test_a_partner_may_sign_instead(town: Town) -> None:
    body = document(sender="eoc@province.example")
    assert (await signs(town, body, secret=OLD_SECRET)).code == "signature-wrong"
    assert (await signs(town, body, at=START - timedelta(minutes=6))).code == "signature-time"
    answer = await signs(town, body)
    assert (answer.status, answer.json["source"]) == (202, "province")


async def test_another_type_of_body_and_a_strange_question_are_told_so(town: Town) -> None:
    assert (await brings(town, document(), Content_Type="application/json")).code == "media-type"
    answer = await town.ask("GET", "/v1/cap?all=yes", "kim")
    assert (answer.status, answer.code) == (400, "parameter-all")
    for path in ("/v1/cap/none", "/v1/cap/none.xml"):
        assert ((await town.ask("GET", path, "kim")).status, (await town.ask("GET", path)).status) == (404, 401)


async def test_a_chain_is_what_its_newest_word_makes_of_it(town: Town) -> None:
    later = "2026-07-14T18:10:00+09:00"
    await brings(town, document("cancel-1", msgType="Cancel", references=after("rain-1"), sent=later))
    [word] = await known(town, all=True)
    assert word["unknown"] == [{"sender": "warnings@weather.example", "identifier": "rain-1", "sent": SENT}]
    await brings(town, document("rain-1"))
    await brings(town, document("rain-2", msgType="Update", references=after("none"), sent=later))

    assert await names(town) == ["rain-2"]
    rain = next(one for one in await known(town, all=True) if one["message"]["identifier"] == "rain-1")
    assert [one["msg_type"] for one in rain["replaced_by"]] == ["Cancel"]
    town.clock.pass_(hours=3)
    assert (await names(town), len(await names(town, all=True))) == ([], 3)


async def test_what_is_not_for_everybody_is_read_by_those_who_act(town: Town) -> None:
    private = document("secret-1", scope="Private", addresses="hanbat")
    id = (await brings(town, private)).json["items"][0]["cap"]
    await brings(town, document("secret-2", scope="Restricted", restriction="officials"))
    await brings(town, document("open"))

    assert await names(town, who="guest") == ["open"]
    assert set(await names(town, who="lee")) == {"open", "secret-1", "secret-2"}
    for path in (f"/v1/cap/{id}", f"/v1/cap/{id}.xml"):
        refused = await town.ask("GET", path, "guest")
        assert (refused.status, refused.code) == (403, "role-missing")


async def test_nothing_of_it_reaches_the_public_or_becomes_an_alert_of_ours(town: Town) -> None:
    before = {
        path: (await town.ask("GET", path)).body for path in ("/feeds/cap.atom", "/feeds/app.json", "/feeds/alerts.geojson")
    }
    await brings(town, document(status="Actual"))
    await town.gateway.draft_due()

    assert (await town.ask("GET", "/v1/alerts", "kim")).json == {"alerts": []}
    assert {path: (await town.ask("GET", path)).body for path in before} == before


@pytest.mark.parametrize(("status", "live"), [("Actual", True), ("Exercise", True), ("Test", False), ("System", False)])
async def test_a_test_is_never_live(town: Town, status: str, *, live: bool) -> None:
    await brings(town, document(status=status))
    [one] = await known(town, all=True)
    assert (one["live"], len(await names(town))) == (live, int(live))


async def test_findings_are_told_to_whoever_sends_and_whoever_reads(town: Town) -> None:
    body = document(sent="2026-07-14T19:00:00+09:00", note="").replace(b"<expires>2026-07-14T21:00:00+09:00</expires>", b"")
    answer = await brings(town, body)

    assert answer.json["items"][0]["message"] == "taken with findings: A09, A11, T01"
    [one] = await known(town)
    assert [finding["rule"] for finding in one["findings"]] == ["A11", "T01", "T01", "A09"]
    assert one["expires"] == "2026-07-15T19:00:00+09:00"
