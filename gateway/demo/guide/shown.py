"""What each receiver has now, taken from the raw bytes it got."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from gateway.demo.hearing import attached, broadcast_text, lines, mail, read, told
from gateway.demo.receivers import Arrived
from gateway.demo.stage import Stage
from gateway.formats import cap, gtfs_realtime
from gateway.web.console.pages import direction

NAMES = {"ko": "한국어", "en": "English", "zh-Hans": "中文", "ja": "日本語", "vi": "Tiếng Việt", "th": "ไทย"}


class Phone(Struct, frozen=True):
    """One phone's screen."""

    language: str
    name: str
    direction: str
    headline: str
    body: str


class Got(Struct, frozen=True, kw_only=True):
    """What every receiver shows; empty where nothing came yet."""

    kind: str
    phones: Sequence[Phone]
    sign: Mapping[str, str]
    signed: bool
    broadcast: str
    broadcast_note: str
    mails: Sequence[tuple[str, str]]
    maps: Sequence[bytes]
    cap: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, str]]


async def shown(stage: Stage) -> Got:
    """Return what everybody has now."""
    arrivals = {name: far.arrivals for name, far in stage.receivers.items()}
    app = told(arrivals["city-app"][-1]) if arrivals["city-app"] else {}
    order = told(arrivals["carriers"][-1]) if arrivals["carriers"] else {}
    return Got(
        kind=str(app.get("kind", "")),
        phones=_phones(app.get("texts", {})),
        sign=lines("road-signs", arrivals["road-signs"][-1]) if arrivals["road-signs"] else {},
        signed=bool(arrivals["road-signs"]),
        broadcast=broadcast_text(order) if order else "",
        broadcast_note=_note(order) if order else "",
        mails=[(str(mail(one.body)["Subject"]), one.headers["to"]) for one in arrivals["wards"]],
        maps=[attached(mail(one.body), "image/svg+xml") for one in arrivals["wards"]],
        cap=[_document(one) for one in arrivals["broadcaster"]],
        rows=await _rows(stage),
    )


def proposed(alert: Mapping[str, Any]) -> list[Phone]:
    """Return what phones would show of an alert, in the city's order of languages."""
    return _phones({text["language"]: text for text in alert.get("texts", ())})


def _phones(texts: Mapping[str, Mapping[str, Any]]) -> list[Phone]:
    return [_phone(language, texts[language]) for language in NAMES if language in texts]


def _phone(language: str, text: Mapping[str, Any]) -> Phone:
    name = NAMES.get(language, language)
    return Phone(language, name, direction(language), str(text["headline"]), str(text["instruction"]))


def _note(order: Mapping[str, Any]) -> str:
    [message] = order["messages"]
    return f"{len(message['pages'])} radio pages in {len(order['cells'])} cells, on channel {message['message_id']}"


def _document(arrival: Arrived) -> tuple[str, str]:
    info = cap.read(arrival.body).infos[0]
    kind, about, _ = read("broadcaster", arrival)
    return about, f"{kind}: {info.severity}, {info.urgency}, {', '.join(info.responses)}"


def _stop(stage: Stage, id: str) -> str:
    network = stage.service.gateway.plan.desk.city.network
    return f"{network.stops[id].name} ({id})" if network and id in network.stops else id


async def _rows(stage: Stage) -> list[tuple[str, str]]:
    feed = gtfs_realtime.read((await stage.kim.get("/feeds/gtfs-realtime/alerts.pb")).body)
    return [
        ("line", one.route_id) if one.route_id else ("stop", _stop(stage, one.stop_id))
        for entity in feed.entity
        for one in entity.alert.informed_entity
    ]
