"""What another agency would post: one CAP document, whose parts a test may change."""

from collections.abc import Mapping

SENDER = "warnings@weather.example"
SENT = "2026-07-14T18:00:00+09:00"
ENDS = "2026-07-14T21:00:00+09:00"
AREA = "<polygon>36.30,127.30 36.30,127.50 36.45,127.50 36.45,127.30 36.30,127.30</polygon>"
KOREAN = {
    "language": "ko-KR",
    "event": "호우경보",
    "senderName": "가상기상청",
    "headline": "[훈련] 한밭시 호우경보",
    "description": "[훈련] 3시간에 90 mm 이상 예상됩니다.",
    "instruction": "[훈련] 하천 둔치에 가지 마십시오.",
    "areaDesc": "한밭시 전역",
}
ENGLISH = {
    "language": "en",
    "event": "Heavy rain warning",
    "senderName": "Fictional Weather Service",
    "headline": "[EXERCISE] Heavy rain over Hanbat",
    "description": "[EXERCISE] More than 90 mm in three hours.",
    "instruction": "[EXERCISE] Keep away from the riverside.",
    "areaDesc": "All of Hanbat",
}


def info(words: Mapping[str, str], *, expires: str = ENDS, area: str = AREA, codes: str = "") -> str:
    """Return what is said in one language."""
    end = f"<expires>{expires}</expires>" if expires else ""
    return (
        f"<info><language>{words['language']}</language><category>Met</category><event>{words['event']}</event>"
        f"<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>{codes}{end}"
        f"<senderName>{words['senderName']}</senderName><headline>{words['headline']}</headline>"
        f"<description>{words['description']}</description><instruction>{words['instruction']}</instruction>"
        f"<area><areaDesc>{words['areaDesc']}</areaDesc>{area}</area></info>"
    )


OET = "<eventCode><valueName>OET:v1.2</valueName><value>OET-159</value></eventCode>"


def document(id: str = "rain-1", infos: str = "", **head: str) -> bytes:
    """Return an alert about heavy rain in Korean and English; `head` are elements of `alert`, such as status or references."""
    said = {"sender": SENDER, "sent": SENT, "status": "Exercise", "msgType": "Alert", "scope": "Public"} | head
    said.setdefault("note", "Hanbat flood exercise")
    order = ("sender", "sent", "status", "msgType", "scope", "restriction", "addresses", "note", "references")
    parts = "".join(f"<{name}>{said[name]}</{name}>" for name in order if said.get(name))
    infos = infos or info(KOREAN, codes=OET) + info(ENGLISH, codes=OET)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>{id}</identifier>{parts}{infos}</alert>\n"
    ).encode()


def after(*ids: str, sent: str = SENT) -> str:
    """Return references to earlier messages of the same agency."""
    return " ".join(f"{SENDER},{id},{sent}" for id in ids)
