import asyncio
import base64
import hashlib
from typing import Any

import pytest

from tests.stores import on_every_store
from tests.web.town import Town, incident

pytestmark = on_every_store

WRONG = "0" * 64


def stages(alert: dict[str, Any]) -> list[str]:
    return [str(version["stage"]) for version in alert["versions"]]


async def test_one_alert_from_a_call_to_the_false_alarm(town: Town) -> None:
    draft = await town.draft()
    assert (draft["stage"], draft["version"], draft["hash"]) == ("draft", 1, "")
    assert draft["targets"] == ["partners/province"]
    assert draft["texts"][0]["language"] == "ko"
    issued = await town.issue(draft)
    assert (issued["stage"], stages(issued)) == ("issued", ["issued"])
    assert [(act["deed"], act["actor"]) for act in issued["acts"]] == [
        ("drafted", "kim"),
        ("submitted", "kim"),
        ("approved", "lee"),
        ("issued", "gateway"),
    ]
    preview = await town.ask("GET", f"/v1/alerts/{issued['id']}/preview-cancel", "guest")
    assert (preview.status, preview.json["kind"], preview.json["number"]) == (200, "cancel", 2)
    cancelled = await town.ask("POST", f"/v1/alerts/{issued['id']}/cancel", "lee", {"reason": "wrong river"})
    assert (cancelled.status, cancelled.json["stage"]) == (200, "cancelled")
    assert stages(cancelled.json) == ["superseded", "cancelled"]
    assert [text["headline"] for text in cancelled.json["texts"]] == [text["headline"] for text in preview.json["texts"]]


async def test_an_update_and_the_all_clear_take_two_people(town: Town) -> None:
    issued = await town.issue(await town.draft())
    last, path = issued, f"/v1/alerts/{issued['id']}"
    for verb, body in (("update", {}), ("end", {"reason": "the water is back in its bed"})):
        drafted = await town.ask("POST", f"{path}/{verb}", "kim", body)
        assert (drafted.status, drafted.json["stage"]) == (200, "draft"), drafted.body
        other = await town.ask("POST", f"{path}/{verb}", "kim", body)
        assert (other.status, other.code) == (409, "open-version")
        last = await town.issue(drafted.json)
    assert last["stage"] == "ended"
    assert stages(last) == ["superseded", "superseded", "ended"]


async def test_an_edit_is_held_to_the_revision_that_was_read(town: Town) -> None:
    draft = await town.draft()
    path, words = f"/v1/alerts/{draft['id']}", {"en": {"headline": "Leave the Hannae riverside now"}}
    edited = await town.ask("PATCH", path, "kim", {"revision": draft["revision"], "texts": words})
    assert edited.status == 200, edited.body
    headlines = {text["language"]: text["headline"] for text in edited.json["texts"]}
    assert headlines["en"] == "[EXERCISE] Leave the Hannae riverside now"
    assert headlines["ko"] == draft["texts"][0]["headline"]
    stale = await town.ask("PATCH", path, "park", {"revision": draft["revision"], "texts": words})
    assert (stale.status, stale.code) == (409, "stale")


async def test_everything_an_edit_may_change(town: Town) -> None:
    draft = await town.draft()
    body = {
        "revision": draft["revision"],
        "areas": [{"role": "danger", "zones": ["9920010100"]}],
        "expires": "2026-07-14T20:00:00+09:00",
        "targets": ["partners/province"],
        "left_out": ["en"],
    }
    edited = await town.ask("PATCH", f"/v1/alerts/{draft['id']}", "kim", body)
    assert edited.status == 200, edited.body
    assert edited.json["expires"] == "2026-07-14T20:00:00+09:00"
    assert edited.json["left_out"] == ["en"]
    assert [text["language"] for text in edited.json["texts"]] == ["ko"]
    assert edited.json["versions"][0]["places"][0]["zones"] == ["9920010100"]


