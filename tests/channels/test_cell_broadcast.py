"""Orders to a broadcast centre: the right numbers and cells, text read back from the pages, and a stop for what is over."""

import json
from typing import Any

import msgspec
import pytest

from gateway.alert import Kind, Target, Version
from gateway.channels import find
from gateway.channels.cell_broadcast import channel
from gateway.fault import BadInput
from gateway.formats.cell_broadcast import pages
from tests.channels.test_find import settings


def orders(version: Version) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the orders by target and part."""
    payloads = channel("out", settings()).render(version)
    return {(one.target, one.part.value): json.loads(one.body) for one in payloads}


def test_a_warning_is_broadcast_in_its_cells_until_it_expires(version: Version) -> None:
    order = orders(version)["first", "message"]
    [message] = order["messages"]

    assert (order["action"], order["cells"], order["period_s"]) == ("broadcast", ["450-99-1-1", "450-99-1-2"], 30)
    assert order["until"] == version.expires.isoformat()
    assert (message["message_id"], message["serial"], message["dcs"]) == (4381, 0x4011, 0x48)
    text = pages.read([bytes.fromhex(page) for page in message["pages"]], message["dcs"])[1]
    assert text == message["text"] == version.text("ko").classes["cell-broadcast-157"]


def test_what_expires_is_stopped_by_the_numbers_it_went_out_with(version: Version) -> None:
    told, cleared = orders(version)["first", "message"], orders(version)["first", "clear"]

    assert cleared["action"] == "stop"
    assert [(one["message_id"], one["serial"]) for one in cleared["messages"]] == [(4381, 0x4011)]
    assert cleared["cells"] == told["cells"]


@pytest.mark.parametrize("kind", [Kind.END, Kind.CANCEL])
def test_the_end_and_the_cancel_are_broadcast_too(version: Version, kind: Kind) -> None:
    found = orders(msgspec.structs.replace(version, kind=kind, number=3))

    assert set(found) == {("first", "message"), ("second", "message")}
    assert found["first", "message"]["action"] == "broadcast"
    assert found["first", "message"]["messages"][0]["serial"] == 0x4012


def test_a_centre_that_is_no_longer_meant_stops(version: Version) -> None:
    dropped = msgspec.structs.replace(version, targets=(Target("out", "first"),), withdrawn=(Target("out", "second"),))
    assert orders(dropped)["second", "message"]["action"] == "stop"


def test_an_area_that_no_cell_is_known_to_serve_is_refused(version: Version) -> None:
    with pytest.raises(BadInput, match="broadcast-nowhere"):
        orders(msgspec.structs.replace(version, cells=()))


@pytest.mark.parametrize(("own", "code"), [({}, "country-missing"), ({"country": "XX"}, "country-unknown")])
def test_a_country_must_be_named_and_known(own: dict[str, object], code: str) -> None:
    with pytest.raises(BadInput) as caught:
        find()["cell_broadcast"]("out", msgspec.structs.replace(settings(), settings=own))
    assert caught.value.code == code
