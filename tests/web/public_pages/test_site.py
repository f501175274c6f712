"""Every public page: well-formed, linked to what stands, in frozen words, the same bytes on every node."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from lxml import html
from msgspec.structs import replace

from gateway.alert import Selector, Transit
from gateway.web.public_pages import Address, riders
from gateway.web.public_pages.riders import Hit
from tests.web.public_pages.samples import LANGUAGES, VERSION, VIEW, city, row, site


def page(kind: str, id: str = "", language: str = "en", *, live: bool = False) -> html.HtmlElement:
    return html.fromstring(site(live=live).page(VIEW, Address(kind, id, language)).decode())


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_every_link_of_every_page_leads_to_a_page_or_a_feed() -> None:
    pages = site("ko", "en")
    stands = {address.path: pages.page(VIEW, address) for address in pages.addresses(VIEW)}
    assert len(stands) > 900
    for path, body in stands.items():
        for link in re.findall(r'href="([^"]*)"', body.decode()):
            assert link in stands or link in ("#main", "data:,") or link.startswith(("/feeds/", "/static/")), (path, link)


def test_no_page_has_a_script_an_inline_style_or_anything_from_elsewhere() -> None:
    pages = site("en")
    for address in pages.addresses(VIEW):
        body = pages.page(VIEW, address).decode().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://", body), address


def test_two_nodes_write_the_same_bytes_whatever_the_heartbeat() -> None:
    later = replace(VIEW, publication=replace(VIEW.publication, revision=5, at=VIEW.publication.at + timedelta(minutes=1)))
    for address in (Address("alerts", "flood", "th"), Address("stops", "S08", "ja"), Address("now", "", "vi")):
        assert site().page(VIEW, address) == site().page(VIEW, address)
        assert (site().page(VIEW, address) == site().page(later, address)) is (address.kind != "now")


def test_an_alert_says_who_what_where_until_when_and_what_to_do() -> None:
    told = text(page("alerts", "flood"))
    for said in ("In force", "Go to high ground", "The water is rising", "Gapcheon", "Hannae School", "July 14, 21:20", "Hanbat"):
        assert said in told
    links = page("alerts", "flood").xpath("//a/@href")
    assert "/feeds/cap/flood.1.xml" in links
    assert page("alerts", "flood").xpath("//*[local-name()='svg']")


@pytest.mark.parametrize(
    ("id", "said"), [("wrong", "issued in error"), ("over", "All clear"), ("ran-out", "its time has passed")]
)
def test_what_is_over_says_why_and_no_longer_warns(id: str, said: str) -> None:
    told = page("alerts", id)
    assert said in text(told)
    assert not told.xpath("//*[@class='do']")
    assert id not in [link.split("/")[2] for link in page("now").xpath("//main//article//a/@href")]
    assert id in [link.split("/")[2] for link in page("past").xpath("//main//article//a/@href")]


def test_an_operators_reason_is_text_and_never_markup() -> None:
    assert "wrong <river>" in text(page("alerts", "wrong"))
    assert not page("alerts", "wrong").xpath("//river")


def test_an_alert_that_lacks_the_readers_language_says_so_and_marks_the_other() -> None:
    told = page("alerts", "flood", "vi")
    assert told.xpath("//p[@class='untold']")
    assert told.xpath("//h1/@lang") == ["ko"]
    assert told.get("lang") == "vi"
    assert not page("alerts", "flood", "ko").xpath("//p[@class='untold']")


def test_a_drill_says_so_in_every_language_and_a_live_city_does_not() -> None:
    banner = page("stops", "S08").xpath("//*[@class='banner']")[0]
    assert {*banner.xpath(".//@lang")} == set(LANGUAGES) - {"en"}
    assert "EXERCISE" in text(banner)
    assert not page("stops", "S08", live=True).xpath("//*[@class='banner']")


def test_every_language_is_offered_under_its_own_name() -> None:
    for name, place in (("//link[@hreflang]", "head"), ("//nav//a[@hreflang]", "page")):
        assert [one.get("hreflang") for one in page("lines", "101").xpath(name)] == list(LANGUAGES), place
    assert "ไทย" in text(page("now"))


def test_a_right_to_left_language_is_written_so() -> None:
    pages = site("ko", "ar")
    told = html.fromstring(pages.page(VIEW, Address("alerts", "flood", "ar")).decode())
    assert (told.get("dir"), told.xpath("//h1/@dir")) == ("rtl", ["ltr"])


@pytest.mark.parametrize(
    ("scope", "hits"),
    [
        (lambda network: riders.at_stop(network, "S08"), (Hit("stops", "S08", closed=True),)),
        (lambda network: riders.at_stop(network, "S08-1"), (Hit("stops", "S08", closed=True),)),
        (lambda network: riders.at_stop(network, "S01"), ()),
        (lambda network: riders.on_line(network, "1"), (Hit("stops", "S08", closed=True),)),
        (lambda network: riders.on_line(network, "101"), (Hit("lines", "101", closed=False),)),
        (lambda network: riders.on_line(network, "112"), ()),
    ],
)
def test_what_concerns_riders(scope: Callable[..., riders.Scope], hits: tuple[Hit, ...]) -> None:
    network = city().network
    assert network is not None
    assert VERSION.transit is not None
    assert riders.hits(network, VERSION.transit, scope(network)) == hits


@pytest.mark.parametrize(
    ("selector", "concerned"),
    [
        (Selector(stop="S08", route="101"), False),
        (Selector(stop="S08-2", route="1"), False),
        (Selector(stop="S08-1"), True),
        (Selector(route="1", direction=0), True),
        (Selector(agency="hanbat"), True),
        (Selector(agency="other"), False),
        (Selector(trip="unknown"), False),
    ],
)
def test_selectors_are_anded(selector: Selector, concerned: bool) -> None:  # noqa: FBT001 - a table
    network = city().network
    assert network is not None
    transit = Transit(cause="WEATHER", effect="DETOUR", selectors=(selector,))
    assert bool(riders.hits(network, transit, riders.at_stop(network, "S08-1"))) is concerned


ABSENT = [("alerts", "none"), ("stops", "S08-E1"), ("lines", "9"), ("now", "x"), ("other", "")]


@pytest.mark.parametrize("address", [*(Address(kind, id, "ko") for kind, id in ABSENT), Address("now", "", "fr")])
def test_what_does_not_stand_is_known(address: Address) -> None:
    assert not site().stands(VIEW, address)
    assert site().stands(VIEW, Address("stops", "S08-1", "ko"))


def test_an_alert_without_place_or_transit_has_a_page() -> None:
    bare = replace(VIEW, feeds={"app": (row("bare", places=(), transit=None, shelters=()),)})
    assert "In force" in text(html.fromstring(site().page(bare, Address("alerts", "bare", "en")).decode()))
