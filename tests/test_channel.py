"""What a verdict lets the courier think, and what a feed thinks is live: the tables, literally."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway import channels, feeds
from gateway.alert import Kind
from gateway.channel import Abilities, Channel, Feed, History, Payload, Published, Verdict
from gateway.channels import ChannelSettings, Mode, TargetSettings
from gateway.feeds import FeedSettings
from gateway.incident import Status
from gateway.out import Secret

NOW = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
VERDICTS = {
    "accepted": (True, True),
    "on-air": (True, True),
    "partly": (True, True),
    "simulated": (True, True),
    "refused": (False, True),
    "unreachable": (False, False),
    "ambiguous": (True, False),
}
"""Whether people may have seen it, and whether trying again is pointless."""


def test_every_verdict_has_its_row() -> None:
    assert {one.value: (one.may_have_reached, one.settled) for one in Verdict} == VERDICTS


@pytest.mark.parametrize(
    ("kind", "at", "live"),
    [
        (Kind.ALERT, 0, True),
        (Kind.UPDATE, 3599, True),
        (Kind.UPDATE, 3600, False),
        (Kind.ALERT, 3601, False),
        (Kind.END, 0, False),
        (Kind.CANCEL, 0, False),
    ],
)
def test_what_people_are_to_act_on(kind: Kind, at: int, *, live: bool) -> None:
    row = Published(alert="a", number=1, kind=kind, issued_at=NOW, expires=NOW + timedelta(hours=1), body=b"")
    assert row.live(NOW + timedelta(seconds=at)) is live


def test_bytes_are_named_by_their_sha256() -> None:
    payload = Payload(channel="cap", body=b"abc", media_type="text/plain")
    assert payload.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_channel_carries_the_actual_alone_unless_it_says_otherwise() -> None:
    assert Abilities(history=History.CHAIN).accepts == {Status.ACTUAL}


def settings(scheme: str) -> ChannelSettings:
    return ChannelSettings(
        targets={
            "one": TargetSettings(
                url=f"{scheme}://one.example/", secret=Secret("whsec_" + "A" * 44), settings={"to": ["press@hanbat.example"]}
            )
        },
        accepts=frozenset({Status.EXERCISE}),
        mode=Mode.EXERCISE,
        now=lambda: NOW,
        settings={"country": "KR", "sender": "alerts@hanbat.example"},
    )


def test_whatever_is_found_keeps_the_promise() -> None:
    found = channels.find().items()
    made: list[Channel] = [maker(kind, settings("smtps" if kind == "email" else "https")) for kind, maker in found]
    assert [one.name for one in made] == sorted(channels.find())
    assert all(one.targets == ("one",) and one.abilities.accepts == {Status.EXERCISE} for one in made)
    told = FeedSettings(title={"ko": "한밭"}, sender="a@hanbat.example", mode=Status.EXERCISE, language="ko")
    served: list[Feed] = [maker(told) for maker in feeds.find()]
    assert len({one.path for one in served}) == len(served)
    assert all(one.path.startswith("/feeds/") for one in served)
