"""Signs: short lines while people are warned, nothing when it is over; signed as an outside verifier reads it."""

import json

import msgspec
import pytest

from gateway.alert import Kind, Target, Version
from gateway.channel import Part
from gateway.channels.sign import channel
from gateway.fault import BadInput
from tests.channels.test_find import settings
from tests.channels.test_webhook import settings as webhook_settings


def shown(version: Version) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Return the lines by target and part."""
    payloads = channel("out", settings()).render(version)
    return {(one.target, one.part.value): json.loads(one.body)["lines"] for one in payloads}


@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.UPDATE])
def test_a_warning_lights_the_sign_and_carries_what_clears_it(version: Version, kind: Kind) -> None:
    lines = {"ko": ["하천 접근 금지", "갑천 돌발홍수"], "en": ["하천 접근 금지", "갑천 돌발홍수"]}
    told = shown(msgspec.structs.replace(version, kind=kind))

    assert told == {
        ("first", "message"): lines,
        ("second", "message"): lines,
        ("first", "clear"): {},
        ("second", "clear"): {},
    }


@pytest.mark.parametrize("kind", [Kind.END, Kind.CANCEL])
def test_what_is_over_takes_the_message_down_at_once(version: Version, kind: Kind) -> None:
    assert shown(msgspec.structs.replace(version, kind=kind)) == {("first", "message"): {}, ("second", "message"): {}}


def test_a_sign_that_is_no_longer_meant_is_cleared(version: Version) -> None:
    dropped = msgspec.structs.replace(version, targets=(Target("out", "first"),), withdrawn=(Target("out", "second"),))

    assert shown(dropped)["second", "message"] == {}
    assert ("second", "clear") not in shown(dropped)


def test_a_language_without_a_line_is_left_out(version: Version) -> None:
    korean = tuple(msgspec.structs.replace(text, classes={} if text.language == "en" else text.classes) for text in version.texts)

    assert set(shown(msgspec.structs.replace(version, texts=korean))["first", "message"]) == {"ko"}


def test_a_controller_without_a_secret_is_refused() -> None:
    with pytest.raises(BadInput, match="webhook-secret-missing"):
        channel("out", webhook_settings(secret=None))


def test_what_goes_is_the_part_it_says(version: Version) -> None:
    parts = [one.part for one in channel("out", settings()).render(version)]
    assert parts == [Part.MESSAGE, Part.MESSAGE, Part.CLEAR, Part.CLEAR]
