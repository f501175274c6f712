"""Who is signed in: for a shift, on every node, by a password or a link that works once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from msgspec.structs import replace

from gateway.access import hash_password
from gateway.fault import Refused
from gateway.journal.contract import Journal
from gateway.journal.records import Person
from gateway.web.errors import Unauthorised
from gateway.web.sessions import COOKIE, Lasting, Sessions, SignedOut
from tests.journal.samples import Real
from tests.stores import Opener

NOON = datetime(2026, 7, 14, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"  # noqa: S105 - a test's


class Wall:
    """A clock on the wall."""

    def __init__(self) -> None:
        """Begin at noon."""
        self.at = NOON

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at


@pytest.fixture
async def lone(journal: Journal) -> tuple[Sessions, Wall]:
    """Open sessions of one person with a password."""
    person = Person(name="kim", roles=frozenset({"operator"}), password=hash_password(PASSWORD))
    await journal.save_person(person, "admin", NOON)
    wall = Wall()
    return Sessions(journal, secure=True, wall=wall), wall


async def test_a_link_is_spent_by_one_alone_on_whichever_node(lone: tuple[Sessions, Wall], journal: Journal) -> None:
    here, wall = lone
    there = Sessions(journal, secure=True, wall=wall)
    link = await here.link("kim")
    results = await asyncio.gather(*(node.with_link(link) for node in (here, there) * 4), return_exceptions=True)

    assert sum(isinstance(one, str) for one in results) == 1
    assert {one.code for one in results if isinstance(one, Unauthorised)} == {"link-spent"}
    with pytest.raises(Unauthorised):
        await here.with_link(link)


async def test_a_link_lasts_an_hour_and_is_no_session(lone: tuple[Sessions, Wall]) -> None:
    here, wall = lone
    link = await here.link("kim")
    wall.at += timedelta(minutes=60)
    with pytest.raises(Unauthorised):
        await here.with_link(link)


async def test_a_wrong_password_and_a_stranger_are_told_the_same(lone: tuple[Sessions, Wall], journal: Journal) -> None:
    here, _ = lone
    await journal.save_person(Person(name="link-only", roles=frozenset({"operator"}), password=""), "admin", NOON)
    shut_out = Person(name="gone", roles=frozenset({"admin"}), password=hash_password(PASSWORD), disabled=True)
    await journal.save_person(shut_out, "admin", NOON)
    told = []
    for name, password in (("kim", "wrong"), ("nobody", PASSWORD), ("link-only", ""), ("gone", PASSWORD)):
        with pytest.raises(Unauthorised) as refused:
            await here.with_password(name, password)
        told.append((refused.value.code, refused.value.message, refused.value.hint))
    assert len(set(told)) == 1
    assert len(await here.with_password("kim", PASSWORD)) >= 40


async def test_the_record_keeps_no_token(lone: tuple[Sessions, Wall], journal: Journal) -> None:
    here, _ = lone
    token = await here.with_password("kim", PASSWORD)
    assert token not in str(await journal.keys())
    assert [key.person for key in await journal.keys()] == ["kim"]


def asks(token: str, method: str = "GET", **headers: str) -> web.Request:
    """Return a request with this cookie."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request(method, "/console", headers={"Host": "city.example", "Cookie": f"{COOKIE}={token}", **sent})


async def test_a_session_is_known_to_every_node_until_it_is_over(lone: tuple[Sessions, Wall], journal: Journal) -> None:
    here, wall = lone
    there = Sessions(journal, secure=True, wall=wall)
    token = await here.with_password("kim", PASSWORD)
    assert (await there.actor(asks(token))).name == "kim"
    wall.at += timedelta(hours=6) - timedelta(seconds=1)
    assert (await there.actor(asks(token))).roles == {"operator"}
    wall.at += timedelta(seconds=1)
    with pytest.raises(SignedOut):
        await here.actor(asks(token))


class Node:
    """One node's sessions, on the record's clock that is moved by hand."""

    def __init__(self, journal: Journal, real: Real) -> None:
        """Keep the sessions of a city that gives people 20 minutes."""
        self._real = real
        self.sessions = Sessions(journal, secure=True, lasting=Lasting(idle=timedelta(minutes=20)), real=lambda: self._real.at)


