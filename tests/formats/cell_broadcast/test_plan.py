"""Korea's plan: which identifier, which serial number, which text; read back from the pages."""

import pytest
from msgspec import structs

from gateway.alert import Text
from gateway.fault import BadInput
from gateway.formats.cell_broadcast import pages, plan
from gateway.incident import Severity, Status, Urgency
from tests import samples

SHORT, LONG = (
    "[한밭시] 한내 둔치 대피 FLASH FLOOD",
    "[훈련] 실제 상황이 아닌 훈련입니다. 한내 둔치 침수, 대피하십시오 FLASH FLOOD",
)
TEXT = Text(
    language="ko",
    sender_name="한밭시",
    event="침수",
    headline="침수",
    description="",
    instruction="",
    short="",
    classes={"cell-broadcast-90": SHORT, "cell-broadcast-157": LONG},
)
VERSION = samples.version(alert="hanbat-2026-00257", number=3, texts=(TEXT,))
KOREA = plan.plan("KR")


@pytest.mark.parametrize(
    ("status", "severity", "urgency", "message_id", "text"),
    [
        (Status.ACTUAL, Severity.EXTREME, Urgency.IMMEDIATE, 4370, SHORT),
        (Status.ACTUAL, Severity.EXTREME, Urgency.EXPECTED, 4371, SHORT),
        (Status.ACTUAL, Severity.SEVERE, Urgency.IMMEDIATE, 4371, SHORT),
        (Status.ACTUAL, Severity.MODERATE, Urgency.EXPECTED, 4372, LONG),
        (Status.ACTUAL, Severity.UNKNOWN, Urgency.UNKNOWN, 4372, LONG),
        (Status.EXERCISE, Severity.EXTREME, Urgency.IMMEDIATE, 4381, LONG),
        (Status.TEST, Severity.EXTREME, Urgency.IMMEDIATE, 4381, LONG),
    ],
)
def test_the_level_chooses_identifier_and_length(
    status: Status, severity: Severity, urgency: Urgency, message_id: int, text: str
) -> None:
    told = plan.message(structs.replace(VERSION, status=status, severity=severity, urgency=urgency), KOREA)

    assert (told.message_id, told.text, told.dcs) == (message_id, text, 0x48)
    assert pages.read([bytes.fromhex(page) for page in told.pages], told.dcs) == ("", text)


def test_an_update_replaces_and_another_alert_does_not() -> None:
    assert plan.serial(VERSION) == 0x5012
    assert plan.serial(structs.replace(VERSION, number=4)) == 0x5013
    assert plan.serial(structs.replace(VERSION, number=17)) == 0x5010
    assert plan.serial(structs.replace(VERSION, alert="hanbat-2026-00258")) == 0x5022


def test_a_text_that_was_not_written_is_refused() -> None:
    silent = structs.replace(VERSION, texts=(structs.replace(TEXT, classes={}),))

    with pytest.raises(BadInput, match="broadcast-text"):
        plan.message(silent, KOREA)


def test_a_country_without_a_plan_is_refused() -> None:
    with pytest.raises(BadInput, match="country-unknown"):
        plan.plan("XX")