@pytest.mark.parametrize(
    ("change", "status", "code", "path"),
    [
        ({"expires": "2026-07-14T18:00:00+09:00"}, 422, "expires-past", "/expires"),
        ({"expires": "2026-02-30T18:00:00+09:00"}, 422, "schema-format", "/expires"),
        ({"expires": "2026-07-14T19:00:00"}, 422, "schema-format", "/expires"),
        ({"targets": ["partners/nobody"]}, 422, "target-unknown", "/targets"),
        ({"left_out": ["ko"]}, 422, "language-default", "/left_out"),
        ({"texts": {"fr": {"headline": "Quittez la rive"}}}, 422, "language-unknown", "/texts/fr"),
        ({"texts": {"en": {"headline": "Leave\u202e now"}}}, 422, "text-bidi", "/texts/en/headline"),
        ({"texts": {"en": {"level": "low"}}}, 422, "schema-unknown-field", "/texts/en/level"),
        ({"areas": [{"role": "danger", "zones": ["1"]}]}, 422, "zone-unknown", "/areas/0/zones/0"),
        (
            {"areas": [{"role": "danger", "name": {"en": "a\u0000b"}, "zones": ["9920010100"]}]},
            422,
            "text-control",
            "/areas/0/name/en",
        ),
        ({}, 422, "schema-min-properties", ""),
        ({"hazard": "gas-leak"}, 422, "schema-unknown-field", "/hazard"),
    ],
)
async def test_an_edit_that_cannot_be(town: Town, change: dict[str, Any], status: int, code: str, path: str) -> None:
    draft = await town.draft()
    answer = await town.ask("PATCH", f"/v1/alerts/{draft['id']}", "kim", {"revision": draft["revision"]} | change)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.json["error"].get("path", "") == path
    assert (await town.ask("GET", f"/v1/alerts/{draft['id']}", "kim")).json["revision"] == draft["revision"]


async def test_nobody_approves_what_they_made_or_did_not_see(town: Town) -> None:
    draft = await town.draft()
    path = f"/v1/alerts/{draft['id']}"
    early = await town.ask("POST", f"{path}/approve", "lee", {"version": 1, "hash": WRONG})
    assert (early.status, early.code) == (409, "not-submitted")
    edited = await town.ask("PATCH", path, "park", {"revision": draft["revision"], "expires": "2026-07-14T20:00:00+09:00"})
    submitted = (await town.ask("POST", f"{path}/submit", "kim", {"revision": edited.json["revision"]})).json
    seen = {"version": 1, "hash": submitted["hash"]}
    for who, body, status, code in (
        ("lee", seen | {"hash": WRONG}, 409, "hash"),
        ("lee", seen | {"version": 2}, 409, "not-open"),
        ("kim", seen, 403, "role-missing"),
        ("guest", seen, 403, "role-missing"),
        ("park", seen, 403, "two-people"),
        ("control-room", seen, 401, "credential"),
        ("gone", seen, 401, "credential"),
        ("", seen, 401, "credential"),
    ):
        answer = await town.ask("POST", f"{path}/approve", who, body)
        assert (answer.status, answer.code) == (status, code), (who, answer.body)
    assert (await town.ask("POST", f"{path}/approve", "lee", seen)).json["stage"] == "issued"


async def test_breaking_the_glass_is_told(town: Town) -> None:
    draft = await town.draft()
    path = f"/v1/alerts/{draft['id']}"
    submitted = (await town.ask("POST", f"{path}/submit", "park", {"revision": draft["revision"]})).json
    seen = {"version": 1, "hash": submitted["hash"]}
    blank = await town.ask("POST", f"{path}/approve", "park", seen | {"break_glass": " "})
    assert (blank.status, blank.code) == (403, "two-people")
    issued = await town.ask("POST", f"{path}/approve", "park", seen | {"break_glass": "Lee cannot be reached"})
    assert issued.status == 200, issued.body
    (approved,) = [act for act in issued.json["acts"] if act["deed"] == "approved"]
    assert approved["break_glass"] is True
    assert approved["reason"] == "Lee cannot be reached"


