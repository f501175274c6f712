import ast
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gateway import channels
from gateway.alert import Target, Version
from gateway.channel import History
from gateway.channels import ChannelSettings, Mode, TargetSettings, addressed, carries, find
from gateway.fault import BadInput, Refused
from gateway.incident import Status
from gateway.out import Secret

FILES = sorted(path.stem for path in Path(channels.__path__[0]).glob("[a-z]*.py"))
OWN = {"country": "KR", "sender": "alerts@hanbat.example"}
PEER = TargetSettings(
    url="https://peer.example/cap",
    secret=Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    settings={"to": ["press@hanbat.example"]},
)

NEEDS = [
    ("cap", History.CHAIN, False),
    ("webhook", History.LATEST, True),
    ("sign", History.LATEST, True),
    ("cell_broadcast", History.LATEST, True),
    ("email", History.CHAIN, False),
]


def settings(
    mode: Mode = Mode.EXERCISE, accepts: frozenset[Status] = frozenset({Status.EXERCISE}), kind: str = ""
) -> ChannelSettings:
    peer = msgspec.structs.replace(PEER, url="smtps://peer.example") if kind == "email" else PEER
    return ChannelSettings(
        targets={"first": peer, "second": peer}, accepts=accepts, mode=mode, now=lambda: datetime.now(UTC), settings=OWN
    )


def test_every_file_is_a_kind_and_every_kind_a_file() -> None:
    assert list(find()) == FILES
    assert {"cap", "webhook"} <= set(FILES)


def test_a_file_that_was_dropped_in_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beacon.py").write_text("def channel(name, settings):\n    return name\n")
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    assert sorted([*FILES, "beacon"]) == list(find())


@pytest.mark.parametrize("kind", FILES)
def test_a_kind_is_what_it_was_configured_to_be(kind: str) -> None:
    made = find()[kind]("out", settings(kind=kind))
    assert (made.name, made.targets) == ("out", ("first", "second"))
    assert made.abilities.accepts == {Status.EXERCISE}


@pytest.mark.parametrize(("kind", "history", "clears"), NEEDS)
def test_what_each_kind_needs_of_the_past(kind: str, history: History, clears: bool) -> None:  # noqa: FBT001 - a table
    abilities = find()[kind]("out", settings(kind=kind)).abilities
    assert (abilities.history, abilities.clears) == (history, clears)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("accepted", Status)
@pytest.mark.parametrize("sent", Status)
def test_no_channel_renders_a_message_of_a_world_it_does_not_carry(
    kind: str, accepted: Status, sent: Status, version: Version
) -> None:
    made = find()[kind]("out", settings(Mode.LIVE, frozenset({accepted}), kind))
    message = msgspec.structs.replace(version, status=sent)
    assert carries(made, sent) is (accepted == sent)
    if accepted == sent:
        assert {payload.target for payload in made.render(message)} == {"first", "second"}
        return
    with pytest.raises(Refused) as refused:
        made.render(message)
    assert refused.value.code == "world"


@pytest.mark.parametrize("kind", FILES)
def test_a_version_that_names_no_target_of_ours_gives_nothing(kind: str, version: Version) -> None:
    elsewhere = msgspec.structs.replace(version, status=Status.ACTUAL, targets=(Target("other", "first"),))
    assert list(find()[kind]("out", settings(kind=kind)).render(elsewhere)) == []


@pytest.mark.parametrize("kind", FILES)
def test_rendering_twice_gives_the_same_bytes(kind: str, version: Version) -> None:
    made = find()[kind]("out", settings(kind=kind))
    assert list(made.render(version)) == list(made.render(version))


def test_an_unknown_target_is_an_error(version: Version) -> None:
    made = find()["cap"]("out", settings())
    with pytest.raises(BadInput) as bad:
        addressed(made, [Target("out", "third")], version)
    assert bad.value.code == "target-unknown"


@pytest.mark.parametrize(
    ("mode", "accepts", "code"),
    [
        (Mode.EXERCISE, frozenset({Status.ACTUAL}), "accepts-actual"),
        (Mode.EXERCISE, frozenset(Status), "accepts-actual"),
        (Mode.LIVE, frozenset[Status](), "accepts-nothing"),
    ],
)
def test_settings_that_mix_the_worlds_are_refused(mode: Mode, accepts: frozenset[Status], code: str) -> None:
    with pytest.raises(BadInput) as bad:
        settings(mode, accepts)
    assert bad.value.code == code


def test_settings_never_print_their_secret() -> None:
    assert "MfKQ" not in repr(settings()) + str(settings())


def test_a_channel_names_the_urls_the_door_must_allow() -> None:
    assert {peer.url for peer in settings().peers()} == {"https://peer.example/cap"}


def test_each_kind_stands_in_one_file() -> None:
    """A kind imports no other kind."""
    for kind in FILES:
        tree = ast.parse((Path(channels.__path__[0]) / f"{kind}.py").read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {f"gateway.channels.{other}" for other in FILES}
