"""The country's weather service, another agency: it posts CAP 1.2, and its alerts are its own."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.demo.people import Answer
from gateway.demo.vendors.line import Line

CAP = "application/cap+xml"
SENDER = "warnings@weather.example"
LASTS = timedelta(hours=6)
HANBAT = "36.30,127.26 36.30,127.48 36.45,127.48 36.45,127.26 36.30,127.26"

KOREAN = {
    "language": "ko-KR",
    "event": "호우경보",
    "senderName": "가상기상청",
    "headline": "[훈련] 한밭시 호우경보 발표",
    "description": "[훈련] 3시간 동안 90 mm 이상의 비가 예상됩니다.",
    "instruction": "[훈련] 하천 둔치와 지하차도에 가지 마십시오.",
    "areaDesc": "한밭시 전역",
}
ENGLISH = {
    "language": "en",
    "event": "Heavy rain warning",
    "senderName": "Fictional Weather Service",
    "headline": "[EXERCISE] Heavy rain warning for Hanbat",
    "description": "[EXERCISE] More than 90 mm of rain are expected within three hours.",
    "instruction": "[EXERCISE] Keep away from riversides and underpasses.",
    "areaDesc": "All of Hanbat",
}


class Weather:
    """The service; what it says is information for the city's people at the console."""

    def __init__(self, line: Line) -> None:
        """Send over this line."""
        self._line = line
        self._warned: list[tuple[str, datetime]] = []

    async def warns(self) -> Answer:
        """Warn the whole city of heavy rain."""
        sent = self._line.now().replace(microsecond=0)
        name = f"RAIN-{sent:%Y%m%d}-{len(self._warned) + 1:02d}"
        self._warned.append((name, sent))
        return await self._says(name, sent, "Alert", _info(KOREAN, sent) + _info(ENGLISH, sent))

    async def takes_back(self) -> Answer:
        """Take the newest warning back."""
        name, sent = self._warned[-1]
        at = max(self._line.now().replace(microsecond=0), sent)
        return await self._says(f"{name}-C", at, "Cancel", "", f"<references>{SENDER},{name},{sent.isoformat()}</references>")

    async def _says(self, name: str, sent: datetime, kind: str, infos: str, references: str = "") -> Answer:
        document = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
            f"<identifier>{name}</identifier><sender>{SENDER}</sender><sent>{sent.isoformat()}</sent><status>Exercise</status>"
            f"<msgType>{kind}</msgType><scope>Public</scope><note>Hanbat flood exercise</note>{references}{infos}</alert>\n"
        )
        return await self._line.sends(document.encode(), CAP)


def _info(words: Mapping[str, str], sent: datetime) -> str:
    codes = {"OET:v1.2": "OET-159", "TTAS.KO-07.0046/R5 재난 종류 코드": "HRW"}
    coded = "".join(f"<eventCode><valueName>{name}</valueName><value>{code}</value></eventCode>" for name, code in codes.items())
    return (
        f"<info><language>{words['language']}</language><category>Met</category><event>{words['event']}</event>"
        f"<responseType>Avoid</responseType><urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>"
        f"{coded}<expires>{(sent + LASTS).isoformat()}</expires><senderName>{words['senderName']}</senderName>"
        f"<headline>{words['headline']}</headline><description>{words['description']}</description>"
        f"<instruction>{words['instruction']}</instruction>"
        f"<area><areaDesc>{words['areaDesc']}</areaDesc><polygon>{HANBAT}</polygon></area></info>"
    )