async def test_a_hundred_approvals_at_once_issue_once(town: Town) -> None:
    draft = await town.draft()
    path = f"/v1/alerts/{draft['id']}"
    submitted = (await town.ask("POST", f"{path}/submit", "kim", {"revision": draft["revision"]})).json
    seen = {"version": 1, "hash": submitted["hash"]}
    answers = await asyncio.gather(*(town.ask("POST", f"{path}/approve", "lee", seen) for _ in range(100)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 99
    shown = (await town.ask("GET", path, "lee")).json
    assert [act["deed"] for act in shown["acts"]].count("issued") == 1


async def test_a_frozen_version_changes_no_more_and_can_be_rejected(town: Town) -> None:
    draft = await town.draft()
    path = f"/v1/alerts/{draft['id']}"
    submitted = (await town.ask("POST", f"{path}/submit", "kim", {"revision": draft["revision"]})).json
    edit = {"revision": submitted["revision"], "expires": "2026-07-14T20:00:00+09:00"}
    assert (await town.ask("PATCH", path, "kim", edit)).code == "frozen"
    blank = await town.ask("POST", f"{path}/reject", "kim", {"version": 1, "reason": "  "})
    assert (blank.status, blank.code) == (422, "reason-missing")
    rejected = await town.ask("POST", f"{path}/reject", "kim", {"version": 1, "reason": "the gauge was being serviced"})
    assert (rejected.status, stages(rejected.json)) == (200, ["rejected"])


async def test_a_similar_alert_asks_before_submit(town: Town) -> None:
    first = await town.issue(await town.draft("call-1"))
    second = await town.draft("call-2")
    path = f"/v1/alerts/{second['id']}/submit"
    asked = await town.ask("POST", path, "kim", {"revision": second["revision"]})
    assert (asked.status, asked.code, asked.json["error"]["path"]) == (409, "duplicate", first["id"])
    assert asked.json["error"]["details"]["hint"]
    assert (await town.ask("POST", path, "kim", {"revision": second["revision"], "confirm": True})).status == 200


async def test_a_cancel_needs_a_reason_a_role_and_something_live(town: Town) -> None:
    draft = await town.draft()
    path = f"/v1/alerts/{draft['id']}/cancel"
    assert (await town.ask("POST", path, "kim", {"reason": "x"})).code == "not-live"
    await town.issue(draft)
    for who, body, status, code in (
        ("guest", {"reason": "x"}, 403, "role-missing"),
        ("kim", {}, 422, "schema-required"),
        ("kim", {"reason": ""}, 422, "schema-min-length"),
        ("kim", {"reason": "\n"}, 422, "reason-missing"),
        ("kim", {"reason": "\u202e"}, 422, "text-bidi"),
        ("kim", {"reason": "x" * 501}, 422, "schema-max-length"),
        ("control-room", {"reason": "x"}, 401, "credential"),
    ):
        answer = await town.ask("POST", path, who, body)
        assert (answer.status, answer.code) == (status, code), (who, body)
    assert (await town.ask("POST", path, "kim", {"reason": "wrong river"})).status == 200


@pytest.mark.parametrize("verb", ["submit", "approve", "reject", "update", "end", "cancel"])
async def test_a_viewer_may_look_and_no_more(town: Town, verb: str) -> None:
    draft = await town.draft()
    path = f"/v1/alerts/{draft['id']}"
    assert (await town.ask("GET", path, "guest")).status == 200
    assert (await town.ask("POST", f"{path}/{verb}", "guest", {})).code == "role-missing"
    assert (await town.ask("PATCH", path, "guest", {})).code == "role-missing"
    assert (await town.ask("POST", "/v1/alerts", "guest", incident())).code == "role-missing"
    assert (await town.ask("GET", "/v1/quarantine", "guest")).code == "role-missing"


async def test_whoever_is_turned_away_is_noted_by_name(town: Town) -> None:
    await town.ask("POST", "/v1/alerts", "guest", incident())
    (entry,) = [entry for entry in await town.journal.audit("people") if entry.act == "turned-away"]
    assert entry.actor == "guest"
    assert b"role-missing" in entry.body


async def test_there_is_no_such_alert(town: Town) -> None:
    for method, path, body in (
        ("GET", "/v1/alerts/none", None),
        ("POST", "/v1/alerts/none/submit", {"revision": 1}),
        ("GET", "/v1/alerts/none/preview-cancel", None),
    ):
        answer = await town.ask(method, path, "kim", body)
        assert answer.status == 404, answer.body


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "json-syntax"),
        (b'{"revision": NaN}', "application/json", 400, "json-constant"),
        (b'{"revision": 1, "revision": 2}', "application/json", 400, "json-duplicate-key"),
        (b"\xff", "application/json", 400, "json-encoding"),
        (b"[" * 5000, "application/json", 400, "json-too-deep"),
        (b'{"revision": 1}', "text/plain", 415, "media-type"),
        (b'{"revision": 1}', "application/x-www-form-urlencoded", 415, "media-type"),
        (b'{"revision": "1"}', "application/json", 422, "schema-type"),
        (b'{"revision": 1.0}', "application/json", 422, "document-invalid"),
        (b'{"revision": 0, "confirm": 1, "force": true}', "application/json", 422, "schema-minimum"),
        (b"[]", "application/json", 422, "schema-type"),
    ],
)
async def test_a_body_that_cannot_be_read(town: Town, body: bytes, content_type: str, status: int, code: str) -> None:
    draft = await town.draft()
    answer = await town.ask("POST", f"/v1/alerts/{draft['id']}/submit", "kim", body, Content_Type=content_type)
    if code == "schema-minimum":
        rules = {finding["rule"] for finding in answer.json["error"]["details"]["findings"]}
        assert rules == {"schema-minimum", "schema-type", "schema-unknown-field"}
        return
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("most", "status"), [("1", 200), ("1000", 200), ("0", 400), ("1001", 400), ("x", 400), ("-1", 400), ("²", 400)]
)
async def test_how_many_alerts(town: Town, most: str, status: int) -> None:
    for id in ("call-1", "call-2"):
        await town.draft(id)
    answer = await town.ask("GET", f"/v1/alerts?most={most}", "guest")
    assert answer.status == status
    if most == "1":
        assert [alert["incident"]["id"] for listed in answer.json["alerts"] for alert in listed["versions"]] == ["call-2"]


