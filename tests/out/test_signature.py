from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook

from gateway.fault import BadInput
from gateway.out import Rehearsal, Secret, signed
from gateway.out.redaction import excerpt, origin


def test_the_signature_is_that_of_the_specifications_example() -> None:
    """Standard Webhooks' published example: secret, id, time and body give exactly this signature."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed(
        Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', at
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_time_zone_of_our_clock_does_not_matter() -> None:
    key, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b"{}"
    now = datetime.now(timezone(timedelta(hours=9)))
    assert Webhook(key).verify(body, signed(Secret(key), "one", body, now)) == {}


@pytest.mark.parametrize("value", ["", "whsec_", "no base64 at all!", "ä", "whsec_a", "whsec_c2hvcnQ="])
def test_a_secret_that_cannot_sign_is_refused(value: str) -> None:
    with pytest.raises(BadInput) as bad:
        signed(Secret(value), "one", b"{}", datetime.now(UTC))
    assert bad.value.code == "secret-invalid"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"key whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "key ***"),
        (b"sig v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= end", "sig *** end"),
        (b"Authorization: Bearer abc.def-123", "Authorization: ***"),
        (b"Basic dXNlcjpwYXNz", "***"),
        (b"see https://user:pass@host/x", "see https://***host/x"),
        (b"GET /x?api_key=1234567 HTTP/1.1", "GET /x*** HTTP/1.1"),
        (b"plain words", "plain words"),
        (b"mine is hunter2!", "mine is ***!"),
        ("한글\n\t두 줄".encode(), "한글 두 줄"),
        (b"", ""),
    ],
)
def test_what_may_be_shown_of_an_answer(body: bytes, shown: str) -> None:
    assert excerpt(body, ["hunter2"]) == shown


def test_of_a_url_only_the_origin_is_shown() -> None:
    assert origin("https://user:pass@hooks.example:8443/T00/B00/XXXX?k=v#f") == "https://hooks.example:8443"


async def test_a_rehearsal_sends_nothing_and_names_the_bytes() -> None:
    outcome = await Rehearsal().post(
        "https://u:p@hooks.example/T00/XXXX", b"abc", media_type="text/plain", headers={"Authorization": "x"}
    )
    assert outcome.verdict.value == "simulated"
    assert dict(outcome.evidence) == {
        "to": "https://hooks.example",
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "bytes": "3",
        "media_type": "text/plain",
    }
