import base64
import hmac
import secrets as random
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from gateway.fault import BadInput
from gateway.web.errors import Unauthorised
from gateway.web.signature import secret, verify

NOW = datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC)
OURS = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(bytes(range(24))).decode()
BODY = '{"test": 2432232314, "물": "깊다"}'.encode()


def headers(*keys: str, id: str = "msg_p5jXN8AQM9LWM0D4loKWxJek", at: datetime = NOW) -> dict[str, str]:
    """Sign by the outside library, once with each key."""
    signatures = [Webhook(key).sign(id, at, BODY.decode()) for key in keys]
    return {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": " ".join(signatures)}


def test_the_standards_own_vector() -> None:
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    assert verify([secret(OURS)], given, b'{"test": 2432232314}', at) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize("keys", [(OURS,), (OTHER, OURS), (OURS, OTHER), (OURS, OURS)])
def test_any_signature_by_any_of_our_keys_lets_in(keys: tuple[str, ...]) -> None:
    assert verify([secret(OURS)], headers(*keys), BODY, NOW)
    assert verify([secret(OTHER), secret(OURS)], headers(OURS), BODY, NOW)


@pytest.mark.parametrize("off", [timedelta(minutes=5), timedelta(minutes=-5), timedelta(seconds=299)])
def test_the_clock_may_differ_by_five_minutes(off: timedelta) -> None:
    assert verify([secret(OURS)], headers(OURS, at=NOW + off), BODY, NOW)


@pytest.mark.parametrize("off", [timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1), timedelta(days=-365)])
def test_what_is_too_old_or_too_new_is_refused(off: timedelta) -> None:
    with pytest.raises(Unauthorised, match="signature-time"):
        verify([secret(OURS)], headers(OURS, at=NOW + off), BODY, NOW)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"webhook-id": ""}, "signature-missing"),
        ({"webhook-timestamp": ""}, "signature-missing"),
        ({"webhook-signature": ""}, "signature-missing"),
        ({"webhook-id": "msg_other"}, "signature-wrong"),
        ({"webhook-timestamp": "1614265331"}, "signature-wrong"),
        ({"webhook-timestamp": "soon"}, "signature-wrong"),
        ({"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"}, "signature-wrong"),
        ({"webhook-id": "msg.1"}, "signature-wrong"),
        ({"webhook-signature": "v1,"}, "signature-wrong"),
        ({"webhook-signature": "v1"}, "signature-wrong"),
        ({"webhook-signature": ",,, v1,물"}, "signature-wrong"),
        ({"webhook-signature": "v1,\udcff"}, "signature-wrong"),
        ({"webhook-signature": "v2," + "A" * 44}, "signature-wrong"),
    ],
)
def test_anything_else_is_refused(change: dict[str, str], code: str) -> None:
    with pytest.raises(Unauthorised) as refused:
        verify([secret(OURS)], headers(OURS) | change, BODY, NOW)
    assert refused.value.code == code


def test_one_changed_byte_or_another_key_is_refused() -> None:
    with pytest.raises(Unauthorised, match="signature-wrong"):
        verify([secret(OURS)], headers(OURS), BODY + b" ", NOW)
    with pytest.raises(Unauthorised, match="signature-wrong"):
        verify([secret(OURS)], headers(OTHER), BODY, NOW)
    with pytest.raises(Unauthorised, match="signature-wrong"):
        verify([], headers(OURS), BODY, NOW)


def test_bytes_that_are_no_text_can_be_signed_too() -> None:
    with pytest.raises(Unauthorised, match="signature-wrong"):
        verify([secret(OURS)], headers(OURS), b"\xff\xfe", NOW)


def test_a_timestamp_beyond_the_calendar_is_refused_even_when_signed() -> None:
    given = headers(OURS) | {"webhook-timestamp": "9" * 30}
    signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + BODY
    given["webhook-signature"] = "v1," + base64.b64encode(hmac.digest(secret(OURS), signed, "sha256")).decode()
    with pytest.raises(Unauthorised, match="signature-time"):
        verify([secret(OURS)], given, BODY, NOW)


def test_a_secret_has_24_to_64_bytes_in_base64() -> None:
    for size in (24, 64):
        assert len(secret("whsec_" + base64.b64encode(random.token_bytes(size)).decode())) == size
    short, long = ("whsec_" + base64.b64encode(bytes(size)).decode() for size in (23, 65))
    for wrong in (short, long, OURS.removeprefix("whsec_"), "whsec_", "whsec_물", "whsec_MfKQ!9r8GKYqrTwjUPD8ILPZIo2LaLaSw"):
        with pytest.raises(BadInput, match="secret-invalid"):
            secret(wrong)