@pytest.fixture
async def two_nodes(opener: Opener, tmp_path: Path) -> AsyncIterator[tuple[Sessions, Sessions, Real]]:
    """Open the sessions of two nodes on one record."""
    real = Real()
    journal = await opener(tmp_path, real)
    await journal.save_person(Person(name="kim", roles=frozenset({"operator"}), password=hash_password(PASSWORD)), "admin", NOON)
    yield Node(journal, real).sessions, Node(journal, real).sessions, real
    await journal.close()


async def test_who_does_something_at_any_node_stays(two_nodes: tuple[Sessions, Sessions, Real]) -> None:
    here, there, real = two_nodes
    token = await here.with_password("kim", PASSWORD)
    for node in (here, there, here, there, there, here):
        real.at += 19 * 60
        assert (await node.actor(asks(token))).name == "kim"


async def test_who_does_nothing_is_signed_out_everywhere_though_a_page_looks_on(
    two_nodes: tuple[Sessions, Sessions, Real],
) -> None:
    here, there, real = two_nodes
    token = await here.with_password("kim", PASSWORD)
    for _ in range(20):
        real.at += 60
        assert (await here.actor(asks(token), present=False)).name == "kim"
    real.at += 31
    with pytest.raises(SignedOut) as over:
        await here.actor(asks(token), present=False)
    assert (over.value.code, over.value.message) == ("session-idle", "nobody has done anything here for 20 minutes")
    with pytest.raises(SignedOut):
        await there.actor(asks(token))


async def test_who_comes_back_too_late_is_told_why(two_nodes: tuple[Sessions, Sessions, Real]) -> None:
    here, there, real = two_nodes
    token = await here.with_password("kim", PASSWORD)
    real.at += 21 * 60
    with pytest.raises(SignedOut) as over:
        await there.actor(asks(token))
    assert over.value.code == "session-idle"
    assert (await there.actor(asks(await there.with_password("kim", PASSWORD)))).name == "kim"


async def test_signing_out_anywhere_ends_it_everywhere(lone: tuple[Sessions, Wall], journal: Journal) -> None:
    here, wall = lone
    there = Sessions(journal, secure=True, wall=wall)
    token, other = await here.with_password("kim", PASSWORD), await here.with_password("kim", PASSWORD)
    await there.close(asks(token))
    with pytest.raises(SignedOut):
        await here.actor(asks(token))
    assert (await here.actor(asks(other))).name == "kim"
    await here.close(asks(token))


async def test_who_is_shut_out_is_signed_out_at_once(lone: tuple[Sessions, Wall], journal: Journal) -> None:
    here, _ = lone
    token = await here.with_password("kim", PASSWORD)
    person = await journal.person("kim")
    await journal.save_person(replace(person, disabled=True), "admin", NOON)
    with pytest.raises(SignedOut):
        await here.actor(asks(token))


@pytest.mark.parametrize("token", ["", "x", "가", "0" * 5000])
async def test_no_other_cookie_is_a_session(lone: tuple[Sessions, Wall], token: str) -> None:
    here, _ = lone
    link = await here.link("kim")
    for wrong in (token, link):
        with pytest.raises(SignedOut):
            await here.actor(asks(wrong))


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Origin": "https://city.example"}, True),
        ({"Sec_Fetch_Site": "same-site"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
        ({"Sec_Fetch_Site": "none"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://city.example:8443"}, False),
    ],
)
async def test_a_change_is_asked_for_by_our_own_pages(lone: tuple[Sessions, Wall], headers: dict[str, str], passes: bool) -> None:  # noqa: FBT001
    here, _ = lone
    token = await here.with_password("kim", PASSWORD)
    assert (await here.actor(asks(token, **headers))).name == "kim"
    if passes:
        assert (await here.actor(asks(token, "POST", **headers))).name == "kim"
        return
    with pytest.raises(Refused) as refused:
        await here.actor(asks(token, "POST", **headers))
    assert refused.value.code == "foreign-page"


def test_the_cookie_is_for_this_site_and_no_script_alone(journal: Journal) -> None:
    for secure in (True, False):
        response = web.Response()
        Sessions(journal, secure=secure).hand(response, "token")
        cookie = response.cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
        assert (bool(cookie["secure"]), cookie["max-age"]) == (secure, "21600")