async def test_what_became_of_each_message(town: Town) -> None:
    issued = await town.issue(await town.draft())
    found = (await town.ask("GET", f"/v1/deliveries?alert={issued['id']}", "guest")).json["deliveries"]
    assert [(one["target"], one["part"]) for one in found if one["part"] == "message"] == [("partners/province", "message")]
    assert {one["state"] for one in found} <= {"waiting", "held"}
    assert (await town.ask("GET", "/v1/deliveries?alert=none", "guest")).json["deliveries"] == []


async def test_only_deliveries_in_the_states_that_were_named(town: Town) -> None:
    """Nobody carries anything here, so every message waits and every clear is held."""
    issued = await town.issue(await town.draft())
    for asked in ("waiting", "refused,waiting", f"waiting&alert={issued['id']}"):
        found = (await town.ask("GET", f"/v1/deliveries?state={asked}", "guest")).json["deliveries"]
        assert [(one["state"], one["reason"]) for one in found] == [("waiting", "")]
    assert (await town.ask("GET", "/v1/deliveries?state=expired,unknown,refused", "guest")).json["deliveries"] == []


@pytest.mark.parametrize("state", ["lost", "", "waiting,", "WAITING"])
async def test_a_state_that_no_delivery_has_is_refused(town: Town, state: str) -> None:
    answer = await town.ask("GET", f"/v1/deliveries?state={state}", "guest")
    assert (answer.status, answer.json["error"]["code"]) == (400, "parameter-state")


async def test_the_bytes_that_a_hash_covers_can_be_read_before_they_are_approved(town: Town) -> None:
    alert = await town.draft()
    path = f"/v1/alerts/{alert['id']}"
    assert (await town.ask("GET", f"{path}/payloads", "guest")).status == 404
    await town.ask("POST", f"{path}/submit", "kim", {"revision": alert["revision"]})

    shown = (await town.ask("GET", f"{path}/payloads?version=1", "guest")).json

    assert shown["hash"] == (await town.ask("GET", path, "guest")).json["hash"]
    for payload in shown["payloads"]:
        body = payload["body"].encode() if "body" in payload else base64.b64decode(payload["body_base64"])
        assert hashlib.sha256(body).hexdigest() == payload["sha256"]
    assert {payload["way"] for payload in shown["payloads"]} == {"channel", "feed"}
    assert (await town.ask("GET", f"{path}/payloads?version=x", "guest")).status in (400, 422)
