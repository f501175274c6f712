"""The API's door and the console's: one cookie for both, and neither link nor session is a key."""

import json

import pytest

from gateway.web.sessions import COOKIE
from tests.web.console.desk import Desk
from tests.web.town import incident


async def test_who_is_signed_in_may_ask_the_api_from_our_own_pages(desk: Desk) -> None:
    async with desk.visitor("kim") as kim:
        assert (await kim.get("/v1/alerts")).status == 200
        body, sent = json.dumps(incident("operator")), {"Content-Type": "application/json"}
        ask = kim.session.post(f"{kim.url}/v1/alerts", data=body, headers=sent | {"Sec-Fetch-Site": "cross-site"})
        async with ask as foreign:
            assert (foreign.status, (await foreign.json())["error"]["code"]) == (403, "foreign-page")
        async with kim.session.post(f"{kim.url}/v1/alerts", data=body, headers=sent | {"Sec-Fetch-Site": "same-origin"}) as own:
            assert own.status == 201
        async with kim.session.post(f"{kim.url}/v1/alerts", data=body, headers={"Content-Type": "text/plain"}) as plain:
            assert plain.status == 415
        await kim.send(await kim.get("/console"), "/console/sign-out")
        assert (await kim.get("/v1/alerts")).status == 401


async def test_roles_hold_at_both_doors(desk: Desk) -> None:
    async with desk.visitor("guest") as guest:
        assert (await guest.get("/v1/alerts")).status == 200
        assert (await guest.get("/v1/quarantine")).status == 403


async def test_a_session_is_no_bearer_key_and_a_link_is_none(desk: Desk) -> None:
    link = await desk.sessions.link("kim")
    async with desk.visitor("kim") as kim:
        (cookie,) = (one.value for one in kim.session.cookie_jar if one.key == COOKIE)
    async with desk.stranger() as nobody:
        for token in (link, cookie):
            assert (await nobody.get("/v1/alerts", Authorization=f"Bearer {token}")).status == 401
    assert (await desk.town.ask("GET", "/v1/alerts", "kim")).status == 200


async def test_a_wrong_key_beside_a_good_cookie_is_refused(desk: Desk) -> None:
    async with desk.visitor("kim") as kim:
        assert (await kim.get("/v1/alerts", Authorization="Bearer wrong")).status == 401


@pytest.mark.parametrize("path", ["/v1/incidents/control-room", "/v1/incidents/river-telemetry"])
async def test_a_session_opens_no_sources_door(desk: Desk, path: str) -> None:
    async with desk.visitor("kim") as kim, kim.session.post(kim.url + path, data=b"[]") as answer:
        assert answer.status == 401


async def test_tries_are_counted_by_name(desk: Desk) -> None:
    async with desk.stranger() as nobody:
        page = await nobody.get("/console/sign-in")
        statuses = [(await nobody.send(page, "/console/sign-in", name="kim", password="x")).status for _ in range(12)]  # noqa: S106
        assert statuses[:10] == [401] * 10
        assert statuses[-1] == 429
        assert (await nobody.send(page, "/console/sign-in", name="lee", password="x")).status == 401  # noqa: S106
