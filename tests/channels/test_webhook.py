import json
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import msgspec
import pytest
from standardwebhooks import Webhook

from gateway import shipped
from gateway.alert import Kind, Target, Version
from gateway.channel import Part, Verdict
from gateway.channels import ChannelSettings, Mode, TargetSettings
from gateway.channels.webhook import Webhooks, channel
from gateway.demo.receivers import Receiver
from gateway.fault import BadInput
from gateway.incident import Status
from gateway.out import HttpOut, Peers, Secret

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
JUDGE = jsonschema.Draft202012Validator(
    json.loads(shipped.read("schemas/alert.schema.json")), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
SEOUL = timezone(timedelta(hours=9))


def settings(url: str = "https://app.example/hook", secret: str | None = KEY) -> ChannelSettings:
    target = TargetSettings(url=url, private=True, secret=None if secret is None else Secret(secret))
    return ChannelSettings(
        targets={"first": target, "second": target, "third": target},
        accepts=frozenset({Status.EXERCISE}),
        mode=Mode.EXERCISE,
        now=lambda: datetime.now(SEOUL),
    )


def made() -> Webhooks:
    return channel("out", settings())


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (Kind.ALERT, {"message": "alert", "clear": "expired"}),
        (Kind.UPDATE, {"message": "update", "clear": "expired"}),
        (Kind.END, {"message": "end"}),
        (Kind.CANCEL, {"message": "cancel"}),
    ],
)
def test_what_each_subscriber_is_told(version: Version, kind: Kind, parts: dict[str, str]) -> None:
    payloads = made().render(msgspec.structs.replace(version, kind=kind))
    for target in ("first", "second"):
        told = {one.part: json.loads(one.body) for one in payloads if one.target == target}
        assert {part: entry["kind"] for part, entry in told.items()} == parts
        for entry in told.values():
            JUDGE.validate(entry)


def test_what_expired_has_no_words_left_that_warn(version: Version) -> None:
    clear = next(one for one in made().render(version) if one.part is Part.CLEAR)
    assert json.loads(clear.body)["texts"] == {}


def test_a_withdrawn_subscriber_gets_a_cancel_without_words(version: Version) -> None:
    dropped = msgspec.structs.replace(version, withdrawn=(Target("out", "third"),))
    told = [one for one in made().render(dropped) if one.target == "third"]
    entry = json.loads(told[0].body)
    JUDGE.validate(entry)
    assert [one.part for one in told] == [Part.MESSAGE]
    assert (entry["kind"], entry["texts"]) == ("cancel", {})


async def test_a_subscriber_can_verify_what_arrived(version: Version) -> None:
    """The judge is the Standard Webhooks library's own verifier, which also looks at its own clock."""
    async with Receiver(path="/hook?token=1") as app, HttpOut(Peers(settings(app.url).peers())) as out:
        sender = channel("out", settings(app.url))
        payload = sender.render(version)[0]
        outcome = await sender.send(payload, "alert.2.out.first", out)
        arrived = app.arrivals[0]
    assert outcome.verdict is Verdict.ACCEPTED
    assert arrived.body == payload.body
    headers = {name.lower(): value for name, value in arrived.headers.items()}
    assert headers["webhook-id"] == "alert:2:out:first"
    assert Webhook(KEY).verify(arrived.body, headers)["identifier"] == "hanbat-1.2"


async def test_a_try_is_signed_when_it_is_made(version: Version) -> None:
    """Two tries of the same frozen bytes carry the same id, their own times and their own signatures."""
    moments = [datetime(2026, 7, 14, 9, 0, tzinfo=UTC), datetime(2026, 7, 14, 18, 5, tzinfo=SEOUL)]
    async with Receiver() as app, HttpOut(Peers(settings(app.url).peers())) as out:
        sender = channel("out", msgspec.structs.replace(settings(app.url), now=iter(moments).__next__))
        payload = sender.render(version)[0]
        for _ in moments:
            await sender.send(payload, "delivery-9", out)
    assert [one.headers["webhook-id"] for one in app.arrivals] == ["delivery-9", "delivery-9"]
    assert [one.headers["webhook-timestamp"] for one in app.arrivals] == ["1784019600", "1784019900"]
    assert len({one.headers["webhook-signature"] for one in app.arrivals}) == 2
    assert len({one.body for one in app.arrivals}) == 1


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (None, "webhook-secret-missing"),
        ("whsec_", "secret-invalid"),
        ("ä", "secret-invalid"),
        ("whsec_c2hvcnQ=", "secret-invalid"),
    ],
)
def test_a_webhook_without_a_usable_secret_does_not_start(secret: str | None, code: str) -> None:
    with pytest.raises(BadInput) as bad:
        channel("out", settings(secret=secret))
    assert bad.value.code == code
