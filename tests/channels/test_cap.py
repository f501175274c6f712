from datetime import UTC, datetime

import msgspec
import pytest
import xmlschema
from lxml import etree

from gateway import shipped
from gateway.alert import Target, Version
from gateway.channel import Part, Verdict
from gateway.channels import ChannelSettings, Mode, TargetSettings
from gateway.channels.cap import CapPeers, channel
from gateway.demo.receivers import Receiver
from gateway.incident import Scope, Status
from gateway.out import HttpOut, Peers, Secret

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
XSD = xmlschema.XMLSchema(str(shipped.folder("schemas") / "cap-1.2.xsd"))


def made(url: str = "https://peer.example/cap", secret: str = "") -> CapPeers:
    peer = TargetSettings(url=url, private=True, secret=Secret(secret) if secret else None)
    targets = {"first": peer, "second": peer, "third": peer}
    return channel(
        "out",
        ChannelSettings(targets=targets, accepts=frozenset({Status.EXERCISE}), mode=Mode.EXERCISE, now=lambda: datetime.now(UTC)),
    )


def outline(document: bytes) -> dict[str, str]:
    root = etree.fromstring(document)
    return {node.tag.removeprefix(CAP): node.text or "" for node in root if not len(node)}


def test_all_peers_get_the_same_document(version: Version) -> None:
    payloads = made().render(version)
    assert [(one.channel, one.target, one.part, one.media_type) for one in payloads] == [
        ("out", "first", Part.MESSAGE, "application/cap+xml"),
        ("out", "second", Part.MESSAGE, "application/cap+xml"),
    ]
    assert len({one.body for one in payloads}) == 1
    assert outline(payloads[0].body)["identifier"] == "hanbat-1.2"


@pytest.mark.parametrize("scope", [Scope.PUBLIC, Scope.PRIVATE])
def test_a_withdrawn_peer_gets_a_cancel_of_its_own(version: Version, scope: Scope) -> None:
    dropped = msgspec.structs.replace(version, withdrawn=(Target("out", "third"),), scope=scope)
    body = {one.target: one.body for one in made().render(dropped)}["third"]
    XSD.validate(etree.fromstring(body))
    told = outline(body)
    assert (told["msgType"], told["identifier"], told["status"]) == ("Cancel", "hanbat-1.2.w", "Exercise")
    assert told["references"] == "alerts@hanbat.example,hanbat-1.1,2026-07-14T18:20:30+09:00"
    assert told.get("addresses", "third") == "third"


def test_a_cancel_for_a_withdrawn_peer_no_longer_warns(version: Version) -> None:
    dropped = msgspec.structs.replace(version, withdrawn=(Target("out", "third"),))
    body = {one.target: one.body for one in made().render(dropped)}["third"].decode()
    assert "Flash flood" in body
    assert "Evacuate" not in body
    assert "high ground" not in body
    assert "높은 곳" not in body


async def test_a_peer_receives_the_exact_bytes_with_the_key_of_the_delivery(version: Version) -> None:
    async with Receiver(path="/cap") as peer, HttpOut(Peers(made(peer.url).settings.peers())) as out:
        sender = made(peer.url, "token-of-the-peer")
        payload = sender.render(version)[0]
        outcome = await sender.send(payload, "delivery-7", out)
        arrived = peer.arrivals[0]
    assert outcome.verdict is Verdict.ACCEPTED
    assert arrived.body == payload.body
    assert arrived.headers["Content-Type"] == "application/cap+xml"
    assert arrived.headers["Idempotency-Key"] == "delivery-7"
    assert arrived.headers["Authorization"] == "Bearer token-of-the-peer"
    assert "token-of-the-peer" not in repr(outcome)
